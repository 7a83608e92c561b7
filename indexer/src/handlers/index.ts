/**
 * Applies transactions to a draft of the mirror, one handler per Move module, each event once.
 * It doesn't know the database: `indexing/write-batch.ts` loads the draft's rows and stores what changed.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type {
  AssetRow,
  EventRow,
  HeartbeatRow,
  JobRow,
  MarketRow,
  ProviderRow,
  TickRow,
} from "../db/tables.ts";
import { FatalError } from "../errors.ts";
import { applyEscrow } from "./escrow.ts";
import { applyJobRegistry, blankJob, type JobSettledEvent, settlementDifferences } from "./job-registry.ts";
import { allowanceOf, applyMarket } from "./market.ts";
import { applyPaymentStream, tickOf } from "./payment-stream.ts";
import { applyProviderRegistry, blankProvider, heartbeatOf } from "./provider-registry.ts";

/** The rows a batch touches: stored ones where there are any, and what the batch adds. */
export interface Draft {
  market: MarketRow | null;
  marketChanged: boolean;
  assets: Map<string, AssetRow>;
  providers: Map<string, ProviderRow>;
  jobs: Map<string, JobRow>;
  events: EventRow[];
  ticks: TickRow[];
  heartbeats: HeartbeatRow[];
  settled: JobSettledEvent[];
}

export function emptyDraft(): Draft {
  return {
    market: null,
    marketChanged: false,
    assets: new Map(),
    providers: new Map(),
    jobs: new Map(),
    events: [],
    ticks: [],
    heartbeats: [],
    settled: [],
  };
}

/** The stored rows that `applyTransactions` will need. */
export function touchedBy(transactions: TransactionRecord[]): { jobs: string[]; providers: string[] } {
  const jobs = new Set<string>();
  const providers = new Set<string>();
  for (const { events } of transactions) {
    for (const { event } of events) {
      const row = subjectOf(event);
      if (row?.table === "jobs") jobs.add(row.address);
      if (row?.table === "providers") providers.add(row.address);
    }
  }
  return { jobs: [...jobs], providers: [...providers] };
}

/**
 * The one row an event changes. A skipped settlement changes none: anyone may put any address into a batch, so
 * the job it names need not exist.
 */
function subjectOf(event: ProtocolEvent): { table: "jobs" | "providers"; address: string } | null {
  if (event.module === "market" || event.name === "SettlementSkipped") return null;
  if (event.module === "provider_registry") return { table: "providers", address: event.data.provider };
  return { table: "jobs", address: event.data.job };
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
  draft.events.push(eventRow(event, at));
  switch (event.module) {
    case "market": {
      const allowance = allowanceOf(event, at);
      const known = allowance && draft.assets.get(allowance.asset);
      if (allowance && (!known || isAfter(at, known))) draft.assets.set(allowance.asset, allowance);
      if (draft.market && !isAfter(at, draft.market)) return;
      const market = applyMarket(draft.market, event, at);
      draft.marketChanged ||= market !== draft.market;
      draft.market = market;
      return;
    }
    case "provider_registry": {
      const heartbeat = heartbeatOf(event, at);
      if (heartbeat) draft.heartbeats.push(heartbeat);
      const row = getOrCreate(draft.providers, event.data.provider, blankProvider);
      if (advance(row, at)) applyProviderRegistry(row, event, at);
      return;
    }
    case "escrow": {
      const row = getOrCreate(draft.jobs, event.data.job, blankJob);
      if (advance(row, at)) applyEscrow(row, event);
      return;
    }
    case "payment_stream": {
      const tick = tickOf(event, at);
      if (tick) draft.ticks.push(tick);
      if (event.name === "SettlementSkipped") return;
      const row = getOrCreate(draft.jobs, event.data.job, blankJob);
      if (advance(row, at)) applyPaymentStream(row, event);
      return;
    }
    case "job_registry": {
      if (event.name === "JobSettled") draft.settled.push(event);
      const row = getOrCreate(draft.jobs, event.data.job, blankJob);
      if (advance(row, at)) applyJobRegistry(row, event, at, draft.market);
      return;
    }
  }
}

/** One sentence per job whose money doesn't add up after the batch. */
export function conservationViolations(draft: Draft): string[] {
  const wrong: string[] = [];
  for (const job of draft.jobs.values()) {
    if (job.deposited !== job.paid + job.refunded + job.balance) {
      wrong.push(
        `job ${job.job}: deposited ${job.deposited} is not paid ${job.paid} + refunded ${job.refunded} + balance ${job.balance}`,
      );
    }
  }
  for (const event of draft.settled) {
    const job = draft.jobs.get(event.data.job);
    const differences = job ? settlementDifferences(job, event) : [];
    if (differences.length > 0) wrong.push(`job ${event.data.job} settled: ${differences.join(", ")}`);
  }
  return wrong;
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
    provider: typeof data.provider === "string" ? data.provider : null,
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
