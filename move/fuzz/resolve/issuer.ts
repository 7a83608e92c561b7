/**
 * What happens to stores from outside: an asset's issuer freezes and releases them, strangers send to them.
 * It doesn't know the protocol.
 */
import { OWNERS, STRANGER, TREASURY } from "../cast.ts";
import { STATE } from "../model/types.ts";
import { balanceOf, hasStore, walletKey } from "../model/wallets.ts";
import { type Intent, jobsOf, now, providersOf, type Scene } from "./context.ts";

interface Store {
  store: string;
  holder: string;
}

function storeOf(holder: string, { memory }: Scene): Store {
  const [asset, owner] = holder.split("|");
  return asset && owner ? { store: memory.primaryStore(asset, owner), holder } : { store: holder, holder };
}

function candidates(scene: Scene): Store[] {
  const { state, memory } = scene;
  const people = [OWNERS[0], TREASURY, ...new Set(jobsOf(scene).map((job) => job.terms.buyer))];
  const wallets = people.flatMap((who) =>
    memory.assets.filter((asset) => hasStore(state, asset, who)).map((asset) => walletKey(asset, who)),
  );
  const custody = [
    ...jobsOf(scene)
      .filter((job) => job.state !== STATE.settled)
      .map(({ job }) => job),
    ...providersOf(scene).map(({ provider }) => provider),
  ];
  return [...custody, ...wallets].map((holder) => storeOf(holder, scene));
}

export function issuer(scene: Scene): Intent | null {
  const { dice, state, memory } = scene;
  const [frozen] = state.frozen;
  // Released soon, so that what it stops isn't all that happens.
  if (frozen && !dice.chance(25))
    return now({ type: "freeze", who: STRANGER, ...storeOf(frozen, scene), frozen: false }, scene);
  if (dice.chance(60))
    return now({ type: "freeze", who: STRANGER, ...dice.pick(candidates(scene)), frozen: true }, scene);
  const targets = [...jobsOf(scene), ...providersOf(scene)];
  const target = dice.pick(targets);
  const asset = "terms" in target ? target.terms.asset : target.asset;
  const to = "terms" in target ? target.job : target.provider;
  if (!memory.assets.includes(asset) || balanceOf(state, asset, OWNERS[1]) === 0n) return null;
  return now({ type: "donate", who: OWNERS[1], asset, to, amount: 1n + BigInt(dice.roll(5)) }, scene);
}
