/**
 * Named reads of the market's parameters and assets. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { MARKET, type MarketRow } from "../tables.ts";

/** Null until the chain has told of them. */
export async function readMarket(db: Queryable): Promise<MarketRow | null> {
  const { rows } = await db.query("SELECT * FROM market_parameters");
  return rows[0] ? decodeRow(MARKET, rows[0]) : null;
}

export interface AssetUse {
  asset: string;
  /** Null when the chain has never said. */
  allowed: boolean | null;
  providers: number;
  jobs: number;
  /** Decimal strings. */
  escrowLocked: string;
  volumeSettled: string;
  staked: string;
}

/** What `listAssets` tells of, but `known`. */
const USED = `SELECT asset FROM assets UNION SELECT asset FROM provider_totals
  UNION SELECT asset FROM job_totals WHERE party = 'market'`;

/** Addresses of every asset that is allowed, was once, or is used. */
export async function listUsedAssets(db: Queryable): Promise<string[]> {
  const { rows } = await db.query(`${USED} LIMIT 500`);
  return rows.map(({ asset }) => asset);
}

/** Every asset that is allowed, was once, or is used, and `known`; by address. */
export async function listAssets(db: Queryable, known: string): Promise<AssetUse[]> {
  const { rows } = await db.query(
    `SELECT n.asset, a.allowed, coalesce(p.providers, 0)::int AS providers, coalesce(j.jobs, 0)::int AS jobs,
            coalesce(j.balance, 0)::text AS "escrowLocked", coalesce(j.paid, 0)::text AS "volumeSettled",
            coalesce(p.staked, 0)::text AS staked
     FROM (SELECT $1::text AS asset UNION ${USED}) n
     LEFT JOIN assets a USING (asset)
     LEFT JOIN provider_totals p USING (asset)
     LEFT JOIN job_totals j ON j.party = 'market' AND j.address = '' AND j.asset = n.asset
     ORDER BY n.asset LIMIT 500`,
    [known],
  );
  return rows;
}
