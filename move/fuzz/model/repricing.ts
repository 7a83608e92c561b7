/**
 * Running jobs that get more time, more money or another rate.
 * It doesn't know how jobs come to run, nor how they end.
 */
import { assertBuyer, jobOf } from "./jobs.ts";
import * as meter from "./meter.ts";
import { providerOf } from "./providers.ts";
import { accrue, deposit, streamOf } from "./stream.ts";
import { type Address, type Context, emit, require, STATE, ZERO_ADDRESS } from "./types.ts";

export function extend(ctx: Context, who: Address, jobAddress: Address, secs: bigint, amount: bigint): void {
  const { state } = ctx;
  const job = jobOf(state, jobAddress);
  assertBuyer(job, who);
  require(job.state === STATE.running, "E_NOT_RUNNING");
  require(secs > 0n || amount > 0n, "E_NOTHING_ADDED");
  const m = streamOf(job).meter;
  const { minDurationSecs, maxDurationSecs } = state.market.parameters;
  const next = m.maxDurationSecs + secs;
  require(secs === 0n || (next >= minDurationSecs && next <= maxDurationSecs), "E_DURATION_OUT_OF_RANGE");
  accrue(ctx, job, who);
  if (amount > 0n) deposit(ctx, job, who, amount);
  m.maxDurationSecs = next;
  m.deposited += amount;
  require(meter.isCovered(m), "E_DEPOSIT_TOO_LOW");
  emit(ctx, "stream::StreamExtended", {
    job: jobAddress,
    max_duration_secs: next,
    deposited: m.deposited,
    funded_secs: meter.fundedSecs(m),
    balance: job.escrow,
  });
}

export function changeRate(ctx: Context, who: Address, jobAddress: Address, rate: bigint): void {
  const { state } = ctx;
  const job = jobOf(state, jobAddress);
  const isBuyer = job.terms.buyer === who;
  const isOwner = job.terms.provider !== ZERO_ADDRESS && providerOf(state, job.terms.provider).owner === who;
  require(isBuyer || isOwner, "E_NOT_BUYER_OR_OWNER");
  require(job.state === STATE.running, "E_NOT_RUNNING");
  const m = streamOf(job).meter;
  const allowed = (isBuyer && rate > m.ratePerHour) || (isOwner && rate < m.ratePerHour);
  require(allowed, "E_RATE_DIRECTION");
  accrue(ctx, job, who);
  meter.setRate(m, rate);
  require(meter.isCovered(m), "E_RATE_NOT_FUNDED");
  emit(ctx, "stream::StreamRateChanged", {
    job: jobAddress,
    rate_per_hour: rate,
    changed_by: who,
    seconds_billed: m.secondsBilled,
    funded_secs: meter.fundedSecs(m),
  });
}
