/**
 * What each paid route asks for: the terms of both schemes for a quote, and of `stream` for a job that exists.
 * It doesn't take payments; the same request always gets the same terms, or the payment wouldn't match them.
 */
import { maxCost } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import { AppError } from "../errors.ts";
import type { StoredQuote } from "../store/quotes.ts";
import type { Offer } from "./paywall.ts";
import type { Schemes } from "./server.ts";

export interface Offers {
  /** `stream` first: whoever knows both locks the deposit itself; `exact` is for whoever can only send money. */
  job(quote: StoredQuote): Promise<Offer>;
  topUp(job: string, addedSeconds: bigint): Promise<Offer>;
  close(job: string): Promise<Offer>;
}

export const PATHS = {
  quotes: "/api/v1/x402/quotes",
  jobs: "/api/v1/x402/jobs",
  facilitator: "/api/v1/x402/facilitator",
} as const;

const SERVICE = { serviceName: "ComputeStream", mimeType: "application/json" };

export function createOffers(options: {
  schemes: Schemes;
  chain: Pick<ChainClient, "getJob" | "getStream">;
  /** Without a slash at its end. */
  publicUrl: () => string;
}): Offers {
  const { schemes, chain, publicUrl } = options;

  async function jobOf(address: string) {
    const job = await chain.getJob(address);
    if (!job) throw new AppError(404, "NO_JOB", "There is no such job.", { field: "job" });
    return job;
  }

  return {
    async job(quote) {
      const { order, terms } = quote;
      const url = `${publicUrl()}${PATHS.quotes}/${quote.id}`;
      const binding = { id: quote.id, ...terms, redeemBy: `${terms.redeemBy}`, url };
      const amount = order.deposit;
      return {
        resource: {
          url: `${url}/job`,
          description: "A compute job, paid by the second out of its deposit",
          ...SERVICE,
        },
        accepts: [
          await schemes.require({
            scheme: "stream",
            payTo: order.provider,
            asset: quote.asset,
            amount,
            extra: {
              action: "open",
              quote: binding,
              ratePerHour: `${order.maxRatePerHour}`,
              maxSeconds: `${order.maxDurationSecs}`,
              topUpUrl: `${publicUrl()}${PATHS.jobs}/{job}/top-up`,
              closeUrl: `${publicUrl()}${PATHS.jobs}/{job}/close`,
            },
          }),
          await schemes.require({
            scheme: "exact",
            payTo: quote.address,
            asset: quote.asset,
            amount,
            extra: { quote: binding },
          }),
        ],
      };
    },

    async topUp(address, addedSeconds) {
      const job = await jobOf(address);
      const stream = job.state === "Running" ? await chain.getStream(address) : null;
      if (!stream)
        throw new AppError(409, "JOB_NOT_RUNNING", "Only a running job can be extended.", { field: "job" });
      const amount = maxCost(stream.ratePerHour, addedSeconds);
      return {
        resource: {
          url: `${publicUrl()}${PATHS.jobs}/${job.job}/top-up`,
          description: `${addedSeconds} more seconds of a running job`,
          ...SERVICE,
        },
        accepts: [
          await schemes.require({
            scheme: "stream",
            payTo: job.provider,
            asset: job.asset,
            amount,
            extra: { action: "topUp", job: job.job, addedSeconds: `${addedSeconds}` },
          }),
        ],
      };
    },

    async close(address) {
      const job = await jobOf(address);
      const isWaiting = job.state === "Pending" || job.state === "Accepted";
      if (!isWaiting && job.state !== "Running")
        throw new AppError(409, "JOB_ENDED", "The job has ended already.", { field: "job" });
      return {
        resource: {
          url: `${publicUrl()}${PATHS.jobs}/${job.job}/close`,
          description: "The end of a job: what isn't earned goes back",
          ...SERVICE,
        },
        accepts: [
          await schemes.require({
            scheme: "stream",
            payTo: job.provider,
            asset: job.asset,
            amount: 0n,
            extra: { action: "close", job: job.job, function: isWaiting ? "cancel" : "terminate" },
          }),
        ],
      };
    },
  };
}
