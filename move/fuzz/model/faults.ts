/**
 * Faults that prove themselves: contradictions, impossible times, devices in two places.
 * It doesn't know cases, except that a fault ends an open one.
 */
import { type Attestation, checkSigned, contradiction } from "./attestation.ts";
import { endCase, FAULT, rewarded } from "./disputes.ts";
import { forfeit } from "./endings.ts";
import { jobOf } from "./jobs.ts";
import { providerOf } from "./providers.ts";
import { slash } from "./stakes.ts";
import { streamOf } from "./stream.ts";
import { type Address, type Context, emit, type Job, max, min, require, type State } from "./types.ts";

function assertReportable(job: Job): void {
  require(!job.faulted, "E_ALREADY_REPORTED");
  require(job.startedAt !== 0n, "E_NEVER_STARTED");
}

function prove(ctx: Context, job: Job, reporter: Address, fault: bigint): void {
  const provider = providerOf(ctx.state, job.terms.provider);
  const winner = rewarded(job, reporter);
  job.faulted = true;
  endCase(ctx, job);
  forfeit(ctx, job, reporter);
  const { slashed, reward } = slash(ctx, provider, winner, job.rules);
  emit(ctx, "dispute::FaultProven", {
    job: job.job,
    provider: provider.provider,
    fault,
    reporter: winner,
    slashed,
    reward,
  });
}

export function reportContradiction(
  ctx: Context,
  who: Address,
  jobAddress: Address,
  a: Attestation,
  b: Attestation,
): void {
  const job = jobOf(ctx.state, jobAddress);
  assertReportable(job);
  const stream = streamOf(job);
  checkSigned(ctx, jobAddress, stream, a);
  checkSigned(ctx, jobAddress, stream, b);
  const fault = contradiction(a, b);
  require(fault !== 0, "E_NO_CONTRADICTION");
  prove(ctx, job, who, BigInt(fault));
}

export function reportImpossibleTime(ctx: Context, who: Address, jobAddress: Address, a: Attestation): void {
  const job = jobOf(ctx.state, jobAddress);
  assertReportable(job);
  const stream = streamOf(job);
  checkSigned(ctx, jobAddress, stream, a);
  const { startedAt } = stream;
  const impossible = a.tLast < startedAt ? a.secondsCum > 0n : a.secondsCum > a.tLast - startedAt;
  require(impossible, "E_POSSIBLE_TIME");
  prove(ctx, job, who, FAULT.impossibleTime);
}

function overlaps(state: State, job: Job, other: Job): boolean {
  if (job.terms.provider === other.terms.provider) return false;
  const ownerOf = (j: Job): Address => providerOf(state, j.terms.provider).owner;
  if (ownerOf(job) !== ownerOf(other)) return false;
  if (!job.devices.some((device) => other.devices.includes(device))) return false;
  const endOf = (j: Job): bigint => (j.endedAt === 0n ? state.now : j.endedAt);
  const from = max(job.startedAt, other.startedAt);
  if (from >= min(endOf(job), endOf(other))) return false;
  // Never both of a pair.
  if (job.startedAt !== other.startedAt) return job.startedAt > other.startedAt;
  return BigInt(job.job) > BigInt(other.job);
}

export function reportDeviceOverlap(
  ctx: Context,
  who: Address,
  jobAddress: Address,
  otherAddress: Address,
): void {
  const { state } = ctx;
  const job = jobOf(state, jobAddress);
  const other = jobOf(state, otherAddress);
  assertReportable(job);
  require(other.startedAt !== 0n, "E_NEVER_STARTED");
  require(overlaps(state, job, other), "E_NO_OVERLAP");
  prove(ctx, job, who, FAULT.deviceOverlap);
}
