/**
 * Attestations of jobs about which the chain must be asked first: of each job and sender the newest, until it answers.
 * It doesn't judge them, and knows a job's facts only as what somebody waits for.
 *
 * A node tells many jobs on one socket: one that isn't known yet must not keep the others waiting. A sender has room for
 * as many as a machine runs; whoever tells more unknown jobs at once waits for the chain itself.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { UnavailableError } from "../errors.ts";
import { keepNewest, type Offer } from "./candidates.ts";

export interface Parked {
  readonly size: number;
  has(job: string, sender: string): boolean;
  /** `full`: the sender, or all together, have no room. `too_many`: those of the job contradict each other. */
  add(offer: Offer): "parked" | "full" | "too_many";
  /** What is here is given up. */
  close(): void;
}

const JOBS_PER_SENDER = 256;
const JOBS_MAX = 50_000;
const RETRY_MS = 250;

export function createParked<Facts>(p: {
  /** Throws `UnavailableError`: it is asked again. */
  ask: (job: string) => Promise<Facts>;
  /** In order within a job and sender. */
  onFacts: (offer: Offer, facts: Facts) => void;
  onError?: (error: unknown) => void;
  retryMs?: number;
}): Parked {
  const retryMs = p.retryMs ?? RETRY_MS;
  /** By sender, so that nobody's attestation takes the place of another's before it is known whose job it is. */
  const waiting = new Map<string, Map<string, Offer[]>>();
  let size = 0;
  let closed = false;
  let toldAtMs = Number.NEGATIVE_INFINITY;

  /** A chain that is away fails thousands of questions at a time: one of them tells. */
  function tell(error: unknown): void {
    const now = performance.now();
    if (now - toldAtMs < retryMs) return;
    toldAtMs = now;
    p.onError?.(error);
  }

  function takeOut(job: string, sender: string): Offer[] {
    const jobs = waiting.get(sender);
    const offers = jobs?.get(job);
    if (!jobs || !offers) return [];
    jobs.delete(job);
    if (jobs.size === 0) waiting.delete(sender);
    size -= 1;
    return offers;
  }

  async function settle(job: string, sender: string): Promise<void> {
    while (!closed) {
      try {
        const facts = await p.ask(job);
        for (const offer of takeOut(job, sender)) p.onFacts(offer, facts);
        return;
      } catch (error) {
        tell(error);
        if (!(error instanceof UnavailableError)) break;
      }
      await sleep(retryMs, undefined, { ref: false });
    }
    // The node tells it again with its next second.
    takeOut(job, sender);
  }

  return {
    get size() {
      return size;
    },
    has: (job, sender) => waiting.get(sender)?.has(job) ?? false,
    add(offer) {
      const { usage, sender } = offer;
      const jobs = waiting.get(sender);
      const offers = jobs?.get(usage.job);
      if (offers) return keepNewest(offers, offer) ? "parked" : "too_many";
      if (closed || size >= JOBS_MAX || (jobs && jobs.size >= JOBS_PER_SENDER)) return "full";
      if (jobs) jobs.set(usage.job, [offer]);
      else waiting.set(sender, new Map([[usage.job, [offer]]]));
      size += 1;
      void settle(usage.job, sender);
      return "parked";
    },
    close() {
      closed = true;
    },
  };
}
