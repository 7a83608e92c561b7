/**
 * Brings buyers' countersignatures to the chain: at once when the job has ended, now and then while it runs.
 * It doesn't verify them. What is confirmed isn't held back any more, whoever brought it.
 */
import type { Countersignature } from "@computestream/protocol";
import type { ChainClient, StreamView } from "@computestream/protocol/client";
import type { Submitter } from "../chain/submitter.ts";
import type { ChainViews } from "../chain/views.ts";
import type { Logger } from "../logger.ts";
import type { ConfirmationStore } from "../store/confirmations.ts";
import { createErrands } from "./errands.ts";

export interface Confirmer {
  /** How many were brought. */
  run(): Promise<number>;
}

/** A running job's held seconds are freed this often: each time is a transaction of its own. */
export const CONFIRM_EVERY_SECS = 30n;
const PER_RUN = 20;
/** The chain says that it will never take this one. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  "E_NOT_CONFIRMABLE",
  "E_BAD_COUNTERSIGNATURE",
  "E_NO_STREAM",
  "E_NO_JOB",
  "EOBJECT_DOES_NOT_EXIST",
]);

/** "bring" it now, "wait" for it to be worth a transaction, or "drop" it: it can't change anything any more. */
export function decideConfirmation(
  stream: Pick<
    StreamView,
    "closed" | "endedAt" | "holdbackSecs" | "secondsConfirmed" | "secondsBilled" | "startedAt"
  > | null,
  confirmation: Pick<Countersignature, "secondsCum">,
  p: { nowSecs: bigint; lastBroughtAt: bigint | null },
): "bring" | "wait" | "drop" {
  if (!stream || stream.closed || stream.holdbackSecs === 0n) return "drop";
  if (confirmation.secondsCum <= stream.secondsConfirmed) return "drop";
  // More than is billed can't be confirmed: the next settlement makes it worth bringing.
  if (stream.secondsBilled <= stream.secondsConfirmed) return stream.endedAt > 0n ? "drop" : "wait";
  if (stream.endedAt > 0n) return "bring";
  return p.nowSecs - (p.lastBroughtAt ?? stream.startedAt) >= CONFIRM_EVERY_SECS ? "bring" : "wait";
}

export function createConfirmer(options: {
  client: Pick<ChainClient, "getStreams" | "payloads">;
  views: Pick<ChainViews, "nowSecs">;
  store: Pick<ConfirmationStore, "all" | "done">;
  submitter: Pick<Submitter, "send">;
  isMine?: (job: string) => boolean;
  logger: Logger;
  clock?: () => number;
}): Confirmer {
  const { client, views, store } = options;
  const errands = createErrands(options);
  const broughtAt = new Map<string, bigint>();
  return {
    async run() {
      const all = await store.all();
      const known = new Set(all.keys());
      errands.keepOnly(known);
      const jobs = [...known].filter((job) => (options.isMine?.(job) ?? true) && errands.isReady(job));
      if (jobs.length === 0) return 0;
      const nowSecs = views.nowSecs();
      let brought = 0;
      for (let at = 0; at < jobs.length && brought < PER_RUN; at += 100) {
        const part = jobs.slice(at, at + 100);
        const streams = new Map((await client.getStreams(part)).map((stream) => [stream.job, stream]));
        for (const job of part) {
          const confirmation = all.get(job);
          if (!confirmation || brought >= PER_RUN) continue;
          const lastBroughtAt = broughtAt.get(job) ?? null;
          const decision = decideConfirmation(streams.get(job) ?? null, confirmation, {
            nowSecs,
            lastBroughtAt,
          });
          if (decision === "wait") continue;
          if (decision === "bring") {
            const result = await errands.run(job, "confirm", client.payloads.confirmSigned(confirmation));
            if (!result.done && !(result.code !== null && FINAL_CODES.has(result.code))) continue;
            if (result.done) brought += 1;
            broughtAt.set(job, nowSecs);
          }
          await store.done(confirmation);
        }
      }
      for (const job of broughtAt.keys()) {
        if (nowSecs - (broughtAt.get(job) ?? 0n) > 10n * CONFIRM_EVERY_SECS) broughtAt.delete(job);
      }
      return brought;
    },
  };
}
