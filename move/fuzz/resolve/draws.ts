/**
 * Somebody draws from a store that isn't theirs: of an escrow, a stake, a quote, another person.
 * It doesn't know how the modules keep them from it.
 */
import { EVERYBODY } from "../cast.ts";
import { type Intent, jobsOf, now, providersOf, type Scene, thief } from "./context.ts";
import { storeOf, wallets } from "./issuer.ts";
import { drawLate } from "./quotes.ts";

export function draw(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const late = dice.chance(60) ? drawLate(scene) : null;
  if (late) return late;
  const kept = [...jobsOf(scene).map(({ job }) => job), ...providersOf(scene).map((p) => p.provider)];
  const target = dice.pick([...kept.map((holder) => storeOf(holder, scene)), ...wallets(scene)]);
  const owner = target.holder.split("|")[1];
  // Their own they may: else it would be no proof that others may not.
  const who = owner && EVERYBODY.includes(owner) && dice.chance(30) ? owner : thief(scene);
  const job = state.jobs.get(target.holder);
  const held =
    job?.escrow ?? state.providers.get(target.holder)?.staked ?? state.wallets.get(target.holder) ?? 0n;
  return now({ type: "draw", who, ...target, amount: dice.pick([1n, held > 0n ? held : 1n]) }, scene);
}
