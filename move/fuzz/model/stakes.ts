/**
 * Stakes: adding, unbonding, withdrawing, slashing.
 * It doesn't know why a provider is slashed.
 */
import { isFree } from "./capacity.ts";
import { assertOwner, leaveWhenBelowMinimum, providerOf, tellRecord } from "./providers.ts";
import {
  type Address,
  BPS,
  type Context,
  emit,
  max,
  min,
  type Provider,
  type Rules,
  require,
} from "./types.ts";
import { assertMovable, give, takeFrom } from "./wallets.ts";

export function addStake(ctx: Context, who: Address, provider: Address, amount: bigint): void {
  const p = providerOf(ctx.state, provider);
  assertOwner(p, who);
  require(amount > 0n, "E_ZERO_AMOUNT");
  takeFrom(ctx, p.asset, who, amount);
  assertMovable(ctx.state, provider);
  p.staked += amount;
  p.stakeAdded += amount;
  emit(ctx, "stake::StakeAdded", { provider, amount, staked: p.staked });
}

export function requestUnstake(ctx: Context, who: Address, provider: Address, amount: bigint): void {
  const p = providerOf(ctx.state, provider);
  assertOwner(p, who);
  require(amount > 0n, "E_ZERO_AMOUNT");
  require(amount <= p.staked, "E_INSUFFICIENT_STAKE");
  p.staked -= amount;
  p.unbonding += amount;
  p.unlocksAt = max(p.unlocksAt, ctx.state.now + ctx.state.market.parameters.unbondingSecs);
  emit(ctx, "stake::UnstakeRequested", {
    provider,
    amount,
    staked: p.staked,
    unbonding: p.unbonding,
    unlocks_at: p.unlocksAt,
  });
  leaveWhenBelowMinimum(ctx, p);
}

export function withdrawStake(ctx: Context, who: Address, provider: Address): void {
  const { now } = ctx.state;
  const p = providerOf(ctx.state, provider);
  assertOwner(p, who);
  require(p.unbonding > 0n, "E_NOTHING_UNBONDING");
  require(now >= p.unlocksAt, "E_STILL_UNBONDING");
  require(p.staked >= p.boundStake || isFree(p, now), "E_STILL_LIABLE");
  const amount = p.unbonding;
  assertMovable(ctx.state, provider);
  p.unbonding = 0n;
  p.unlocksAt = 0n;
  p.stakeWithdrawn += amount;
  give(ctx.state, p.asset, p.owner, amount);
  emit(ctx, "stake::StakeWithdrawn", { provider, amount, staked: p.staked, unbonding: 0n });
}

export interface Slashed {
  slashed: bigint;
  reward: bigint;
}

export function slash(ctx: Context, p: Provider, reporter: Address, rules: Rules): Slashed {
  // Frozen stake can't be taken; the fault counts all the same.
  const takes = ctx.state.frozen.has(p.provider) ? 0n : rules.slashBps;
  const amount = ((p.staked + p.unbonding) * takes) / BPS;
  const reward = (amount * rules.reporterRewardBps) / BPS;
  const fromStaked = min(amount, p.staked);
  p.staked -= fromStaked;
  p.unbonding -= amount - fromStaked;
  if (p.unbonding === 0n) p.unlocksAt = 0n;
  p.stakeSlashed += amount;
  give(ctx.state, p.asset, reporter, reward);
  give(ctx.state, p.asset, rules.treasury, amount - reward);
  emit(ctx, "stake::StakeSlashed", {
    provider: p.provider,
    reporter,
    amount,
    reward,
    staked: p.staked,
    unbonding: p.unbonding,
  });
  p.faults += 1n;
  tellRecord(ctx, p);
  leaveWhenBelowMinimum(ctx, p);
  return { slashed: amount, reward };
}
