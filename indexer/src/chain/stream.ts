/**
 * The chain's transactions in version order, without a gap, from a starting point to the head and beyond.
 * It doesn't store anything; it retries what may succeed later and throws what can't.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import { FatalError, isFatal } from "../errors.ts";
import { backoffMs, sleep } from "../retry.ts";
import { assertContinues, mismatch } from "./identity.ts";
import type { ChainSource } from "./source.ts";

/** Most that a node gives at once. */
const PAGE_SIZE = 100;

export interface StreamOptions {
  nextVersion: bigint;
  lastHash: string | null;
  pollIntervalMs: number;
  signal: AbortSignal;
  /** Pages fetched at once while far behind; they make one batch. */
  parallelPages?: number;
  /** Stop after the batch that holds this version instead of following the head. */
  untilVersion?: bigint;
  onHead?: (headVersion: bigint) => void;
  onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  onRecovered?: () => void;
}

/** Non-empty batches; ends when `signal` aborts or `untilVersion` is reached. Throws what `isFatal` says. */
export async function* streamTransactions(
  source: ChainSource,
  options: StreamOptions,
): AsyncGenerator<TransactionRecord[]> {
  let position = { nextVersion: options.nextVersion, lastHash: options.lastHash };
  const isDone = () => options.untilVersion !== undefined && position.nextVersion > options.untilVersion;
  // The next batch is fetched while the last one is being written.
  let ahead = isDone() ? null : fetchBatch(source, position, options);
  while (ahead && !options.signal.aborted) {
    const batch: TransactionRecord[] = await ahead;
    const last = batch.at(-1);
    if (!last) return;
    position = { nextVersion: last.version + 1n, lastHash: last.hash };
    ahead = isDone() ? null : fetchBatch(source, position, options);
    ahead?.catch(() => undefined); // told when awaited; the consumer may stop before that
    yield batch;
  }
}

/** The next batch, waiting for it if the head is reached; empty when aborted. */
async function fetchBatch(
  source: ChainSource,
  position: { nextVersion: bigint; lastHash: string | null },
  options: StreamOptions,
): Promise<TransactionRecord[]> {
  let attempt = 0;
  while (!options.signal.aborted) {
    try {
      // After a failure the node may be another one, or the same with a new chain.
      if (attempt > 0) await assertContinues(source, position);
      const batch = await tryFetch(source, position.nextVersion, options);
      if (attempt > 0) options.onRecovered?.();
      attempt = 0;
      if (batch.length > 0) return batch;
      await sleep(options.pollIntervalMs, options.signal);
    } catch (error) {
      if (options.signal.aborted) break;
      if (isFatal(error)) throw error;
      attempt += 1;
      const delayMs = backoffMs(attempt, Math.random());
      options.onRetry?.(error, attempt, delayMs);
      await sleep(delayMs, options.signal);
    }
  }
  return [];
}

async function tryFetch(
  source: ChainSource,
  nextVersion: bigint,
  options: StreamOptions,
): Promise<TransactionRecord[]> {
  const head = await source.ledger();
  if (head.chainId !== source.deployment.chainId) {
    throw mismatch(`the node is on chain id ${head.chainId}, the deployment on ${source.deployment.chainId}`);
  }
  options.onHead?.(head.version);
  if (head.version + 1n < nextVersion) {
    throw new Error(`the node is at version ${head.version}, behind the mirror at ${nextVersion - 1n}`);
  }
  const last =
    options.untilVersion !== undefined && options.untilVersion < head.version
      ? options.untilVersion
      : head.version;
  const wanted = Math.min(Number(last - nextVersion) + 1, PAGE_SIZE * (options.parallelPages ?? 4));
  if (wanted <= 0) return [];

  const pages: Array<Promise<TransactionRecord[]>> = [];
  for (let offset = 0; offset < wanted; offset += PAGE_SIZE) {
    pages.push(source.transactions(nextVersion + BigInt(offset), Math.min(PAGE_SIZE, wanted - offset)));
  }
  const batch: TransactionRecord[] = [];
  for (const [index, page] of (await Promise.all(pages)).entries()) {
    batch.push(...page);
    const expected = Math.min(PAGE_SIZE, wanted - index * PAGE_SIZE);
    if (page.length < expected) break; // a node may give less; what follows comes with the next batch
  }
  assertDense(batch, nextVersion);
  return batch;
}

function assertDense(batch: TransactionRecord[], nextVersion: bigint): void {
  for (const [offset, { version }] of batch.entries()) {
    const expected = nextVersion + BigInt(offset);
    if (version !== expected) {
      throw new FatalError(
        "CHAIN_GAP",
        `the node gave version ${version} where ${expected} was due: use a node that still has the whole history`,
      );
    }
  }
}
