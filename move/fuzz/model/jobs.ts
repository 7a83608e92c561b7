/**
 * Jobs up to their run: created, accepted, started.
 * It doesn't know what happens to running jobs, nor how they end.
 */
import { termsHash } from "./bcs.ts";
import { relyOnStake, reserve } from "./capacity.ts";
import { assertAssetAllowed, assertNotPaused, jobRules, snakeKeys } from "./market.ts";
import * as meter from "./meter.ts";
import { assertKey, assertOperator, meets, priceOf, providerOf } from "./providers.ts";
import { deposit, openStream } from "./stream.ts";
import {
  ACTIVE,
  type Address,
  abort,
  type Context,
  emit,
  type Hex,
  type Job,
  type Output,
  type Requirements,
  require,
  STATE,
  type State,
  type Terms,
  ZERO_ADDRESS,
} from "./types.ts";

const MAX_BATCH = 100;
const byteLength = (text: string): number => Buffer.byteLength(text, "utf8");

export function jobOf(state: State, job: Address): Job {
  return state.jobs.get(job) ?? abort("OBJECT");
}

export function assertBuyer(job: Job, who: Address): void {
  require(job.terms.buyer === who, "E_NOT_BUYER");
}

export function assertJobOperator(state: State, job: Job, who: Address): void {
  // A pending open job has no provider yet.
  require(job.terms.provider !==
    ZERO_ADDRESS, "E_NOT_OPERATOR", "E_NOT_ACCEPTED", "E_NOT_RUNNING", "E_NOT_ACTIVE");
  assertOperator(providerOf(state, job.terms.provider), who);
}

const NO_OUTPUT: Output = {
  exitCode: 0n,
  reason: "",
  outputUris: [],
  outputSha256: "0x",
  outputRoot: "0x",
  outputSize: 0n,
};

export const onlyGpus = (gpus: bigint): Requirements => ({
  gpuModel: "",
  gpus,
  vramGb: 0n,
  cpuCores: 0n,
  ramGb: 0n,
  diskGb: 0n,
  region: "",
  sandbox: "",
  minStake: 0n,
});

export interface Order {
  image: string;
  maxDurationSecs: bigint;
  maxRatePerHour: bigint;
  deposit: bigint;
  holdbackSecs: bigint;
  priority: bigint;
  buyerKey: Hex;
}

function assertTerms(state: State, order: Order, jobSpec: string, requirements: Requirements): void {
  const { minDurationSecs, maxDurationSecs, maxHoldbackSecs } = state.market.parameters;
  const lengthIn = (text: string, low: number, high: number): boolean =>
    byteLength(text) >= low && byteLength(text) <= high;
  require(lengthIn(order.image, 1, 512), "E_IMAGE_LENGTH");
  require(lengthIn(jobSpec, 1, 4096), "E_SPEC_LENGTH");
  const { gpuModel, region, sandbox } = requirements;
  require([gpuModel, region, sandbox].every((text) => byteLength(text) <= 128), "E_REQUIREMENT_LENGTH");
  require(order.priority >= 1n && order.priority <= 10n, "E_PRIORITY");
  if (order.buyerKey !== "0x") assertKey(order.buyerKey, "E_INVALID_BUYER_KEY");
  const { maxDurationSecs: secs } = order;
  require(secs >= minDurationSecs && secs <= maxDurationSecs, "E_DURATION_OUT_OF_RANGE");
  require(order.holdbackSecs <= maxHoldbackSecs, "E_HOLDBACK_TOO_LONG");
}

interface Placement {
  provider: Address;
  asset: Address;
  ratePerHour: bigint;
}

function place(
  ctx: Context,
  buyer: Address,
  order: Order,
  jobSpec: string,
  requirements: Requirements,
  placement: Placement,
  purse = buyer,
): Address {
  const { state } = ctx;
  const isOpen = placement.provider === ZERO_ADDRESS;
  const terms: Terms = {
    buyer,
    ...placement,
    image: order.image,
    jobSpec,
    requirements,
    maxDurationSecs: order.maxDurationSecs,
    deposit: order.deposit,
    holdbackSecs: order.holdbackSecs,
    priority: order.priority,
    buyerKey: order.buyerKey,
  };
  const address = ctx.fresh.shift() ?? `0x${"f".repeat(64)}`;
  const job: Job = {
    job: address,
    terms,
    isOpen,
    termsHash: isOpen ? "0x" : termsHash(address, terms),
    rules: jobRules(state),
    state: STATE.pending,
    outcome: 0n,
    gpuMask: 0n,
    devices: [],
    createdAt: state.now,
    acceptBy: state.now + state.market.parameters.acceptWindowSecs,
    startBy: 0n,
    startedAt: 0n,
    endedAt: 0n,
    claimUntil: 0n,
    challengeUntil: 0n,
    settledAt: 0n,
    caseUntil: 0n,
    faulted: false,
    output: NO_OUTPUT,
    escrow: 0n,
    deposited: 0n,
    refunded: 0n,
    stream: null,
    case: null,
  };
  deposit(ctx, job, buyer, order.deposit, purse);
  state.jobs.set(address, job);
  emit(ctx, "job::JobCreated", {
    job: address,
    terms: termsView(terms),
    is_open: isOpen,
    terms_hash: job.termsHash,
    accept_by: job.acceptBy,
  });
  return address;
}

export const termsView = (terms: Terms): Record<string, unknown> => ({
  ...snakeKeys(terms),
  requirements: snakeKeys(terms.requirements),
});

function assertBatch(specs: string[]): void {
  require(specs.length >= 1 && specs.length <= MAX_BATCH, "E_BATCH_SIZE");
}

/** The new jobs; `purse` pays their deposits. */
export function createJobs(
  ctx: Context,
  buyer: Address,
  provider: Address,
  gpus: bigint,
  order: Order,
  specs: string[],
  purse = buyer,
): Address[] {
  const { state } = ctx;
  const p = providerOf(state, provider);
  assertNotPaused(state);
  assertBatch(specs);
  const requirements = onlyGpus(gpus);
  const made: Address[] = [];
  for (const spec of specs) {
    assertTerms(state, order, spec, requirements);
    require(p.status === ACTIVE, "E_PROVIDER_UNAVAILABLE");
    require(gpus <= p.machine.gpuCount, "E_NOT_ENOUGH_GPUS");
    const ratePerHour = priceOf(p, gpus);
    assertAssetAllowed(state, p.asset);
    require(ratePerHour <= order.maxRatePerHour, "E_PRICE_ABOVE_MAXIMUM");
    require(meter.covers(order.deposit, ratePerHour, order.maxDurationSecs), "E_DEPOSIT_TOO_LOW");
    const placement = { provider, asset: p.asset, ratePerHour };
    made.push(place(ctx, buyer, order, spec, requirements, placement, purse));
  }
  return made;
}

export function createOpenJobs(
  ctx: Context,
  buyer: Address,
  asset: Address,
  requirements: Requirements,
  order: Order,
  specs: string[],
): void {
  const { state } = ctx;
  assertNotPaused(state);
  assertBatch(specs);
  for (const spec of specs) {
    assertTerms(state, order, spec, requirements);
    assertAssetAllowed(state, asset);
    const ratePerHour = order.maxRatePerHour;
    require(meter.covers(order.deposit, ratePerHour, order.maxDurationSecs), "E_DEPOSIT_TOO_LOW");
    place(ctx, buyer, order, spec, requirements, { provider: ZERO_ADDRESS, asset, ratePerHour });
  }
}

export function accept(
  ctx: Context,
  who: Address,
  provider: Address,
  jobAddress: Address,
  mask: bigint,
): void {
  const { state } = ctx;
  const p = providerOf(state, provider);
  const job = jobOf(state, jobAddress);
  assertNotPaused(state);
  assertOperator(p, who);
  require(job.state === STATE.pending, "E_NOT_PENDING");
  require(state.now < job.acceptBy, "E_ACCEPT_WINDOW_OVER");
  const { requirements } = job.terms;
  if (job.isOpen) {
    require(p.asset === job.terms.asset, "E_OTHER_ASSET");
    require(meets(p, requirements), "E_REQUIREMENTS_NOT_MET");
    const price = priceOf(p, requirements.gpus);
    require(price <= job.terms.ratePerHour, "E_PRICE_ABOVE_MAXIMUM");
    job.terms = { ...job.terms, provider, ratePerHour: price };
    job.termsHash = termsHash(jobAddress, job.terms);
  } else {
    require(job.terms.provider === provider, "E_OTHER_PROVIDER");
  }
  job.devices = reserve(ctx, p, jobAddress, mask, requirements.gpus);
  job.gpuMask = mask;
  job.state = STATE.accepted;
  job.startBy = state.now + job.rules.startWindowSecs;
  emit(ctx, "job::JobAccepted", {
    job: jobAddress,
    provider,
    operator: who,
    rate_per_hour: job.terms.ratePerHour,
    terms_hash: job.termsHash,
    gpu_mask: mask,
    start_by: job.startBy,
  });
}

export function start(ctx: Context, who: Address, jobAddress: Address): void {
  const { state } = ctx;
  const job = jobOf(state, jobAddress);
  assertJobOperator(state, job, who);
  require(job.state === STATE.accepted, "E_NOT_ACCEPTED");
  require(state.now < job.startBy, "E_START_WINDOW_OVER");
  const p = providerOf(state, job.terms.provider);
  relyOnStake(ctx, p, job);
  job.state = STATE.running;
  job.startedAt = state.now;
  openStream(ctx, job, { payee: p.owner, attestKey: p.attestKey });
  emit(ctx, "job::JobStarted", {
    job: jobAddress,
    provider: job.terms.provider,
    started_at: state.now,
  });
}
