/**
 * The owner of the sequence number: signs, journals, sends and follows transactions, several on their way at a time.
 * It doesn't choose what to send, and never signs a second transaction for a number whose first may still commit.
 *
 *     send() -> a number -> signed -> journalled -> sent -> followed by its hash -> a result in the journal
 *                  ^                                              |
 *                  '------- refused or expired: given back -------'
 *
 * Numbers are journalled in order, so what a killed process leaves is a run of numbers. One that is given back while
 * higher ones wait behind it is a gap: the next submission takes it, or an empty one if there is none.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { fromHex, toHex } from "@computestream/protocol";
import { type ChainClient, ChainError, type EncodedCall, type Outcome } from "@computestream/protocol/client";
import { AppError, messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { Intent, IntentKind, IntentResult, IntentStore, Lease } from "../store/intents.ts";
import { type Followed, followIntent } from "./follow.ts";
import { createNumbers } from "./numbers.ts";
import type { Signer } from "./signer.ts";

type Chain = Pick<
  ChainClient,
  "build" | "sign" | "submit" | "findByHash" | "waitFor" | "ledger" | "sequenceNumber"
>;

export interface Submission {
  kind: IntentKind;
  payload: InputEntryFunctionData | EncodedCall;
  jobs: string[];
  seqs: bigint[];
  /** Gas units it may use; default what the client takes. */
  maxGasAmount?: number;
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
   * Resolves with what stands on chain, failed or not. Throws `ChainError` when the node refused it or it expired,
   * `NotSubmittedError`, or `UnavailableError` when it could not be journalled.
   */
  send(submission: Submission): Promise<Outcome>;
  /** Follows every journalled intent without a result to its result. */
  reconcile(): Promise<IntentResult[]>;
  /** Transactions on their way. */
  readonly inFlight: number;
  /** Lets what is on its way finish for at most `graceMs`; what is open then is reconciled at the next start. */
  close(graceMs: number): Promise<void>;
}

const EXPIRE_IN_SECS = 30;
const FILL_AGAIN_MS = 500;
const LOOK_FOR_GAPS_MS = 100;
export const MAX_IN_FLIGHT = 4;

export function createSubmitter(options: {
  chain: Chain;
  signer: Signer;
  intents: IntentStore;
  lease: () => Lease | null;
  logger: Logger;
  /** What a number is filled with that nothing else needs. */
  filler: InputEntryFunctionData | EncodedCall;
  maxInFlight?: number;
  maxGasUnitPrice?: bigint;
  onResult?: (kind: IntentKind, result: IntentResult) => void;
}): Submitter {
  const { chain, signer, intents, logger } = options;
  const maxInFlight = options.maxInFlight ?? MAX_IN_FLIGHT;
  const stop = new AbortController();
  const numbers = createNumbers();
  const running = new Set<Promise<unknown>>();
  const waiting: Array<() => void> = [];
  let stopping = false;
  let busy = 0;
  let filling = false;
  let tail: Promise<unknown> = Promise.resolve();
  /** Whose journal `numbers` was worked out from. */
  let fence: number | null = null;
  const fill: Submission = { kind: "fill", payload: options.filler, jobs: [], seqs: [] };

  /** Signing and journalling: one at a time, in order of call. */
  function inTurn<T>(action: () => Promise<T>): Promise<T> {
    const run = tail.then(action);
    tail = run.catch(() => undefined);
    return run;
  }

  function tracked<T>(work: Promise<T>): Promise<T> {
    running.add(work);
    const done = (): void => void running.delete(work);
    work.then(done, done);
    return work;
  }

  async function withSlot<T>(action: () => Promise<T>): Promise<T> {
    while (busy >= maxInFlight) await new Promise<void>((resolve) => waiting.push(resolve));
    busy += 1;
    try {
      return await action();
    } finally {
      busy -= 1;
      waiting.shift()?.();
    }
  }

  function holdLease(): Lease {
    const lease = options.lease();
    if (!lease) {
      throw new NotSubmittedError("NOT_THE_SUBMITTER", "Another instance holds the right to submit.");
    }
    return lease;
  }

  /** Its result is certain: written down, and its number used or given back. */
  async function end(intent: Intent, result: IntentResult): Promise<void> {
    // One that is followed twice ends once: its number may be another's by now.
    if (!(await intents.resolve(result))) return;
    options.onResult?.(intent.kind, result);
    const number = BigInt(intent.sequenceNumber);
    switch (result.result) {
      case "committed":
      case "failed":
        numbers.used(number);
        break;
      case "superseded":
        // Somebody else signs with this key: what is next must be asked.
        numbers.forget();
        break;
      case "expired":
      case "refused":
        numbers.giveBack(number);
        void fillGap();
    }
    const level = result.result === "committed" ? "debug" : "warn";
    const { hash, kind, jobs } = intent;
    logger[level](
      { hash, kind, jobs: jobs.length, result: result.result, code: result.code },
      "transaction ended",
    );
  }

  async function follow(intent: Intent, sent: boolean): Promise<Followed> {
    const followed = await followIntent({
      chain,
      sender: signer.address,
      intent,
      sent,
      signal: stop.signal,
      logger,
      check() {
        if (stop.signal.aborted) throw new NotSubmittedError("STOPPING", "The relayer is stopping.");
        holdLease();
      },
    });
    await end(intent, followed.result);
    return followed;
  }

  /** What an earlier life or a lost answer left in the journal is followed to its end before anything is signed. */
  async function settleJournal(): Promise<IntentResult[]> {
    const results: IntentResult[] = [];
    for (;;) {
      const open = await intents.open();
      const next = await chain.sequenceNumber(signer.address);
      numbers.reset(
        next,
        open.map((intent) => BigInt(intent.sequenceNumber)),
      );
      if (open.length === 0) return results;
      logger.info({ open: open.length }, "reconciling transactions without a known result");
      const following = Promise.allSettled(open.map((intent) => follow(intent, false)));
      await fillWhile(following);
      for (const one of await following) {
        if (one.status === "rejected") throw one.reason;
        results.push(one.value.result);
      }
    }
  }

  /** What waits behind a number that nobody uses would wait until it expires. */
  async function fillWhile(following: Promise<unknown>): Promise<void> {
    let done = false;
    const ended = following.then(() => {
      done = true;
    });
    while (!done) {
      if (numbers.hasGap() && options.lease()) {
        await prepare(fill)
          .then((intent) => void tracked(carry(intent)).catch(() => undefined))
          .catch((error: unknown) => logger.warn({ reason: messageOf(error) }, "can't fill a gap yet"));
      }
      await Promise.race([ended, sleep(LOOK_FOR_GAPS_MS)]);
    }
  }

  async function synchronise(lease: Lease): Promise<void> {
    if (numbers.next !== null && fence === lease.fence) return;
    numbers.forget();
    await settleJournal();
    fence = lease.fence;
  }

  /** Signs with the lowest number nobody uses and journals it: from here on its outcome counts. */
  async function prepare({ kind, payload, jobs, seqs, maxGasAmount }: Submission): Promise<Intent> {
    const lease = holdLease();
    const sequenceNumber = numbers.take();
    let intent: Intent;
    try {
      const transaction = await chain.build(signer.address, payload, {
        sequenceNumber,
        expireInSecs: EXPIRE_IN_SECS,
        ...(maxGasAmount === undefined ? {} : { maxGasAmount }),
        ...(options.maxGasUnitPrice === undefined ? {} : { maxGasUnitPrice: options.maxGasUnitPrice }),
      });
      const signed = signer.sign(chain, transaction);
      intent = {
        hash: signed.hash,
        bytes: toHex(signed.bytes),
        kind,
        jobs,
        seqs: seqs.map(String),
        sequenceNumber: signed.sequenceNumber.toString(),
        expiresAt: signed.expiresAt.toString(),
        fence: lease.fence,
      };
    } catch (error) {
      // Nothing was signed that anybody could have seen.
      numbers.giveBack(sequenceNumber);
      void fillGap();
      throw error;
    }
    let recorded: boolean;
    try {
      recorded = await intents.record(lease, intent);
    } catch (error) {
      // It may have been written all the same: the journal decides when it can be read again.
      numbers.forget();
      throw error;
    }
    if (!recorded) {
      numbers.forget();
      throw new NotSubmittedError("NOT_THE_SUBMITTER", "The right to submit passed to another instance.");
    }
    return intent;
  }

  /** Sends what was journalled and follows it. */
  async function carry(intent: Intent): Promise<Outcome> {
    let sent = true;
    try {
      await chain.submit({ hash: intent.hash, bytes: fromHex(intent.bytes) });
    } catch (error) {
      if (!(error instanceof ChainError)) throw error;
      // Journalled just now and sent once: a refusal is its end, unless its number was taken under our feet.
      if (!error.retryable && error.failure.code !== "SEQUENCE_NUMBER_TOO_OLD") {
        const { code, message } = error.failure;
        await end(intent, { hash: intent.hash, result: "refused", version: null, code, message });
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

  async function send(submission: Submission): Promise<Outcome> {
    const intent = await inTurn(async () => {
      if (stopping) throw new NotSubmittedError("STOPPING", "The relayer is stopping.");
      await synchronise(holdLease());
      return prepare(submission);
    });
    return carry(intent).catch((error: unknown) => {
      // It is without a result in the journal: nothing more is signed before that is followed to its end.
      if (!(error instanceof ChainError)) numbers.forget();
      throw error;
    });
  }

  /** Numbers above one that was given back can't run until it is used: an empty transaction does that. */
  async function fillGap(): Promise<void> {
    if (filling) return;
    filling = true;
    try {
      while (numbers.hasGap() && !stopping && options.lease()) {
        try {
          // Submissions whose turn comes before have taken the number already.
          const intent = await inTurn(async () => (numbers.hasGap() ? prepare(fill) : null));
          if (intent) await carry(intent);
        } catch (error) {
          logger.warn({ reason: messageOf(error) }, "can't fill a gap in the sequence numbers yet");
          await sleep(FILL_AGAIN_MS, undefined, { signal: stop.signal }).catch(() => undefined);
        }
      }
    } finally {
      filling = false;
    }
  }

  return {
    get inFlight() {
      return busy;
    },
    send: (submission) => tracked(withSlot(() => send(submission))),
    reconcile: () =>
      tracked(
        inTurn(async () => {
          const lease = holdLease();
          const results = await settleJournal();
          fence = lease.fence;
          return results;
        }),
      ),
    async close(graceMs) {
      stopping = true;
      await Promise.race([Promise.allSettled([...running]), sleep(graceMs, undefined, { ref: false })]);
      stop.abort();
      await Promise.allSettled([...running]);
    },
  };
}
