/**
 * Single transactions about single jobs: sent, and after a failure left alone for a while.
 * It doesn't choose them, and one that fails never holds up another.
 */
import { ChainError } from "@computestream/protocol/client";
import { NotSubmittedError, type Submission, type Submitter } from "../chain/submitter.ts";
import { messageOf, UnavailableError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { retryDelaySecs } from "../store/dead-letters.ts";

export type ErrandResult =
  | { done: true }
  /** `code` is the chain's, or null when the chain has yet to say anything. */
  | { done: false; code: string | null };

export interface Errands {
  /** False while an earlier failure of it is waited out. */
  isReady(job: string): boolean;
  /** Throws `NotSubmittedError` and `UnavailableError`: then nothing can be sent at all. */
  run(job: string, kind: Submission["kind"], payload: Submission["payload"]): Promise<ErrandResult>;
  keepOnly(jobs: ReadonlySet<string>): void;
}

export function createErrands(options: {
  submitter: Pick<Submitter, "send">;
  logger: Logger;
  /** Milliseconds; only times retries. */
  clock?: () => number;
}): Errands {
  const { submitter, logger } = options;
  const clock = options.clock ?? Date.now;
  const failing = new Map<string, { attempts: number; retryAtMs: number }>();
  return {
    isReady: (job) => (failing.get(job)?.retryAtMs ?? 0) <= clock(),
    async run(job, kind, payload) {
      let code: string | null = null;
      let reason: string;
      try {
        const outcome = await submitter.send({ kind, payload, jobs: [job], seqs: [] });
        if (outcome.success) {
          failing.delete(job);
          logger.info({ job, action: kind, hash: outcome.hash }, "keeper action done");
          return { done: true };
        }
        code = outcome.failure?.code ?? null;
        reason = outcome.failure?.message ?? "failed";
      } catch (error) {
        if (error instanceof NotSubmittedError || error instanceof UnavailableError) throw error;
        if (error instanceof ChainError && !error.retryable) code = error.failure.code;
        reason = messageOf(error);
      }
      const attempts = (failing.get(job)?.attempts ?? 0) + 1;
      failing.set(job, { attempts, retryAtMs: clock() + retryDelaySecs(attempts) * 1000 });
      logger.warn({ job, action: kind, code, reason, attempts }, "keeper action failed");
      return { done: false, code };
    },
    keepOnly(jobs) {
      for (const job of failing.keys()) if (!jobs.has(job)) failing.delete(job);
    },
  };
}
