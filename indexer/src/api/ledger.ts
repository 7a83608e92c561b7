/**
 * Rows of the ledger -> the lines that the API shows, and where a page of them ends.
 * It doesn't query, and doesn't know which events move money: handlers/ledger.ts does.
 */
import type { LedgerEntryDto, LedgerKind } from "@computestream/protocol/api";
import type { AssetBook } from "../assets/book.ts";
import type { LedgerKey, LedgerLine } from "../db/queries/ledger.ts";
import { zIndex, zPositionKey } from "./pagination.ts";

/** A line is known by its event and its part. */
export const zLedgerKey = zPositionKey.extend({ part: zIndex }).strict();

export function ledgerEntryDto(row: LedgerLine, book: AssetBook): LedgerEntryDto {
  return {
    version: row.version.toString(),
    index: row.event_index,
    part: row.line,
    txHash: row.tx_hash,
    timestamp: Number(row.timestamp),
    // The handlers write no other.
    kind: row.kind as LedgerKind,
    direction: row.amount > 0n ? "credit" : "debit",
    amount: (row.amount > 0n ? row.amount : -row.amount).toString(),
    asset: book.describe(row.asset),
    job: row.job,
    provider: row.provider,
  };
}

export function ledgerKeyOf(row: LedgerLine): LedgerKey {
  return { version: row.version.toString(), index: row.event_index, part: row.line };
}
