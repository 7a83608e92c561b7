/**
 * Who holds what on the chain against the model, and whether custody covers all that is owed.
 * It doesn't know why money moved.
 */
import { EVERYBODY } from "./cast.ts";
import type { Chain } from "./chain.ts";
import { must } from "./compare.ts";
import type { ForkStore } from "./fork-store.ts";
import type { Address, State } from "./model/types.ts";

/** Balances of everybody, and what the modules keep of each asset. */
export function compareMoney(chain: Chain, store: ForkStore, state: State): void {
  const holdings = chain.holdings(store);
  for (const asset of chain.assets) {
    let custody = 0n;
    for (const [key, amount] of holdings) if (key.startsWith(asset)) custody += amount;
    for (const who of EVERYBODY) {
      const key = `${asset}|${who}`;
      const held = holdings.get(key) ?? 0n;
      const expected = (state.wallets.get(key) ?? 0n) + (state.aside.get(key) ?? 0n);
      must(held === expected, "balances", () => `${who}: chain ${held}, model ${expected}`);
      custody -= held;
    }
    for (const quote of state.quotes.keys()) {
      const key = `${asset}|${quote}`;
      const held = holdings.get(key) ?? 0n;
      const expected = state.wallets.get(key) ?? 0n;
      must(held === expected, "quotes", () => `${quote}: chain ${held}, model ${expected}`);
      custody -= held;
    }
    const owed = custodyOf(state, asset);
    const { sent, missing } = dustOf(state, asset);
    // What an issuer took isn't the modules' to keep.
    must(
      custody >= owed - missing,
      "I7_store_ge_ledger",
      () => `${asset}: ${custody} < ${owed} - ${missing}`,
    );
    must(
      custody === owed + sent - missing,
      "custody",
      () => `${asset}: chain ${custody}, model ${owed} + ${sent} - ${missing}`,
    );
  }
}

/** What strangers sent to stores, and what an issuer took from others. */
function dustOf(state: State, asset: Address): { sent: bigint; missing: bigint } {
  let sent = 0n;
  let missing = 0n;
  for (const [holder, amount] of state.dust) {
    const of = state.jobs.get(holder)?.terms.asset ?? state.providers.get(holder)?.asset;
    if (of !== asset) continue;
    if (amount > 0n) sent += amount;
    else missing -= amount;
  }
  return { sent, missing };
}

/** Everything that the modules must hold of an asset: escrows, bonds, stakes. */
function custodyOf(state: State, asset: Address): bigint {
  let sum = 0n;
  for (const job of state.jobs.values())
    if (job.terms.asset === asset) sum += job.escrow + (job.case?.bond ?? 0n);
  for (const provider of state.providers.values())
    if (provider.asset === asset) sum += provider.staked + provider.unbonding;
  return sum;
}
