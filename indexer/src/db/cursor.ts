/**
 * The cursor row: which chain this database mirrors and up to where.
 * It doesn't read the chain; `chain/identity.ts` compares.
 */
import type { Queryable } from "./table.ts";

export interface Cursor {
  chainId: number;
  packageAddress: string;
  genesisHash: string | null;
  /** The first ledger version that isn't in the mirror. */
  nextVersion: bigint;
  lastHash: string | null;
  /** Chain time of the last mirrored transaction. */
  lastTimestampUsecs: bigint;
}

const COLUMNS = "chain_id, package_address, genesis_hash, next_version, last_hash, last_timestamp_usecs";

export async function readCursor(
  db: Queryable,
  lock: "lock" | "no lock" = "no lock",
): Promise<Cursor | null> {
  const text = `SELECT ${COLUMNS} FROM chain_cursor${lock === "lock" ? " FOR UPDATE" : ""}`;
  const { rows } = await db.query({ name: `cursor ${lock}`, text });
  const row = rows[0];
  if (!row) return null;
  return {
    chainId: row.chain_id,
    packageAddress: row.package_address,
    genesisHash: row.genesis_hash,
    nextVersion: BigInt(row.next_version),
    lastHash: row.last_hash,
    lastTimestampUsecs: BigInt(row.last_timestamp_usecs),
  };
}

/** Leaves an existing row alone. */
export async function createCursor(db: Queryable, cursor: Cursor): Promise<void> {
  await db.query(
    `INSERT INTO chain_cursor (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
    [
      cursor.chainId,
      cursor.packageAddress,
      cursor.genesisHash,
      cursor.nextVersion.toString(),
      cursor.lastHash,
      cursor.lastTimestampUsecs.toString(),
    ],
  );
}

export async function advanceCursor(
  db: Queryable,
  to: Pick<Cursor, "nextVersion" | "lastHash" | "lastTimestampUsecs">,
): Promise<void> {
  await db.query("UPDATE chain_cursor SET next_version = $1, last_hash = $2, last_timestamp_usecs = $3", [
    to.nextVersion.toString(),
    to.lastHash,
    to.lastTimestampUsecs.toString(),
  ]);
}
