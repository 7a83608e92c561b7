/**
 * How jobs end and settle: completed, failed, cancelled, terminated, expired, confirmed, finalized, reclaimed.
 * It doesn't know faults and cases, except that an open case stops the ordinary ways.
 */
import type { Attestation } from "./attestation.ts";
import { assertBuyer, assertJobOperator, jobOf } from "./jobs.ts";
import { snakeKeys } from "./market.ts";
import { providerOf, recordJob, release } from "./providers.ts";
import {
  closeStream,
  confirmStream,
  endStream,
  heldBack,
  isProven,
  refund,
  sealStream,
  settleLast,
  stopStream,
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
import { assertMovable, give } from "./wallets.ts";

const MAX_URIS = 8;
const MAX_URI_BYTES = 512;
const MAX_REASON_BYTES = 1024;

const byteLength = (text: string): number => Buffer.byteLength(text, "utf8");
const ENDED: bigint[] = [STATE.completed, STATE.failed, STATE.terminated];
export const isEnded = (job: Job): boolean => ENDED.includes(job.state);

function assertOutput(output: Output): void {
  const { outputUris, outputSha256, outputRoot } = output;
  const short = outputUris.every((uri) => byteLength(uri) <= MAX_URI_BYTES);
  require(outputUris.length <= MAX_URIS && short, "E_OUTPUT_URIS");
  const isHash = (hex: string): boolean => hex.length === 2 || hex.length === 66;
  require(isHash(outputSha256) && isHash(outputRoot), "E_OUTPUT_HASH_LENGTH");
}

/** `award`: of what is held; null for all. The job's money is gone after this. */
export function settleJob(ctx: Context, job: Job, keeper: Address, award: bigint | null): void {
  const { now } = ctx.state;
  const wasAccepted = job.terms.provider !== ZERO_ADDRESS && job.startBy !== 0n;
  if (job.stream) closeStream(ctx, job, keeper, award);
  else refund(ctx, job, job.escrow);
  const m = job.stream?.meter;
  const [seconds, gross, fees] = m ? [m.secondsBilled, m.paid, m.feePaid] : [0n, 0n, 0n];
  job.outcome = job.state;
  job.state = STATE.settled;
  job.settledAt = now;
  if (wasAccepted && job.outcome !== STATE.cancelled) recordJob(ctx, job, job.outcome, seconds, gross - fees);
  emit(ctx, "job_registry::JobSettled", {
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

/** The run is over: sets the windows, frees the machine, and settles when nothing is to wait for. */
function endJob(ctx: Context, job: Job, keeper: Address, tell: () => void): void {
  const { now } = ctx.state;
  const proven = isProven(job);
  const mayHold = proven ? heldBack(job) > 0n : streamOf(job).meter.holdbackSecs > 0n;
  job.claimUntil = proven ? now : now + job.rules.claimWindowSecs;
  job.challengeUntil = mayHold ? job.claimUntil + job.rules.challengeWindowSecs : 0n;
  release(ctx, job, max(job.claimUntil, job.challengeUntil));
  tell();
  if (proven && heldBack(job) === 0n) settleJob(ctx, job, keeper, null);
}

function endWithOutput(
  ctx: Context,
  who: Address,
  job: Job,
  state: bigint,
  output: Output,
  attestation: Attestation,
): void {
  settleLast(ctx, job, who, attestation);
  job.state = state;
  job.output = output;
  job.endedAt = ctx.state.now;
  endStream(ctx, job, who, false);
  const name = state === STATE.completed ? "JobCompleted" : "JobFailed";
  endJob(ctx, job, who, () => tellOutput(ctx, job, name));
}

function tellOutput(ctx: Context, job: Job, name: string): void {
  emit(ctx, `job_registry::${name}`, {
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
  const wasAccepted = job.state === STATE.accepted || job.state === STATE.running;
  job.state = state;
  job.endedAt = ctx.state.now;
  if (wasAccepted) release(ctx, job, 0n);
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
  settleJob(ctx, job, who, null);
}

export function cancel(ctx: Context, who: Address, jobAddress: Address): void {
  const job = jobOf(ctx.state, jobAddress);
  assertBuyer(job, who);
  require(job.state === STATE.pending || job.state === STATE.accepted, "E_NOT_CANCELLABLE");
  endAtOnce(ctx, job, STATE.cancelled);
  emit(ctx, "job_registry::JobCancelled", { job: jobAddress, buyer: who });
  settleJob(ctx, job, who, null);
}

export function terminate(ctx: Context, who: Address, jobAddress: Address, attestation: Attestation): void {
  const job = jobOf(ctx.state, jobAddress);
  assertBuyer(job, who);
  require(job.state === STATE.running, "E_NOT_RUNNING");
  settleLast(ctx, job, who, attestation);
  job.state = STATE.terminated;
  job.endedAt = ctx.state.now;
  endStream(ctx, job, who, true);
  endJob(ctx, job, who, () =>
    emit(ctx, "job_registry::JobTerminated", {
      job: jobAddress,
      buyer: who,
      ended_at: job.endedAt,
      claim_until: job.claimUntil,
      challenge_until: job.challengeUntil,
    }),
  );
}

export function confirm(ctx: Context, who: Address, jobAddress: Address): void {
  const job = jobOf(ctx.state, jobAddress);
  assertBuyer(job, who);
  require(job.startedAt !== 0n && job.state !== STATE.settled, "E_NOT_CONFIRMABLE");
  require(job.case === null, "E_CASE_OPEN");
  confirmStream(ctx, job, who);
  if (isEnded(job) && isProven(job)) settleJob(ctx, job, who, null);
}

export function flagStalled(ctx: Context, who: Address, jobAddress: Address): void {
  const { now } = ctx.state;
  const job = jobOf(ctx.state, jobAddress);
  require(job.state === STATE.running, "E_NOT_RUNNING");
  const stream = streamOf(job);
  require(stream.stalledAt === 0n, "E_ALREADY_STALLED");
  require(now >= stream.lastProgressAt + job.rules.stallAfterSecs, "E_STILL_PROGRESSING");
  stream.stalledAt = now;
  emit(ctx, "job_registry::JobStalled", {
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
  const wasRunning = job.state === STATE.running;
  endAtOnce(ctx, job, STATE.expired);
  if (wasRunning) stopStream(ctx, job);
  emit(ctx, "job_registry::JobExpired", { job: jobAddress, expired_by: who });
  settleJob(ctx, job, who, null);
}

export function finalize(ctx: Context, who: Address, jobAddress: Address): void {
  const { state } = ctx;
  const { now } = state;
  const job = jobOf(state, jobAddress);
  require(isEnded(job), "E_NOT_ENDED");
  require(job.case === null, "E_CASE_OPEN");
  if (!isProven(job) && now < job.claimUntil) {
    const { operator } = providerOf(state, job.terms.provider);
    require(operator === who, "E_CLAIM_WINDOW_OPEN");
    sealStream(ctx, job);
    if (heldBack(job) > 0n) {
      job.claimUntil = now;
      job.challengeUntil = now + job.rules.challengeWindowSecs;
      emit(ctx, "job_registry::JobWaived", {
        job: jobAddress,
        claim_until: job.claimUntil,
        challenge_until: job.challengeUntil,
      });
      return;
    }
    settleJob(ctx, job, who, null);
    return;
  }
  require(heldBack(job) === 0n || now >= job.challengeUntil, "E_CHALLENGE_WINDOW_OPEN");
  settleJob(ctx, job, who, null);
}

export function reclaim(ctx: Context, who: Address, jobAddress: Address): void {
  const { now } = ctx.state;
  const job = jobOf(ctx.state, jobAddress);
  require(job.state === STATE.settled, "E_NOT_SETTLED");
  const isBuyer = job.terms.buyer === who;
  if (job.startedAt === 0n) {
    require(isBuyer, "E_NOT_BUYER");
  } else {
    const wait = job.rules.reclaimAfterSecs * (isBuyer ? 1n : 2n);
    require(now >= job.settledAt + wait, "E_TOO_EARLY_TO_RECLAIM");
  }
  const dust = ctx.state.dust.get(jobAddress) ?? 0n;
  if (dust > 0n) assertMovable(ctx.state, jobAddress);
  give(ctx.state, job.terms.asset, job.terms.buyer, dust);
  ctx.state.dust.delete(jobAddress);
  ctx.state.frozen.delete(jobAddress);
  ctx.state.jobs.delete(jobAddress);
  emit(ctx, "job_registry::JobReclaimed", { job: jobAddress, reclaimed_by: who });
}

/** For what opens a case or ends one early. */
export function extendLiability(ctx: Context, job: Job, until: bigint): void {
  const p = providerOf(ctx.state, job.terms.provider);
  p.liableUntil = max(p.liableUntil, until);
}

/** A fault ends whatever the job was doing; nothing more is paid. */
export function forfeit(ctx: Context, job: Job, keeper: Address): void {
  if (job.state === STATE.settled) return;
  if (job.state === STATE.running) {
    endAtOnce(ctx, job, STATE.failed);
    job.output = { ...job.output, reason: "FAULT_PROVEN" };
  }
  emit(ctx, "job_registry::JobForfeited", { job: job.job, provider: job.terms.provider });
  settleJob(ctx, job, keeper, 0n);
}
