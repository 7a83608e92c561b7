/**
 * Transactions of the operator: one at a time, so the nonce has one owner, each journalled before it is sent.
 * It doesn't know when to send what, and never repeats a transaction whose outcome is unknown.
 */
import { fromHex, toHex } from "@computestream/protocol";
import { type ChainClient, ChainError, type Outcome } from "@computestream/protocol/client";
import { NodeError } from "./errors.ts";
import type { JournalRecord, TxIntent } from "./journal.ts";
import type { Logger } from "./logger.ts";
import type { OperatorKey } from "./operator-key.ts";

/** Where intents go; a job's journal is one. */
export interface IntentLog {
  append(record: JournalRecord): Promise<void>;
}

export type Payload = Parameters<ChainClient["build"]>[1];

export interface Operator {
  readonly address: string;
  /**
   * Signs, journals, sends, waits. The outcome may be a failure of the VM. Throws `NodeError`:
   * `TX_REFUSED` (never entered the chain), `TX_UNKNOWN` (retryable: `resolve` the intent before anything else).
   */
  execute(kind: string, payload: Payload, journal: IntentLog): Promise<Outcome>;
  /** Settles an intent left open by a crash or a lost connection. False while its outcome isn't known. */
  resolve(intent: TxIntent, journal: IntentLog): Promise<boolean>;
}

export interface OperatorOptions {
  client: ChainClient;
  key: OperatorKey;
  log: Logger;
  onOutcome?(kind: string, result: "committed" | "failed" | "lost"): void;
}

/** Nonce clashes are normal when the owner uses the same key elsewhere. */
const NONCE_ATTEMPTS = 3;
const WAIT_MS = 30_000;

export function createOperator(options: OperatorOptions): Operator {
  const { client, key, log, onOutcome } = options;
  let queue: Promise<unknown> = Promise.resolve();

  function serialised<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  }

  async function record(
    journal: IntentLog,
    kind: string,
    hash: string,
    outcome: Outcome | null,
  ): Promise<void> {
    const result = outcome === null ? "lost" : outcome.success ? "committed" : "failed";
    const code = outcome?.failure?.code;
    await journal.append({ t: "tx-outcome", hash, result, ...(code === undefined ? {} : { code }) });
    onOutcome?.(kind, result);
  }

  async function attempt(kind: string, payload: Payload, journal: IntentLog): Promise<Outcome | "nonce"> {
    const signed = key.signTransaction(client, await client.build(key.address, payload));
    const { hash, bytes, expiresAt } = signed;
    await journal.append({ t: "tx", kind, hash, bytes: toHex(bytes), expiresAt });
    try {
      await client.submit({ hash, bytes });
    } catch (error) {
      if (!(error instanceof ChainError) || error.retryable) throw unknown(kind, hash, error);
      await record(journal, kind, hash, null);
      if (/SEQUENCE_NUMBER/.test(error.failure.code)) return "nonce";
      throw new NodeError("TX_REFUSED", `${kind}: ${error.failure.message}`, { cause: error });
    }
    const outcome = await client.waitFor(hash, { timeoutMs: WAIT_MS }).catch((error) => {
      throw unknown(kind, hash, error);
    });
    await record(journal, kind, hash, outcome);
    log.info(
      { kind, hash, success: outcome.success, code: outcome.failure?.code },
      outcome.success ? "transaction committed" : `transaction failed: ${outcome.failure?.message}`,
    );
    return outcome;
  }

  return {
    address: key.address,
    execute: (kind, payload, journal) =>
      serialised(async () => {
        for (let n = 1; n <= NONCE_ATTEMPTS; n++) {
          const outcome = await attempt(kind, payload, journal);
          if (outcome !== "nonce") return outcome;
        }
        throw new NodeError("TX_REFUSED", `${kind}: another process keeps using the operator's key`, {
          retryable: true,
          remedy: "Use a key of its own for every process.",
        });
      }),
    resolve: (intent, journal) =>
      serialised(async () => {
        const { kind, hash, expiresAt } = intent;
        let outcome = await client.findByHash(hash);
        if (!outcome) {
          const now = (await client.ledger()).timestampUsecs / 1_000_000n;
          if (now <= expiresAt) {
            // The same bytes again: the chain takes them once at most.
            try {
              await client.submit({ hash, bytes: fromHex(intent.bytes) });
              outcome = await client.waitFor(hash, { timeoutMs: WAIT_MS });
            } catch (error) {
              log.warn({ kind, hash, err: error }, "transaction's outcome still unknown");
              return false;
            }
          } else {
            // Past its expiry it can't be committed any more; one that was is found now.
            outcome = await client.findByHash(hash);
          }
        }
        await record(journal, kind, hash, outcome);
        log.info({ kind, hash, result: outcome?.success ?? "lost" }, "open transaction resolved");
        return true;
      }),
  };
}

function unknown(kind: string, hash: string, cause: unknown): NodeError {
  return new NodeError("TX_UNKNOWN", `${kind}: the outcome of ${hash} isn't known yet`, {
    retryable: true,
    cause,
  });
}
