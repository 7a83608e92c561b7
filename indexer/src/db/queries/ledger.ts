/**
 * Named read of a wallet's ledger. It never writes.
 * It doesn't know DTOs or HTTP, nor which events make lines: handlers/ledger.ts does.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { LEDGER, type LedgerRow } from "../tables.ts";
import { conditions } from "./conditions.ts";
import type { PositionKey } from "./jobs.ts";

export interface LedgerKey extends PositionKey {
  part: number;
}

/** A line with what its event says about it. */
export interface LedgerLine extends LedgerRow {
  tx_hash: string;
  timestamp: bigint;
  job: string | null;
  provider: string | null;
}

/** Newest first, the lines of one event by falling place: the primary key, read backwards from where a page ended. */
export async function listLedger(
  db: Queryable,
  q: { wallet: string; after: LedgerKey | null; limit: number },
): Promise<LedgerLine[]> {
  const { where, param, params } = conditions();
  where.push(`wallet = ${param(q.wallet)}`);
  if (q.after) {
    const { version, index, part } = q.after;
    where.push(
      `(version, event_index, line) < (${param(version)}::int8, ${param(index)}::int4, ${param(part)}::int4)`,
    );
  }
  const { rows } = await db.query(
    `SELECT l.*, e.tx_hash, e.timestamp, e.job, e.provider
     FROM (SELECT * FROM ledger_entries WHERE ${where.join(" AND ")}
           ORDER BY version DESC, event_index DESC, line DESC LIMIT ${param(q.limit)}) l
     JOIN events e ON e.version = l.version AND e.event_index = l.event_index
     ORDER BY l.version DESC, l.event_index DESC, l.line DESC`,
    params,
  );
  return rows.map(decodeLedgerLine);
}

/** A row of the ledger beside those columns of its event. */
export function decodeLedgerLine(row: Record<string, unknown>): LedgerLine {
  return {
    ...decodeRow(LEDGER, row),
    tx_hash: row.tx_hash as string,
    timestamp: BigInt(row.timestamp as string),
    job: row.job as string | null,
    provider: row.provider as string | null,
  };
}
