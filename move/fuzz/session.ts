/**
 * One history: each action on the chain and in the model, and everything compared after it.
 * It doesn't know where actions come from.
 */

import { toCall } from "./calls.ts";
import type { Chain, ChainEvent, ChainResult } from "./chain.ts";
import { compareEvents, compareRecord, must, Violation } from "./compare.ts";
import { compareMoney } from "./custody.ts";
import { createForkStore, type ForkStore } from "./fork-store.ts";
import {
  conservation,
  coverInvariants,
  emptyLedger,
  type Ledger,
  lastProof,
  monotone,
  readEvents,
  streamInvariants,
  transition,
} from "./invariants.ts";
import { type Action, applyAction, type Environment } from "./model/actions.ts";
import { canSettle } from "./model/stream.ts";
import type { Address, Hex, Job, Provider, State } from "./model/types.ts";
import { caseView, jobView, providerView, streamView } from "./model/views.ts";
import { compareOverview } from "./overview.ts";
import {
  type Agreement,
  agreed,
  boundStakeStays,
  dueIsPaid,
  earnedIsPaid,
  heldWaits,
  staysLiable,
} from "./promises.ts";
import { createQuoteWatch } from "./quote-promises.ts";
import type { Memory } from "./resolve/context.ts";

type View = Record<string, unknown>;

export interface Performed {
  action: Action;
  at: bigint;
  result: ChainResult;
}

export interface Session {
  readonly state: State;
  readonly store: ForkStore;
  readonly memory: Memory;
  readonly ledgers: Map<Address, Ledger>;
  /** Throws `Violation`. */
  perform(action: Action, at: bigint): Performed;
  /** Compares every job and provider, not only those that were touched. */
  compareAll(): void;
  /** The store as it is now, for others to build on; the session goes on in a new layer. */
  split(): ForkStore;
}

export function createSession(
  chain: Chain,
  from: { store: ForkStore; state: State; memory: Memory; ledgers?: Map<Address, Ledger> },
): Session {
  let store = createForkStore(from.store);
  let state = from.state;
  const { memory } = from;
  const quotes = createQuoteWatch(chain);
  const ledgers = new Map([...(from.ledgers ?? [])].map(([job, ledger]) => [job, { ...ledger }]));

  const view = (fn: string, args: unknown[]): View => chain.view({ store, now: state.now }, fn, args) as View;

  function compareStream(job: Job, ledger: Ledger, seen: View, action: Action | null): View | null {
    const expected = streamView(job);
    if (!expected) return null;
    const actual = view("payment_stream::get_stream", [job.job]);
    const { now } = state;
    const { stream: before, decided } = ledger;
    streamInvariants(actual, now);
    if (!canSettle(state, job)) ledger.impeded = true;
    else if (isSettlement(action, job)) ledger.impeded = false;
    coverInvariants(actual, ledger.impeded);
    if (before) monotone(before, actual);
    lastProof(before, actual, now);
    agreed(before, actual, agreementOf(action, job));
    const released = job.stream?.meter.released ?? 0n;
    heldWaits(before, actual, seen, { now, decided, released });
    earnedIsPaid(actual, seen, decided);
    if (isSettlement(action, job) && canSettle(state, job)) dueIsPaid(actual);
    ledger.stream = actual;
    compareRecord(`get_stream ${job.job}`, actual, expected);
    return actual;
  }

  /** `action`: what was done since the last comparison. */
  function compareJob(job: Job, action: Action | null): View {
    const actual = view("job_registry::get_job", [job.job]);
    const ledger = ledgers.get(job.job) ?? emptyLedger();
    ledgers.set(job.job, ledger);
    transition(job.job, ledger.state, actual);
    ledger.state = BigInt(actual.state as number);
    const stream = compareStream(job, ledger, actual, action);
    const balance = stream?.balance ?? chain.view({ store, now: state.now }, "escrow::balance", [job.job]);
    conservation(job.job, ledger, BigInt(balance as string));
    compareRecord(`get_job ${job.job}`, actual, jobView(job));
    return actual;
  }

  function compareCase(job: Job): void {
    const expected = caseView(job);
    const has = chain.view({ store, now: state.now }, "dispute::has_case", [job.job]);
    must(has === (expected !== null), "has_case", () => `${job.job}: chain ${has}`);
    if (expected) compareRecord(`get_case ${job.job}`, view("dispute::get_case", [job.job]), expected);
  }

  function compareProvider(address: Address, provider: Provider): View {
    const actual = view("provider_registry::get_provider", [address]);
    compareRecord(`get_provider ${address}`, actual, providerView(provider));
    return actual;
  }

  /** What the model changed; the rest is compared when the history is over. */
  function compareChanged(before: State, action: Action): void {
    for (const [address, job] of state.jobs) {
      const old = before.jobs.get(address);
      if (old && sameJob(old, job)) continue;
      compareJob(job, action);
      if (job.case !== null || old?.case) compareCase(job);
    }
    for (const [address, provider] of state.providers) {
      const old = before.providers.get(address);
      if (old && sameFields(old, provider)) continue;
      const seen = compareProvider(address, provider);
      if (action.type === "withdraw_stake" && action.provider === address) boundStakeStays(seen, state.now);
    }
    compareMoney(chain, store, state);
  }

  /** Opening a job must cost more than any settlement of it. */
  function noteGas(action: Action, fresh: Address[], gas: bigint): void {
    const opened = action.type === "accept" || action.type === "start" ? [action.job] : fresh;
    for (const job of opened) {
      const ledger = ledgers.get(job);
      if (ledger) ledger.openingGas += gas / BigInt(opened.length);
    }
    const settled =
      action.type === "process_payment"
        ? [action.job]
        : action.type === "process_payments"
          ? action.entries.map((entry) => entry.job)
          : [];
    if (settled.length === 0) return;
    const opening = settled.reduce((sum, job) => sum + (ledgers.get(job)?.openingGas ?? 0n), 0n);
    const skipped = settled.every((job) => !ledgers.get(job)?.stream);
    must(skipped || gas <= opening, "I15_settle_gas_le_open", () => `${gas} > ${opening}`);
  }

  function perform(action: Action, at: bigint): Performed {
    const { fn, args } = toCall(action);
    const result = chain.call({ store, now: at }, action.who, fn, args);
    const fresh = result.ok ? freshAddresses(result.events) : [];
    const environment: Environment = { fresh, isSigned: memory.signatures.isSigned, codeOf: chain.codeOf };
    const before = { ...state, now: at };
    const expected = applyAction(before, action, environment);
    state = before;
    compareOutcome(action, result, expected);
    if (result.ok && "state" in expected) {
      state = expected.state;
      readEvents(ledgers, result.events);
      noteGas(action, fresh, result.gas);
      compareEvents(result.events, expected.events);
      quotes.after(action, result.events, { store, now: at });
      compareChanged(before, action);
    }
    return { action, at, result };
  }

  return {
    get state() {
      return state;
    },
    get store() {
      return store;
    },
    memory,
    ledgers,
    perform,
    compareAll() {
      const providers = new Map(
        [...state.providers].map(([address, provider]) => [address, compareProvider(address, provider)]),
      );
      for (const job of state.jobs.values()) {
        const seen = compareJob(job, null);
        const provider = providers.get(job.terms.provider);
        if (provider) staysLiable(seen, provider);
        compareCase(job);
      }
      compareMoney(chain, store, state);
      compareOverview(chain, store, state);
    },
    split() {
      const below = store;
      store = createForkStore(below);
      return below;
    },
  };
}

/** How an action lets the buyer of `job` agree. */
function agreementOf(action: Action | null, { job, terms }: Job): Agreement {
  if (action?.type === "confirm" && action.job === job && action.who === terms.buyer)
    return { kind: "confirmed" };
  if (action?.type === "confirm_signed" && action.job === job)
    return { kind: "signed", secs: action.statement.secondsCum };
  const isSigned = (entry: { job: Address; countersignature: Hex }): boolean =>
    entry.job === job && entry.countersignature !== "0x";
  if (action?.type === "process_payment" && isSigned(action))
    return { kind: "countersigned", secs: action.attestation.secondsCum };
  const perhaps = action?.type === "process_payments" && action.entries.some(isSigned);
  return { kind: perhaps ? "perhaps" : "none" };
}

/** Whether an action that succeeded pays all that is due of `job`. */
function isSettlement(action: Action | null, { job }: Job): boolean {
  const type = action?.type;
  const settles = type === "process_payment" || type === "confirm" || type === "confirm_signed";
  return settles && action !== null && "job" in action && action.job === job;
}

function freshAddresses(events: readonly ChainEvent[]): Address[] {
  return events.flatMap(({ name, data }) => {
    if (name === "JobCreated") return [data.job as Address];
    return name === "ProviderRegistered" ? [data.provider as Address] : [];
  });
}

function compareOutcome(action: Action, result: ChainResult, expected: ReturnType<typeof applyAction>): void {
  const isForged = "forged" in action && action.forged;
  must(!(isForged && result.ok), "I11_sig_binds_every_field", () => "a forged attestation was taken");
  if (result.ok) {
    if ("codes" in expected)
      throw new Violation("outcome", `chain succeeds, model refuses with ${expected.codes.join(" or ")}`);
    return;
  }
  if ("state" in expected)
    throw new Violation("outcome", `chain refuses with ${result.status}, model succeeds`);
  must(
    expected.codes.includes(result.code),
    "outcome",
    () => `chain refuses with ${result.status}, model with ${expected.codes.join(" or ")}`,
  );
}

/** Shallow: what the model replaces is compared by identity. */
function sameFields(a: object, b: object): boolean {
  const other = b as Record<string, unknown>;
  return Object.entries(a).every(([name, value]) => same(value, other[name]));
}

const same = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((v, i) => v === b[i]));

function sameJob(a: Job, b: Job): boolean {
  const { stream: old, ...rest } = a;
  const { stream, ...others } = b;
  if (!sameFields(rest, others)) return false;
  if (!old || !stream) return old === stream;
  const { meter: oldMeter, ...oldStream } = old;
  const { meter, ...newStream } = stream;
  return sameFields(oldStream, newStream) && sameFields(oldMeter, meter);
}
