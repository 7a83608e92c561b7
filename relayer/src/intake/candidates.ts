/**
 * Attestations that wait to be verified: of each job the newest, handed out in turn among their senders.
 * It doesn't verify or store them, and never lets one hide another that contradicts it.
 *
 * A signature check costs more than everything else about an attestation, and only the newest of a job counts. So one
 * that is replaced before its turn is never checked, and a job has its turn at most once in a while when there are many.
 */
import type { SignedUsage } from "@computestream/protocol";
import type { Rejection } from "./rules.ts";

export interface Offer {
  usage: SignedUsage;
  sender: string;
  answer: (rejection: Rejection | null) => void;
}

export interface Candidates {
  readonly size: number;
  /** False when the job has too many that contradict each other: this one wasn't kept. */
  add(offer: Offer, nowMs: number): boolean;
  /** Those whose turn it is, at most `max` jobs, in turn among senders; an older one of a job comes before a newer. */
  take(max: number, nowMs: number): Offer[];
  /** Those of these jobs, whether it is their turn or not. */
  takeOf(jobs: string[], nowMs: number): Offer[];
  /** They couldn't be handled: they wait again, unless a newer one has come. */
  putBack(offers: Offer[], nowMs: number): void;
}

const CONTRADICTIONS_MAX = 4;
const GENERATION_MS = 5_000;
const JOBS_MAX = 100_000;

export function createCandidates(p: { jobsPerSec: number }): Candidates {
  const waiting = new Map<string, Offer[]>();
  /** Jobs in order of arrival, by sender; one whose job isn't waiting any more is skipped. */
  const queues = new Map<string, Set<string>>();
  const turnEndedAt = new Map<string, number>();
  /** Jobs told of in this generation and the one before: how many there are to share the turns. */
  let told = new Set<string>();
  let toldBefore = new Set<string>();
  let generationAt = Number.NEGATIVE_INFINITY;

  function spacingMs(nowMs: number): number {
    if (nowMs - generationAt >= GENERATION_MS) {
      toldBefore = told;
      told = new Set();
      generationAt = nowMs;
    }
    const jobs = Math.max(told.size, toldBefore.size);
    return jobs <= p.jobsPerSec ? 0 : (jobs / p.jobsPerSec) * 1000;
  }

  function enqueue(offer: Offer): void {
    const queue = queues.get(offer.sender);
    if (queue) queue.add(offer.usage.job);
    else queues.set(offer.sender, new Set([offer.usage.job]));
  }

  function remove(job: string, nowMs: number): Offer[] {
    const offers = waiting.get(job);
    if (!offers) return [];
    waiting.delete(job);
    // Its next one goes to the end of the line, where none that is ready stands behind it.
    queues.get(offers[0]?.sender ?? "")?.delete(job);
    turnEndedAt.delete(job);
    if (turnEndedAt.size >= JOBS_MAX) turnEndedAt.delete(turnEndedAt.keys().next().value as string);
    turnEndedAt.set(job, nowMs);
    return offers;
  }

  return {
    get size() {
      return waiting.size;
    },
    add(offer, nowMs) {
      const { usage } = offer;
      spacingMs(nowMs);
      told.add(usage.job);
      const offers = waiting.get(usage.job);
      if (!offers) {
        waiting.set(usage.job, [offer]);
        enqueue(offer);
        return true;
      }
      return keepNewest(offers, offer);
    },
    take(max, nowMs) {
      const spacing = spacingMs(nowMs);
      const taken: Offer[] = [];
      let jobs = 0;
      // Each round takes one job of each sender that has one ready: a sender with many delays only itself.
      for (let found = true; found && jobs < max; ) {
        found = false;
        for (const [sender, queue] of queues) {
          if (jobs >= max) break;
          const [job] = queue;
          if (job === undefined) {
            queues.delete(sender);
            continue;
          }
          // In order of their last turns: behind one that isn't ready none is.
          if (waiting.has(job) && nowMs - (turnEndedAt.get(job) ?? Number.NEGATIVE_INFINITY) < spacing)
            continue;
          queue.delete(job);
          found = true;
          const offers = remove(job, nowMs);
          if (offers.length === 0) continue;
          taken.push(...offers);
          jobs += 1;
          // Who was served goes to the end of the line.
          queues.delete(sender);
          queues.set(sender, queue);
        }
      }
      return taken;
    },
    takeOf: (jobs, nowMs) => jobs.flatMap((job) => remove(job, nowMs)),
    putBack(offers, nowMs) {
      for (const offer of [...offers].reverse()) {
        const newer = waiting.get(offer.usage.job);
        turnEndedAt.delete(offer.usage.job);
        if (!newer) {
          waiting.set(offer.usage.job, [offer]);
          enqueue(offer);
        } else if (newer.length < CONTRADICTIONS_MAX && !replaces(newer[0]?.usage, offer.usage)) {
          newer.unshift(offer);
        }
      }
      spacingMs(nowMs);
    },
  };
}

/**
 * Adds it to those of its job: in the place of the last one if it says the same and more, beside them if it contradicts.
 * False when there are too many already.
 */
export function keepNewest(offers: Offer[], offer: Offer): boolean {
  const last = offers[offers.length - 1]?.usage;
  if (last && replaces(offer.usage, last)) {
    offers[offers.length - 1] = offer;
    return true;
  }
  if (last && isSame(last, offer.usage)) return true;
  if (offers.length >= CONTRADICTIONS_MAX) return false;
  offers.push(offer);
  return true;
}

function replaces(newer: SignedUsage | undefined, older: SignedUsage): boolean {
  return newer !== undefined && older.seq < newer.seq && older.secondsCum <= newer.secondsCum;
}

function isSame(a: SignedUsage, b: SignedUsage): boolean {
  return (
    a.seq === b.seq &&
    a.secondsCum === b.secondsCum &&
    a.tLast === b.tLast &&
    a.logRoot === b.logRoot &&
    a.signature === b.signature
  );
}
