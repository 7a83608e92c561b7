/**
 * Random histories of the real modules on the real VM, as move/fuzz makes them, with the chain's state at every step.
 * It doesn't know the mirror; how a history is served is `protocol-node.ts`.
 */
import { normalizeAddress } from "@computestream/protocol";
import fc from "fast-check";
import { FUNDS } from "../../move/fuzz/cast.ts";
import { buildPackages, type Chain, type ChainAt, createChain, type VmRun } from "../../move/fuzz/chain.ts";
import { drain } from "../../move/fuzz/drain.ts";
import { resolveStep } from "../../move/fuzz/resolve/index.ts";
import type { Session } from "../../move/fuzz/session.ts";
import { STAGES } from "../../move/fuzz/stages.ts";
import { type History, historyArbitrary } from "../../move/fuzz/steps.ts";
import { createWorld, type World } from "../../move/fuzz/world.ts";

/** One entry function of a history: a transaction of the node that serves it. */
export interface Played {
  run: VmRun;
  /** The state after it, and the chain's time; null inside the common beginning. */
  after: ChainAt | null;
}

export interface PlayedHistory {
  history: History;
  transactions: Played[];
}

export interface ProtocolHistories {
  readonly chain: Chain;
  /** Every event that the package declares. */
  readonly declaredEvents: string[];
  /** The n-th history of the seed, from the publication of the package on. */
  play(history: History): PlayedHistory;
  draw(count: number, seed: number): History[];
  close(): void;
}

/**
 * What wallets were given, and gave away, past the market in `transactions`, by `asset|wallet`. A payment to a quote is
 * such a gift, which its payer has once it leaves the quote: the market says of it all that it came from the payer. And
 * what strangers sent to an escrow is its buyer's with the reclaiming.
 */
export function movedElsewhere({ assets, primaryStore }: Chain, transactions: Played[]): Map<string, bigint> {
  const moved = new Map<string, bigint>();
  const add = (asset: string, wallet: string, amount: bigint) => {
    const key = `${normalizeAddress(asset)}|${normalizeAddress(wallet)}`;
    moved.set(key, (moved.get(key) ?? 0n) + amount);
  };
  for (const [index, who, amount] of FUNDS) add(assets[index] ?? "", who, amount);
  const orders = new Map<string, { buyer: string; asset: string }>();
  for (const { run } of transactions) {
    if (!run.result.ok) continue;
    const givesAway = run.name === "donate" || run.name === "send";
    for (const { type, data } of run.result.events) {
      const field = (name: string) => (data as Record<string, string>)[name] ?? "";
      if (type.endsWith("::job::JobCreated")) {
        orders.set(field("job"), (data as { terms: { buyer: string; asset: string } }).terms);
      } else if (type.includes("::job_quotes::")) {
        add(field("asset"), field("payer"), BigInt(field("amount")));
      } else if (type.endsWith("::fungible_asset::Withdraw")) {
        // Which asset it was the store knows, and the framework tells.
        const asset = assets.find((a) => primaryStore(a, run.sender) === normalizeAddress(field("store")));
        if (givesAway && asset) add(asset, run.sender, -BigInt(field("amount")));
        const order = run.name === "reclaim" && orders.get(field("store"));
        if (order) add(order.asset, order.buyer, BigInt(field("amount")));
      }
    }
  }
  return moved;
}

export async function createProtocolHistories(): Promise<ProtocolHistories> {
  let runs: VmRun[] = [];
  const chain = createChain(await buildPackages(), (run) => runs.push(run));
  const initializing = runs;
  runs = [];
  const world = createWorld(chain);
  const beginnings = groupByStore(runs);
  // The first one mints; then each market's setting up and its stages follow one another.
  const perPreset = STAGES.length + 1;
  if (beginnings.length !== 1 + world.presets * perPreset) {
    throw new Error(`${beginnings.length} beginnings of ${world.presets} markets in ${perPreset} stages`);
  }

  function beginningOf({ preset, stage }: History): VmRun[] {
    const first = 1 + preset * perPreset;
    const stages = beginnings.slice(first, first + stage + 1);
    return [...initializing, ...(beginnings[0] ?? []), ...stages.flat()];
  }

  return {
    chain,
    declaredEvents: chain.declared.events,
    play(history) {
      const begun = world.begin(history.preset, history.stage);
      runs = [];
      const transactions: Played[] = beginningOf(history).map((run) => ({ run, after: null }));
      const last = transactions.at(-1);
      if (last) last.after = { store: begun.split(), now: begun.state.now };
      const session = recording(begun, () => {
        // What an action did stays as it is: the next one writes on top of it.
        const after = { store: begun.split(), now: begun.state.now };
        transactions.push(...runs.map((run) => ({ run, after })));
        runs = [];
      });
      playSteps(chain, world, session, history);
      return { history, transactions };
    },
    draw: (count, seed) => fc.sample(historyArbitrary(world), { numRuns: count, seed }),
    close: () => chain.close(),
  };
}

function playSteps(chain: Chain, world: World, session: Session, history: History): void {
  for (const step of history.steps) {
    const intent = resolveStep(step, session.state, session.memory);
    if (intent) session.perform(intent.action, intent.at);
  }
  if (history.drain === 0) drain(chain, session, world.initial(history.preset));
}

/** The session, which is read through on each access because it changes. */
function recording(session: Session, onPerformed: () => void): Session {
  return {
    ...session,
    get state() {
      return session.state;
    },
    get store() {
      return session.store;
    },
    perform(action, at) {
      const performed = session.perform(action, at);
      onPerformed();
      return performed;
    },
  };
}

function groupByStore(runs: VmRun[]): VmRun[][] {
  const groups = new Map<unknown, VmRun[]>();
  for (const run of runs) {
    const group = groups.get(run.at.store);
    if (group) group.push(run);
    else groups.set(run.at.store, [run]);
  }
  return [...groups.values()];
}
