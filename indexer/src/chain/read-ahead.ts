/**
 * Reads the chain ahead of whoever takes from it: pages side by side, given on in version order, in bounded memory.
 * It doesn't store anything; it retries what may succeed later and ends with what can't.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import { FatalError, isFatal } from "../errors.ts";
import { backoffMs, sleep } from "../retry.ts";
import { createFetchWindow, retryAfterMs } from "./fetch-window.ts";
import { assertContinues, mismatch } from "./identity.ts";
import type { ChainSource } from "./source.ts";
import { createTransactionQueue, type TakeLimit } from "./transaction-queue.ts";

/** Most that a node gives at once. */
const PAGE_SIZE = 100;
/** While far behind, how old the known head may get. */
const HEAD_FRESH_MS = 1_000;

/** How long after its last transaction a chain counts as busy. */
const BUSY_FOR_MS = 3_000;

/** A replica that lags, or a chain that was reset and isn't as long yet: the first comes back, the second is recognised. */
class NodeBehind extends Error {
  readonly code = "NODE_BEHIND";
}

export interface ReadAheadOptions {
  nextVersion: bigint;
  lastHash: string | null;
  pollIntervalMs: number;
  /** Most pages asked for at once. */
  parallelPages?: number;
  /** Stop after this version instead of following the head. */
  untilVersion?: bigint;
  onHead?: (head: { version: bigint; timestampUsecs: bigint }) => void;
  onRetry?: (error: unknown, attempt: number, delayMs: number) => void;
  onRecovered?: () => void;
}

export interface ReadAhead {
  /** At least one transaction, at most what `limit` says; empty at the end. Throws what `isFatal` says. */
  take(limit: TakeLimit): Promise<TransactionRecord[]>;
}

/** Reads until `signal` aborts. */
export function startReadAhead(
  source: ChainSource,
  options: ReadAheadOptions,
  signal: AbortSignal,
): ReadAhead {
  const window = createFetchWindow({ max: options.parallelPages ?? 16 });
  const queue = createTransactionQueue();
  let position = { nextVersion: options.nextVersion, lastHash: options.lastHash };
  let pageSize = PAGE_SIZE;
  let attempt = 0;
  let newAtMs = Number.NEGATIVE_INFINITY;

  async function fill(): Promise<void> {
    while (!signal.aborted && !isDone()) {
      try {
        // After a failure the node may be another one, or the same with a new chain.
        if (attempt > 0) await assertContinues(source, position);
        const progressed = await readOnwards();
        recovered();
        const now = performance.now();
        if (progressed) newAtMs = now;
        else await sleep(pollDelayMs(options.pollIntervalMs, now - newAtMs), signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isFatal(error)) throw error;
        attempt += 1;
        window.failed(error);
        const delayMs = Math.max(backoffMs(attempt, Math.random()), retryAfterMs(error));
        options.onRetry?.(error, attempt, delayMs);
        await sleep(delayMs, signal);
      }
    }
  }

  /** Up to the head, or to a page that is shorter than asked for; false when there was nothing new. */
  async function readOnwards(): Promise<boolean> {
    let last = await readLast();
    let lastReadAtMs = performance.now();
    let next = position.nextVersion;
    let progressed = false;
    // The chain may have become another since the last look without a request that failed: so the first page begins
    // with what is known.
    let known = position.lastHash;
    const inFlight: Array<{ size: number; page: Promise<TransactionRecord[]> }> = [];
    while (!signal.aborted) {
      while (next <= last && inFlight.length < window.size && queue.hasRoom(inFlight.length * PAGE_SIZE)) {
        const most = known === null ? pageSize : Math.min(pageSize, PAGE_SIZE - 1);
        const size = Math.min(most, Number(last - next) + 1);
        const page = known === null ? source.transactions(next, size) : readBehind(next, size, known);
        known = null;
        page.catch(() => undefined); // told when awaited; one before it may fail first
        inFlight.push({ size, page });
        next += BigInt(size);
      }
      const oldest = inFlight.shift();
      if (!oldest) {
        if (next > last) return progressed;
        await queue.taken(signal);
        continue;
      }
      const page = await oldest.page;
      if (signal.aborted) return progressed;
      if (!accept(page)) return progressed;
      progressed = true;
      // A node may give less than it is asked for; what was asked for behind that is asked for again.
      pageSize = page.length < oldest.size ? page.length : Math.min(PAGE_SIZE, pageSize * 2);
      if (page.length < oldest.size) return true;
      if (performance.now() - lastReadAtMs > HEAD_FRESH_MS) {
        last = await readLast();
        lastReadAtMs = performance.now();
      }
    }
    return progressed;
  }

  /** As `transactions`, when the one before `start` has this hash; throws `FatalError` (`CHAIN_MISMATCH`) otherwise. */
  async function readBehind(start: bigint, limit: number, hash: string): Promise<TransactionRecord[]> {
    const [before, ...page] = await source.transactions(start - 1n, limit + 1);
    // Something else than was asked for, or nothing but that: the plain question tells.
    if (before?.version !== start - 1n || page.length === 0) return source.transactions(start, limit);
    if (before.hash === hash) return page;
    throw mismatch(
      `the chain was reset: at version ${before.version} it has transaction ${before.hash}, the database ${hash}`,
    );
  }

  function accept(page: TransactionRecord[]): boolean {
    const newest = page.at(-1);
    if (!newest) return false;
    assertDense(page, position.nextVersion);
    position = { nextVersion: newest.version + 1n, lastHash: newest.hash };
    window.succeeded();
    recovered();
    queue.push(page);
    return true;
  }

  function recovered(): void {
    if (attempt > 0) options.onRecovered?.();
    attempt = 0;
  }

  /** The last version to read now. */
  async function readLast(): Promise<bigint> {
    const head = await source.ledger();
    if (head.chainId !== source.deployment.chainId) {
      throw mismatch(
        `the node is on chain id ${head.chainId}, the deployment on ${source.deployment.chainId}`,
      );
    }
    options.onHead?.(head);
    if (head.version + 1n < position.nextVersion) {
      throw new NodeBehind(
        `NODE_BEHIND: the node is at version ${head.version}, the mirror at ${position.nextVersion - 1n}`,
      );
    }
    const { untilVersion } = options;
    return untilVersion !== undefined && untilVersion < head.version ? untilVersion : head.version;
  }

  const isDone = () => options.untilVersion !== undefined && position.nextVersion > options.untilVersion;

  fill().then(
    () => queue.end(),
    (error: unknown) => queue.end(error),
  );
  return { take: (limit) => queue.take(limit, signal) };
}

/** While a chain is busy its next transaction is near: it is asked for four times as often. */
export function pollDelayMs(intervalMs: number, quietMs: number): number {
  return quietMs < BUSY_FOR_MS ? Math.ceil(intervalMs / 4) : intervalMs;
}

function assertDense(page: TransactionRecord[], nextVersion: bigint): void {
  for (const [offset, { version }] of page.entries()) {
    const expected = nextVersion + BigInt(offset);
    if (version !== expected) {
      throw new FatalError(
        "CHAIN_GAP",
        `the node gave version ${version} where ${expected} was due: use a node that still has the whole history`,
      );
    }
  }
}
