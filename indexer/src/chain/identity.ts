/**
 * Makes sure that a database and a node speak of the same chain, before and while they are joined.
 * It doesn't index anything.
 */
import { ChainError } from "@computestream/protocol/client";
import type { Deployment } from "@computestream/protocol/deployment";
import { type Cursor, createCursor, readCursor } from "../db/cursor.ts";
import type { Queryable } from "../db/table.ts";
import { FatalError } from "../errors.ts";
import type { ChainSource } from "./source.ts";

const REMEDY =
  "point DATABASE_URL to an empty database for this chain, or DEPLOYMENT_FILE and NODE_URL to the chain it mirrors";

/** Throws `FatalError` (`CHAIN_MISMATCH`) when the database mirrors another deployment. */
export function assertSameDeployment(cursor: Cursor, deployment: Deployment): void {
  if (cursor.chainId !== deployment.chainId) {
    throw mismatch(
      `the database mirrors chain id ${cursor.chainId}, the deployment is on ${deployment.chainId}`,
    );
  }
  if (cursor.packageAddress !== deployment.packageAddress) {
    throw mismatch(
      `the database mirrors package ${cursor.packageAddress}, the deployment is ${deployment.packageAddress}`,
    );
  }
}

/**
 * The cursor to go on from; made at `startVersion` for an empty database. Throws `FatalError` (`CHAIN_MISMATCH`) when
 * the node's chain id, genesis or last mirrored transaction is not the stored one.
 */
export async function openCursor(db: Queryable, source: ChainSource, startVersion: bigint): Promise<Cursor> {
  await source.assertChain();
  const genesisHash = await readGenesisHash(source);
  const { deployment } = source;
  await createCursor(db, {
    chainId: deployment.chainId,
    packageAddress: deployment.packageAddress,
    genesisHash,
    nextVersion: startVersion,
    lastHash: null,
    lastTimestampUsecs: 0n,
  });
  const cursor = await readCursor(db);
  if (!cursor)
    throw new FatalError("MIRROR_CORRUPT", "the cursor row is gone: index again into an empty database");
  assertSameDeployment(cursor, deployment);
  if (cursor.genesisHash !== null && genesisHash !== null && cursor.genesisHash !== genesisHash) {
    throw mismatch(
      "the database mirrors another chain with the same chain id (its first transaction differs)",
    );
  }
  await assertContinues(source, cursor);
  return cursor;
}

/** Throws `FatalError` (`CHAIN_MISMATCH`) when the node has another transaction where the mirror ends. */
export async function assertContinues(
  source: ChainSource,
  cursor: Pick<Cursor, "nextVersion" | "lastHash">,
): Promise<void> {
  if (cursor.lastHash === null) return;
  const version = cursor.nextVersion - 1n;
  const { version: head } = await source.ledger();
  // A replica that lags answers later; a reset chain is recognised once it has grown this far.
  if (head < version) return;
  const [transaction] = await source.transactions(version, 1);
  if (transaction && (transaction.version !== version || transaction.hash !== cursor.lastHash)) {
    throw mismatch(
      `the chain was reset: at version ${version} it has transaction ${transaction.hash}, the database ${cursor.lastHash}`,
    );
  }
}

/** Null when the node has pruned the beginning of its history. */
async function readGenesisHash(source: ChainSource): Promise<string | null> {
  try {
    const [genesis] = await source.transactions(0n, 1);
    return genesis?.version === 0n ? genesis.hash : null;
  } catch (error) {
    if (error instanceof ChainError && !error.retryable) return null;
    throw error;
  }
}

export function mismatch(fact: string): FatalError {
  return new FatalError("CHAIN_MISMATCH", `${fact}: ${REMEDY}`);
}
