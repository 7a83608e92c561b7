/**
 * The machines of a generated market: how they are made, what they have free, their record.
 * It doesn't know money beyond prices and stake, nor when anything happens.
 */
import { NEW_PROVIDER_SCORE, normalizeAddress, scoreOf } from "@computestream/protocol";
import { GPUS, REGIONS, RIG_KINDS, RIG_WORDS, SANDBOXES } from "./catalogue.ts";
import { hex32, type Random } from "./random.ts";
import { type Told, tell } from "./told.ts";

export const COIN = 100_000_000n;
export const ASSET = normalizeAddress("0xa");
export const SECOND_ASSET = hex32("second asset");

export interface Provider {
  provider: string;
  owner: string;
  asset: string;
  gpus: number;
  slots: number;
  slotsBusy: number;
  gpusBusy: bigint;
  price: bigint;
  gpuPrice: bigint;
  staked: bigint;
  status: number;
  isRegistered: boolean;
  completed: bigint;
  failed: bigint;
  expired: bigint;
  faults: bigint;
  served: bigint;
  earned: bigint;
}

export function makeProvider(index: number, owners: number, seed: number, random: Random) {
  const gpu = random.pick(GPUS);
  const gpus = random.chance(0.08) ? 0 : random.pick([1, 1, 1, 2, 2, 4, 8]);
  const slots = Math.max(1, gpus) + random.whole(0, 2);
  const scale = 0.7 + random.unit() * 0.9;
  const provider: Provider = {
    provider: hex32(`${seed} provider ${index}`),
    owner: hex32(`${seed} owner ${random.skewed(owners, 1.5)}`),
    asset: random.chance(0.05) ? SECOND_ASSET : ASSET,
    gpus,
    slots,
    slotsBusy: 0,
    gpusBusy: 0n,
    price: (COIN * BigInt(random.whole(2, 30))) / 100n,
    gpuPrice: gpus === 0 ? 0n : (COIN * BigInt(Math.round(gpu.price * scale * 1000))) / 1000n,
    staked: COIN * BigInt(Math.round(random.spread(40, 1)) + 1),
    status: 0,
    isRegistered: false,
    completed: 0n,
    failed: 0n,
    expired: 0n,
    faults: 0n,
    served: 0n,
    earned: 0n,
  };
  const cores = random.pick([8, 16, 16, 32, 64, 128]);
  const registered = tell("ProviderRegistered", {
    provider: provider.provider,
    owner: provider.owner,
    operator: hex32(`${seed} operator ${index}`),
    attest_key: hex32(`${seed} key ${index}`),
    name: `${random.pick(RIG_WORDS)}-${random.pick(RIG_KINDS)}-${index}`,
    gpu_model: gpus === 0 ? "" : gpu.model,
    gpu_count: BigInt(gpus),
    vram_gb: gpus === 0 ? 0n : BigInt(gpu.vramGb),
    cpu_cores: BigInt(cores),
    ram_gb: BigInt(cores * random.pick([2, 4, 8])),
    disk_gb: BigInt(random.pick([256, 512, 1024, 2048, 8192])),
    region: random.pick(REGIONS),
    sandbox: random.pick(SANDBOXES),
    devices: Array.from({ length: gpus }, (_, gpu) => hex32(`${seed} device ${index} ${gpu}`)),
    slots: BigInt(slots),
    price_per_hour: provider.price,
    gpu_price_per_hour: provider.gpuPrice,
    asset: provider.asset,
    staked: provider.staked,
  });
  return { provider, registered };
}

/** The mask of `gpus` free ones, or null when the machine can't take the job now. */
export function freeGpus(p: Provider, gpus: number): bigint | null {
  if (!p.isRegistered || p.status !== 0 || p.slotsBusy >= p.slots) return null;
  let mask = 0n;
  let found = 0;
  for (let gpu = 0; gpu < p.gpus && found < gpus; gpu += 1) {
    const bit = 1n << BigInt(gpu);
    if ((p.gpusBusy & bit) !== 0n) continue;
    mask |= bit;
    found += 1;
  }
  return found === gpus ? mask : null;
}

export function capacity(p: Provider): Told {
  return tell("ProviderCapacityChanged", {
    provider: p.provider,
    slots_busy: BigInt(p.slotsBusy),
    slots: BigInt(p.slots),
    gpus_busy: p.gpusBusy,
  });
}

export function record(p: Provider): Told {
  const hasRecord = p.completed + p.failed + p.expired + p.faults > 0n;
  return tell("ProviderStatsUpdated", {
    provider: p.provider,
    jobs_completed: p.completed,
    jobs_failed: p.failed,
    jobs_expired: p.expired,
    faults: p.faults,
    seconds_served: p.served,
    earned: p.earned,
    score: hasRecord
      ? scoreOf({
          jobsCompleted: p.completed,
          jobsFailed: p.failed,
          jobsExpired: p.expired,
          faults: p.faults,
        })
      : BigInt(NEW_PROVIDER_SCORE),
  });
}

/** Half of the stake, a tenth of that to the reporter. */
export function slash(p: Provider, reporter: string) {
  const amount = p.staked / 2n;
  const reward = amount / 10n;
  p.staked -= amount;
  p.faults += 1n;
  const told = tell("StakeSlashed", {
    provider: p.provider,
    reporter,
    amount,
    reward,
    staked: p.staked,
    unbonding: 0n,
  });
  return { amount, reward, told };
}
