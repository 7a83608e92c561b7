/**
 * One tick: finds open streams whose newest attestation is to be settled, settles them in batches, drops closed ones.
 * It doesn't own the key or the schedule. What the chain says counts; Redis only tells where to look.
 *
 * Attestations are read when their batch is made, not when the tick begins: with many streams a tick takes seconds, and
 * what was newest at its beginning isn't any more. A tick that has more to settle than it has time for leaves the rest,
 * and its batches on their way, to the next one, which puts all streams in order again: when there are too many each is
 * settled later, and none much later than the others.
 */
import type { SignedUsage } from "@computestream/protocol";
import type { ChainClient, Outcome, StreamView } from "@computestream/protocol/client";
import { encodeProcessPayments } from "@computestream/protocol/client";
import type { Submitter } from "../chain/submitter.ts";
import type { ChainViews } from "../chain/views.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { AttestationStore } from "../store/attestations.ts";
import type { DeadLetter, DeadLetterStore } from "../store/dead-letters.ts";
import { type BatchSizer, isOverflow } from "./batch-size.ts";
import { createDispatcher } from "./dispatcher.ts";
import { type BatchFailure, behindSecs, type Clocks, sendBisecting } from "./plan.ts";
import { pressesAt, reasonToSettle, type SettlementCost, type SettlementPolicy } from "./policy.ts";
import { createSkippedEntries } from "./skipped.ts";
import { createStreamBook, type StreamBook } from "./stream-book.ts";

export interface TickReport {
  open: number;
  /** By batches that ended in this tick, of it or of the one before. */
  settled: number;
  dropped: number;
  poisoned: number;
}

export interface Settler {
  /** Throws what ends a tick early (node or Redis away, refused by the node, lock lost); the next tick starts over. */
  tick(): Promise<TickReport>;
  /** The next tick settles all that is proven, whatever the policy says. */
  flushNext(): void;
  /** There is something new to settle for the job. */
  touch(job: string): void;
  readonly book: StreamBook;
}

/** A stream that is settled all the time is asked about this seldom; one without new attestations more often. */
const ACTIVE_LOOK_SECS = 60n;
const IDLE_LOOK_SECS = 10n;
/** Without a word of something new the store is looked at again after this. */
const STORE_LOOK_SECS = 2n;
/** How long a tick makes batches. */
const TICK_MAX_MS = 3_000;
/** A stream that the intake has just read needn't be read again. */
const SHARED_READ_MS = 5_000;
/** Unknown streams that a tick asks the chain about: after a start those that are known are settled meanwhile. */
const UNKNOWN_MAX = 2_000;
/** Streams known already that a tick asks the chain about: those that were read together aren't all due together. */
const LOOKS_MAX = 500;

export function createSettler(options: {
  client: Pick<ChainClient, "getStreams" | "deployment" | "explain">;
  views: Pick<
    ChainViews,
    "noteStreams" | "recentStream" | "freshJob" | "nowSecs" | "refreshClock" | "forget"
  >;
  store: Pick<AttestationStore, "openJobs" | "newestOf" | "drop">;
  /** Takes in what is newest of these jobs here and hasn't been stored yet; tells what is the store's newest since. */
  freshen?: (jobs: string[]) => Promise<Map<string, SignedUsage>>;
  deadLetters: DeadLetterStore;
  submitter: Pick<Submitter, "send">;
  /** Batches made ahead of the chain; as many as the submitter has on their way. */
  batchesAtOnce: number;
  sizer: BatchSizer;
  policy: SettlementPolicy;
  cost: () => SettlementCost;
  /** Whose streams other instances settle. */
  isMine?: (job: string) => boolean;
  metrics: Metrics;
  logger: Logger;
  tickMaxMs?: number;
}): Settler {
  const { client, views, store, deadLetters, submitter, metrics, logger, sizer, policy } = options;
  const isMine = options.isMine ?? (() => true);
  const book = createStreamBook(client);
  /** When the store was last seen to hold nothing new, by this machine's clock. */
  const quiet = new Map<string, bigint>();
  /** When a settlement was last put off: others come first then. */
  const putOffAt = new Map<string, bigint>();
  const skipped = createSkippedEntries({ client, views, book, deadLetters, logger });
  const dispatcher = createDispatcher({ atOnce: options.batchesAtOnce, send: settleBatch });
  const tickMaxMs = options.tickMaxMs ?? TICK_MAX_MS;
  let flushing = false;
  let letters = new Map<string, DeadLetter>();
  /** What batches came to since the last report. */
  const ended = { settled: 0, poisoned: 0 };

  async function tick(): Promise<TickReport> {
    const endsAt = performance.now() + tickMaxMs;
    const flush = flushing;
    // What is on its way is older than what is to be flushed, and what went wrong before is tried again.
    if (flush) await dispatcher.idle();
    try {
      // Of a batch that an earlier tick left on its way.
      dispatcher.check();
    } catch (error) {
      if (!flush) throw error;
    }
    const report: TickReport = { open: 0, settled: 0, dropped: 0, poisoned: 0 };
    const chainSecs = await views.refreshClock();
    const clocks: Clocks = { chainSecs, nowSecs: views.nowSecs() };
    const open = (await store.openJobs()).filter(isMine);
    report.open = open.length;
    metrics.openStreams.set(open.length);
    letters = await deadLetters.all();
    metrics.deadLetters.set(letters.size);
    const stillOpen = new Set(open);
    book.keepOnly(stillOpen);
    skipped.keepOnly(stillOpen);
    for (const known of [quiet, putOffAt]) {
      for (const job of known.keys()) if (!stillOpen.has(job)) known.delete(job);
    }

    report.dropped = await look(open, clocks, flush);
    const { nowSecs } = clocks;
    const queue = open.flatMap((job) => {
      const stream = book.get(job);
      if (!stream || skipped.waits(job, nowSecs) || isHeld(letters.get(job), nowSecs)) return [];
      if (dispatcher.isBusy(job)) return [];
      const since = quiet.get(job);
      if (!flush && since !== undefined && nowSecs - since < STORE_LOOK_SECS) return [];
      const at = pressesAt(stream, policy);
      const after = putOffAt.get(job) ?? 0n;
      return { job, at: after > at ? after : at };
    });
    queue.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    const jobs = queue.map(({ job }) => job);
    const isDone = await settleAll(jobs, flush, flush ? Number.POSITIVE_INFINITY : endsAt);
    if (isDone) await dispatcher.idle();
    dispatcher.check();
    if (flush) flushing = false;
    Object.assign(report, ended);
    ended.settled = 0;
    ended.poisoned = 0;
    return report;
  }

  /** Asks the chain about streams that aren't known or weren't asked about for long; drops those that are over. */
  async function look(open: string[], clocks: Clocks, flush: boolean): Promise<number> {
    const { nowSecs } = clocks;
    let looks = 0;
    let unknown = 0;
    const toRead = open.filter((job) => {
      if (book.readAt(job) === null) adopt(job, nowSecs);
      const readAt = book.readAt(job);
      const stream = book.get(job);
      if (readAt === null || !stream) {
        unknown += 1;
        return flush || unknown <= UNKNOWN_MAX;
      }
      // What is read now would be older than what its settlement is about to tell.
      if (dispatcher.isBusy(job)) return false;
      const isIdle = nowSecs - stream.lastProgressAt >= IDLE_LOOK_SECS;
      if (nowSecs - readAt < (isIdle ? IDLE_LOOK_SECS : ACTIVE_LOOK_SECS)) return false;
      looks += 1;
      return looks <= LOOKS_MAX;
    });
    if (toRead.length === 0) return 0;
    const streams = await book.read(toRead, nowSecs);
    views.noteStreams(streams.values());
    let dropped = 0;
    for (const job of toRead) {
      const stream = streams.get(job);
      // One that is sealed stays on the list: its job still waits for the keeper.
      if (stream ? !stream.closed : !(await isGone(job))) continue;
      await store.drop(job);
      if (letters.has(job)) await deadLetters.remove(job);
      logger.info({ job }, "stream closed");
      dropped += 1;
    }
    return dropped;
  }

  function adopt(job: string, nowSecs: bigint): void {
    const recent = views.recentStream(job, SHARED_READ_MS);
    // One that is over is read here, as is all that makes this forget a stream.
    if (recent && !recent.view.closed)
      book.adopt(recent.view, nowSecs - BigInt(Math.ceil(recent.ageMs / 1000)));
  }

  /** The view left it out: gone only if the chain also says that there is no such job (another chain's, then). */
  async function isGone(job: string): Promise<boolean> {
    return (await views.freshJob(job, 0)) === null;
  }

  interface Part {
    jobs: string[];
    usages: Map<string, SignedUsage>;
    clocks: Clocks;
  }

  async function readPart(jobs: string[]): Promise<Part> {
    const usages = (await options.freshen?.(jobs)) ?? new Map<string, SignedUsage>();
    const others = jobs.filter((job) => !usages.has(job));
    if (others.length > 0) for (const [job, usage] of await store.newestOf(others)) usages.set(job, usage);
    return { jobs, usages, clocks: { chainSecs: await views.refreshClock(), nowSecs: views.nowSecs() } };
  }

  /**
   * Makes batches as fast as they are taken, each read while the one before it waits for its turn; the first failure
   * that isn't an entry's ends it. False when the time was over before.
   */
  async function settleAll(jobs: string[], flush: boolean, endsAt: number): Promise<boolean> {
    let behindMax = 0n;
    let batch: SignedUsage[] = [];
    let at = 0;
    const readNext = (): Promise<Part> | null => {
      if (at >= jobs.length || dispatcher.hasFailed) return null;
      // However little time there is, each tick gets something done.
      if (at > 0 && performance.now() >= endsAt) return null;
      const part = jobs.slice(at, at + sizer.size());
      at += part.length;
      const read = readPart(part);
      // It is awaited in its turn, or not at all when another failure ends the tick before.
      read.catch(() => undefined);
      return read;
    };
    for (let next = readNext(); next; ) {
      await dispatcher.room();
      const { jobs: part, usages, clocks } = await next;
      for (const job of part) {
        const stream = book.get(job);
        const usage = usages.get(job);
        if (!stream || !usage) continue;
        const behind = behindSecs(stream, usage, clocks);
        if (behind > behindMax) behindMax = behind;
        const reason = reasonToSettle(stream, usage, clocks, { policy, cost: options.cost(), flush });
        if (reason !== null) {
          metrics.settleReasons.inc({ reason });
          batch.push(usage);
          putOffAt.delete(job);
        } else if (usage.seq <= stream.seq) {
          quiet.set(job, clocks.nowSecs);
        } else {
          putOffAt.set(job, clocks.nowSecs);
        }
      }
      next = readNext();
      while (batch.length >= sizer.size() || (!next && batch.length > 0)) {
        await dispatcher.room();
        if (dispatcher.hasFailed) return true;
        const size = sizer.size();
        dispatcher.dispatch(batch.slice(0, size));
        batch = batch.slice(size);
      }
    }
    metrics.behindSecondsMax.set(Number(behindMax));
    return at >= jobs.length || dispatcher.hasFailed;
  }

  async function settleBatch(batch: SignedUsage[]): Promise<void> {
    const send = async (usages: SignedUsage[]): Promise<BatchFailure | null> => {
      const outcome = await submitter.send({
        kind: "settle",
        payload: encodeProcessPayments(client.deployment.packageAddress, usages),
        jobs: usages.map((usage) => usage.job),
        seqs: usages.map((usage) => usage.seq),
        maxGasAmount: sizer.gasFor(usages.length),
      });
      metrics.settlementGas.inc(Number(outcome.gasUsed));
      if (!outcome.success) {
        const failure = outcome.failure ?? { code: "UNKNOWN_FAILURE", message: "The transaction failed." };
        metrics.settlementFailures.inc({ reason: failure.code });
        if (isOverflow(failure.code)) sizer.overflowed(usages.length);
        return failure;
      }
      sizer.fitted(usages.length, Number(outcome.gasUsed));
      metrics.batchEntries.observe(usages.length);
      const settled = await noteSettlements(outcome);
      await noteSilence(outcome, usages);
      const poisoned = await skipped.note(outcome, usages);
      // Not read before the waiting: batches end side by side.
      ended.settled += settled;
      ended.poisoned += poisoned;
      return null;
    };
    // Two failures a halving find one bad entry; more than one a batch is finished by later ticks.
    const maxFailures = 2 * Math.ceil(Math.log2(batch.length + 1)) + 4;
    const { poisoned, left } = await sendBisecting(batch, send, maxFailures);
    for (const { item, failure } of poisoned) {
      await skipped.bury(item, failure);
      ended.poisoned += 1;
    }
    if (left.length > 0) logger.warn({ jobs: left.length }, "left for the next tick after failures");
  }

  /** A job that settles again is off the dead-letter list: a later refusal starts with the shortest wait. */
  async function noteSettlements(outcome: Outcome): Promise<number> {
    let count = 0;
    const seen: StreamView[] = [];
    for (const event of outcome.events) {
      if (event.name !== "StreamSettled") continue;
      count += 1;
      const view = book.note(event.data);
      if (view) seen.push(view);
      skipped.clear(event.data.job);
      metrics.settledUnits.inc(Number(event.data.amount));
      if (letters.delete(event.data.job)) await deadLetters.remove(event.data.job);
    }
    metrics.settlements.inc(count);
    views.noteStreams(seen);
    return count;
  }

  /** An entry without an event changed nothing: somebody else has settled it, so what is known of it is old. */
  async function noteSilence(outcome: Outcome, usages: SignedUsage[]): Promise<void> {
    const told = new Set(
      outcome.events.flatMap(({ name, data }) =>
        name === "StreamSettled" || name === "SettlementSkipped" ? [data.job] : [],
      ),
    );
    const silent = usages.flatMap(({ job }) => (told.has(job) ? [] : [job]));
    if (silent.length > 0) await book.read(silent, views.nowSecs());
  }

  return {
    book,
    flushNext: () => {
      flushing = true;
    },
    touch: (job) => void quiet.delete(job),
    async tick() {
      const startedAt = performance.now();
      try {
        return await tick();
      } finally {
        metrics.tickMs.observe(performance.now() - startedAt);
      }
    },
  };
}

function isHeld(letter: DeadLetter | undefined, nowSecs: bigint): boolean {
  return letter !== undefined && BigInt(letter.retryAt) > nowSecs;
}
