/**
 * Named read of the events that moved money between a wallet and the market. It never writes.
 * It doesn't know how an event becomes lines of a ledger: api/ledger.ts does, and both must name the same events.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { EVENTS, type EventRow } from "../tables.ts";
import { conditions } from "./conditions.ts";
import type { PositionKey } from "./jobs.ts";

/** An event, and what it doesn't tell itself about the money it moved. */
export interface MoneyEvent {
  event: EventRow;
  asset: string;
  /** Of the provider that the event or its job names; "" where there is none. */
  owner: string;
  /** Of the case that the event closed; "0" where it closed none. */
  bond: string;
}

/**
 * Newest first, from `from` on, itself included. Every event here moves something, so that each gives at least one line.
 * `$1` is the wallet.
 */
const MOVES_MONEY = [
  "(e.name = 'EscrowDeposited' AND e.data->>'payer' = $1 AND e.data->>'amount' <> '0')",
  "(e.name = 'EscrowRefunded' AND e.data->>'to' = $1 AND e.data->>'amount' <> '0')",
  "(e.name = 'StreamSettled' AND e.data->>'payee' = $1 AND e.data->>'amount' <> e.data->>'fee')",
  "(e.name = 'StreamSettled' AND e.data->>'keeper' = $1 AND e.data->>'keeper_fee' <> '0')",
  "(e.name = 'ProviderRegistered' AND e.data->>'owner' = $1 AND e.data->>'staked' <> '0')",
  `(e.name IN ('StakeAdded', 'StakeWithdrawn') AND e.data->>'amount' <> '0'
    AND e.provider IN (SELECT provider FROM providers WHERE owner = $1))`,
  "(e.name = 'StakeSlashed' AND e.data->>'reporter' = $1 AND e.data->>'reward' <> '0')",
  `(e.name IN ('OutputChallenged', 'ArbitrationOpened') AND e.data->>'buyer' = $1 AND e.data->>'bond' <> '0')`,
  `(e.name = 'ChallengeAnswered' AND e.data->>'bond' <> '0' AND e.job IN (
      SELECT j.job FROM providers p JOIN jobs j ON j.provider = p.provider WHERE p.owner = $1))`,
  `(e.name = 'ChallengeLost' AND e.data->>'refunded_bond' <> '0'
    AND e.job IN (SELECT job FROM jobs WHERE buyer = $1))`,
  `(e.name = 'ArbitrationDecided' AND e.data->>'bond_to' = $1 AND EXISTS (
      SELECT FROM cases c WHERE c.job = e.job AND c.closed_version = e.version AND c.bond > 0))`,
].join(" OR ");

export async function listMoneyEvents(
  db: Queryable,
  q: { wallet: string; from: PositionKey | null; limit: number },
): Promise<MoneyEvent[]> {
  const { where, param, params } = conditions();
  param(q.wallet);
  where.push(`(${MOVES_MONEY})`);
  if (q.from) {
    where.push(
      `(e.version, e.event_index) <= (${param(q.from.version)}::int8, ${param(q.from.index)}::int4)`,
    );
  }
  const { rows } = await db.query(
    `SELECT e.*, coalesce(j.asset, p.asset, '') AS asset, coalesce(p.owner, '') AS owner,
            coalesce((SELECT max(c.bond) FROM cases c WHERE c.job = e.job AND c.closed_version = e.version), 0)::text
              AS bond
     FROM (SELECT * FROM events e WHERE ${where.join(" AND ")}
           ORDER BY e.version DESC, e.event_index DESC LIMIT ${param(q.limit)}) e
     LEFT JOIN jobs j ON j.job = e.job
     LEFT JOIN providers p ON p.provider = coalesce(e.provider, j.provider)
     ORDER BY e.version DESC, e.event_index DESC`,
    params,
  );
  return rows.map((row) => ({
    event: decodeRow(EVENTS, row),
    asset: row.asset,
    owner: row.owner,
    bond: row.bond,
  }));
}
