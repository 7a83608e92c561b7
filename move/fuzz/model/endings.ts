/**
 * How jobs end: completed, failed, cancelled, terminated, expired, forfeited; and what settling means.
 * It doesn't know what ended jobs wait for, nor faults and cases.
 */
import type { Attestation } from "./attestation.ts";
import { release } from "./capacity.ts";
import { assertBuyer, assertJobOperator, jobOf } from "./jobs.ts";
import { snakeKeys } from "./market.ts";
import type { Award } from "./meter.ts";
import { recordJob } from "./providers.ts";
import { settleLast } from "./settlement.ts";
import {
  canSettle,
  closeStream,
  endStream,
  haltStream,
  heldBack,
  isProven,
  refund,
  streamOf,
} from "./stream.ts";
import {
  type Address,
  type Context,
  emit,
  type Job,
  max,
  type Output,
  require,
  STATE,
  ZERO_ADDRESS,
} from "./types.ts";

const MAX_URIS = 8;
const MAX_URI_BYTES = 512;
const MAX_REASON_BYTES = 1024;

const byteLength = (text: string): number => Buffer.byteLength(text, "utf8");
const ENDED: bigint[] = [STATE.completed, STATE.failed, STATE.cancelled, STATE.terminated, STATE.expired];
/** Ended and not settled. */
export const isEnded = (job: Job): boolean => ENDED.includes(job.state);

function assertOutput(output: Output): void {
  const { outputUris, outputSha256, outputRoot } = output;
  const short = outputUris.every((uri) => byteLength(uri) <= MAX_URI_BYTES);
  require(outputUris.length <= MAX_URIS && short, "E_OUTPUT_URIS");
  const isHash = (hex: string): boolean => hex.length === 2 || hex.length === 66;
  require(isHash(outputSha256) && isHash(outputRoot), "E_OUTPUT_HASH_LENGTH");
}

/** Settles unless the escrow can't pay: then the job waits. */
function trySettle(ctx: Context, job: Job, keeper: Address): void {
  if (canSettle(ctx.state, job)) settleJob(ctx, job, keeper, "all");
}

/** Nothing is left to prove and nothing held back. */
export function settleWhenFinal(ctx: Context, job: Job, keeper: Address): void {
  if (isEnded(job) && isProven(job, ctx.state.now) && heldBack(job) === 0n) trySettle(ctx, job, keeper);
}

/** `award`: of what is held. The job's money is gone after this. */
export function settleJob(ctx: Context, job: Job, keeper: Address, award: Award): void {
  const { now } = ctx.state;
  require(canSettle(ctx.state, job), "E_ESCROW_UNAVAILABLE");
  const wasAccepted = job.terms.provider !== ZERO_ADDRESS && job.startBy !== 0n;
  if (job.stream) closeStream(ctx, job, keeper, award);
  else refund(ctx, job, job.escrow);
  const m = job.stream?.meter;
  const [seconds, gross, fees] = m ? [m.secondsBilled, m.paid, m.feePaid] : [0n, 0n, 0n];
  job.outcome = job.state;
  job.state = STATE.settled;
  job.settledAt = now;
  if (wasAccepted && job.outcome !== STATE.cancelled) recordJob(ctx, job, seconds, gross, fees);
  emit(ctx, "job::JobSettled", {
    job: job.job,
    buyer: job.terms.buyer,
    provider: job.terms.provider,
    outcome: job.outcome,
    seconds,
    deposited: job.deposited,
    paid: gross - fees,
    fees,
    refunded: job.refunded,
  });
}

/** The run is over: ends the stream, sets the windows, frees the machine, and settles when nothing is to wait for. */
function endRun(
  ctx: Context,
  job: Job,
  keeper: Address,
  { state, mayProve, tell }: { state: bigint; mayProve: boolean; tell: () => void },
): void {
  const { now } = ctx.state;
  job.state = state;
  job.endedAt = now;
  endStream(ctx, job, keeper, mayProve);
  const { proveUntil, meter } = streamOf(job);
  const proven = isProven(job, now);
  const mayHold = proven ? heldBack(job) > 0n : meter.holdbackSecs > 0n;
  job.claimUntil = proveUntil;
  job.challengeUntil = mayHold ? proveUntil + job.rules.challengeWindowSecs : 0n;
  release(ctx, job, max(max(job.claimUntil, job.challengeUntil), liableAfter(job)));
  tell();
  settleWhenFinal(ctx, job, keeper);
}

/** What a job that ran may cost its provider outlives it. */
const liableAfter = (job: Job): bigint => job.endedAt + job.rules.reclaimAfterSecs;

function endWithOutput(
  ctx: Context,
  who: Address,
  job: Job,
  state: bigint,
  output: Output,
  attestation: Attestation,
): void {
  settleLast(ctx, job, who, attestation);
  job.output = output;
  const name = state === STATE.completed ? "JobCompleted" : "JobFailed";
  endRun(ctx, job, who, { state, mayProve: false, tell: () => tellOutput(ctx, job, name) });
}

function tellOutput(ctx: Context, job: Job, name: string): void {
  emit(ctx, `job::${name}`, {
    job: job.job,
    provider: job.terms.provider,
    output: snakeKeys(job.output),
    claim_until: job.claimUntil,
    challenge_until: job.challengeUntil,
  });
}

export function complete(
  ctx: Context,
  who: Address,
  jobAddress: Address,
  output: Output,
  attestation: Attestation,
): void {
  const job = jobOf(ctx.state, jobAddress);
  assertJobOperator(ctx.state, job, who);
  require(job.state === STATE.running, "E_NOT_RUNNING");
  assertOutput(output);
  endWithOutput(ctx, who, job, STATE.completed, output, attestation);
}

/** Ends a job whose money goes back whole, or whose stream is closed as it is. */
function endAtOnce(ctx: Context, job: Job, state: bigint): void {
  const was = job.state;
  job.state = state;
  job.endedAt = ctx.state.now;
  if (was === STATE.accepted) release(ctx, job, 0n);
  if (was === STATE.running) release(ctx, job, liableAfter(job));
}

export function fail(
  ctx: Context,
  who: Address,
  jobAddress: Address,
  output: Output,
  attestation: Attestation,
): void {
  const job = jobOf(ctx.state, jobAddress);
  assertJobOperator(ctx.state, job, who);
  require(job.state === STATE.accepted || job.state === STATE.running, "E_NOT_ACTIVE");
  require(byteLength(output.reason) <= MAX_REASON_BYTES, "E_REASON_LENGTH");
  assertOutput(output);
  if (job.state === STATE.running) {
    endWithOutput(ctx, who, job, STATE.failed, output, attestation);
    return;
  }
  job.output = output;
  endAtOnce(ctx, job, STATE.failed);
  tellOutput(ctx, job, "JobFailed");
  trySettle(ctx, job, who);
}

export function cancel(ctx: Context, who: Address, jobAddress: Address): void {
  const job = jobOf(ctx.state, jobAddress);
  assertBuyer(job, who);
  require(job.state === STATE.pending || job.state === STATE.accepted, "E_NOT_CANCELLABLE");
  endAtOnce(ctx, job, STATE.cancelled);
  emit(ctx, "job::JobCancelled", { job: jobAddress, buyer: who });
  trySettle(ctx, job, who);
}

export function terminate(ctx: Context, who: Address, jobAddress: Address, attestation: Attestation): void {
  const job = jobOf(ctx.state, jobAddress);
  assertBuyer(job, who);
  require(job.state === STATE.running, "E_NOT_RUNNING");
  settleLast(ctx, job, who, attestation);
  const tell = (): void =>
    emit(ctx, "job::JobTerminated", {
      job: jobAddress,
      buyer: who,
      ended_at: job.endedAt,
      claim_until: job.claimUntil,
      challenge_until: job.challengeUntil,
    });
  endRun(ctx, job, who, { state: STATE.terminated, mayProve: true, tell });
}

export function flagStalled(ctx: Context, who: Address, jobAddress: Address): void {
  const { now } = ctx.state;
  const job = jobOf(ctx.state, jobAddress);
  require(job.state === STATE.running, "E_NOT_RUNNING");
  const stream = streamOf(job);
  require(stream.stalledAt === 0n, "E_ALREADY_STALLED");
  require(now >= stream.lastProgressAt + job.rules.stallAfterSecs, "E_STILL_PROGRESSING");
  stream.stalledAt = now;
  emit(ctx, "stream::StreamStalled", {
    job: jobAddress,
    flagged_by: who,
    answer_by: now + job.rules.stallGraceSecs,
  });
}

function isOverdue(job: Job, now: bigint): boolean {
  if (job.state === STATE.pending) return now >= job.acceptBy;
  if (job.state === STATE.accepted) return now >= job.startBy;
  const { stalledAt } = streamOf(job);
  return stalledAt !== 0n && now >= stalledAt + job.rules.stallGraceSecs;
}

export function expire(ctx: Context, who: Address, jobAddress: Address): void {
  const { now } = ctx.state;
  const job = jobOf(ctx.state, jobAddress);
  const isLive = job.state === STATE.pending || job.state === STATE.accepted || job.state === STATE.running;
  require(isLive, "E_ALREADY_ENDED");
  require(isOverdue(job, now), "E_NOT_EXPIRED");
  const tell = (): void =>
    emit(ctx, "job::JobExpired", {
      job: jobAddress,
      expired_by: who,
      claim_until: job.claimUntil,
      challenge_until: job.challengeUntil,
    });
  if (job.state === STATE.running) {
    endRun(ctx, job, who, { state: STATE.expired, mayProve: false, tell });
    return;
  }
  endAtOnce(ctx, job, STATE.expired);
  tell();
  trySettle(ctx, job, who);
}

/** A fault ends whatever the job was doing; nothing more is paid. */
export function forfeit(ctx: Context, job: Job, keeper: Address): void {
  if (job.state === STATE.settled) return;
  if (job.state === STATE.running) {
    endAtOnce(ctx, job, STATE.failed);
    job.output = { ...job.output, reason: "FAULT_PROVEN" };
  }
  emit(ctx, "job::JobForfeited", { job: job.job, provider: job.terms.provider });
  if (canSettle(ctx.state, job)) settleJob(ctx, job, keeper, "nothing");
  else haltStream(ctx, job);
}
