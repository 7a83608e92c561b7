/**
 * What the chain last said about each open stream: read when it isn't known, and kept up by the events of settlements.
 * It doesn't decide anything. What others do to a stream is seen at the next look.
 */
import { bill, type EventOf, earnedOf } from "@computestream/protocol";
import type { ChainClient, StreamView } from "@computestream/protocol/client";
import { chunk } from "./plan.ts";

export interface StreamBook {
  get(job: string): StreamView | undefined;
  /** Reads them from the chain; those without a stream are left out. */
  read(jobs: string[], nowSecs: bigint): Promise<Map<string, StreamView>>;
  /** Takes over what another part read of the chain at `readAt`, unless the stream is known. */
  adopt(view: StreamView, readAt: bigint): void;
  /** When the chain itself was last asked; null when never. */
  readAt(job: string): bigint | null;
  note(settled: EventOf<"StreamSettled">["data"]): StreamView | null;
  keepOnly(jobs: ReadonlySet<string>): void;
}

const JOBS_IN_A_VIEW = 100;
const VIEWS_AT_ONCE = 2;

export function createStreamBook(client: Pick<ChainClient, "getStreams">): StreamBook {
  const entries = new Map<string, { view: StreamView; readAt: bigint }>();
  return {
    get: (job) => entries.get(job)?.view,
    readAt: (job) => entries.get(job)?.readAt ?? null,
    async read(jobs, nowSecs) {
      const found = new Map<string, StreamView>();
      for (const group of chunk(chunk(jobs, JOBS_IN_A_VIEW), VIEWS_AT_ONCE)) {
        for (const streams of await Promise.all(group.map((part) => client.getStreams(part)))) {
          for (const view of streams) {
            found.set(view.job, view);
            entries.set(view.job, { view, readAt: nowSecs });
          }
        }
      }
      for (const job of jobs) if (!found.has(job)) entries.delete(job);
      return found;
    },
    adopt(view, readAt) {
      if (!entries.has(view.job)) entries.set(view.job, { view, readAt });
    },
    note(settled) {
      const entry = entries.get(settled.job);
      // Settlements of one stream may be heard of out of their order.
      if (!entry || settled.seq < entry.view.seq || settled.paid < entry.view.paid) return null;
      const { acc } = bill(entry.view, settled.seconds_billed);
      const progressed = settled.seconds_attested > entry.view.secondsAttested;
      entry.view = {
        ...entry.view,
        seq: settled.seq,
        secondsAttested: settled.seconds_attested,
        secondsConfirmed: settled.seconds_confirmed,
        secondsBilled: settled.seconds_billed,
        acc,
        earned: earnedOf(acc),
        paid: settled.paid,
        feePaid: settled.fee_paid,
        keeperPaid: settled.keeper_paid,
        balance: settled.balance,
        ...(progressed ? { lastProgressAt: settled.timestamp, stalledAt: 0n } : {}),
      };
      return entry.view;
    },
    keepOnly(jobs) {
      for (const job of entries.keys()) if (!jobs.has(job)) entries.delete(job);
    },
  };
}
