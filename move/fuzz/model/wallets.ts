/**
 * Who holds how much of which asset, who has a store for it, and what an issuer has frozen.
 * It doesn't know why money moves.
 */
import { type Address, abort, type Context, require, type State } from "./types.ts";

export const walletKey = (asset: Address, owner: Address): string => `${asset}|${owner}`;

export const hasStore = (state: State, asset: Address, owner: Address): boolean =>
  state.wallets.has(walletKey(asset, owner));

/** What the owner can spend, unless it is frozen. */
export const balanceOf = (state: State, asset: Address, owner: Address): bigint =>
  state.wallets.get(walletKey(asset, owner)) ?? 0n;

export function makeStore(state: State, asset: Address, owner: Address): void {
  if (!hasStore(state, asset, owner)) state.wallets.set(walletKey(asset, owner), 0n);
}

/** Nothing is no payment: it doesn't make a store either. */
export function give(state: State, asset: Address, owner: Address, amount: bigint): void {
  if (amount === 0n) return;
  const key = walletKey(asset, owner);
  const stores = state.frozen.has(key) ? state.aside : state.wallets;
  stores.set(key, (stores.get(key) ?? 0n) + amount);
}

/** Aborts like a vault's deposit. */
export function takeFrom(ctx: Context, asset: Address, owner: Address, amount: bigint): void {
  const balance = balanceOf(ctx.state, asset, owner);
  require(balance >= amount, "E_INSUFFICIENT_BALANCE");
  if (amount === 0n) return;
  assertMovable(ctx.state, walletKey(asset, owner));
  ctx.state.wallets.set(walletKey(asset, owner), balance - amount);
}

/** The asset itself refuses to move from or to a frozen store. */
export function assertMovable(state: State, store: string): void {
  require(!state.frozen.has(store), "ESTORE_IS_FROZEN", "E_ESCROW_UNAVAILABLE");
}

/** Whether `amount` can leave a store that should hold `recorded`. */
export function canLeave(state: State, store: Address, recorded: bigint, amount: bigint): boolean {
  const holds = recorded + (state.dust.get(store) ?? 0n);
  return amount === 0n || (!state.frozen.has(store) && holds >= amount);
}

function addDust(state: State, store: Address, amount: bigint): void {
  const dust = (state.dust.get(store) ?? 0n) + amount;
  if (dust === 0n) state.dust.delete(store);
  else state.dust.set(store, dust);
}

/** What an issuer can do with a store, frozen or not: take from it, and give back. */
export function seize(ctx: Context, job: Address, amount: bigint): void {
  const { jobs, dust } = ctx.state;
  const holds = (jobs.get(job)?.escrow ?? 0n) + (dust.get(job) ?? 0n);
  require(holds >= amount, "EINSUFFICIENT_BALANCE");
  addDust(ctx.state, job, -amount);
}

export const restore = (ctx: Context, job: Address, amount: bigint): void => addDust(ctx.state, job, amount);

/** What anybody may do with a store, and an issuer with all of them. */
export function freeze(ctx: Context, store: string, frozen: boolean): void {
  if (frozen) ctx.state.frozen.add(store);
  else ctx.state.frozen.delete(store);
}

export function donate(ctx: Context, who: Address, asset: Address, to: Address, amount: bigint): void {
  const { state } = ctx;
  if (balanceOf(state, asset, who) < amount) abort("EINSUFFICIENT_BALANCE");
  takeFrom(ctx, asset, who, amount);
  assertMovable(state, to);
  addDust(state, to, amount);
}

/**
 * Nobody but a wallet's own owner: escrows, stakes and what lies at a quote's address belong to nobody who could sign.
 * It comes back to where it was.
 */
export function draw(ctx: Context, who: Address, holder: string, amount: bigint): void {
  const { state } = ctx;
  require(holder.endsWith(`|${who}`), "ENOT_STORE_OWNER");
  assertMovable(state, holder);
  if ((state.wallets.get(holder) ?? 0n) < amount) abort("EINSUFFICIENT_BALANCE");
}
