/**
 * Orders of buyers, accepting, starting, extending and repricing.
 * It doesn't know attestations or endings.
 */
import { BUYERS, OWNERS, POOR_BUYER, PROVIDER_KEYS } from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { type Order, onlyGpus } from "../model/jobs.ts";
import { meets } from "../model/providers.ts";
import { ACTIVE, type Job, MAX_U64, type Provider, type Requirements, STATE } from "../model/types.ts";
import {
  around,
  type Intent,
  jobsOf,
  now,
  pickJob,
  providerOfJob,
  providersOf,
  type Scene,
  signer,
} from "./context.ts";

const cover = (rate: bigint, secs: bigint): bigint => (rate * secs + 3599n) / 3600n;

export const atMost = (value: bigint): bigint => (value < MAX_U64 ? value : MAX_U64);

function randomOrder(scene: Scene, rate: bigint, maySpoil = true): Order {
  const { dice, memory } = scene;
  const { maxDurationSecs: longest, maxHoldbackSecs } = scene.state.market.parameters;
  const secs = BigInt(dice.pick([60, 600, 7, 3600, 1, 3601, 100_000]));
  const maxDurationSecs = secs > longest ? longest : secs;
  const holdback = BigInt(dice.pick([0, 0, 20, 60, 5, 3600, 1]));
  const buyerKeys = memory.signatures.keys.slice(PROVIDER_KEYS);
  const order: Order = {
    image: "image",
    maxDurationSecs,
    maxRatePerHour: atMost(rate + BigInt(dice.pick([0, 0, 1000]))),
    deposit: atMost(cover(rate, maxDurationSecs) + BigInt(dice.pick([0, 0, 1, 5000]))),
    holdbackSecs: holdback > maxHoldbackSecs ? maxHoldbackSecs : holdback,
    priority: 1n,
    buyerKey: dice.chance(50) ? dice.pick(buyerKeys) : "0x",
  };
  return maySpoil && dice.chance(10) ? spoil(scene, order) : order;
}

/** One thing wrong. */
function spoil({ dice, state }: Scene, order: Order): Order {
  const { parameters } = state.market;
  return dice.pick([
    { ...order, deposit: order.deposit - (order.deposit > 0n ? 1n : 0n) },
    { ...order, maxRatePerHour: order.maxRatePerHour > 0n ? order.maxRatePerHour - 1n : 0n },
    { ...order, image: "" },
    { ...order, image: "i".repeat(513) },
    { ...order, priority: 0n },
    { ...order, priority: 11n },
    { ...order, buyerKey: `0x01${"00".repeat(31)}` },
    { ...order, buyerKey: "0x0102" },
    { ...order, maxDurationSecs: parameters.maxDurationSecs + 1n },
    { ...order, maxDurationSecs: 0n },
    { ...order, holdbackSecs: parameters.maxHoldbackSecs + 1n },
    { ...order, deposit: MAX_U64 },
  ]);
}

export function specs({ dice }: Scene, isBatch: boolean): string[] {
  if (dice.chance(3)) return [isBatch ? "s".repeat(4097) : ""];
  if (!isBatch) return ["spec"];
  const count = dice.chance(8) ? dice.pick([0, 101]) : 2 + dice.roll(2);
  return Array.from({ length: count }, (_, i) => `spec ${i}`);
}

/** Now and then somebody without money, or an owner who rents its own machines. */
export function randomBuyer({ dice }: Scene): string {
  if (dice.chance(6)) return POOR_BUYER;
  return dice.chance(8) ? OWNERS[0] : dice.pick(BUYERS.slice(0, 2));
}

interface DirectOrder {
  provider: Provider;
  gpus: bigint;
  terms: Order;
}

/** An order of one provider that mostly takes it. */
export function randomDirectOrder(scene: Scene): DirectOrder {
  const { dice } = scene;
  const active = providersOf(scene).filter((p) => p.status === ACTIVE);
  const provider = dice.pick(active.length > 0 && !dice.chance(5) ? active : providersOf(scene));
  const most = provider.machine.gpuCount > 2n ? 2n : provider.machine.gpuCount;
  const gpus = dice.chance(3) ? provider.machine.gpuCount + 1n : dice.pick([most, most > 0n ? 1n : 0n, 0n]);
  const rate = provider.pricePerHour + gpus * provider.gpuPricePerHour;
  return { provider, gpus, terms: randomOrder(scene, rate <= MAX_U64 ? rate : 1n) };
}

export function order(scene: Scene): Intent | null {
  const { provider, gpus, terms } = randomDirectOrder(scene);
  const isBatch = scene.dice.chance(12);
  const action: Action = {
    type: isBatch ? "create_jobs" : "create_job",
    who: randomBuyer(scene),
    provider: provider.provider,
    gpus,
    order: terms,
    specs: specs(scene, isBatch),
  };
  return now(action, scene);
}

export function orderOpen(scene: Scene): Intent | null {
  const { dice, memory, state } = scene;
  const provider = dice.pick(providersOf(scene));
  const { machine: m } = provider;
  const gpus = m.gpuCount > 0n ? BigInt(dice.roll(2)) : 0n;
  const requirements: Requirements = dice.pick([
    onlyGpus(gpus),
    { ...onlyGpus(gpus), gpuModel: m.gpuModel, vramGb: m.vramGb, region: m.region },
    { ...onlyGpus(gpus), cpuCores: m.cpuCores, ramGb: m.ramGb, diskGb: m.diskGb, sandbox: m.sandbox },
    { ...onlyGpus(gpus), minStake: provider.staked },
    { ...onlyGpus(gpus), minStake: provider.staked + 1n },
    { ...onlyGpus(gpus), ramGb: m.ramGb + 1n },
  ]);
  // Alone, because which fault is named first isn't what this is about.
  const isTooLong = dice.chance(2) && !state.market.parameters.paused;
  const rate = provider.pricePerHour + gpus * provider.gpuPricePerHour + BigInt(dice.pick([0, 500]));
  const isBatch = dice.chance(12);
  const action: Action = {
    type: isBatch ? "create_open_jobs" : "create_open_job",
    who: randomBuyer(scene),
    asset: dice.chance(8) ? dice.pick(memory.assets) : provider.asset,
    requirements: isTooLong ? { ...requirements, region: "r".repeat(129) } : requirements,
    order: randomOrder(scene, rate <= MAX_U64 - 500n ? rate : 1n, !isTooLong),
    specs: isTooLong ? ["spec"] : specs(scene, isBatch),
  };
  return now(action, scene);
}

/** The lowest or the highest free GPUs; a mask that doesn't fit when there are too few. */
function freeMask(provider: Provider, gpus: bigint, fromTop: boolean): bigint {
  const count = provider.machine.gpuCount;
  let mask = 0n;
  let missing = gpus;
  for (let i = 0n; i < count && missing > 0n; i++) {
    const bit = fromTop ? count - 1n - i : i;
    if ((provider.gpusBusy >> bit) & 1n) continue;
    mask |= 1n << bit;
    missing -= 1n;
  }
  return mask;
}

export function accept(scene: Scene, job: Job): Intent {
  const { dice, state } = scene;
  const matching = providersOf(scene).filter(
    (p) => p.asset === job.terms.asset && meets(p, job.terms.requirements),
  );
  const open = matching.length > 0 && !dice.chance(5) ? matching : providersOf(scene);
  const direct = providerOfJob(scene, job);
  const provider = direct && !dice.chance(4) ? direct : dice.pick(open);
  const fitting = freeMask(provider, job.terms.requirements.gpus, dice.chance(50));
  const mask = dice.chance(6) ? dice.pick([0n, 1n, 2n, 3n, 4n, 1n << 63n, fitting]) : fitting;
  const action: Action = {
    type: "accept",
    who: signer(provider.operator, scene),
    provider: provider.provider,
    job: job.job,
    mask,
  };
  return dice.chance(8) && job.state === STATE.pending
    ? around(job.acceptBy, action, scene)
    : { action, at: state.now + BigInt(dice.pick([0, 0, 0, 1, 2])) };
}

export function start(scene: Scene, job: Job): Intent {
  const operator = providerOfJob(scene, job)?.operator ?? job.terms.buyer;
  const action: Action = { type: "start", who: signer(operator, scene), job: job.job };
  return scene.dice.chance(8) ? around(job.startBy, action, scene) : now(action, scene);
}

const isRunning = (job: Job): boolean => job.state === STATE.running;

export function extend(scene: Scene): Intent | null {
  const { dice } = scene;
  const job = pickJob(scene, isRunning);
  if (!job) return null;
  const secs = BigInt(dice.pick([0, 60, 1, 3600, 10_000_000]));
  const rate = job.stream?.meter.ratePerHour ?? job.terms.ratePerHour;
  const amount =
    cover(rate, secs) + BigInt(dice.pick([0, 0, 1, 700])) - (dice.chance(8) && secs > 0n ? 1n : 0n);
  const action: Action = {
    type: "extend",
    who: signer(job.terms.buyer, scene),
    job: job.job,
    secs,
    amount: amount < 0n ? 0n : atMost(amount),
  };
  return now(action, scene);
}

const rateOf = (job: Job): bigint => job.stream?.meter.ratePerHour ?? job.terms.ratePerHour;

/** The highest rate that what was deposited pays for to the end. */
function affordable(job: Job): bigint {
  if (!job.stream) return job.terms.ratePerHour;
  const { maxDurationSecs, secondsBilled, deposited, acc } = job.stream.meter;
  const left = maxDurationSecs - secondsBilled;
  return left === 0n ? MAX_U64 : atMost((deposited * 3600n - acc) / left);
}

const canRaise = (job: Job): boolean => isRunning(job) && affordable(job) > rateOf(job);

export function changeRate(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const raises = !dice.chance(50);
  const isFunded = raises && jobsOf(scene).some(canRaise) && !dice.chance(20);
  const job = pickJob(scene, isFunded ? canRaise : isRunning);
  if (!job) return null;
  const rate = rateOf(job);
  // A buyer who raises adds to the deposit first.
  if (raises && isRunning(job) && !canRaise(job) && !dice.chance(40)) return fundRaise(scene, job);
  const right = raises ? job.terms.buyer : (providerOfJob(scene, job)?.owner ?? job.terms.buyer);
  const most = affordable(job);
  const between = most > rate ? (most + rate + 1n) / 2n : rate + 1n;
  const up = dice.pick([most, between, rate + 1n, most + 1n, rate * 2n + 1n, rate, rate * 50n, MAX_U64]);
  const down = dice.pick([rate / 2n, rate > 0n ? rate - 1n : 0n, 0n, rate]);
  const action: Action = {
    type: "change_rate",
    who: signer(right, scene),
    job: job.job,
    rate: atMost(raises ? up : down),
  };
  const { stream } = job;
  // A raised rate near the end of the time is where it hurts.
  return stream && dice.chance(15)
    ? around(stream.startedAt + stream.meter.maxDurationSecs, action, scene)
    : { action, at: state.now + BigInt(dice.roll(20)) };
}

/** Money for up to twice the rate, sometimes with more time. */
function fundRaise(scene: Scene, job: Job): Intent {
  const { dice } = scene;
  const rate = rateOf(job);
  const secs = BigInt(dice.pick([0, 0, 60]));
  const left = (job.stream?.meter.maxDurationSecs ?? 0n) + secs;
  const raise = dice.pick([rate + 1n, rate / 2n + 1n, 1n]);
  const amount = cover(rate, secs) + cover(raise, left);
  const action: Action = {
    ...{ type: "extend", who: signer(job.terms.buyer, scene), job: job.job },
    ...{ secs, amount: atMost(amount) },
  };
  return now(action, scene);
}
