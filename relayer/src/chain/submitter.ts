/**
 * The owner of the sequence number: one transaction at a time is signed, journalled, sent and followed to its result.
 * It doesn't choose what to send, and never signs a second transaction for a number whose first may still commit.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { fromHex, toHex } from "@computestream/protocol";
import { type ChainClient, ChainError, type Outcome } from "@computestream/protocol/client";
import { AppError, messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { Intent, IntentKind, IntentResult, IntentStore, Lease } from "../store/intents.ts";
import type { Signer } from "./signer.ts";

type Chain = Pick<
  ChainClient,
  "build" | "sign" | "submit" | "findByHash" | "waitFor" | "ledger" | "sequenceNumber"
>;

export interface Submission {
  kind: IntentKind;
  payload: InputEntryFunctionData;
  jobs: string[];
  seqs: bigint[];
}

/** Not ours to submit, or stopping: nothing was sent beyond what the journal holds. */
export class NotSubmittedError extends AppError {
  constructor(code: "NOT_THE_SUBMITTER" | "STOPPING", message: string) {
    super(503, code, message);
    this.name = "NotSubmittedError";
  }
}

export interface Submitter {
  /**
   * Resolves with what stands on chain, failed or not. Throws `ChainError` when the node refused it,
   * `NotSubmittedError`, or `UnavailableError` when it could not be journalled.
   */
  send(submission: Submission): Promise<Outcome>;
  /** Follows every journalled intent without a result to its result. */
  reconcile(): Promise<IntentResult[]>;
  /** Lets the transaction on its way finish for at most `graceMs`; what is open then is reconciled at the next start. */
  close(graceMs: number): Promise<void>;
}

const EXPIRE_IN_SECS = 30;
const WAIT_MS = 5_000;
const POLL_FIRST_MS = 100;
const POLL_MAX_MS = 1_000;

export function createSubmitter(options: {
  chain: Chain;
  signer: Signer;
  intents: IntentStore;
  lease: () => Lease | null;
  logger: Logger;
  onResult?: (kind: IntentKind, result: IntentResult) => void;
}): Submitter {
  const { chain, signer, intents, logger } = options;
  const stop = new AbortController();
  let stopping = false;
  let tail: Promise<unknown> = Promise.resolve();

  /** One at a time, in order of call. */
  function exclusive<T>(action: () => Promise<T>): Promise<T> {
    const run = tail.then(action);
    tail = run.catch(() => undefined);
    return run;
  }

  function holdLease(): Lease {
    const lease = options.lease();
    if (!lease)
      throw new NotSubmittedError("NOT_THE_SUBMITTER", "Another instance holds the right to submit.");
    return lease;
  }

  async function close(intent: Intent, result: IntentResult): Promise<IntentResult> {
    await intents.resolve(result);
    options.onResult?.(intent.kind, result);
    const level = result.result === "committed" ? "debug" : "warn";
    logger[level](
      {
        hash: intent.hash,
        kind: intent.kind,
        jobs: intent.jobs.length,
        result: result.result,
        code: result.code,
      },
      "transaction ended",
    );
    return result;
  }

  /** Follows a journalled intent until its result is certain; `sent` = the node took it a moment ago. */
  async function follow(
    intent: Intent,
    sent: boolean,
  ): Promise<{ result: IntentResult; outcome: Outcome | null }> {
    const ended = async (outcome: Outcome) => ({
      result: await close(intent, {
        hash: intent.hash,
        result: outcome.success ? "committed" : "failed",
        version: outcome.version.toString(),
        code: outcome.failure?.code ?? null,
        message: outcome.failure?.message ?? null,
      }),
      outcome,
    });
    const never = async (result: "expired" | "superseded", code: string | null, message: string | null) => ({
      result: await close(intent, { hash: intent.hash, result, version: null, code, message }),
      outcome: null,
    });
    if (sent) {
      const outcome = await chain.waitFor(intent.hash, { timeoutMs: WAIT_MS }).catch((error: unknown) => {
        logger.warn({ hash: intent.hash, reason: messageOf(error) }, "outcome not known yet");
        return null;
      });
      if (outcome) return await ended(outcome);
    }
    let delayMs = POLL_FIRST_MS;
    for (;;) {
      if (stop.signal.aborted) throw new NotSubmittedError("STOPPING", "The relayer is stopping.");
      holdLease();
      let refusal: ChainError | null = null;
      try {
        // The clock and the number are read before the search: what is not found after them never comes.
        const { timestampUsecs } = await chain.ledger();
        const nextNumber = await chain.sequenceNumber(signer.address);
        const outcome = await chain.findByHash(intent.hash);
        if (outcome) return await ended(outcome);
        if (nextNumber > BigInt(intent.sequenceNumber)) {
          return await never("superseded", null, "Its sequence number was used by another transaction.");
        }
        if (timestampUsecs / 1_000_000n > BigInt(intent.expiresAt)) {
          return await never("expired", null, "It was not committed before it expired.");
        }
        await chain.submit({ hash: intent.hash, bytes: fromHex(intent.bytes) });
        return await ended(await chain.waitFor(intent.hash, { timeoutMs: WAIT_MS }));
      } catch (error) {
        if (!(error instanceof ChainError)) throw error;
        if (!error.retryable) refusal = error;
        logger.debug({ hash: intent.hash, reason: error.message }, "outcome not known yet");
      }
      // The node's own clock says it is over, though the ledger's stands still without transactions.
      if (refusal?.failure.code === "TRANSACTION_EXPIRED") {
        const outcome = await chain.findByHash(intent.hash);
        if (outcome) return await ended(outcome);
        return await never("expired", refusal.failure.code, refusal.failure.message);
      }
      await sleep(delayMs, undefined, { signal: stop.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, POLL_MAX_MS);
    }
  }

  async function reconcileNow(): Promise<IntentResult[]> {
    const results: IntentResult[] = [];
    for (const intent of await intents.open()) {
      logger.info(
        { hash: intent.hash, kind: intent.kind },
        "reconciling a transaction without a known result",
      );
      results.push((await follow(intent, false)).result);
    }
    return results;
  }

  async function sendNow({ kind, payload, jobs, seqs }: Submission): Promise<Outcome> {
    if (stopping) throw new NotSubmittedError("STOPPING", "The relayer is stopping.");
    const lease = holdLease();
    await reconcileNow();
    const sequenceNumber = await chain.sequenceNumber(signer.address);
    const transaction = await chain.build(signer.address, payload, {
      sequenceNumber,
      expireInSecs: EXPIRE_IN_SECS,
    });
    const signed = signer.sign(chain, transaction);
    const intent: Intent = {
      hash: signed.hash,
      bytes: toHex(signed.bytes),
      kind,
      jobs,
      seqs: seqs.map(String),
      sequenceNumber: signed.sequenceNumber.toString(),
      expiresAt: signed.expiresAt.toString(),
      fence: lease.fence,
    };
    if (!(await intents.record(lease, intent))) {
      throw new NotSubmittedError("NOT_THE_SUBMITTER", "The right to submit passed to another instance.");
    }
    let sent = true;
    try {
      await chain.submit(signed);
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      // Journalled just now and sent once: a refusal is its end, unless its number was taken under our feet.
      if (!error.retryable && error.failure.code !== "SEQUENCE_NUMBER_TOO_OLD") {
        const { code, message } = error.failure;
        await close(intent, { hash: intent.hash, result: "refused", version: null, code, message });
        throw error;
      }
      sent = false;
      logger.warn(
        { hash: intent.hash, reason: messageOf(error) },
        "submission not confirmed; following the hash",
      );
    }
    const { result, outcome } = await follow(intent, sent);
    if (outcome) return outcome;
    throw new ChainError(
      { code: `TRANSACTION_${result.result.toUpperCase()}`, module: null, message: result.message ?? "" },
      { retryable: true },
    );
  }

  return {
    send: (submission) => exclusive(() => sendNow(submission)),
    reconcile: () => exclusive(reconcileNow),
    async close(graceMs) {
      stopping = true;
      await Promise.race([tail, sleep(graceMs, undefined, { ref: false })]);
      stop.abort();
      await tail;
    },
  };
}
