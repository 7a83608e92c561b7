/**
 * Applies transactions to a draft of the mirror, one handler per Move module, each event once.
 * It doesn't know the database: `indexing/write-batch.ts` loads the draft's rows and stores what changed.
 */
import { NO_ADDRESS } from "@computestream/protocol";
import type { TransactionRecord } from "@computestream/protocol/client";
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type { QuoteRefundRow, QuoteRow } from "../db/quote-tables.ts";
import type {
  AssetRow,
  CaseRow,
  EventRow,
  FaultRow,
  HeartbeatRow,
  JobRow,
  LedgerRow,
  MarketRow,
  ProviderRow,
  TickRow,
} from "../db/tables.ts";
import { FatalError } from "../errors.ts";
import { jobImbalance, moneyDifferences, stakeImbalance } from "./conservation.ts";
import { applyDispute, type DisputeEvent, faultOf } from "./dispute.ts";
import { applyEscrow, type EscrowEvent } from "./escrow.ts";
import { applyJob, blankJob, type JobEvent } from "./job.ts";
import { jobMovements, quoteMovements, stakeMovements } from "./ledger.ts";
import { allowanceOf, applyMarket, type MarketEvent } from "./market.ts";
import {
  applyProviderRegistry,
  blankProvider,
  heartbeatOf,
  type ProviderEvent,
} from "./provider-registry.ts";
import { applyQuote, blankQuote, type QuoteEvent, quoteDifferences, quoteRefundOf } from "./quotes.ts";
import { applyReputation, type ReputationEvent } from "./reputation.ts";
import { applyStake, type StakeEvent } from "./stake.ts";
import { applyStream, type StreamEvent, tickOf } from "./stream.ts";

/** The rows a batch touches: stored ones where there are any, and what the batch adds. */
export interface Draft {
  market: MarketRow | null;
  marketChanged: boolean;
  assets: Map<string, AssetRow>;
  providers: Map<string, ProviderRow>;
  jobs: Map<string, JobRow>;
  quotes: Map<string, QuoteRow>;
  /** Those that were open before the batch, and those that it opens. */
  cases: CaseRow[];
  events: EventRow[];
  ticks: TickRow[];
  heartbeats: HeartbeatRow[];
  faults: FaultRow[];
  ledger: LedgerRow[];
  quoteRefunds: QuoteRefundRow[];
  /** Sentences about money that doesn't add up, by what each is about: a row is told of once a batch. */
  violations: Map<string, string>;
}

export function emptyDraft(): Draft {
  return {
    market: null,
    marketChanged: false,
    assets: new Map(),
    providers: new Map(),
    jobs: new Map(),
    quotes: new Map(),
    cases: [],
    events: [],
    ticks: [],
    heartbeats: [],
    faults: [],
    ledger: [],
    quoteRefunds: [],
    violations: new Map(),
  };
}

type OfProvider = ProviderEvent | StakeEvent | ReputationEvent;
/** A skipped settlement changes nothing: anyone may put any address into a batch, so its job need not exist. */
type OfJob = EscrowEvent | Exclude<StreamEvent, { name: "SettlementSkipped" }> | JobEvent | DisputeEvent;

/** An event by the one row that it changes. */
type Subject =
  | { table: "market"; event: MarketEvent }
  | { table: "providers"; event: OfProvider }
  | { table: "jobs"; event: OfJob }
  | { table: "quotes"; event: QuoteEvent }
  | { table: null };

function subjectOf(event: ProtocolEvent): Subject {
  switch (event.module) {
    case "market":
      return { table: "market", event };
    case "provider_registry":
    case "stake":
    case "reputation":
      return { table: "providers", event };
    case "stream":
      return event.name === "SettlementSkipped" ? { table: null } : { table: "jobs", event };
    case "job_quotes":
      return { table: "quotes", event };
    case "escrow":
    case "job":
    case "job_registry":
    case "dispute":
      return { table: "jobs", event };
  }
}

/** The stored rows that `applyTransactions` will need. */
export function touchedBy(
  transactions: TransactionRecord[],
): Record<"jobs" | "providers" | "quotes", string[]> {
  const jobs = new Set<string>();
  const providers = new Set<string>();
  const quotes = new Set<string>();
  for (const { events } of transactions) {
    for (const { event } of events) {
      const subject = subjectOf(event);
      if (subject.table === "jobs") jobs.add(subject.event.data.job);
      if (subject.table === "providers") providers.add(subject.event.data.provider);
      if (subject.table === "quotes") quotes.add(subject.event.data.quote);
    }
  }
  return { jobs: [...jobs], providers: [...providers], quotes: [...quotes] };
}

/** The raw events, which need no other row. */
export function eventRowsOf(transactions: TransactionRecord[]): EventRow[] {
  return transactions.flatMap(({ events }) => events.map(({ event, position }) => eventRow(event, position)));
}

/** Throws `FatalError` (`MIRROR_CORRUPT`) when an event is about a job or provider whose creation was never seen. */
export function applyTransactions(draft: Draft, transactions: TransactionRecord[]): void {
  for (const { events } of transactions) {
    for (const { event, position } of events) applyEvent(draft, event, position);
  }
  for (const job of draft.jobs.values()) if (job.created_version < 0n) throw orphan("job", job.job);
  for (const row of draft.providers.values()) {
    if (row.registered_version < 0n) throw orphan("provider", row.provider);
  }
}

function applyEvent(draft: Draft, event: ProtocolEvent, at: EventPosition): void {
  const subject = subjectOf(event);
  if (subject.table === "market") applyToMarket(draft, subject.event, at);
  if (subject.table === "providers") applyToProvider(draft, subject.event, at);
  if (subject.table === "jobs") applyToJob(draft, subject.event, at);
  if (subject.table === "quotes") applyToQuote(draft, subject.event, at);
}

function applyToMarket(draft: Draft, event: MarketEvent, at: EventPosition): void {
  const allowance = allowanceOf(event, at);
  const known = allowance && draft.assets.get(allowance.asset);
  if (allowance && (!known || isAfter(at, known))) draft.assets.set(allowance.asset, allowance);
  if (draft.market && !isAfter(at, draft.market)) return;
  const market = applyMarket(draft.market, event, at);
  draft.marketChanged ||= market !== draft.market;
  draft.market = market;
}

function applyToProvider(draft: Draft, event: OfProvider, at: EventPosition): void {
  const row = getOrCreate(draft.providers, event.data.provider, blankProvider);
  if (!advance(row, at)) return;
  const heartbeat = event.module === "provider_registry" && heartbeatOf(event, at);
  if (heartbeat) draft.heartbeats.push(heartbeat);
  draft.ledger.push(...stakeMovements(event, at, row));
  switch (event.module) {
    case "provider_registry":
      applyProviderRegistry(row, event, at);
      break;
    case "stake":
      applyStake(row, event);
      break;
    case "reputation":
      applyReputation(row, event);
      break;
  }
  tell(draft, `stake of provider ${row.provider}`, stakeImbalance(row));
}

function applyToJob(draft: Draft, event: OfJob, at: EventPosition): void {
  const fault = event.module === "dispute" && faultOf(event, at);
  if (fault) draft.faults.push(fault);
  const job = getOrCreate(draft.jobs, event.data.job, blankJob);
  if (!advance(job, at)) return;
  const { paid, fee_paid, keeper_paid, seconds_billed } = job;
  draft.ledger.push(...jobMovements(event, at, job, openCaseOf(draft, event, job)));
  switch (event.module) {
    case "escrow":
      applyEscrow(job, event);
      break;
    case "stream": {
      applyStream(job, event);
      const tick = tickOf(event, job, seconds_billed, at);
      if (tick) draft.ticks.push(tick);
      break;
    }
    case "job":
    case "job_registry":
      applyJob(job, event, at, draft.market);
      break;
    case "dispute":
      applyDispute(job, draft.cases, event, at);
      break;
  }
  tell(draft, `job ${job.job}`, jobImbalance(job));
  tell(
    draft,
    `job ${job.job} at ${event.name}`,
    moneyDifferences({ paid, fee_paid, keeper_paid, seconds_billed }, job, event),
  );
}

function applyToQuote(draft: Draft, event: QuoteEvent, at: EventPosition): void {
  const row = getOrCreate(draft.quotes, event.data.quote, blankQuote);
  if (!advance(row, at)) return;
  const job = event.name === "QuoteRedeemed" ? draft.jobs.get(event.data.job) : undefined;
  tell(draft, `quote ${row.quote}`, quoteDifferences(row, event, job));
  const refund = quoteRefundOf(event, at);
  if (refund) draft.quoteRefunds.push(refund);
  draft.ledger.push(...quoteMovements(event, at));
  applyQuote(row, event, at);
}

/** Looked for only where it is needed: a draft may have many. */
function openCaseOf(draft: Draft, event: OfJob, job: JobRow): CaseRow | undefined {
  if (event.name !== "ArbitrationDecided") return undefined;
  return draft.cases.find((row) => row.job === job.job && row.closed_version === null);
}

/** After each event, so that a breach which a later event of the batch makes up for is told too. */
function tell(draft: Draft, subject: string, wrong: string[]): void {
  if (wrong.length > 0 && !draft.violations.has(subject)) {
    draft.violations.set(subject, `${subject}: ${wrong.join(", ")}`);
  }
}

function eventRow(event: ProtocolEvent, at: EventPosition): EventRow {
  const data: Record<string, unknown> = event.data;
  return {
    version: at.version,
    event_index: at.index,
    tx_hash: at.txHash,
    module: event.module,
    name: event.name,
    job: typeof data.job === "string" ? data.job : null,
    // An open job names nobody until it is taken.
    provider: typeof data.provider === "string" && data.provider !== NO_ADDRESS ? data.provider : null,
    timestamp: event.data.timestamp,
    data,
  };
}

interface LastEvent {
  last_version: bigint;
  last_index: number;
}

function isAfter(at: EventPosition, row: LastEvent): boolean {
  return at.version > row.last_version || (at.version === row.last_version && at.index > row.last_index);
}

/** False for an event that the row already holds: a replay changes nothing. */
function advance(row: LastEvent, at: EventPosition): boolean {
  if (!isAfter(at, row)) return false;
  row.last_version = at.version;
  row.last_index = at.index;
  return true;
}

function getOrCreate<T>(rows: Map<string, T>, address: string, blank: (address: string) => T): T {
  const existing = rows.get(address);
  if (existing) return existing;
  const row = blank(address);
  rows.set(address, row);
  return row;
}

function orphan(kind: string, address: string): FatalError {
  return new FatalError(
    "MIRROR_CORRUPT",
    `the chain speaks of ${kind} ${address}, whose creation isn't in this database: index again into an empty database`,
  );
}
