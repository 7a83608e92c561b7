/**
 * One history: each action on the chain and in the model, and everything compared after it.
 * It doesn't know where actions come from.
 */

import { toCall } from "./calls.ts";
import { EVERYBODY } from "./cast.ts";
import type { Chain, ChainEvent, ChainResult } from "./chain.ts";
import { compareEvents, compareRecord, must, Violation } from "./compare.ts";
import { createForkStore, type ForkStore } from "./fork-store.ts";
import {
  conservation,
  emptyLedger,
  type Ledger,
  monotone,
  readEvents,
  streamInvariants,
  transition,
} from "./invariants.ts";
import { type Action, applyAction, type Environment } from "./model/actions.ts";
import { PACKAGE } from "./model/attestation.ts";
import { parametersView } from "./model/market.ts";
import { quote } from "./model/stream.ts";
import type { Address, Job, State } from "./model/types.ts";
import { caseView, jobView, providerView, streamView } from "./model/views.ts";
import type { Memory } from "./resolve/context.ts";

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
  const ledgers = new Map([...(from.ledgers ?? [])].map(([job, ledger]) => [job, { ...ledger }]));

  const view = (fn: string, args: unknown[]): Record<string, unknown> =>
    chain.view({ store, now: state.now }, fn, args) as Record<string, unknown>;

  function compareStream(job: Job): Record<string, unknown> | null {
    const expected = streamView(job);
    if (!expected) return null;
    const actual = view("payment_stream::get_stream", [job.job]);
    const stream = chain.resource({ store, now: state.now }, job.job, `${PACKAGE}::payment_stream::Stream`);
    const acc = BigInt(((stream?.meter ?? {}) as Record<string, string>).acc ?? "0");
    streamInvariants(actual, acc, state.now);
    const ledger = ledgers.get(job.job);
    if (ledger?.stream) monotone(ledger.stream, actual);
    if (ledger) ledger.stream = actual;
    compareRecord(`get_stream ${job.job}`, actual, expected);
    return actual;
  }

  function compareJob(job: Job): void {
    const actual = view("job_registry::get_job", [job.job]);
    const ledger = ledgers.get(job.job) ?? emptyLedger();
    ledgers.set(job.job, ledger);
    transition(job.job, ledger.state, actual);
    ledger.state = BigInt(actual.state as number);
    const stream = compareStream(job);
    const balance = stream?.balance ?? chain.view({ store, now: state.now }, "escrow::balance", [job.job]);
    conservation(job.job, ledger, BigInt(balance as string));
    compareRecord(`get_job ${job.job}`, actual, jobView(job));
  }

  function compareCase(job: Job): void {
    const expected = caseView(job);
    const has = chain.view({ store, now: state.now }, "dispute::has_case", [job.job]);
    must(has === (expected !== null), "has_case", () => `${job.job}: chain ${has}`);
    if (expected) compareRecord(`get_case ${job.job}`, view("dispute::get_case", [job.job]), expected);
  }

  function compareProvider(address: Address): void {
    const provider = state.providers.get(address);
    if (provider)
      compareRecord(
        `get_provider ${address}`,
        view("provider_registry::get_provider", [address]),
        providerView(provider),
      );
  }

  function compareMoney(): void {
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
      const owed = custodyOf(state, asset);
      const sent = dustOf(state, asset);
      must(custody >= owed, "I7_store_ge_ledger", () => `${asset}: ${custody} < ${owed}`);
      must(custody === owed + sent, "custody", () => `${asset}: chain ${custody}, model ${owed} + ${sent}`);
    }
  }

  /** What the model changed; the rest is compared when the history is over. */
  function compareChanged(before: State): void {
    for (const [address, job] of state.jobs) {
      const old = before.jobs.get(address);
      if (old && sameJob(old, job)) continue;
      compareJob(job);
      if (job.case !== null || old?.case) compareCase(job);
    }
    for (const [address, provider] of state.providers) {
      const old = before.providers.get(address);
      if (!old || !sameFields(old, provider)) compareProvider(address);
    }
    compareMoney();
  }

  /** Views that nothing else reads, once a history. */
  function compareOtherViews(): void {
    const { market, now } = state;
    compareRecord("parameters", view("market::parameters", []), parametersView(market.parameters));
    compareRecord("admin", view("market::admin", []), market.admin);
    const allowed = [...(view("market::assets", []) as unknown as Address[])].sort();
    compareRecord("assets", allowed, [...market.allowedAssets].sort());
    const jobs = [...state.jobs.values()];
    const listed = view("job_registry::get_jobs", [[PACKAGE, ...jobs.map(({ job }) => job)]]);
    compareRecord("get_jobs", listed, jobs.map(jobView));
    const streams = view("payment_stream::get_streams", [[PACKAGE, ...jobs.map(({ job }) => job)]]);
    compareRecord(
      "get_streams",
      streams,
      jobs.map(streamView).filter((stream) => stream !== null),
    );
    for (const { provider, activeJobs } of state.providers.values()) {
      const active = [...(view("provider_registry::active_jobs", [provider]) as unknown as Address[])].sort();
      compareRecord(`active_jobs ${provider}`, active, [...activeJobs].sort());
    }
    for (const { job, stream } of jobs) {
      if (!stream || stream.sealed || stream.closed) continue;
      const attested = stream.meter.secondsAttested + QUOTED_SECS;
      const at = now + QUOTED_SECS;
      const args = [job, attested, at];
      const quoted = chain.viewAll({ store, now }, "payment_stream::quote_settlement", args);
      const due = quote(stream, attested, at);
      compareRecord(`quote_settlement ${job}`, quoted, [due.amount, due.fee]);
    }
    const listedProviders = view("provider_registry::list_providers", [0n, 100n]);
    compareRecord("list_providers", listedProviders, [...state.providers.values()].map(providerView));
    compareRecord(
      "provider_count",
      view("provider_registry::provider_count", []),
      BigInt(state.providers.size),
    );
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
      const named = expected.events.map(({ type, data }) => ({ name: type.split("::")[1] as string, data }));
      compareEvents(result.events, named);
      compareChanged(before);
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
      for (const job of state.jobs.values()) {
        compareJob(job);
        compareCase(job);
      }
      for (const address of state.providers.keys()) compareProvider(address);
      compareMoney();
      compareOtherViews();
    },
    split() {
      const below = store;
      store = createForkStore(below);
      return below;
    },
  };
}

const QUOTED_SECS = 7n;

function freshAddresses(events: readonly ChainEvent[]): Address[] {
  return events.flatMap(({ name, data }) => {
    if (name === "JobCreated") return [data.job as Address];
    return name === "ProviderRegistered" ? [data.provider as Address] : [];
  });
}

function compareOutcome(action: Action, result: ChainResult, expected: ReturnType<typeof applyAction>): void {
  const isForged = action.type === "process_payment" && action.forged;
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

function dustOf(state: State, asset: Address): bigint {
  let sum = 0n;
  for (const [holder, amount] of state.dust) {
    const of = state.jobs.get(holder)?.terms.asset ?? state.providers.get(holder)?.asset;
    if (of === asset) sum += amount;
  }
  return sum;
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
