/**
 * One tick: finds open streams whose newest attestation is worth money, settles them in batches, drops closed ones.
 * It doesn't own the key or the schedule. What the chain says counts; Redis only tells where to look.
 */
import { CLOCK_SKEW_SECS, type SignedUsage } from "@computestream/protocol";
import type { ChainClient, Outcome, StreamView } from "@computestream/protocol/client";
import type { Submitter } from "../chain/submitter.ts";
import type { ChainViews } from "../chain/views.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { AttestationStore } from "../store/attestations.ts";
import type { DeadLetter, DeadLetterStore } from "../store/dead-letters.ts";
import { type BatchFailure, behindSecs, type Clocks, chunk, isDue, sendBisecting } from "./plan.ts";

export interface TickReport {
  open: number;
  settled: number;
  dropped: number;
  poisoned: number;
}

export interface Settler {
  /** Throws what ends a tick early (node or Redis away, refused by the node, lock lost); the next tick starts over. */
  tick(): Promise<TickReport>;
}

/** Streams without a new attestation are looked at this often, to notice that they closed. */
const IDLE_LOOK_SECS = 10n;
const VIEWS_AT_ONCE = 4;
/** `attestation::E_AHEAD_OF_TIME`. */
const AHEAD_OF_TIME = 110n;

export function createSettler(options: {
  client: Pick<ChainClient, "getStreams" | "payloads" | "deployment" | "explain">;
  views: Pick<ChainViews, "noteStreams" | "freshJob" | "nowSecs" | "refreshClock">;
  store: AttestationStore;
  deadLetters: DeadLetterStore;
  submitter: Pick<Submitter, "send">;
  metrics: Metrics;
  logger: Logger;
  batchSize: number;
}): Settler {
  const { client, views, store, deadLetters, submitter, metrics, logger, batchSize } = options;
  const seen = new Map<string, { seq: bigint; lookedAt: bigint }>();
  /** When the chain takes what it refused as too early, by this machine's clock: nothing is wrong with it but its time. */
  const early = new Map<string, bigint>();

  async function tick(): Promise<TickReport> {
    const report: TickReport = { open: 0, settled: 0, dropped: 0, poisoned: 0 };
    const chainSecs = await views.refreshClock();
    const open = await store.openJobs();
    report.open = open.length;
    metrics.openStreams.set(open.length);
    const letters = await deadLetters.all();
    metrics.deadLetters.set(letters.size);
    const stillOpen = new Set(open);
    for (const map of [seen, early]) {
      for (const job of map.keys()) if (!stillOpen.has(job)) map.delete(job);
    }
    if (open.length === 0) {
      metrics.behindSecondsMax.set(0);
      return report;
    }

    const usages = await store.newestOf(open);
    const clocks: Clocks = { chainSecs, nowSecs: views.nowSecs() };
    const { nowSecs } = clocks;
    const toLookAt = open.filter((job) => worthALook(job, usages.get(job), nowSecs));
    const streams = await readStreams(toLookAt);
    views.noteStreams([...streams.values()]);

    let behindMax = 0n;
    const due: SignedUsage[] = [];
    for (const job of toLookAt) {
      const stream = streams.get(job);
      const usage = usages.get(job);
      // One that is sealed stays on the list: its job still waits for the keeper.
      if (!stream ? await isGone(job) : stream.closed) {
        await drop(job, letters);
        report.dropped += 1;
        continue;
      }
      if (!stream || !usage) continue;
      seen.set(job, { seq: stream.seq, lookedAt: nowSecs });
      const behind = behindSecs(stream, usage, clocks);
      if (behind > behindMax) behindMax = behind;
      if (isHeld(letters.get(job), nowSecs) || (early.get(job) ?? 0n) > nowSecs) continue;
      if (isDue(stream, usage, clocks)) due.push(usage);
    }
    metrics.behindSecondsMax.set(Number(behindMax));

    for (const batch of chunk(due, batchSize)) {
      const settled = await settleBatch(batch, letters);
      report.settled += settled.settled;
      report.poisoned += settled.poisoned;
    }
    return report;
  }

  function worthALook(job: string, usage: SignedUsage | undefined, nowSecs: bigint): boolean {
    const last = seen.get(job);
    if (!last) return true;
    return (usage !== undefined && usage.seq > last.seq) || nowSecs - last.lookedAt >= IDLE_LOOK_SECS;
  }

  async function readStreams(jobs: string[]): Promise<Map<string, StreamView>> {
    const found = new Map<string, StreamView>();
    for (const group of chunk(chunk(jobs, batchSize), VIEWS_AT_ONCE)) {
      for (const streams of await Promise.all(group.map((part) => client.getStreams(part)))) {
        for (const stream of streams) found.set(stream.job, stream);
      }
    }
    return found;
  }

  /** The view left it out: gone only if the chain also says that there is no such job (another chain's, then). */
  async function isGone(job: string): Promise<boolean> {
    return (await views.freshJob(job, 0)) === null;
  }

  async function drop(job: string, letters: Map<string, DeadLetter>): Promise<void> {
    await store.drop(job);
    if (letters.has(job)) await deadLetters.remove(job);
    seen.delete(job);
    early.delete(job);
    logger.info({ job }, "stream closed");
  }

  async function settleBatch(
    batch: SignedUsage[],
    letters: Map<string, DeadLetter>,
  ): Promise<{ settled: number; poisoned: number }> {
    let settled = 0;
    let poisoned = 0;
    const send = async (usages: SignedUsage[]): Promise<BatchFailure | null> => {
      const outcome = await submitter.send({
        kind: "settle",
        payload: client.payloads.processPayments(usages),
        jobs: usages.map((usage) => usage.job),
        seqs: usages.map((usage) => usage.seq),
      });
      if (!outcome.success)
        return outcome.failure ?? { code: "UNKNOWN_FAILURE", message: "The transaction failed." };
      settled += await noteSettlements(outcome, letters);
      poisoned += await noteSkipped(outcome, usages);
      return null;
    };
    // Two failures a halving find one bad entry; more than one a batch is finished by later ticks.
    const maxFailures = 2 * Math.ceil(Math.log2(batch.length + 1)) + 4;
    const report = await sendBisecting(batch, send, maxFailures);
    for (const { item, failure } of report.poisoned) {
      await bury(item, failure);
      poisoned += 1;
    }
    if (report.left.length > 0)
      logger.warn({ jobs: report.left.length }, "left for the next tick after failures");
    return { settled, poisoned };
  }

  /** A job that settles again is off the dead-letter list: a later refusal starts with the shortest wait. */
  async function noteSettlements(outcome: Outcome, letters: Map<string, DeadLetter>): Promise<number> {
    let count = 0;
    for (const event of outcome.events) {
      if (event.name !== "StreamSettled") continue;
      count += 1;
      early.delete(event.data.job);
      seen.set(event.data.job, { seq: event.data.seq, lookedAt: views.nowSecs() });
      metrics.settlements.inc();
      metrics.settledUnits.inc(Number(event.data.amount));
      if (letters.delete(event.data.job)) await deadLetters.remove(event.data.job);
    }
    return count;
  }

  /**
   * An entry the chain skipped is buried, unless its stream closed or was settled by another in the meantime, or its
   * time is yet to come.
   */
  async function noteSkipped(outcome: Outcome, usages: SignedUsage[]): Promise<number> {
    const skipped = outcome.events.filter((event) => event.name === "SettlementSkipped");
    if (skipped.length === 0) return 0;
    const clocks: Clocks = { chainSecs: await views.refreshClock(), nowSecs: views.nowSecs() };
    const streams = await readStreams(skipped.map((event) => event.data.job));
    views.noteStreams([...streams.values()]);
    let count = 0;
    for (const event of skipped) {
      const usage = usages.find((candidate) => candidate.job === event.data.job);
      const stream = streams.get(event.data.job);
      if (!usage || !stream || !isDue(stream, usage, clocks)) continue;
      if (event.data.code === AHEAD_OF_TIME) {
        wait(usage, clocks);
        continue;
      }
      await bury(usage, explainSkip(event.data.code));
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
