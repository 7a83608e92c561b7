/**
 * The markets that histories start from: published, funded, with four providers, and jobs on their way, kept as snapshots.
 * It doesn't know histories.
 */
import { ADMIN, FUNDS, KEY_COUNT, PRESETS, registrations } from "./cast.ts";
import { type Chain, GENESIS_SECS } from "./chain.ts";
import { createForkStore, type ForkStore, flatten } from "./fork-store.ts";
import type { Ledger } from "./invariants.ts";
import type { Action } from "./model/actions.ts";
import { DEFAULTS } from "./model/market.ts";
import type { Address, State } from "./model/types.ts";
import { give } from "./model/wallets.ts";
import type { Memory } from "./resolve/context.ts";
import { createSession, type Session } from "./session.ts";
import { createSignatures, type Signatures } from "./signatures.ts";
import { STAGES } from "./stages.ts";

export interface World {
  readonly presets: number;
  readonly stages: number;
  begin(preset: number, stage: number): Session;
  /** The market before any job. */
  initial(preset: number): { store: ForkStore; providers: number };
}

interface Snapshot {
  store: ForkStore;
  state: State;
  ledgers: Map<Address, Ledger>;
  attestations: Memory["attestations"];
}

function initialState(assets: Address[]): State {
  return {
    now: GENESIS_SECS,
    market: { admin: ADMIN, proposedAdmin: null, parameters: DEFAULTS(ADMIN), allowedAssets: [...assets] },
    wallets: new Map(),
    aside: new Map(),
    frozen: new Set(),
    dust: new Map(),
    providers: new Map(),
    jobs: new Map(),
    quotes: new Map(),
  };
}

export function createWorld(chain: Chain): World {
  const signatures: Signatures = createSignatures(KEY_COUNT);

  const funded = createForkStore(chain.genesis);
  const state = initialState(chain.assets);
  for (const [index, who, amount] of FUNDS) {
    const asset = chain.assets[index] as Address;
    chain.callCoin({ store: funded, now: GENESIS_SECS }, "mint", [asset, who, amount]);
    give(state, asset, who, amount);
  }

  function resume(from: Snapshot): Session {
    const attestations = new Map(from.attestations);
    return createSession(chain, {
      ...from,
      memory: { signatures, assets: chain.assets, attestations, primaryStore: chain.primaryStore },
    });
  }

  function snapshot(session: Session): Snapshot {
    const { store, state, ledgers, memory } = session;
    return { store: flatten(store), state, ledgers, attestations: memory.attestations };
  }

  const empty: Snapshot = { store: funded, state, ledgers: new Map(), attestations: new Map() };
  const snapshots = PRESETS.map((actions, preset): Snapshot[] => {
    const session = resume(empty);
    for (const action of actions) expectOk(session, action, GENESIS_SECS);
    for (const [who, registration] of registrations(signatures.keys, chain.assets))
      expectOk(session, { type: "register", who, registration }, GENESIS_SECS);
    const snapshots = [snapshot(session)];
    for (const play of STAGES) {
      const next = resume(snapshots.at(-1) as Snapshot);
      play(next, (action, at) => expectOk(next, action, at), preset);
      snapshots.push(snapshot(next));
    }
    return snapshots;
  });
  signatures.keep();

  return {
    presets: PRESETS.length,
    stages: STAGES.length + 1,
    begin(preset, stage) {
      signatures.forget();
      return resume(snapshots[preset]?.[stage] as Snapshot);
    },
    initial(preset) {
      const [{ store, state }] = snapshots[preset] as [Snapshot];
      return { store, providers: state.providers.size };
    },
  };
}

function expectOk(session: Session, action: Action, at: bigint): void {
  const { result } = session.perform(action, at);
  if (!result.ok) throw new Error(`setting up failed at ${action.type}: ${result.status}`);
}
