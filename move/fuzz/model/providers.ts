/**
 * Providers: registration, status, prices, keys, capacity and record.
 * It doesn't know stakes beyond their minimum, nor what jobs do.
 */
import { assertAssetAllowed, assertNotPaused, snakeKeys } from "./market.ts";
import {
  ACTIVE,
  type Address,
  abort,
  type Context,
  emit,
  type Hex,
  type Job,
  MAX_U64,
  type Machine,
  OFFLINE,
  type Provider,
  type Requirements,
  require,
  STATE,
  type State,
} from "./types.ts";
import { takeFrom } from "./wallets.ts";

const MAX_GPUS = 64n;
const MAX_SLOTS = 256n;
const MAX_TEXT_BYTES = 128;
const MAX_STATUS = 3n;

const byteLength = (text: string): number => Buffer.byteLength(text, "utf8");

export function providerOf(state: State, provider: Address): Provider {
  return state.providers.get(provider) ?? abort("OBJECT");
}

/** Keys whose points exist; the histories use no others, and wrong lengths. */
export function assertKey(key: Hex, code: string): void {
  require(key.length === 66 && !INVALID_KEYS.has(key), code);
}

/** Of small order: every signature would fit them. */
export const INVALID_KEYS: ReadonlySet<Hex> = new Set([`0x01${"00".repeat(31)}`, `0x${"00".repeat(32)}`]);

export interface Offer {
  machine: Machine;
  devices: Hex[];
  slots: bigint;
}

function assertOffer({ machine, devices, slots }: Offer): void {
  const { name, gpuModel, region, sandbox, gpuCount } = machine;
  const textsFit = [gpuModel, region, sandbox].every((text) => byteLength(text) <= MAX_TEXT_BYTES);
  require(byteLength(name) >= 1 && byteLength(name) <= MAX_TEXT_BYTES && textsFit, "E_TEXT_LENGTH");
  require(gpuCount <= MAX_GPUS, "E_TOO_MANY_GPUS");
  const distinct = new Set(devices).size === devices.length;
  const sized = devices.every((device) => device.length === 66);
  require(devices.length === 0 || (BigInt(devices.length) === gpuCount && distinct && sized), "E_DEVICES");
  require(slots >= 1n && slots <= MAX_SLOTS, "E_SLOTS");
}

export interface Registration extends Offer {
  operator: Address;
  attestKey: Hex;
  pricePerHour: bigint;
  gpuPricePerHour: bigint;
  asset: Address;
  stake: bigint;
}

export function register(ctx: Context, owner: Address, r: Registration): void {
  const { state } = ctx;
  assertNotPaused(state);
  assertAssetAllowed(state, r.asset);
  assertKey(r.attestKey, "E_INVALID_ATTEST_KEY");
  assertOffer(r);
  require(r.stake >= state.market.parameters.minStake, "E_STAKE_TOO_LOW");
  takeFrom(ctx, r.asset, owner, r.stake);
  const address = ctx.fresh.shift() ?? abort("NO_FRESH_ADDRESS");
  const { operator, attestKey, machine, devices, slots, pricePerHour, gpuPricePerHour, asset, stake } = r;
  state.providers.set(address, {
    provider: address,
    owner,
    operator,
    attestKey,
    machine,
    devices,
    slots,
    gpusBusy: 0n,
    pricePerHour,
    gpuPricePerHour,
    asset,
    staked: stake,
    unbonding: 0n,
    unlocksAt: 0n,
    status: ACTIVE,
    lastHeartbeatAt: state.now,
    registeredAt: state.now,
    boundStake: 0n,
    liableUntil: 0n,
    activeJobs: [],
    jobsCompleted: 0n,
    jobsFailed: 0n,
    jobsExpired: 0n,
    faults: 0n,
    secondsServed: 0n,
    earned: 0n,
    stakeAdded: stake,
    stakeWithdrawn: 0n,
    stakeSlashed: 0n,
  });
  emit(ctx, "provider_registry::ProviderRegistered", {
    provider: address,
    owner,
    operator,
    attest_key: attestKey,
    machine: snakeKeys(machine),
    devices,
    slots,
    price_per_hour: pricePerHour,
    gpu_price_per_hour: gpuPricePerHour,
    asset,
    staked: stake,
  });
}

export function assertOwner(p: Provider, who: Address): void {
  require(p.owner === who, "E_NOT_OWNER");
}

export function assertOperator(p: Provider, who: Address): void {
  require(p.operator === who, "E_NOT_OPERATOR");
}

export function heartbeat(ctx: Context, who: Address, provider: Address): void {
  const p = providerOf(ctx.state, provider);
  assertOperator(p, who);
  p.lastHeartbeatAt = ctx.state.now;
  emit(ctx, "provider_registry::ProviderHeartbeat", { provider });
}

function changeStatus(ctx: Context, p: Provider, status: bigint): void {
  p.status = status;
  emit(ctx, "provider_registry::ProviderStatusChanged", { provider: p.provider, status });
}

/** An active provider whose stake fell below the minimum goes offline. */
export function leaveWhenBelowMinimum(ctx: Context, p: Provider): void {
  const { minStake } = ctx.state.market.parameters;
  if (p.staked < minStake && p.status === ACTIVE) changeStatus(ctx, p, OFFLINE);
}

export function setStatus(ctx: Context, who: Address, provider: Address, status: bigint): void {
  const p = providerOf(ctx.state, provider);
  require(p.owner === who || p.operator === who, "E_NOT_OWNER_OR_OPERATOR");
  require(status <= MAX_STATUS, "E_UNKNOWN_STATUS");
  require(status !== ACTIVE || p.staked >= ctx.state.market.parameters.minStake, "E_STAKE_TOO_LOW");
  if (p.status !== status) changeStatus(ctx, p, status);
}

export function updatePrice(
  ctx: Context,
  who: Address,
  provider: Address,
  price: bigint,
  gpuPrice: bigint,
): void {
  const p = providerOf(ctx.state, provider);
  assertOwner(p, who);
  p.pricePerHour = price;
  p.gpuPricePerHour = gpuPrice;
  emit(ctx, "provider_registry::ProviderPriceChanged", {
    provider,
    price_per_hour: price,
    gpu_price_per_hour: gpuPrice,
  });
}

export function updateOperator(
  ctx: Context,
  who: Address,
  provider: Address,
  operator: Address,
  attestKey: Hex,
): void {
  const p = providerOf(ctx.state, provider);
  assertOwner(p, who);
  assertKey(attestKey, "E_INVALID_ATTEST_KEY");
  p.operator = operator;
  p.attestKey = attestKey;
  emit(ctx, "provider_registry::ProviderOperatorChanged", { provider, operator, attest_key: attestKey });
}

export function updateMachine(ctx: Context, who: Address, provider: Address, offer: Offer): void {
  const p = providerOf(ctx.state, provider);
  assertOwner(p, who);
  require(p.activeJobs.length === 0, "E_STILL_BUSY");
  assertOffer(offer);
  p.machine = offer.machine;
  p.devices = offer.devices;
  p.slots = offer.slots;
  emit(ctx, "provider_registry::ProviderMachineChanged", {
    provider,
    machine: snakeKeys(offer.machine),
    devices: offer.devices,
    slots: offer.slots,
  });
}

export function priceOf(p: Provider, gpus: bigint): bigint {
  const price = p.pricePerHour + gpus * p.gpuPricePerHour;
  require(price <= MAX_U64, "E_PRICE_OVERFLOW");
  return price;
}

export function meets(p: Provider, r: Requirements): boolean {
  const { machine: m } = p;
  const fits = (wanted: string, has: string): boolean => wanted === "" || wanted === has;
  return (
    fits(r.gpuModel, m.gpuModel) &&
    fits(r.region, m.region) &&
    fits(r.sandbox, m.sandbox) &&
    m.gpuCount >= r.gpus &&
    m.vramGb >= r.vramGb &&
    m.cpuCores >= r.cpuCores &&
    m.ramGb >= r.ramGb &&
    m.diskGb >= r.diskGb &&
    p.staked >= r.minStake
  );
}

export function score(p: Provider): bigint {
  const { jobsCompleted: c, jobsFailed: f, jobsExpired: e, faults: x } = p;
  return (10_000n * (2n * c + f + 2n)) / (2n * c + 2n * f + 8n * e + 80n * x + 4n);
}

export function tellRecord(ctx: Context, p: Provider): void {
  emit(ctx, "reputation::ProviderStatsUpdated", {
    provider: p.provider,
    jobs_completed: p.jobsCompleted,
    jobs_failed: p.jobsFailed,
    jobs_expired: p.jobsExpired,
    faults: p.faults,
    seconds_served: p.secondsServed,
    earned: p.earned,
    score: score(p),
  });
}

/** Counts a settled job that was accepted once and not cancelled. */
export function recordJob(ctx: Context, job: Job, seconds: bigint, gross: bigint, fees: bigint): void {
  const p = providerOf(ctx.state, job.terms.provider);
  const { outcome } = job;
  if (outcome === STATE.completed && gross > 0n && !job.faulted) p.jobsCompleted += 1n;
  if (outcome === STATE.failed && (job.startedAt !== 0n || job.isOpen)) p.jobsFailed += 1n;
  if (outcome === STATE.expired) p.jobsExpired += 1n;
  p.secondsServed += seconds;
  p.earned += gross - fees;
  tellRecord(ctx, p);
}
