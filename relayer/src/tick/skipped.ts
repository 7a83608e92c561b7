/**
 * What becomes of entries that the chain skipped: buried with the chain's reason, put off, or nothing wrong with them.
 * It doesn't send anything.
 */
import { CLOCK_SKEW_SECS, type SignedUsage } from "@computestream/protocol";
import type { ChainClient, Outcome } from "@computestream/protocol/client";
import type { ChainViews } from "../chain/views.ts";
import type { Logger } from "../logger.ts";
import type { DeadLetterStore } from "../store/dead-letters.ts";
import { type BatchFailure, type Clocks, isDue } from "./plan.ts";
import type { StreamBook } from "./stream-book.ts";

export interface SkippedEntries {
  /** How many of a batch's entries were put on the dead-letter list. */
  note(outcome: Outcome, usages: SignedUsage[]): Promise<number>;
  bury(usage: SignedUsage, failure: BatchFailure): Promise<void>;
  /** The chain said that its time is yet to come. */
  waits(job: string, nowSecs: bigint): boolean;
  clear(job: string): void;
  keepOnly(jobs: ReadonlySet<string>): void;
}

/** `attestation::E_AHEAD_OF_TIME`. */
const AHEAD_OF_TIME = 110n;

export function createSkippedEntries(options: {
  client: Pick<ChainClient, "deployment" | "explain">;
  views: Pick<ChainViews, "noteStreams" | "nowSecs" | "refreshClock" | "forget">;
  book: StreamBook;
  deadLetters: Pick<DeadLetterStore, "add">;
  logger: Logger;
}): SkippedEntries {
  const { client, views, book, deadLetters, logger } = options;
  /** When the chain takes what it refused as too early, by this machine's clock: nothing is wrong with it but its time. */
  const early = new Map<string, bigint>();

  /**
   * An entry the chain skipped is buried, unless its stream closed or was settled by another in the meantime, or its
   * time is yet to come.
   */
  async function note(outcome: Outcome, usages: SignedUsage[]): Promise<number> {
    const events = outcome.events.flatMap((event) =>
      event.name === "SettlementSkipped" ? [event.data] : [],
    );
    if (events.length === 0) return 0;
    const clocks: Clocks = { chainSecs: await views.refreshClock(), nowSecs: views.nowSecs() };
    const streams = await book.read(
      events.map((event) => event.job),
      clocks.nowSecs,
    );
    views.noteStreams(streams.values());
    let count = 0;
    for (const { job, code } of events) {
      const usage = usages.find((candidate) => candidate.job === job);
      const stream = streams.get(job);
      // What was remembered of the job let it through: it is asked about anew.
      views.forget(job);
      if (!usage || !stream || !isDue(stream, usage, clocks)) continue;
      if (code === AHEAD_OF_TIME) {
        wait(usage, clocks);
        continue;
      }
      await bury(usage, explainSkip(code));
      count += 1;
    }
    return count;
  }

  function wait(usage: SignedUsage, { chainSecs, nowSecs }: Clocks): void {
    const aheadSecs = usage.tLast - chainSecs;
    // At least a second: the chain's clock may have reached it since.
    const waitSecs = aheadSecs > CLOCK_SKEW_SECS ? aheadSecs - CLOCK_SKEW_SECS : 1n;
    early.set(usage.job, nowSecs + waitSecs);
    logger.warn(
      { job: usage.job, aheadSecs: Number(aheadSecs), waitSecs: Number(waitSecs) },
      "an attestation's time is ahead of the chain's clock: it is settled later",
    );
  }

  /** Codes of the attestation checks are above 100, those of the stream itself below. */
  function explainSkip(code: bigint): BatchFailure {
    const module = code > 100n ? "attestation" : "payment_stream";
    const { packageAddress } = client.deployment;
    const failure = client.explain(`Move abort in ${packageAddress}::${module}: 0x${code.toString(16)}`);
    return { code: failure.code, message: failure.message };
  }

  async function bury(usage: SignedUsage, failure: BatchFailure): Promise<void> {
    const letter = await deadLetters.add(
      { job: usage.job, seq: usage.seq, code: failure.code, message: failure.message },
      views.nowSecs(),
    );
    logger.error({ ...letter }, "settlement refused; put on the dead-letter list");
  }

  return {
    note,
    bury,
    waits: (job, nowSecs) => (early.get(job) ?? 0n) > nowSecs,
    clear: (job) => void early.delete(job),
    keepOnly(jobs) {
      for (const job of early.keys()) if (!jobs.has(job)) early.delete(job);
    },
  };
}
