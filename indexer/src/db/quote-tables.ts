/**
 * The mirror's tables about quotes as TypeScript, as tables.ts describes the others.
 * It doesn't know how rows come about: handlers/quotes.ts does.
 */
import { defineTable, type RowOf } from "./table.ts";

/** Those that were used: `job` is null where the money went back instead. */
export const QUOTES = defineTable("quotes", ["quote"], {
  quote: "text",
  payer: "text",
  job: "text?",
  asset: "text",
  deposit: "numeric",
  refunded: "numeric",
  refunds: "int8",
  used_by: "text",
  used_at: "numeric",
  used_version: "int8",
  used_index: "int4",
  used_tx: "text",
  last_version: "int8",
  last_index: "int4",
});

export const QUOTE_REFUNDS = defineTable("quote_refunds", ["version", "event_index"], {
  version: "int8",
  event_index: "int4",
  tx_hash: "text",
  quote: "text",
  asset: "text",
  amount: "numeric",
  refunded_by: "text",
  refunded_at: "numeric",
});

export type QuoteRow = RowOf<typeof QUOTES>;
export type QuoteRefundRow = RowOf<typeof QUOTE_REFUNDS>;
