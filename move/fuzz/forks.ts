/**
 * Checks that need another course of events: a batch against its entries one by one, many settlements against one.
 * It doesn't know how actions are chosen.
 */
import { toCall } from "./calls.ts";
import type { Chain } from "./chain.ts";
import { canonical, differences, must } from "./compare.ts";
import { createForkStore, type ForkStore } from "./fork-store.ts";
import type { Action } from "./model/actions.ts";
import { canSettle } from "./model/stream.ts";
import type { Address } from "./model/types.ts";
import type { Performed, Session } from "./session.ts";

type Batch = Extract<Action, { type: "process_payments" }>;
type Single = Extract<Action, { type: "process_payment" }>;

const streamAt = (chain: Chain, store: ForkStore, now: bigint, job: Address): unknown =>
  canonical(chain.view({ store, now }, "payment_stream::get_stream", [job]));

/** `before`: the store that the batch met. Each entry alone, bad ones aborting, must lead to the same. */
export function checkBatchEqualsSerial(
  chain: Chain,
  before: ForkStore,
  session: Session,
  batch: Batch,
  at: bigint,
): void {
  const store = createForkStore(before);
  for (const entry of batch.entries) {
    const single: Action = { type: "process_payment", who: batch.who, ...entry, forged: false };
    const { fn, args } = toCall(single);
    chain.call({ store, now: at }, batch.who, fn, args);
  }
  const money = (of: ForkStore): Record<string, string> =>
    Object.fromEntries([...chain.holdings(of)].map(([key, amount]) => [key, amount.toString()]));
  const found = differences(money(store), money(session.store));
  for (const { job } of batch.entries) {
    if (!session.state.jobs.get(job)?.stream) continue;
    found.push(...differences(streamAt(chain, store, at, job), streamAt(chain, session.store, at, job)));
  }
  must(found.length === 0, "I13_batch_equals_serial", () => `serial against batch: ${found.join("; ")}`);
}

const PATH_FIELDS = [
  ...[
    "seq",
    "seconds_attested",
    "seconds_confirmed",
    "seconds_billed",
    "acc",
    "held_rate_per_hour",
    "earned",
    "paid",
    "fee_paid",
    "balance",
  ],
] as const;

export interface PathCheck {
  /** The store before a settlement of `action`, were it to begin the comparison. */
  before(session: Session, action: Action): void;
  after(session: Session, performed: Performed): void;
}

/** Follows the first stream that is settled: each later settlement alone must earn what all of them earned. */
export function createPathCheck(chain: Chain): PathCheck {
  let followed: { job: Address; start: ForkStore } | null = null;

  function compare(session: Session, action: Single, at: bigint): void {
    if (!followed) return;
    const store = createForkStore(followed.start);
    const { fn, args } = toCall(action);
    const result = chain.call({ store, now: at }, action.who, fn, args);
    must(result.ok, "I3_path_independence", () => `refused alone: ${result.ok ? "" : result.status}`);
    const pick = (view: unknown): Record<string, unknown> =>
      Object.fromEntries(PATH_FIELDS.map((field) => [field, (view as Record<string, unknown>)[field]]));
    const alone = pick(streamAt(chain, store, at, action.job));
    const all = pick(streamAt(chain, session.store, at, action.job));
    const found = differences(alone, all);
    must(found.length === 0, "I3_path_independence", () => `once against often: ${found.join("; ")}`);
  }

  return {
    before(session, action) {
      if (followed || action.type !== "process_payment" || action.countersignature !== "0x") return;
      const job = session.state.jobs.get(action.job);
      // What can't be paid now is paid later: a path that begins there ends elsewhere.
      if (job?.stream && canSettle(session.state, job))
        followed = { job: action.job, start: session.split() };
    },
    after(session, { action, at, result }) {
      if (!followed) return;
      if (action.type === "process_payment") {
        if (!result.ok || action.job !== followed.job) return;
        compare(session, action, at);
        // What it confirmed stays confirmed: a later settlement alone would know less.
        if (action.countersignature !== "0x") followed = null;
        return;
      }
      if (touches(action, followed.job)) followed = null;
    },
  };
}

function touches(action: Action, job: Address): boolean {
  if (action.type === "process_payments") return action.entries.some((entry) => entry.job === job);
  // What can't be paid while it is frozen is paid later.
  if (action.type === "freeze") return action.holder === job;
  return "job" in action && action.job === job;
}
