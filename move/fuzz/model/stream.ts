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
  type State,
  type Stream,
} from "./types.ts";
import { assertMovable, canLeave, give, hasStore, makeStore, takeFrom } from "./wallets.ts";

export function streamOf(job: Job): Stream {
  return job.stream ?? abort("E_NO_STREAM");
}

export function wallSecs(stream: Stream, now: bigint): bigint {
  const until = stream.endedAt === 0n ? now : min(now, stream.endedAt);
  return until - stream.startedAt;
}

/** In the name of `payer`, out of `purse`. */
export function deposit(ctx: Context, job: Job, payer: Address, amount: bigint, purse = payer): void {
  const { asset } = job.terms;
  takeFrom(ctx, asset, purse, amount);
  if (amount > 0n) assertMovable(ctx.state, job.job);
  job.escrow += amount;
  job.deposited += amount;
  emit(ctx, "escrow::EscrowDeposited", { job: job.job, payer, asset, amount, balance: job.escrow });
}

/** Whether the escrow can pay `amount` now: its issuer may have frozen it, or taken from it. */
export const canPay = (state: State, job: Job, amount: bigint): boolean =>
  canLeave(state, job.job, job.escrow, amount);

export const canSettle = (state: State, job: Job): boolean => canPay(state, job, job.escrow);

/** Left out while the escrow lacks anything: it comes with the close then. */
export function refund(ctx: Context, job: Job, amount: bigint): void {
  if (amount === 0n || !canSettle(ctx.state, job)) return;
  const to = job.terms.buyer;
  job.escrow -= amount;
  job.refunded += amount;
  give(ctx.state, job.terms.asset, to, amount);
  emit(ctx, "escrow::EscrowRefunded", { job: job.job, to, amount, balance: job.escrow });
}

export function openStream(ctx: Context, job: Job, terms: { payee: Address; attestKey: Hex }): void {
  const { state } = ctx;
  const { buyer, asset, ratePerHour, maxDurationSecs, holdbackSecs, buyerKey } = job.terms;
  const { treasury, feeBps, keeperShareBps } = job.rules;
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
      rateSince: 0n,
      deposited: job.escrow,
      maxDurationSecs,
      holdbackSecs,
      feeBps,
      keeperShareBps,
      secondsAttested: 0n,
      secondsConfirmed: 0n,
      secondsBilled: 0n,
      acc: 0n,
      released: 0n,
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

/** Where a stream stood before something was done to it, as far as its events tell. */
export interface Standing
  extends Pick<Meter, "secondsAttested" | "secondsConfirmed" | "secondsBilled" | "released"> {
  seq: bigint;
}

export function standingOf({ meter: m, seq }: Stream): Standing {
  const { secondsAttested, secondsConfirmed, secondsBilled, released } = m;
  return { secondsAttested, secondsConfirmed, secondsBilled, released, seq };
}

function hasMoved(before: Standing, stream: Stream): boolean {
  const after = standingOf(stream);
  return (Object.keys(before) as Array<keyof Standing>).some((field) => before[field] !== after[field]);
}

/** Pays what is due out of the escrow, and tells it when money moves or anything stands elsewhere than `before`. */
function pay(ctx: Context, job: Job, keeper: Address, due: meter.Due, before: Standing): void {
  const stream = streamOf(job);
  const { state } = ctx;
  const { asset, payee, treasury, meter: m } = stream;
  const { amount, fee, keeperFee } = due;
  const keeperGets = hasStore(state, asset, keeper) ? keeperFee : 0n;
  m.keeperPaid += keeperGets;
  job.escrow -= amount;
  give(state, asset, payee, amount - fee);
  give(state, asset, keeper, keeperGets);
  give(state, asset, treasury, fee - keeperGets);
  if (amount === 0n && !hasMoved(before, stream)) return;
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

/** Bills up to now and pays what may be paid, if it can be. `before` the change that this follows. */
export function accrue(ctx: Context, job: Job, keeper: Address, before = standingOf(streamOf(job))): void {
  const stream = streamOf(job);
  meter.advance(stream.meter, wallSecs(stream, ctx.state.now));
  meter.release(stream.meter);
  const { amount } = meter.collect({ ...stream.meter });
  const due = canPay(ctx.state, job, amount) ? meter.collect(stream.meter) : meter.NOTHING_DUE;
  pay(ctx, job, keeper, due, before);
}

/** Nothing is left to prove, or nothing can be any more. */
export function isProven(job: Job, now: bigint): boolean {
  const stream = streamOf(job);
  const { sealed, proveUntil } = stream;
  const isOver = proveUntil !== 0n && now >= proveUntil;
  return sealed || isOver || meter.isProven(stream.meter, wallSecs(stream, now));
}

/** What is held back of seconds that are billed. */
export const heldBack = (job: Job): bigint => meter.held(streamOf(job).meter);

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
  refund(ctx, job, job.escrow - meter.unreleased(stream.meter));
  noteSeal(ctx, job, stream);
}

/** A stream that a fault stops: whatever is in its escrow waits. */
export function haltStream(ctx: Context, job: Job): void {
  const stream = streamOf(job);
  if (stream.endedAt === 0n) stream.endedAt = stream.proveUntil = ctx.state.now;
  if (!stream.sealed) noteSeal(ctx, job, stream);
}

function noteSeal(ctx: Context, job: Job, stream: Stream): void {
  stream.sealed = true;
  stream.proveUntil = min(stream.proveUntil, ctx.state.now);
  emit(ctx, "stream::StreamSealed", {
    job: job.job,
    seconds_billed: stream.meter.secondsBilled,
    unreleased: meter.unreleased(stream.meter),
  });
}

/** The buyer agrees to what is billed by now, of it to `secs` at most. */
export function confirmStream(ctx: Context, job: Job, keeper: Address, secs: bigint | null = null): void {
  const stream = streamOf(job);
  const m = stream.meter;
  const before = standingOf(stream);
  meter.advance(m, wallSecs(stream, ctx.state.now));
  meter.confirm(m, secs === null ? m.secondsBilled : min(secs, m.secondsBilled));
  accrue(ctx, job, keeper, before);
}

/** `award`: how much of what is held the provider gets. The escrow can pay all it has. */
export function closeStream(ctx: Context, job: Job, keeper: Address, award: meter.Award): void {
  const stream = streamOf(job);
  const m = stream.meter;
  pay(ctx, job, keeper, meter.award(m, award), standingOf(stream));
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
