/**
 * Who holds how much of which asset, and who has a store for it.
 * It doesn't know why money moves.
 */
import { type Address, type Context, require, type State } from "./types.ts";

const key = (asset: Address, owner: Address): string => `${asset}|${owner}`;

export const hasStore = (state: State, asset: Address, owner: Address): boolean =>
  state.wallets.has(key(asset, owner));

export const balanceOf = (state: State, asset: Address, owner: Address): bigint =>
  state.wallets.get(key(asset, owner)) ?? 0n;

export function makeStore(state: State, asset: Address, owner: Address): void {
  if (!hasStore(state, asset, owner)) state.wallets.set(key(asset, owner), 0n);
}

/** Nothing is no payment: it doesn't make a store either. */
export function give(state: State, asset: Address, owner: Address, amount: bigint): void {
  if (amount > 0n) state.wallets.set(key(asset, owner), balanceOf(state, asset, owner) + amount);
}

/** Aborts like a vault's deposit. */
export function takeFrom(ctx: Context, asset: Address, owner: Address, amount: bigint): void {
  const balance = balanceOf(ctx.state, asset, owner);
  require(balance >= amount, "E_INSUFFICIENT_BALANCE");
  if (amount > 0n) ctx.state.wallets.set(key(asset, owner), balance - amount);
}
