/**
 * The current state of each thing clients look at, as the API shows it; REST and WebSocket both answer from here.
 * It doesn't know HTTP or sockets.
 */
import {
  type ApiAnswer,
  type JobAnswer,
  type ProviderAnswer,
  ratePerSecond,
} from "@computestream/protocol/api";
import type { AssetBook } from "../assets/book.ts";
import { readCursor } from "../db/cursor.ts";
import { findOpenCases } from "../db/queries/cases.ts";
import { findJobs } from "../db/queries/jobs.ts";
import { findProviders, listProviders } from "../db/queries/providers.ts";
import { networkTotals, recentSettlements } from "../db/queries/stats.ts";
import type { Queryable } from "../db/table.ts";
import type { JobRow } from "../db/tables.ts";
import { jobDto, providerDto } from "./dto.ts";

const RECENT_BUCKETS = 120;
/** The `providers` topic carries the cheapest ones; the REST list pages through all. */
const PROVIDERS_IN_TOPIC = 200;

export async function readStats(db: Queryable, book: AssetBook): Promise<ApiAnswer<"/api/v1/stats">> {
  const cursor = await readCursor(db);
  // Chain time, so that the chart ends where the mirror does and a rebuild shows the same.
  const lastSecond = Number((cursor?.lastTimestampUsecs ?? 0n) / 1_000_000n);
  const totals = await networkTotals(db, book.market.address);
  const recent = await recentSettlements(db, {
    asset: book.market.address,
    lastSecond,
    buckets: RECENT_BUCKETS,
  });
  return {
    ...totals,
    asset: book.market,
    recent,
    ratePerSecondRunning: ratePerSecond(totals.ratePerHourRunning),
  };
}

export async function readJobs(
  db: Queryable,
  book: AssetBook,
  addresses: string[],
): Promise<Map<string, JobAnswer>> {
  const rows = addresses.length > 0 ? await findJobs(db, addresses) : [];
  const toDto = await jobDtos(db, rows, book);
  return new Map(rows.map((row) => [row.job, toDto(row)]));
}

/** How to show each of `rows`: most have no open case, so that they are asked for only where there is one. */
export async function jobDtos(
  db: Queryable,
  rows: JobRow[],
  book: AssetBook,
): Promise<(row: JobRow) => JobAnswer> {
  const inCase = rows.filter((row) => row.case_kind !== null).map((row) => row.job);
  const cases = new Map((await findOpenCases(db, inCase)).map((open) => [open.job, open]));
  return (row) => jobDto(row, cases.get(row.job) ?? null, book);
}

export async function readProviders(
  db: Queryable,
  book: AssetBook,
  addresses: string[],
): Promise<Map<string, ProviderAnswer>> {
  const rows = addresses.length > 0 ? await findProviders(db, addresses) : [];
  return new Map(rows.map((row) => [row.provider, providerDto(row, book)]));
}

export async function readCheapestProviders(db: Queryable, book: AssetBook): Promise<ProviderAnswer[]> {
  const rows = await listProviders(db, { filter: {}, sort: "price", after: null, limit: PROVIDERS_IN_TOPIC });
  return rows.map((row) => providerDto(row, book));
}
