/**
 * Cases: challenges of an output, and arbitration.
 * It doesn't know how a job settles otherwise, nor faults that prove themselves.
 */
import { bindStake } from "./capacity.ts";
import { forfeit, isEnded, settleJob } from "./endings.ts";
import { assertBuyer, jobOf } from "./jobs.ts";
import { chunkCount, chunkLength, provesChunk } from "./merkle.ts";
import { providerOf } from "./providers.ts";
import { slash } from "./stakes.ts";
import { canSettle, heldBack, isProven, sealStream, streamOf } from "./stream.ts";
import {
  type Address,
  ARBITRATION,
  abort,
  BPS,
  type Case,
  type Context,
  emit,
  type Hex,
  type Job,
  max,
  min,
  OUTPUT_CHALLENGE,
  require,
} from "./types.ts";
import { give, takeFrom } from "./wallets.ts";

export const FAULT = { impossibleTime: 3n, deviceOverlap: 4n, withheldOutput: 5n } as const;
const MAX_REASON_BYTES = 1024;

/** Who is rewarded when somebody proves a fault: a provider about to lose a challenge mustn't report itself. */
export const rewarded = (job: Job, reporter: Address): Address =>
  job.case?.kind === OUTPUT_CHALLENGE ? job.case.buyer : reporter;

/** A case that is open when a fault ends the job is won by the buyer. */
export function endCase(ctx: Context, job: Job): void {
  const open = job.case;
  if (!open) return;
  const unreleased = heldBack(job);
  const bond = payBond(ctx, job, open.buyer);
  if (open.kind === ARBITRATION) tellDecision(ctx, job, 0n, unreleased, open.buyer, true);
  else
    emit(ctx, "dispute::ChallengeLost", { job: job.job, provider: job.terms.provider, refunded_bond: bond });
}

function payBond(ctx: Context, job: Job, to: Address): bigint {
  const bond = job.case?.bond ?? 0n;
  give(ctx.state, job.terms.asset, to, bond);
  job.case = null;
  job.caseUntil = 0n;
  return bond;
}

function openCase(ctx: Context, who: Address, job: Job, deadlineSecs: bigint): bigint {
  const { now } = ctx.state;
  require(job.case === null, "E_CASE_OPEN");
  assertBuyer(job, who);
  require(isEnded(job), "E_NOT_ENDED");
  require(job.startedAt !== 0n, "E_NEVER_STARTED");
  require(heldBack(job) > 0n && !job.faulted, "E_NOTHING_HELD");
  require(isProven(job, now), "E_CLAIM_WINDOW_OPEN");
  require(now < job.challengeUntil, "E_CHALLENGE_WINDOW_OVER");
  sealStream(ctx, job);
  job.caseUntil = now + deadlineSecs;
  return job.caseUntil;
}

function lockBond(ctx: Context, job: Job, who: Address): bigint {
  const { deposited } = streamOf(job).meter;
  const bond = min(heldBack(job), (deposited * job.rules.bondBps + BPS - 1n) / BPS);
  takeFrom(ctx, job.terms.asset, who, bond);
  return bond;
}

export function challengeOutput(ctx: Context, who: Address, jobAddress: Address, chunkIndex: bigint): void {
  const job = jobOf(ctx.state, jobAddress);
  const deadline = openCase(ctx, who, job, job.rules.answerWindowSecs);
  require(job.output.outputRoot !== "0x", "E_NO_OUTPUT");
  require(chunkIndex < chunkCount(job.output.outputSize), "E_NO_SUCH_CHUNK");
  const bond = lockBond(ctx, job, who);
  // Anyone can resolve it until then.
  const liableUntil = deadline + job.rules.answerWindowSecs;
  bindStake(ctx, providerOf(ctx.state, job.terms.provider), { liableUntil });
  job.case = {
    kind: OUTPUT_CHALLENGE,
    buyer: who,
    bond,
    deadline,
    chunkIndex,
    reason: "",
    defaultAward: 0n,
    openedAt: ctx.state.now,
  };
  emit(ctx, "dispute::OutputChallenged", {
    job: jobAddress,
    buyer: who,
    chunk_index: chunkIndex,
    bond,
    answer_by: deadline,
  });
}

function caseOf(job: Job, kind?: bigint): Case {
  const open = job.case;
  if (open === null || (kind !== undefined && open.kind !== kind)) abort("E_NO_CASE");
  return open;
}

export function answerChallenge(
  ctx: Context,
  who: Address,
  jobAddress: Address,
  chunk: Hex,
  proof: Hex[],
): void {
  const { state } = ctx;
  const job = jobOf(state, jobAddress);
  const open = caseOf(job, OUTPUT_CHALLENGE);
  require(state.now < open.deadline, "E_ANSWER_WINDOW_OVER");
  const { outputRoot, outputSize } = job.output;
  const length = BigInt((chunk.length - 2) / 2);
  require(length === chunkLength(outputSize, open.chunkIndex), "E_WRONG_CHUNK");
  require(provesChunk(outputRoot, outputSize, open.chunkIndex, chunk, proof), "E_WRONG_PROOF");
  const { owner } = providerOf(state, job.terms.provider);
  const bond = payBond(ctx, job, owner);
  emit(ctx, "dispute::ChallengeAnswered", {
    job: jobAddress,
    answered_by: who,
    chunk_index: open.chunkIndex,
    bond,
  });
}

export function openArbitration(ctx: Context, who: Address, jobAddress: Address, reason: string): void {
  const job = jobOf(ctx.state, jobAddress);
  const deadline = openCase(ctx, who, job, job.rules.arbitrationWindowSecs);
  const bytes = Buffer.byteLength(reason, "utf8");
  require(bytes >= 1 && bytes <= MAX_REASON_BYTES, "E_REASON_LENGTH");
  const bond = lockBond(ctx, job, who);
  const unreleased = heldBack(job);
  job.case = {
    kind: ARBITRATION,
    buyer: who,
    bond,
    deadline,
    chunkIndex: 0n,
    reason,
    defaultAward: unreleased,
    openedAt: ctx.state.now,
  };
  emit(ctx, "dispute::ArbitrationOpened", {
    job: jobAddress,
    buyer: who,
    arbiter: job.rules.arbiter,
    reason,
    unreleased,
    bond,
    decide_by: deadline,
  });
}

function decide(
  ctx: Context,
  job: Job,
  by: Address,
  award: bigint,
  bondTo: Address,
  byDefault: boolean,
): void {
  const unreleased = heldBack(job);
  payBond(ctx, job, bondTo);
  settleJob(ctx, job, by, award);
  tellDecision(ctx, job, award, unreleased, bondTo, byDefault);
}

function tellDecision(
  ctx: Context,
  job: Job,
  award: bigint,
  unreleased: bigint,
  bondTo: Address,
  byDefault: boolean,
): void {
  emit(ctx, "dispute::ArbitrationDecided", {
    job: job.job,
    arbiter: job.rules.arbiter,
    award,
    unreleased,
    bond_to: bondTo,
    by_default: byDefault,
  });
}

export function rule(ctx: Context, who: Address, jobAddress: Address, award: bigint): void {
  const { state } = ctx;
  const job = jobOf(state, jobAddress);
  const open = caseOf(job, ARBITRATION);
  require(job.rules.arbiter === who, "E_NOT_ARBITER");
  require(state.now < open.deadline, "E_DECISION_WINDOW_OVER");
  const held = heldBack(job);
  const alsoFrozen = canSettle(state, job) ? [] : ["E_ESCROW_UNAVAILABLE"];
  require(award <= open.defaultAward, "E_AWARD_TOO_HIGH", ...alsoFrozen);
  // Of what was held at the opening, what the buyer agreed to since is paid.
  const rest = max(0n, award - (open.defaultAward - held));
  const { owner } = providerOf(state, job.terms.provider);
  decide(ctx, job, who, rest, rest === held ? owner : open.buyer, false);
}

export function resolve(ctx: Context, who: Address, jobAddress: Address): void {
  const { state } = ctx;
  const job = jobOf(state, jobAddress);
  const open = caseOf(job);
  require(state.now >= open.deadline, "E_DEADLINE_NOT_REACHED");
  if (open.kind === ARBITRATION) {
    // What the buyer has confirmed since then is paid already.
    decide(ctx, job, who, min(open.defaultAward, heldBack(job)), open.buyer, true);
    return;
  }
  const bond = payBond(ctx, job, open.buyer);
  const provider = providerOf(state, job.terms.provider);
  job.faulted = true;
  forfeit(ctx, job, who);
  const { slashed, reward } = slash(ctx, provider, open.buyer, job.rules);
  const common = { job: jobAddress, provider: provider.provider };
  emit(ctx, "dispute::ChallengeLost", { ...common, refunded_bond: bond });
  emit(ctx, "dispute::FaultProven", {
    ...common,
    fault: FAULT.withheldOutput,
    reporter: open.buyer,
    slashed,
    reward,
  });
}
