/**
 * What jobs take of a provider: slots, GPUs, and the stake they rely on.
 * It doesn't know how jobs come and go, nor how stake moves.
 */
import { providerOf } from "./providers.ts";
import {
  ACTIVE,
  type Address,
  type Context,
  emit,
  type Hex,
  type Job,
  max,
  type Provider,
  require,
} from "./types.ts";

function bits(mask: bigint): number[] {
  const found: number[] = [];
  for (let i = 0; i < 64; i++) if ((mask >> BigInt(i)) & 1n) found.push(i);
  return found;
}

function tellCapacity(ctx: Context, p: Provider): void {
  emit(ctx, "provider_registry::ProviderCapacityChanged", {
    provider: p.provider,
    slots_busy: BigInt(p.activeJobs.length),
    slots: p.slots,
    gpus_busy: p.gpusBusy,
  });
}

/** Jobs rely on `boundStake`, and on all of it in reach until `liableUntil`. */
export function bindStake(
  ctx: Context,
  p: Provider,
  { boundStake = p.boundStake, liableUntil = p.liableUntil }: { boundStake?: bigint; liableUntil?: bigint },
): void {
  if (boundStake === p.boundStake && liableUntil <= p.liableUntil) return;
  p.boundStake = boundStake;
  p.liableUntil = max(p.liableUntil, liableUntil);
  emit(ctx, "provider_registry::ProviderLiabilityChanged", {
    provider: p.provider,
    bound_stake: p.boundStake,
    liable_until: p.liableUntil,
  });
}

/** Nothing that was served can cost stake. */
export const isFree = (p: Provider, now: bigint): boolean =>
  p.activeJobs.length === 0 && now >= p.liableUntil;

/** The commitments of the GPUs that the job gets. */
export function reserve(ctx: Context, p: Provider, job: Address, mask: bigint, gpus: bigint): Hex[] {
  require(p.status === ACTIVE, "E_PROVIDER_UNAVAILABLE");
  require(BigInt(p.activeJobs.length) < p.slots, "E_NO_FREE_SLOT");
  const wanted = bits(mask);
  const exist = wanted.every((bit) => BigInt(bit) < p.machine.gpuCount);
  require(BigInt(wanted.length) === gpus && exist, "E_GPU_MASK");
  require((p.gpusBusy & mask) === 0n, "E_GPU_BUSY");
  p.gpusBusy |= mask;
  p.activeJobs.push(job);
  tellCapacity(ctx, p);
  return p.devices.length === 0 ? [] : wanted.map((bit) => p.devices[bit] as Hex);
}

/** One of the active jobs begins. */
export function relyOnStake(ctx: Context, p: Provider, { terms, rules }: Job): void {
  const { now } = ctx.state;
  const needed = max(rules.minStake, terms.requirements.minStake);
  require(needed <= p.staked + p.unbonding, "E_REQUIREMENTS_NOT_MET");
  const isAnew = p.activeJobs.length === 1 && now >= p.liableUntil;
  bindStake(ctx, p, { boundStake: isAnew ? needed : max(p.boundStake, needed) });
}

export function release(ctx: Context, job: Job, liableUntil: bigint): void {
  const p = providerOf(ctx.state, job.terms.provider);
  p.activeJobs = p.activeJobs.filter((active) => active !== job.job);
  p.gpusBusy &= ~job.gpuMask;
  bindStake(ctx, p, { liableUntil });
  tellCapacity(ctx, p);
}
