/**
 * Follows one journalled transaction until its result is certain: on chain, or never to be there.
 * It doesn't write the result down. Unknown is never taken for failed: what isn't found is looked for again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { fromHex } from "@computestream/protocol";
import { type ChainClient, ChainError, type Outcome } from "@computestream/protocol/client";
import { messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { Intent, IntentResult } from "../store/intents.ts";

const WAIT_MS = 5_000;
const POLL_FIRST_MS = 100;
const POLL_MAX_MS = 1_000;

export interface Followed {
  result: IntentResult;
  /** null when it never came on chain. */
  outcome: Outcome | null;
}

export async function followIntent(p: {
  chain: Pick<ChainClient, "submit" | "findByHash" | "waitFor" | "ledger" | "sequenceNumber">;
  sender: string;
  intent: Intent;
  /** The node took it a moment ago. */
  sent: boolean;
  signal: AbortSignal;
  /** Throws when following must end here. */
  check: () => void;
  logger: Logger;
}): Promise<Followed> {
  const { chain, intent, logger } = p;
  const ended = (outcome: Outcome): Followed => ({
    result: {
      hash: intent.hash,
      result: outcome.success ? "committed" : "failed",
      version: outcome.version.toString(),
      code: outcome.failure?.code ?? null,
      message: outcome.failure?.message ?? null,
    },
    outcome,
  });
  const never = (
    result: "expired" | "superseded",
    code: string | null,
    message: string | null,
  ): Followed => ({
    result: { hash: intent.hash, result, version: null, code, message },
    outcome: null,
  });

  if (p.sent) {
    const outcome = await chain.waitFor(intent.hash, { timeoutMs: WAIT_MS }).catch((error: unknown) => {
      logger.warn({ hash: intent.hash, reason: messageOf(error) }, "outcome not known yet");
      return null;
    });
    if (outcome) return ended(outcome);
  }
  let delayMs = POLL_FIRST_MS;
  for (;;) {
    p.check();
    let refusal: ChainError | null = null;
    try {
      // The clock and the number are read before the search: what is not found after them never comes.
      const { timestampUsecs } = await chain.ledger();
      const nextNumber = await chain.sequenceNumber(p.sender);
      const outcome = await chain.findByHash(intent.hash);
      if (outcome) return ended(outcome);
      if (nextNumber > BigInt(intent.sequenceNumber)) {
        return never("superseded", null, "Its sequence number was used by another transaction.");
      }
      if (timestampUsecs / 1_000_000n > BigInt(intent.expiresAt)) {
        return never("expired", null, "It was not committed before it expired.");
      }
      await chain.submit({ hash: intent.hash, bytes: fromHex(intent.bytes) });
      return ended(await chain.waitFor(intent.hash, { timeoutMs: WAIT_MS }));
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      if (!error.retryable) refusal = error;
      logger.debug({ hash: intent.hash, reason: error.message }, "outcome not known yet");
    }
    // The node's own clock says it is over, though the ledger's stands still without transactions.
    if (refusal?.failure.code === "TRANSACTION_EXPIRED") {
      const outcome = await chain.findByHash(intent.hash).catch((error: unknown) => {
        if (error instanceof ChainError && error.retryable) return undefined;
        throw error;
      });
      if (outcome) return ended(outcome);
      if (outcome === null) return never("expired", refusal.failure.code, refusal.failure.message);
    }
    await sleep(delayMs, undefined, { signal: p.signal }).catch(() => undefined);
    delayMs = Math.min(delayMs * 2, POLL_MAX_MS);
  }
}
