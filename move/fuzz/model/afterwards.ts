/**
 * How jobs settle that waited for it, and how settled ones disappear: confirmed, finalized, reclaimed.
 * It doesn't know how they ended, nor cases, except that an open one stops all this.
 */
import { checkCountersignature, type Unsigned } from "./attestation.ts";
import { isEnded, settleJob, settleWhenFinal } from "./endings.ts";
import { assertBuyer, jobOf } from "./jobs.ts";
import { providerOf } from "./providers.ts";
import { confirmStream, heldBack, isProven, sealStream, streamOf } from "./stream.ts";
import { type Address, type Context, emit, type Hex, type Job, require, STATE } from "./types.ts";
import { assertMovable, give } from "./wallets.ts";

function assertConfirmable(job: Job): void {
  const isOpen = job.state === STATE.running || isEnded(job);
  require(isOpen && job.startedAt !== 0n && !job.faulted, "E_NOT_CONFIRMABLE");
}

export function confirm(ctx: Context, who: Address, jobAddress: Address): void {
  const job = jobOf(ctx.state, jobAddress);
  assertBuyer(job, who);
  assertConfirmable(job);
  require(job.case === null, "E_CASE_OPEN");
  confirmStream(ctx, job, who);
  settleWhenFinal(ctx, job, who);
}

/** What the buyer's key has signed counts whenever it is brought. */
export function confirmSigned(
  ctx: Context,
  who: Address,
  jobAddress: Address,
  a: Unsigned,
  countersignature: Hex,
): void {
  const job = jobOf(ctx.state, jobAddress);
  assertConfirmable(job);
  checkCountersignature(ctx, jobAddress, streamOf(job), a, countersignature);
  confirmStream(ctx, job, who, a.secondsCum);
  if (job.case === null) settleWhenFinal(ctx, job, who);
}

export function finalize(ctx: Context, who: Address, jobAddress: Address): void {
  const { state } = ctx;
  const { now } = state;
  const job = jobOf(state, jobAddress);
  require(isEnded(job), "E_NOT_ENDED");
  require(job.case === null, "E_CASE_OPEN");
  if (job.startedAt === 0n || job.faulted) {
    settleJob(ctx, job, who, "nothing");
    return;
  }
  if (!isProven(job, now) && now < job.claimUntil) {
    const { operator } = providerOf(state, job.terms.provider);
    require(operator === who, "E_CLAIM_WINDOW_OPEN");
    sealStream(ctx, job);
    if (heldBack(job) > 0n) {
      job.claimUntil = now;
      job.challengeUntil = now + job.rules.challengeWindowSecs;
      emit(ctx, "job::JobWaived", {
        job: jobAddress,
        claim_until: job.claimUntil,
        challenge_until: job.challengeUntil,
      });
      return;
    }
    settleJob(ctx, job, who, "all");
    return;
  }
  require(heldBack(job) === 0n || now >= job.challengeUntil, "E_CHALLENGE_WINDOW_OPEN");
  settleJob(ctx, job, who, "all");
}

export function reclaim(ctx: Context, who: Address, jobAddress: Address): void {
  const { now } = ctx.state;
  const job = jobOf(ctx.state, jobAddress);
  require(job.state === STATE.settled, "E_NOT_SETTLED");
  const isBuyer = job.terms.buyer === who;
  const atOnce = isBuyer && job.startedAt === 0n;
  const wait = job.rules.reclaimAfterSecs * (isBuyer ? 1n : 2n);
  require(atOnce || now >= job.settledAt + wait, "E_TOO_EARLY_TO_RECLAIM");
  const dust = ctx.state.dust.get(jobAddress) ?? 0n;
  if (dust > 0n) assertMovable(ctx.state, jobAddress);
  give(ctx.state, job.terms.asset, job.terms.buyer, dust);
  ctx.state.dust.delete(jobAddress);
  ctx.state.frozen.delete(jobAddress);
  ctx.state.jobs.delete(jobAddress);
  emit(ctx, "job_registry::JobReclaimed", { job: jobAddress, reclaimed_by: who });
}
