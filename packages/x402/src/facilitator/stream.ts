/**
 * Facilitator of scheme `stream`: the payer's own call that locks a deposit, adds to one, or ends its job.
 * It doesn't hold the money at any time: the escrow does, from the call on.
 */

import { maxCost } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import type { SchemeNetworkFacilitator } from "@x402/core/types";
import type { MovementNetwork } from "../networks.ts";
import type { Refusal } from "../reasons.ts";
import { zStreamExtra, zStreamPayload } from "../terms.ts";
import type { Quotes } from "./quotes.ts";
import { createFacilitatorScheme, type Expected } from "./scheme.ts";
import type { Sponsor } from "./sponsor.ts";

export const STREAM_PURPOSE = "stream";

/** Of `create_job`: the provider is who gets the money, the deposit what is paid. */
const OPEN_FAULTS: Expected["faults"] = [
  "recipient_mismatch",
  "argument_mismatch",
  "argument_mismatch",
  "argument_mismatch",
  "argument_mismatch",
  "argument_mismatch",
  "amount_mismatch",
];

export function createStreamFacilitator(options: {
  network: MovementNetwork;
  sponsor: Sponsor;
  quotes: Quotes;
  chain: Pick<ChainClient, "getJob" | "getStream" | "payloads">;
}): SchemeNetworkFacilitator {
  const { quotes, chain } = options;
  const mismatch = (message: string): Refusal => ({ reason: "quote_mismatch", message });
  return createFacilitatorScheme({
    ...options,
    scheme: "stream",
    purpose: STREAM_PURPOSE,
    describe(requirements, events) {
      const terms = zStreamExtra.parse(requirements.extra);
      if (terms.action === "close") return { action: "close", job: terms.job };
      if (terms.action === "topUp") {
        const extended = events.find((event) => event.name === "StreamExtended");
        return {
          action: "topUp",
          job: terms.job,
          maxSeconds: extended ? `${extended.data.max_duration_secs}` : null,
        };
      }
      return {
        action: "open",
        job: events.find((event) => event.name === "JobCreated")?.data.job ?? null,
        ratePerHour: terms.ratePerHour,
        maxSeconds: terms.maxSeconds,
      };
    },
    async expect(payload, requirements) {
      const extra = zStreamExtra.safeParse(requirements.extra);
      const body = zStreamPayload.safeParse(payload.payload);
      if (!extra.success || !body.success || body.data.action !== extra.data.action)
        return mismatch("The action of payment and requirements must be one of open, topUp and close.");
      const terms = extra.data;
      if (terms.action === "open") {
        const quote = await quotes.payable(terms.quote.id);
        if ("reason" in quote) return quote;
        const { order } = quote;
        const same =
          requirements.asset === quote.asset &&
          requirements.payTo === order.provider &&
          requirements.amount === `${order.deposit}`;
        if (!same) return mismatch("Asset, payTo and amount must be those of the quote.");
        return {
          call: chain.payloads.createJob(order),
          faults: OPEN_FAULTS,
          payer: quote.terms.payer,
          claim: quote.id,
        };
      }
      const job = await chain.getJob(terms.job);
      if (!job || requirements.payTo !== job.provider || requirements.asset !== job.asset)
        return mismatch("payTo and asset must be the job's provider and asset.");
      if (terms.action === "close") {
        if (requirements.amount !== "0") return mismatch("Closing costs nothing: the amount must be 0.");
        return {
          call:
            terms.function === "cancel"
              ? chain.payloads.cancel(job.job)
              : chain.payloads.terminate(job.job, null),
          faults: [],
          payer: job.buyer,
          claim: null,
        };
      }
      const stream = await chain.getStream(job.job);
      const added = BigInt(terms.addedSeconds);
      if (!stream || requirements.amount !== `${maxCost(stream.ratePerHour, added)}`)
        return mismatch("The amount must be what the added seconds cost at the stream's rate.");
      return {
        call: chain.payloads.extend(job.job, added, BigInt(requirements.amount)),
        faults: ["argument_mismatch", "argument_mismatch", "amount_mismatch"],
        payer: job.buyer,
        claim: null,
      };
    },
  });
}
