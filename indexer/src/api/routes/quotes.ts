/**
 * Answers the routes about quotes.
 * It doesn't know SQL or paths' parameters: the table does.
 */
import type { QuoteDto } from "@computestream/protocol/api";
import type { AssetBook } from "../../assets/book.ts";
import type { Context } from "../../context.ts";
import { readSnapshot } from "../../db/client.ts";
import { findQuote, listQuoteRefunds, listQuotes } from "../../db/queries/quotes.ts";
import type { QuoteRow } from "../../db/quote-tables.ts";
import { ApiError } from "../../errors.ts";
import { decodeCursor, toPage, zPositionKey } from "../pagination.ts";
import type { QUOTE_ROUTES } from "../table/quotes.ts";
import type { Handlers } from "../table/types.ts";

const MAX_REFUNDS = 20;

export function quoteHandlers({ pool, assets }: Context): Handlers<typeof QUOTE_ROUTES> {
  return {
    "/api/v1/quotes": async ({ query: { payer, job, state, limit, cursor } }) => {
      const rows = await listQuotes(pool, {
        filter: { payer, job, redeemed: state === undefined ? undefined : state === "Redeemed" },
        after: decodeCursor(zPositionKey, cursor),
        limit: limit + 1,
      });
      const keyOf = (row: QuoteRow) => ({ version: row.used_version.toString(), index: row.used_index });
      return { body: toPage(rows, limit, (row) => quoteDto(row, assets), keyOf) };
    },

    "/api/v1/quotes/:address": async ({ params: { address } }) =>
      readSnapshot(pool, async (db) => {
        const row = await findQuote(db, address);
        if (!row) {
          const why = `no quote at ${address} was used: what lies at an unused one the chain's node knows`;
          throw new ApiError(404, "QUOTE_NOT_FOUND", why, "address");
        }
        const refunds = await listQuoteRefunds(db, address, MAX_REFUNDS);
        const newestRefunds = refunds.map((refund) => ({
          version: refund.version.toString(),
          index: refund.event_index,
          txHash: refund.tx_hash,
          timestamp: Number(refund.refunded_at),
          asset: assets.describe(refund.asset),
          amount: refund.amount.toString(),
          refundedBy: refund.refunded_by,
        }));
        return { body: { ...quoteDto(row, assets), newestRefunds } };
      }),
  };
}

function quoteDto(row: QuoteRow, book: AssetBook): QuoteDto {
  return {
    quote: row.quote,
    payer: row.payer,
    state: row.job === null ? "Refunded" : "Redeemed",
    job: row.job,
    asset: book.describe(row.asset),
    deposit: row.deposit.toString(),
    refunded: row.refunded.toString(),
    refunds: Number(row.refunds),
    usedBy: row.used_by,
    usedAt: Number(row.used_at),
    version: row.used_version.toString(),
    index: row.used_index,
    txHash: row.used_tx,
  };
}
