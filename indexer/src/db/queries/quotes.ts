/**
 * Named reads of used quotes and what came back from them. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { QUOTE_REFUNDS, QUOTES, type QuoteRefundRow, type QuoteRow } from "../quote-tables.ts";
import { decodeRow, type Queryable } from "../table.ts";
import { conditions } from "./conditions.ts";
import type { PositionKey } from "./jobs.ts";

export interface QuoteFilter {
  payer?: string | undefined;
  job?: string | undefined;
  /** Whether it became a job; its money went back otherwise. */
  redeemed?: boolean | undefined;
}

/** By when they were used, newest first. */
export async function listQuotes(
  db: Queryable,
  q: { filter: QuoteFilter; after: PositionKey | null; limit: number },
): Promise<QuoteRow[]> {
  const { where, param, params } = conditions();
  if (q.filter.payer) where.push(`payer = ${param(q.filter.payer)}`);
  if (q.filter.job) where.push(`job = ${param(q.filter.job)}`);
  // As text and not as a parameter: only so can the partial indexes serve it.
  if (q.filter.redeemed !== undefined) where.push(`job IS ${q.filter.redeemed ? "NOT NULL" : "NULL"}`);
  if (q.after) {
    where.push(
      `(used_version, used_index) < (${param(q.after.version)}::int8, ${param(q.after.index)}::int4)`,
    );
  }
  const { rows } = await db.query(
    `SELECT * FROM quotes WHERE ${where.join(" AND ")}
     ORDER BY used_version DESC, used_index DESC LIMIT ${param(q.limit)}`,
    params,
  );
  return rows.map((row) => decodeRow(QUOTES, row));
}

export async function findQuote(db: Queryable, quote: string): Promise<QuoteRow | null> {
  const { rows } = await db.query("SELECT * FROM quotes WHERE quote = $1", [quote]);
  return rows[0] ? decodeRow(QUOTES, rows[0]) : null;
}

/** The newest `limit`, newest first. */
export async function listQuoteRefunds(
  db: Queryable,
  quote: string,
  limit: number,
): Promise<QuoteRefundRow[]> {
  const { rows } = await db.query(
    "SELECT * FROM quote_refunds WHERE quote = $1 ORDER BY version DESC, event_index DESC LIMIT $2",
    [quote, limit],
  );
  return rows.map((row) => decodeRow(QUOTE_REFUNDS, row));
}
