/**
 * A job's stream: attestations in, payments out of the job's escrow, its end, its seal and its close.
 * It doesn't know the job's states or who may call what.
 */
import { type Attestation, checkAttestation } from "./attestation.ts";
import * as meter from "./meter.ts";
import {
  type Address,
  abort,
  type Context,
  cloneState,
  emit,
  type Hex,
  type Job,
  ModelAbort,
  max,
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
    seq: 0n,
    lastProgressAt: state.now,
    stalledAt: 0n,
    sealed: false,
    closed: false,
  };
  makeStore(state, asset, terms.payee);
  makeStore(state, asset, treasury);
  emit(ctx, "payment_stream::StreamOpened", {
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

/** Pays what is due out of the escrow; the event is left out when there is nothing to tell. */
function pay(ctx: Context, job: Job, keeper: Address, due: meter.Due, tellAnyway: boolean): void {
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
  if (amount === 0n && !tellAnyway) return;
  emit(ctx, "payment_stream::StreamSettled", {
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

/** Bills up to now and pays what may be paid. */
export function accrue(ctx: Context, job: Job, keeper: Address, tellAnyway = false): void {
  const stream = streamOf(job);
  meter.advance(stream.meter, wallSecs(stream, ctx.state.now));
  pay(ctx, job, keeper, meter.collect(stream.meter), tellAnyway);
}

const isDue = (stream: Stream, now: bigint): boolean =>
  quote(stream, stream.meter.secondsAttested, now).amount > 0n;

/** What a settlement that proves `attested` seconds would pay. */
export function quote(stream: Stream, attested: bigint, now: bigint): meter.Due {
  const m = { ...stream.meter, secondsAttested: max(attested, stream.meter.secondsAttested) };
  meter.advance(m, wallSecs(stream, now));
  return meter.collect(m);
}

/** Takes a checked attestation's news; whether the settlement must be told even if nothing is due. */
function note(ctx: Context, stream: Stream, a: Attestation, confirms: boolean): boolean {
  const m = stream.meter;
  let tell = false;
  if (a.secondsCum > m.secondsAttested) {
    tell = stream.stalledAt !== 0n;
    stream.stalledAt = 0n;
    stream.lastProgressAt = ctx.state.now;
  }
  stream.seq = a.seq;
  m.secondsAttested = a.secondsCum;
  if (confirms && a.secondsCum > m.secondsConfirmed) {
    meter.confirm(m, a.secondsCum);
    tell = true;
  }
  return tell;
}

function settle(ctx: Context, job: Job, keeper: Address, a: Attestation, countersignature: Hex): void {
  const stream = streamOf(job);
  require(!stream.sealed && !stream.closed, "E_STREAM_CLOSED");
  const confirms = checkAttestation(ctx, job.job, stream, a, countersignature);
  const tell = note(ctx, stream, a, confirms);
  const { now } = ctx.state;
  require(!ctx.state.frozen.has(job.job) || !isDue(stream, now), "E_ESCROW_UNAVAILABLE");
  accrue(ctx, job, keeper, tell);
}

export function processPayment(
  ctx: Context,
  keeper: Address,
  jobAddress: Address,
  a: Attestation,
  countersignature: Hex,
): void {
  const job = ctx.state.jobs.get(jobAddress);
  settle(ctx, job ?? abort("E_NO_STREAM"), keeper, a, countersignature);
}

export interface BatchEntry {
  job: Address;
  attestation: Attestation;
  countersignature: Hex;
}

/** `codeOf`: the number that the chain gives an abort. */
export function processPayments(
  ctx: Context,
  keeper: Address,
  entries: BatchEntry[],
  codeOf: (name: string) => bigint,
): void {
  for (const { job, attestation, countersignature } of entries) {
    try {
      const alone = { ...ctx, state: cloneState(ctx.state), events: [...ctx.events] };
      processPayment(alone, keeper, job, attestation, countersignature);
      // A skipped entry leaves nothing behind.
      Object.assign(ctx.state, alone.state);
      ctx.events = alone.events;
    } catch (error) {
      if (!(error instanceof ModelAbort)) throw error;
      const code = codeOf(error.codes[0] as string);
      emit(ctx, "payment_stream::SettlementSkipped", { job, keeper, code });
    }
  }
}

/** The attestation that comes with an ending: nothing without a signature or when a newer one is known. */
export function settleLast(ctx: Context, job: Job, keeper: Address, a: Attestation): void {
  if (a.signature === "0x") return;
  try {
    settle(ctx, job, keeper, a, "0x");
  } catch (error) {
    if (error instanceof ModelAbort && error.codes[0] === "E_SEQ_BELOW_WATERMARK") return;
    throw error;
  }
}

export const isProven = (job: Job): boolean => {
  const stream = streamOf(job);
  return stream.sealed || meter.isProven(stream.meter, stream.endedAt - stream.startedAt);
};

/** What is still in the escrow for seconds that are billed but not paid. */
export const heldBack = (job: Job): bigint => meter.unreleased(streamOf(job).meter);

/** The stream runs no longer, and is billed up to its end. */
export function stopStream(ctx: Context, job: Job): void {
  const stream = streamOf(job);
  stream.endedAt = ctx.state.now;
  meter.advance(stream.meter, wallSecs(stream, ctx.state.now));
}

/** The stream runs no longer; what can't be earned any more goes back. */
export function endStream(ctx: Context, job: Job, keeper: Address, mayProve: boolean): void {
  stopStream(ctx, job);
  accrue(ctx, job, keeper);
  if (!mayProve) {
    sealStream(ctx, job);
    return;
  }
  const stream = streamOf(job);
  const m = stream.meter;
  const stays = meter.reachable(m, wallSecs(stream, ctx.state.now)) - m.paid;
  refund(ctx, job, job.escrow - stays);
}

/** No attestation counts any more; only what is earned and not paid stays. */
export function sealStream(ctx: Context, job: Job): void {
  const stream = streamOf(job);
  if (stream.sealed) return;
  stream.sealed = true;
  const held = meter.unreleased(stream.meter);
  refund(ctx, job, job.escrow - held);
  emit(ctx, "payment_stream::StreamSealed", {
    job: job.job,
    seconds_billed: stream.meter.secondsBilled,
    unreleased: held,
  });
}

export function confirmStream(ctx: Context, job: Job, keeper: Address): void {
  const m = streamOf(job).meter;
  const confirms = m.secondsAttested > m.secondsConfirmed;
  meter.confirm(m, m.secondsAttested);
  accrue(ctx, job, keeper, confirms);
}

/** `award`: how much of what is held the provider gets; null for all of it. */
export function closeStream(ctx: Context, job: Job, keeper: Address, award: bigint | null): void {
  const stream = streamOf(job);
  const m = stream.meter;
  const held = meter.unreleased(m);
  require(award === null || award <= held, "E_AWARD_TOO_HIGH");
  pay(ctx, job, keeper, meter.award(m, award ?? held), false);
  refund(ctx, job, job.escrow);
  stream.closed = true;
  stream.endedAt = stream.endedAt === 0n ? ctx.state.now : stream.endedAt;
  emit(ctx, "payment_stream::StreamClosed", {
    job: job.job,
    seconds_billed: m.secondsBilled,
    paid: m.paid,
    fee_paid: m.feePaid,
    keeper_paid: m.keeperPaid,
  });
}
