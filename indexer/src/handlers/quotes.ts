/**
 * job_quotes events -> a used quote's row and what came back from it; and whether its job is the one that was promised.
 * It doesn't know unused quotes: nothing is on chain of those, and a payment to one is a transfer like any other.
 */
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type { QuoteRefundRow, QuoteRow } from "../db/quote-tables.ts";
import type { JobRow } from "../db/tables.ts";

export type QuoteEvent = Extract<ProtocolEvent, { module: "job_quotes" }>;

/** A row before its first event: that one uses the quote. */
export function blankQuote(quote: string): QuoteRow {
  return {
    quote,
    payer: "",
    job: null,
    asset: "",
    deposit: 0n,
    refunded: 0n,
    refunds: 0n,
    used_by: "",
    used_at: 0n,
    used_version: -1n,
    used_index: 0,
    used_tx: "",
    last_version: -1n,
    last_index: 0,
  };
}

export function applyQuote(row: QuoteRow, event: QuoteEvent, at: EventPosition): void {
  const { payer, asset, amount, timestamp } = event.data;
  if (row.used_version < 0n) {
    row.payer = payer;
    row.asset = asset;
    row.used_by = event.name === "QuoteRedeemed" ? event.data.redeemed_by : event.data.refunded_by;
    row.used_at = timestamp;
    row.used_version = at.version;
    row.used_index = at.index;
    row.used_tx = at.txHash;
  }
  switch (event.name) {
    case "QuoteRedeemed":
      row.job = event.data.job;
      row.deposit = amount;
      break;
    case "QuoteRefunded":
      row.refunds += 1n;
      if (asset === row.asset) row.refunded += amount;
      break;
  }
}

export function quoteRefundOf(event: QuoteEvent, at: EventPosition): QuoteRefundRow | null {
  if (event.name !== "QuoteRefunded") return null;
  const { quote, asset, amount, refunded_by, timestamp } = event.data;
  return {
    version: at.version,
    event_index: at.index,
    tx_hash: at.txHash,
    quote,
    asset,
    amount,
    refunded_by,
    refunded_at: timestamp,
  };
}

/** Empty when the deposit became a job of its payer's, whole. `job` as it is after the order, which comes before. */
export function quoteDifferences(
  before: Pick<QuoteRow, "used_version">,
  event: QuoteEvent,
  job: JobRow | undefined,
): string[] {
  if (event.name !== "QuoteRedeemed") return [];
  const { payer, asset, amount } = event.data;
  const wrong: string[] = [];
  if (before.used_version >= 0n) wrong.push("used before");
  if (job?.buyer !== payer) wrong.push(`its job is ${job?.buyer ?? "nobody"}'s, not the payer's ${payer}`);
  if (job?.asset !== asset || job.deposited !== amount) {
    wrong.push(`its job has ${job?.deposited ?? 0n} of ${job?.asset}, not ${amount} of ${asset}`);
  }
  return wrong;
}
