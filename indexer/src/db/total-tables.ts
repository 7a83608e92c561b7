/**
 * The running totals of the market, its parties and its charts as TypeScript.
 * It doesn't know how a batch's are counted: handlers/totals.ts does.
 */
import { addingTo, defineTable, type RowOf, type Statement } from "./table.ts";

export const JOB_TOTALS = defineTable("job_totals", ["party", "address", "asset"], {
  party: "text",
  address: "text",
  asset: "text",
  jobs: "int8",
  waiting: "int8",
  running: "int8",
  ended: "int8",
  settled: "int8",
  seconds_billed: "numeric",
  deposited: "numeric",
  paid: "numeric",
  fee_paid: "numeric",
  refunded: "numeric",
  balance: "numeric",
  held: "numeric",
  rate_per_hour: "numeric",
});

export const PROVIDER_TOTALS = defineTable("provider_totals", ["asset"], {
  asset: "text",
  providers: "int8",
  available: "int8",
  slots: "numeric",
  slots_busy: "numeric",
  staked: "numeric",
});

export const MARKET_ACTIVITY = defineTable("market_activity", ["bucket_secs", "bucket", "asset"], {
  bucket_secs: "int4",
  bucket: "int8",
  asset: "text",
  amount: "numeric",
  fee: "numeric",
  keeper_fee: "numeric",
  settlements: "int8",
  jobs_created: "int8",
  jobs_settled: "int8",
});

export const TOTAL_TABLES = [JOB_TOTALS, PROVIDER_TOTALS, MARKET_ACTIVITY];

/** What a batch adds to them. */
export interface Totals {
  jobs: Array<RowOf<typeof JOB_TOTALS>>;
  providers: Array<RowOf<typeof PROVIDER_TOTALS>>;
  activity: Array<RowOf<typeof MARKET_ACTIVITY>>;
}

/** For the batch's transaction. */
export function addingTotals(totals: Totals): Statement[] {
  return [
    addingTo(JOB_TOTALS, totals.jobs),
    addingTo(PROVIDER_TOTALS, totals.providers),
    addingTo(MARKET_ACTIVITY, totals.activity),
  ];
}
