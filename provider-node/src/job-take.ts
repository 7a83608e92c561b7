/**
 * A pending job on its way to be ours: room on the machine, the GPUs it gets, the acceptance.
 * It doesn't know what the node takes at all (policy.ts); an open order that another provider takes is no failure.
 */
import type { JobView, Outcome } from "@computestream/protocol/client";
import { codeOf } from "./errors.ts";
import { BUSY_MS, type JobParts, refused, SOON } from "./job-parts.ts";
import { isOnOffer, needsOf, type Verdict } from "./policy.ts";

export interface JobTake {
  accept(job: JobView, verdict: Verdict): Promise<number>;
  /** Tells the buyer once why a pending job isn't taken yet; a pull that goes on tells its own progress. */
  waitFor(detail: string): void;
  /** The chain wouldn't let this provider have an open order. */
  readonly outbid: boolean;
}

/** The job has gone its way meanwhile: its next reading tells which. */
const OVERTAKEN = ["E_NOT_PENDING", "E_ACCEPT_WINDOW_OVER", "E_OTHER_PROVIDER"];
/** An open order that this provider, as it is now, can't have. */
const UNFIT = ["E_OTHER_ASSET", "E_REQUIREMENTS_NOT_MET", "E_PRICE_ABOVE_MAXIMUM"];

export function createJobTake(parts: JobParts): JobTake {
  const { ctx, journal, chain, image, tell } = parts;
  const { client, capacity } = ctx;
  const address = journal.job;
  let waitingFor: string | null = null;
  let outbid = false;

  function waitFor(detail: string): void {
    if (waitingFor === detail || image.state.kind === "pulling") return;
    waitingFor = detail;
    tell("pulling", { detail });
  }

  /** The GPUs the job gets, as a mask; null when too few are free. */
  async function choose(job: JobView): Promise<bigint | null> {
    if (job.gpus === 0n) return 0n;
    const busy = (await client.getProvider(ctx.limits.provider))?.gpusBusyMask ?? 0n;
    return capacity.chooseGpus(address, job.gpus, busy);
  }

  async function accept(job: JobView, verdict: Verdict): Promise<number> {
    if (!verdict.ok) return BUSY_MS;
    const needs = needsOf(job, verdict.spec);
    if (!capacity.tryReserve(address, needs)) {
      waitFor(`Waiting for ${capacity.shortage(needs) ?? "room"} on the machine`);
      return BUSY_MS;
    }
    let outcome: Outcome;
    try {
      const mask = await choose(job);
      if (mask === null) {
        capacity.release(address);
        waitFor("Waiting for a free GPU on the machine");
        return BUSY_MS;
      }
      if (isOnOffer(job)) {
        // Others see it too: a look costs less than a transaction that comes too late.
        chain.invalidate();
        if (!isOnOffer(await chain.readJob())) {
          capacity.release(address);
          return SOON;
        }
      }
      outcome = await chain.transact("accept", client.payloads.accept(ctx.limits.provider, address, mask));
    } catch (error) {
      // What may still be on its way keeps its share.
      if (codeOf(error) !== "TX_UNKNOWN") capacity.release(address);
      throw error;
    }
    if (outcome.success) {
      ctx.metrics.jobsAccepted.inc();
      return SOON;
    }
    // Slots or GPUs taken on chain, paused, cancelled or lost in between: the next reading of the job tells which.
    capacity.release(address);
    const code = outcome.failure?.code ?? "";
    if (OVERTAKEN.includes(code)) return SOON;
    if (job.isOpen && UNFIT.includes(code)) {
      outbid = true;
      return SOON;
    }
    if (outcome.failure) waitFor(`Not accepted yet: ${outcome.failure.message}`);
    throw refused("ACCEPT_REFUSED", outcome);
  }

  return {
    accept,
    waitFor,
    get outbid() {
      return outbid;
    },
  };
}
