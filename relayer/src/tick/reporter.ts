/**
 * Reports to the chain what a provider signed against itself: the evidence that the intake kept.
 * It doesn't judge it: the chain checks both signatures and decides.
 */
import type { ChainClient } from "@computestream/protocol/client";
import type { Submitter } from "../chain/submitter.ts";
import type { ChainViews } from "../chain/views.ts";
import type { Logger } from "../logger.ts";
import { type AttestationStore, type Evidence, usageOf } from "../store/attestations.ts";
import { createErrands } from "./errands.ts";

export interface Reporter {
  /** How many jobs' contradictions were proven. */
  run(): Promise<number>;
}

const PER_RUN = 10;

export function createReporter(options: {
  client: Pick<ChainClient, "payloads">;
  views: Pick<ChainViews, "freshJob">;
  store: Pick<AttestationStore, "evidence" | "evidenceJobs" | "evidenceDone">;
  submitter: Pick<Submitter, "send">;
  isMine?: (job: string) => boolean;
  logger: Logger;
  clock?: () => number;
}): Reporter {
  const { client, views, store, logger } = options;
  const errands = createErrands(options);
  return {
    async run() {
      const jobs = (await store.evidenceJobs()).filter((job) => options.isMine?.(job) ?? true);
      errands.keepOnly(new Set(jobs));
      let proven = 0;
      for (const job of jobs.filter((job) => errands.isReady(job)).slice(0, PER_RUN)) {
        const view = await views.freshJob(job, 0);
        const [evidence] = await store.evidence(job);
        // One proven fault is all that a job can have; what is kept stays readable.
        if (!view || view.faulted || !evidence) {
          await store.evidenceDone(job);
          continue;
        }
        const result = await errands.run(job, "report", payloadOf(job, evidence));
        if (result.done) proven += 1;
        // The chain has looked at it: it will not say anything else of the same two attestations.
        if (result.done || isVerdict(result.code)) await store.evidenceDone(job);
        if (result.done) logger.warn({ job, kind: evidence.kind }, "a provider's contradiction was proven");
      }
      return proven;
    },
  };

  function payloadOf(job: string, { first, second }: Evidence) {
    return client.payloads.reportContradiction(usageOf(job, first), usageOf(job, second));
  }
}

/** An abort of our modules, not something about gas, numbers or the node. */
function isVerdict(code: string | null): boolean {
  return code?.startsWith("E_") ?? false;
}
