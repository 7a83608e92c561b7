/**
 * A sent transaction's way to a result that is certain: by its hash, until it stands on chain or never can.
 * It doesn't store anything, and never takes silence for failure.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fromHex } from "@computestream/protocol";
import { type ChainClient, ChainError, type Outcome } from "@computestream/protocol/client";
import type { Sponsored, SponsoredResult } from "../store/sponsored.ts";

export type FollowChain = Pick<ChainClient, "submit" | "findByHash" | "ledger" | "sequenceNumber">;

export interface Followed {
  result: SponsoredResult;
  /** Null unless it stands on chain. */
  outcome: Outcome | null;
}

const POLL_FIRST_MS = 30;
const POLL_MAX_MS = 500;
/** Between two questions whether it can still come, and two submissions. */
const LOOK_EVERY_MS = 2_000;
/** Behind one address there may be several nodes, and one of them a little late: what is missing is looked for again. */
const DOUBT_MS = 3_000;

/**
 * Null when nothing is certain after `timeoutMs`. `isNew`: nobody has sent it before, so that the node's refusal is its
 * end.
 */
export async function follow(
  chain: FollowChain,
  record: Pick<Sponsored, "hash" | "bytes" | "sender" | "sequenceNumber" | "expiresAt">,
  options: { timeoutMs: number; signal: AbortSignal; isNew: boolean; doubtMs?: number },
): Promise<Followed | null> {
  const deadline = performance.now() + options.timeoutMs;
  let delayMs = POLL_FIRST_MS;
  let lookAt = 0;
  for (;;) {
    const now = performance.now();
    const looks = now >= lookAt;
    try {
      const outcome = looks ? null : await chain.findByHash(record.hash);
      const found = outcome
        ? ended(outcome)
        : looks
          ? await look(chain, record, {
              isFirst: options.isNew && lookAt === 0,
              signal: options.signal,
              doubtMs: options.doubtMs ?? DOUBT_MS,
            })
          : null;
      if (found) return found;
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
    }
    if (looks) lookAt = now + LOOK_EVERY_MS;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0 || options.signal.aborted) return null;
    await sleep(Math.min(delayMs, leftMs), undefined, { signal: options.signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 1.6, POLL_MAX_MS);
  }
}

async function look(
  chain: FollowChain,
  record: Parameters<typeof follow>[1],
  { isFirst, signal, doubtMs }: { isFirst: boolean; signal: AbortSignal; doubtMs: number },
): Promise<Followed | null> {
  /** Null when there is no time left to be sure. */
  const unlessFound = async (verdict: Followed): Promise<Followed | null> => {
    const found = await chain.findByHash(record.hash);
    if (found) return ended(found);
    await sleep(doubtMs, undefined, { signal }).catch(() => undefined);
    const late = await chain.findByHash(record.hash);
    if (late) return ended(late);
    return signal.aborted ? null : verdict;
  };
  if (!isFirst) {
    // The clock and the number are read before the search: what is not found after them never comes.
    const { timestampUsecs } = await chain.ledger();
    const nextNumber = await chain.sequenceNumber(record.sender);
    if (nextNumber > BigInt(record.sequenceNumber))
      return unlessFound(
        never("SEQUENCE_NUMBER_USED", "Its sequence number was used by another transaction."),
      );
    if (timestampUsecs / 1_000_000n > BigInt(record.expiresAt))
      return unlessFound(never("TRANSACTION_EXPIRED", "It was not committed before it expired."));
    const outcome = await chain.findByHash(record.hash);
    if (outcome) return ended(outcome);
  }
  try {
    await chain.submit({ hash: record.hash, bytes: fromHex(record.bytes) });
  } catch (error) {
    if (!(error instanceof ChainError) || error.retryable) throw error;
    const { code, message } = error.failure;
    // Its number may have been taken by a copy that got through after all; of the rest only expiry is the end for sure.
    const isOver = code === "TRANSACTION_EXPIRED" || (isFirst && code !== "SEQUENCE_NUMBER_TOO_OLD");
    if (!isOver) throw error;
    const verdict = never(code, message);
    if (!isFirst) return unlessFound(verdict);
    const late = await chain.findByHash(record.hash);
    return late ? ended(late) : verdict;
  }
  return null;
}

function ended(outcome: Outcome): Followed {
  return {
    result: {
      result: outcome.success ? "committed" : "failed",
      code: outcome.failure?.code ?? null,
      message: outcome.failure?.message ?? null,
    },
    outcome,
  };
}

function never(code: string, message: string): Followed {
  return { result: { result: "never", code, message }, outcome: null };
}
