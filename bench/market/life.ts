/**
 * A job's money from its order to its end, and the events that tell it, by docs/protocol.md.
 * It doesn't know when the steps happen: `simulate.ts` and `live.ts` do.
 */
import { earnedOf, feeOf, fundedSecsOf, maxCost, releasable } from "@computestream/protocol/money";
import { hex32 } from "./random.ts";
import { type Told, tell } from "./told.ts";

export const FEE_BPS = 100n;
export const KEEPER_SHARE_BPS = 1_000n;
export const KEEPERS = [hex32("keeper 1"), hex32("keeper 2"), hex32("keeper 3")];

export interface Life {
  job: string;
  buyer: string;
  owner: string;
  provider: string;
  asset: string;
  rate: bigint;
  maxSecs: bigint;
  holdback: bigint;
  deposited: bigint;
  secs: bigint;
  confirmed: bigint;
  seq: bigint;
  acc: bigint;
  paid: bigint;
  keeperPaid: bigint;
  refunded: bigint;
}

export const unreleasedOf = (j: Life) => earnedOf(j.acc) - j.paid;
export const balanceOf = (j: Life) => j.deposited - j.paid - j.refunded;

/** `secs` seconds are billed in all; what may be paid is paid. */
export function settle(j: Life, secs: bigint, keeper: string): Told {
  const most = j.secs + secs > j.maxSecs ? j.maxSecs - j.secs : secs;
  j.acc += j.rate * most;
  j.secs += most;
  j.seq += 1n;
  const heldSecs = j.secs - j.confirmed < j.holdback ? j.secs - j.confirmed : j.holdback;
  const free = releasable({ acc: j.acc, heldRatePerHour: j.rate, heldSecs });
  return pay(j, free > j.paid ? free - j.paid : 0n, keeper);
}

/** What waited is paid because the buyer confirmed all seconds. */
export function confirm(j: Life, keeper: string): Told {
  j.confirmed = j.secs;
  return pay(j, unreleasedOf(j), keeper);
}

export function pay(j: Life, amount: bigint, keeper: string): Told {
  const before = feeOf(j.paid, FEE_BPS);
  j.paid += amount;
  const feePaid = feeOf(j.paid, FEE_BPS);
  const keeperFee = feeOf(feePaid, KEEPER_SHARE_BPS) - feeOf(before, KEEPER_SHARE_BPS);
  j.keeperPaid += keeperFee;
  return tell("StreamSettled", {
    job: j.job,
    payee: j.owner,
    keeper,
    seq: j.seq,
    seconds_attested: j.secs,
    seconds_confirmed: j.confirmed,
    seconds_billed: j.secs,
    amount,
    fee: feePaid - before,
    keeper_fee: keeperFee,
    paid: j.paid,
    fee_paid: feePaid,
    keeper_paid: j.keeperPaid,
    balance: balanceOf(j),
  });
}

export function refund(j: Life, amount: bigint): Told[] {
  if (amount === 0n) return [];
  j.refunded += amount;
  return [tell("EscrowRefunded", { job: j.job, to: j.buyer, amount, balance: balanceOf(j) })];
}

export function extend(j: Life, secs: bigint): Told[] {
  const amount = maxCost(j.rate, secs);
  j.maxSecs += secs;
  j.deposited += amount;
  const balance = balanceOf(j);
  return [
    tell("EscrowDeposited", { job: j.job, payer: j.buyer, asset: j.asset, amount, balance }),
    tell("StreamExtended", {
      job: j.job,
      max_duration_secs: j.maxSecs,
      deposited: j.deposited,
      funded_secs: fundedSecsOf({
        ratePerHour: j.rate,
        secondsBilled: j.secs,
        acc: j.acc,
        deposited: j.deposited,
        maxDurationSecs: j.maxSecs,
      }),
      balance,
    }),
  ];
}

/** What isn't earned goes back, what is earned and held waits. */
export function seal(j: Life): Told[] {
  const unreleased = unreleasedOf(j);
  return [
    ...refund(j, balanceOf(j) - unreleased),
    tell("StreamSealed", { job: j.job, seconds_billed: j.secs, unreleased }),
  ];
}

/** The rest goes back, and the job is settled. `started` says whether there ever was a stream. */
export function close(j: Life, outcome: number, started: boolean): Told[] {
  const fees = feeOf(j.paid, FEE_BPS);
  const rest = refund(j, balanceOf(j));
  const closed = tell("StreamClosed", {
    job: j.job,
    seconds_billed: j.secs,
    paid: j.paid,
    fee_paid: fees,
    keeper_paid: j.keeperPaid,
  });
  return [
    ...rest,
    ...(started ? [closed] : []),
    tell("JobSettled", {
      job: j.job,
      buyer: j.buyer,
      provider: j.provider,
      outcome,
      seconds: j.secs,
      deposited: j.deposited,
      paid: j.paid - fees,
      fees,
      refunded: j.refunded,
    }),
  ];
}
