/**
 * What happens to stores from outside: an asset's issuer freezes and empties them and undoes it, strangers send to them.
 * It doesn't know the protocol.
 */
import { OWNERS, STRANGER, TREASURY } from "../cast.ts";
import { type Job, STATE } from "../model/types.ts";
import { balanceOf, hasStore, walletKey } from "../model/wallets.ts";
import { type Intent, jobsOf, now, providersOf, type Scene } from "./context.ts";

interface Store {
  store: string;
  holder: string;
}

export function storeOf(holder: string, { memory }: Scene): Store {
  const [asset, owner] = holder.split("|");
  return asset && owner ? { store: memory.primaryStore(asset, owner), holder } : { store: holder, holder };
}

const unsettled = (scene: Scene): Job[] => jobsOf(scene).filter((job) => job.state !== STATE.settled);

/** Of people and quotes that take part. */
export function wallets({ state, memory, ...scene }: Scene): Store[] {
  const buyers = jobsOf({ state, memory, ...scene }).map((job) => job.terms.buyer);
  const people = [OWNERS[0], TREASURY, ...new Set(buyers), ...state.quotes.keys()];
  const keys = people.flatMap((who) =>
    memory.assets.filter((asset) => hasStore(state, asset, who)).map((asset) => walletKey(asset, who)),
  );
  return keys.map((holder) => storeOf(holder, { state, memory, ...scene }));
}

/** Mostly escrows: what a frozen one delays is what this is about. */
function candidates(scene: Scene): Store[] {
  const jobs = unsettled(scene).map(({ job }) => ({ store: job, holder: job }));
  if (jobs.length > 0 && !scene.dice.chance(30)) return jobs;
  const providers = providersOf(scene).map(({ provider }) => ({ store: provider, holder: provider }));
  return [...providers, ...wallets(scene)];
}

/** All of an escrow, a little, or all but a little. */
function takeBack(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const holds = (job: Job): bigint => job.escrow + (state.dust.get(job.job) ?? 0n);
  const full = unsettled(scene).filter((job) => holds(job) > 0n);
  if (full.length === 0) return null;
  const job = dice.pick(full);
  const all = holds(job);
  const amount = dice.pick([all, 1n, all - 1n, (all + 1n) / 2n, all - job.escrow / 4n]);
  if (amount <= 0n) return null;
  return now({ type: "seize", who: STRANGER, job: job.job, amount }, scene);
}

/** Everything that is missing, sometimes only some of it. */
function giveBack(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const [short] = [...state.dust].filter(([, dust]) => dust < 0n);
  if (!short) return null;
  const [job, dust] = short;
  const amount = dice.chance(20) ? (1n - dust) / 2n : -dust;
  return now({ type: "restore", who: STRANGER, job, amount }, scene);
}

export function issuer(scene: Scene): Intent | null {
  const { dice, state, memory } = scene;
  const [frozen] = state.frozen;
  // Released soon, so that what it stops isn't all that happens.
  if (!dice.chance(40)) {
    const restored = giveBack(scene);
    if (restored) return restored;
    if (frozen)
      return now({ type: "freeze", who: STRANGER, ...storeOf(frozen, scene), frozen: false }, scene);
  }
  if (dice.chance(45))
    return now({ type: "freeze", who: STRANGER, ...dice.pick(candidates(scene)), frozen: true }, scene);
  if (dice.chance(50)) return takeBack(scene);
  const targets = [...jobsOf(scene), ...providersOf(scene)];
  const target = dice.pick(targets);
  const asset = "terms" in target ? target.terms.asset : target.asset;
  const to = "terms" in target ? target.job : target.provider;
  if (!memory.assets.includes(asset) || balanceOf(state, asset, OWNERS[1]) === 0n) return null;
  return now({ type: "donate", who: OWNERS[1], asset, to, amount: 1n + BigInt(dice.roll(5)) }, scene);
}
