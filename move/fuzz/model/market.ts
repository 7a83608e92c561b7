/**
 * The admin's actions: parameters within their bounds, assets, and who is admin.
 * It doesn't know what the parameters are for.
 */
import {
  type Address,
  BPS,
  type Context,
  emit,
  type Parameters,
  type Rules,
  require,
  type State,
} from "./types.ts";

const DAY = 86_400n;
const YEAR = 365n * DAY;
const MAX_FEE_BPS = 1000n;
const MAX_REWARD_BPS = 5000n;
const MIN_CLAIM_SECS = 5n;
const MIN_ANSWER_SECS = 60n;

export const DEFAULTS = (publisher: Address): Parameters => ({
  feeBps: 100n,
  keeperShareBps: 1000n,
  treasury: publisher,
  minStake: 100_000_000n,
  unbondingSecs: DAY,
  slashBps: 5000n,
  reporterRewardBps: 1000n,
  acceptWindowSecs: 120n,
  startWindowSecs: 600n,
  stallAfterSecs: 60n,
  stallGraceSecs: 60n,
  claimWindowSecs: 15n,
  minDurationSecs: 1n,
  maxDurationSecs: 604_800n,
  maxHoldbackSecs: 3600n,
  arbiter: publisher,
  challengeWindowSecs: 3600n,
  answerWindowSecs: 3600n,
  arbitrationWindowSecs: DAY,
  bondBps: 100n,
  paused: false,
});

const within = (value: bigint, low: bigint, high: bigint): boolean => value >= low && value <= high;

function assertAdmin(state: State, who: Address): void {
  require(state.market.admin === who, "E_NOT_ADMIN");
}

const isTooShort = (p: Parameters): boolean => p.unbondingSecs < p.challengeWindowSecs + p.answerWindowSecs;

function store(ctx: Context, parameters: Parameters): void {
  ctx.state.market.parameters = parameters;
  emit(ctx, "market::ParametersUpdated", { parameters: parametersView(parameters) });
}

export type Fees = Pick<Parameters, "feeBps" | "keeperShareBps" | "treasury">;
export function setFees(ctx: Context, who: Address, terms: Fees): void {
  assertAdmin(ctx.state, who);
  require(terms.feeBps <= MAX_FEE_BPS, "E_FEE_TOO_HIGH");
  require(terms.keeperShareBps <= BPS, "E_BPS_OUT_OF_RANGE");
  store(ctx, { ...ctx.state.market.parameters, ...terms });
}

export type StakeTerms = Pick<Parameters, "minStake" | "unbondingSecs" | "slashBps" | "reporterRewardBps">;
export function setStakeTerms(ctx: Context, who: Address, terms: StakeTerms): void {
  assertAdmin(ctx.state, who);
  const next = { ...ctx.state.market.parameters, ...terms };
  const broken: string[] = [];
  if (terms.unbondingSecs > YEAR) broken.push("E_WINDOW_OUT_OF_RANGE");
  if (isTooShort(next)) broken.push("E_UNBONDING_TOO_SHORT");
  if (terms.slashBps > BPS || terms.reporterRewardBps > MAX_REWARD_BPS) broken.push("E_BPS_OUT_OF_RANGE");
  // The table of parameters doesn't say which of two faults is named.
  require(broken.length === 0, ...broken);
  store(ctx, next);
}

export type Windows = Pick<
  Parameters,
  "acceptWindowSecs" | "startWindowSecs" | "stallAfterSecs" | "stallGraceSecs" | "claimWindowSecs"
>;
export function setWindows(ctx: Context, who: Address, windows: Windows): void {
  assertAdmin(ctx.state, who);
  const { acceptWindowSecs, startWindowSecs, stallAfterSecs, stallGraceSecs, claimWindowSecs } = windows;
  for (const secs of [acceptWindowSecs, startWindowSecs, stallAfterSecs, stallGraceSecs])
    require(within(secs, 1n, YEAR), "E_WINDOW_OUT_OF_RANGE");
  require(within(claimWindowSecs, MIN_CLAIM_SECS, DAY), "E_WINDOW_OUT_OF_RANGE");
  store(ctx, { ...ctx.state.market.parameters, ...windows });
}

export type JobBounds = Pick<Parameters, "minDurationSecs" | "maxDurationSecs" | "maxHoldbackSecs">;
export function setJobBounds(ctx: Context, who: Address, bounds: JobBounds): void {
  assertAdmin(ctx.state, who);
  const { minDurationSecs, maxDurationSecs, maxHoldbackSecs } = bounds;
  const ordered = minDurationSecs >= 1n && minDurationSecs <= maxDurationSecs && maxDurationSecs <= YEAR;
  require(ordered && maxHoldbackSecs <= DAY, "E_DURATION_BOUNDS");
  store(ctx, { ...ctx.state.market.parameters, ...bounds });
}

export type DisputeTerms = Pick<
  Parameters,
  "arbiter" | "challengeWindowSecs" | "answerWindowSecs" | "arbitrationWindowSecs" | "bondBps"
>;
export function setDisputeTerms(ctx: Context, who: Address, terms: DisputeTerms): void {
  assertAdmin(ctx.state, who);
  const inRange =
    within(terms.challengeWindowSecs, 1n, 7n * DAY) &&
    within(terms.answerWindowSecs, MIN_ANSWER_SECS, 7n * DAY) &&
    within(terms.arbitrationWindowSecs, MIN_ANSWER_SECS, 30n * DAY);
  require(inRange, "E_WINDOW_OUT_OF_RANGE");
  require(terms.bondBps <= BPS, "E_BPS_OUT_OF_RANGE");
  const next = { ...ctx.state.market.parameters, ...terms };
  require(!isTooShort(next), "E_UNBONDING_TOO_SHORT");
  store(ctx, next);
}

export function setPaused(ctx: Context, who: Address, paused: boolean): void {
  assertAdmin(ctx.state, who);
  store(ctx, { ...ctx.state.market.parameters, paused });
}

export function setAssetAllowed(ctx: Context, who: Address, asset: Address, allowed: boolean): void {
  const { market } = ctx.state;
  assertAdmin(ctx.state, who);
  if (market.allowedAssets.includes(asset) === allowed) return;
  const others = market.allowedAssets.filter((known) => known !== asset);
  market.allowedAssets = allowed ? [...others, asset] : others;
  emit(ctx, "market::AssetAllowanceChanged", { asset, allowed });
}

export function proposeAdmin(ctx: Context, who: Address, newAdmin: Address): void {
  assertAdmin(ctx.state, who);
  ctx.state.market.proposedAdmin = newAdmin;
  emit(ctx, "market::AdminProposed", { admin: who, proposed: newAdmin });
}

export function acceptAdmin(ctx: Context, who: Address): void {
  const { market } = ctx.state;
  require(market.proposedAdmin === who, "E_NOT_PROPOSED_ADMIN");
  market.admin = who;
  market.proposedAdmin = null;
  emit(ctx, "market::AdminChanged", { admin: who });
}

export function assertNotPaused(state: State): void {
  require(!state.market.parameters.paused, "E_PAUSED");
}

export function assertAssetAllowed(state: State, asset: Address): void {
  require(state.market.allowedAssets.includes(asset), "E_ASSET_NOT_ALLOWED");
}

export function jobRules(state: State): Rules {
  const p = state.market.parameters;
  return {
    startWindowSecs: p.startWindowSecs,
    stallAfterSecs: p.stallAfterSecs,
    stallGraceSecs: p.stallGraceSecs,
    claimWindowSecs: p.claimWindowSecs,
    challengeWindowSecs: p.challengeWindowSecs,
    answerWindowSecs: p.answerWindowSecs,
    arbitrationWindowSecs: p.arbitrationWindowSecs,
    reclaimAfterSecs: p.unbondingSecs,
    minStake: p.minStake,
    bondBps: p.bondBps,
    slashBps: p.slashBps,
    reporterRewardBps: p.reporterRewardBps,
    arbiter: p.arbiter,
    feeBps: p.feeBps,
    keeperShareBps: p.keeperShareBps,
    treasury: p.treasury,
  };
}

export const snake = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);

/** camelCase keys as the chain's snake_case ones; values as they are. */
export function snakeKeys(record: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [snake(name), value]));
}

export const parametersView = (parameters: Parameters): Record<string, unknown> => snakeKeys(parameters);
