/**
 * The totals by second, minute and hour as TypeScript; tables that the indexer keeps, or continuous aggregates.
 * It doesn't know which of the two a database has: `series.ts` does.
 */
import { defineTable, type RowOf } from "./table.ts";

const settled = {
  amount: "numeric",
  fee: "numeric",
  seconds: "numeric",
  settlements: "int8",
  ticks: "int8",
} as const;

export const SETTLEMENTS_SECOND = defineTable("rollup_settlements_second", ["bucket", "asset"], {
  bucket: "secs",
  asset: "text",
  ...settled,
});

export const SETTLEMENTS_MINUTE = defineTable("rollup_settlements_minute", ["bucket", "job"], {
  bucket: "secs",
  asset: "text",
  provider: "text",
  job: "text",
  ...settled,
});

export const SETTLEMENTS_HOUR = defineTable("rollup_settlements_hour", ["bucket", "provider", "asset"], {
  bucket: "secs",
  asset: "text",
  provider: "text",
  ...settled,
});

export const HEARTBEATS_SECOND = defineTable("rollup_heartbeats_second", ["bucket"], {
  bucket: "secs",
  heartbeats: "int8",
});

export const HEARTBEATS_MINUTE = defineTable("rollup_heartbeats_minute", ["bucket", "provider"], {
  bucket: "secs",
  provider: "text",
  heartbeats: "int8",
});

export const HEARTBEATS_HOUR = defineTable("rollup_heartbeats_hour", ["bucket", "provider"], {
  bucket: "secs",
  provider: "text",
  heartbeats: "int8",
});

export const ROLLUP_TABLES = [
  ...[SETTLEMENTS_SECOND, SETTLEMENTS_MINUTE, SETTLEMENTS_HOUR],
  ...[HEARTBEATS_SECOND, HEARTBEATS_MINUTE, HEARTBEATS_HOUR],
];

export interface Rollups {
  settlementsSecond: Array<RowOf<typeof SETTLEMENTS_SECOND>>;
  settlementsMinute: Array<RowOf<typeof SETTLEMENTS_MINUTE>>;
  settlementsHour: Array<RowOf<typeof SETTLEMENTS_HOUR>>;
  heartbeatsSecond: Array<RowOf<typeof HEARTBEATS_SECOND>>;
  heartbeatsMinute: Array<RowOf<typeof HEARTBEATS_MINUTE>>;
  heartbeatsHour: Array<RowOf<typeof HEARTBEATS_HOUR>>;
}
