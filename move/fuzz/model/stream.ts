/**
 * A job's stream: payments out of the job's escrow, its end, its seal and its close.
 * It doesn't know attestations, the job's states or who may call what.
 */
import * as meter from "./meter.ts";
import {
  type Address,
  abort,
  type Context,
  emit,
  type Hex,
  type Job,
  type Meter,
  min,
  require,
  type Stream,
} from "./types.ts";
import { assertMovable, give, hasStore, makeStore, takeFrom } from "./wallets.ts";

export function streamOf(job: Job): Stream {
  return job.stream ?? abort("E_NO_STREAM");
}

export function wallSecs(stream: Stream, now: bigint): bigint {
  const until = stream.endedAt === 0n ? now : min(now, stream.endedAt);
  return until - stream.startedAt;
}

export function deposit(ctx: Context, job: Job, payer: Address, amount: bigint): void {
  const { asset } = job.terms;
  takeFrom(ctx, asset, payer, amount);
  if (amount > 0n) assertMovable(ctx.state, job.job);
  job.escrow += amount;
  job.deposited += amount;
  emit(ctx, "escrow::EscrowDeposited", { job: job.job, payer, asset, amount, balance: job.escrow });
}

export function refund(ctx: Context, job: Job, amount: bigint): void {
  if (amount === 0n) return;
  const to = job.terms.buyer;
  assertMovable(ctx.state, job.job);
  job.escrow -= amount;
  job.refunded += amount;
  give(ctx.state, job.terms.asset, to, amount);
  emit(ctx, "escrow::EscrowRefunded", { job: job.job, to, amount, balance: job.escrow });
}

export function openStream(ctx: Context, job: Job, terms: { payee: Address; attestKey: Hex }): void {
  const { state } = ctx;
  const { parameters } = state.market;
  const { buyer, asset, ratePerHour, maxDurationSecs, holdbackSecs, buyerKey } = job.terms;
  const { treasury, feeBps, keeperShareBps } = parameters;
  job.stream = {
    payer: buyer,
    payee: terms.payee,
    treasury,
    asset,
    attestKey: terms.attestKey,
    buyerKey,
    termsHash: job.termsHash,
    meter: {
      ratePerHour,
      heldRate: ratePerHour,
      deposited: job.escrow,
      maxDurationSecs,
      holdbackSecs,
      feeBps,
      keeperShareBps,
      secondsAttested: 0n,
      secondsConfirmed: 0n,
      secondsBilled: 0n,
      acc: 0n,
      paid: 0n,
      feePaid: 0n,
      keeperPaid: 0n,
    },
    startedAt: state.now,
    endedAt: 0n,
    proveUntil: 0n,
    seq: 0n,
    lastProgressAt: state.now,
    stalledAt: 0n,
    sealed: false,
    closed: false,
  };
  makeStore(state, asset, terms.payee);
  makeStore(state, asset, treasury);
  emit(ctx, "stream::StreamOpened", {
    job: job.job,
    payer: buyer,
    payee: terms.payee,
    asset,
    rate_per_hour: ratePerHour,
    deposited: job.escrow,
    fee_bps: feeBps,
    keeper_share_bps: keeperShareBps,
    max_duration_secs: maxDurationSecs,
    holdback_secs: holdbackSecs,
    started_at: state.now,
  });
}

/** Where a stream stood before something was done to it. */
export interface Standing {
  meter: Meter;
  seq: bigint;
}

export const standingOf = (stream: Stream): Standing => ({ meter: { ...stream.meter }, seq: stream.seq });

/** Pays what is due out of the escrow, and tells it unless meter and number stand where they stood `before`. */
function pay(ctx: Context, job: Job, keeper: Address, due: meter.Due, before: Standing): void {
  const stream = streamOf(job);
  const { state } = ctx;
  const { asset, payee, treasury, meter: m } = stream;
  const { amount, fee, keeperFee } = due;
  const keeperGets = hasStore(state, asset, keeper) ? keeperFee : 0n;
  m.keeperPaid += keeperGets;
  if (amount > 0n) assertMovable(state, job.job);
  job.escrow -= amount;
  give(state, asset, payee, amount - fee);
  give(state, asset, keeper, keeperGets);
  give(state, asset, treasury, fee - keeperGets);
  if (meter.isSame(before.meter, m) && before.seq === stream.seq) return;
  emit(ctx, "stream::StreamSettled", {
    job: job.job,
    payee,
    keeper,
    seq: stream.seq,
    seconds_attested: m.secondsAttested,
    seconds_confirmed: m.secondsConfirmed,
    seconds_billed: m.secondsBilled,
    amount,
    fee,
    keeper_fee: keeperGets,
    paid: m.paid,
    fee_paid: m.feePaid,
    keeper_paid: m.keeperPaid,
    balance: job.escrow,
  });
}

/** Bills up to now and pays what may be paid. `before` the change that this follows. */
export function accrue(ctx: Context, job: Job, keeper: Address, before = standingOf(streamOf(job))): void {
  const stream = streamOf(job);
  meter.advance(stream.meter, wallSecs(stream, ctx.state.now));
  pay(ctx, job, keeper, meter.collect(stream.meter), before);
}

/** Nothing is left to prove, or nothing can be any more. */
export function isProven(job: Job, now: bigint): boolean {
  const stream = streamOf(job);
  const { sealed, proveUntil } = stream;
  const isOver = proveUntil !== 0n && now >= proveUntil;
  return sealed || isOver || meter.isProven(stream.meter, wallSecs(stream, now));
}

/** What is still in the escrow for seconds that are billed but not paid. */
export const heldBack = (job: Job): bigint => meter.unreleased(streamOf(job).meter);

/** The stream runs no longer; what can't be earned any more goes back. */
export function endStream(ctx: Context, job: Job, keeper: Address, mayProve: boolean): void {
  const stream = streamOf(job);
  const { now } = ctx.state;
  stream.endedAt = now;
  accrue(ctx, job, keeper);
  const proves = mayProve && !isProven(job, now);
  stream.proveUntil = proves ? now + job.rules.claimWindowSecs : now;
  if (!mayProve) {
    sealStream(ctx, job);
    return;
  }
  const m = stream.meter;
  const stays = meter.reachable(m, wallSecs(stream, ctx.state.now)) - m.paid;
  refund(ctx, job, job.escrow - stays);
}

/** No attestation counts any more; only what is earned and not paid stays. */
export function sealStream(ctx: Context, job: Job): void {
  const stream = streamOf(job);
  if (stream.sealed) return;
  stream.sealed = true;
  stream.proveUntil = min(stream.proveUntil, ctx.state.now);
  const held = meter.unreleased(stream.meter);
  refund(ctx, job, job.escrow - held);
  emit(ctx, "stream::StreamSealed", {
    job: job.job,
    seconds_billed: stream.meter.secondsBilled,
    unreleased: held,
  });
}

/** The buyer agrees to what is billed by now. */
export function confirmStream(ctx: Context, job: Job, keeper: Address): void {
  const stream = streamOf(job);
  const m = stream.meter;
  const before = standingOf(stream);
  meter.advance(m, wallSecs(stream, ctx.state.now));
  meter.confirm(m, m.secondsBilled);
  accrue(ctx, job, keeper, before);
}

/** `award`: how much of what is held the provider gets; null for all of it. */
export function closeStream(ctx: Context, job: Job, keeper: Address, award: bigint | null): void {
  const stream = streamOf(job);
  const m = stream.meter;
  const held = meter.unreleased(m);
  require(award === null || award <= held, "E_AWARD_TOO_HIGH");
  const before = standingOf(stream);
  pay(ctx, job, keeper, meter.award(m, award ?? held), before);
  refund(ctx, job, job.escrow);
  stream.closed = true;
  if (stream.endedAt === 0n) stream.endedAt = stream.proveUntil = ctx.state.now;
  emit(ctx, "stream::StreamClosed", {
    job: job.job,
    seconds_billed: m.secondsBilled,
    paid: m.paid,
    fee_paid: m.feePaid,
    keeper_paid: m.keeperPaid,
  });
}
