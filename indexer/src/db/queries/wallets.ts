/**
 * Named reads of what a wallet has in escrow, in bonds and at stake. They never write.
 * It doesn't know DTOs or HTTP.
 */
import type { Queryable } from "../table.ts";

/** Decimal strings. */
export interface WalletBalance {
  asset: string;
  escrow: string;
  held: string;
  deposited: string;
  spent: string;
  refunded: string;
  bonds: string;
  staked: string;
  unbonding: string;
  earned: string;
}

/** One for each asset that the wallet's jobs and providers have had to do with, by the asset's address. */
export async function walletBalances(db: Queryable, wallet: string): Promise<WalletBalance[]> {
  const sums = ["escrow", "held", "deposited", "spent", "refunded", "bonds", "staked", "unbonding", "earned"];
  const { rows } = await db.query(
    `SELECT asset, ${sums.map((name) => `sum(${name})::text AS ${name}`).join(", ")}
     FROM (
       SELECT asset, balance AS escrow, held, deposited, paid AS spent, refunded, 0 AS bonds, 0 AS staked,
              0 AS unbonding, 0 AS earned
       FROM job_totals WHERE party = 'buyer' AND address = $1
       UNION ALL
       SELECT j.asset, 0, 0, 0, 0, 0, c.bond, 0, 0, 0
       FROM cases c JOIN jobs j ON j.job = c.job WHERE c.buyer = $1 AND c.closed_version IS NULL
       UNION ALL
       SELECT asset, 0, 0, 0, 0, 0, 0, staked, unbonding, 0 FROM providers WHERE owner = $1
       UNION ALL
       SELECT t.asset, 0, 0, 0, 0, 0, 0, 0, 0, t.paid - t.fee_paid
       FROM providers p JOIN job_totals t ON t.party = 'provider' AND t.address = p.provider WHERE p.owner = $1
     ) AS parts GROUP BY asset ORDER BY asset`,
    [wallet],
  );
  return rows;
}
