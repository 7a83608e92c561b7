/**
 * Facilitator of scheme `exact`: a transfer of a quote's deposit to the quote's address, or of any amount to anyone.
 * It doesn't make what is paid for: whoever asked for the payment does.
 */
import type { SchemeNetworkFacilitator } from "@x402/core/types";
import type { MovementNetwork } from "../networks.ts";
import { zExactExtra } from "../terms.ts";
import { transferPayload } from "../transfer.ts";
import type { Quotes } from "./quotes.ts";
import { createFacilitatorScheme, type Expected } from "./scheme.ts";
import type { Sponsor } from "./sponsor.ts";

export const EXACT_PURPOSE = "quote";

/** Of a transfer: asset, recipient, amount. */
const FAULTS: Expected["faults"] = ["asset_mismatch", "recipient_mismatch", "amount_mismatch"];

export function createExactFacilitator(options: {
  network: MovementNetwork;
  sponsor: Sponsor;
  /** Null: pays the gas of any transfer that names no quote, within the sponsor's limits. Else of quotes only. */
  quotes: Quotes | null;
}): SchemeNetworkFacilitator {
  const { quotes } = options;
  return createFacilitatorScheme({
    ...options,
    scheme: "exact",
    purpose: EXACT_PURPOSE,
    describe: ({ payTo, extra }) => ({ quote: zExactExtra.parse(extra).quote?.id, payTo }),
    async expect(_payload, requirements) {
      const extra = zExactExtra.safeParse(requirements.extra);
      if (!quotes && extra.success && !extra.data.quote)
        return {
          call: transferPayload(requirements.asset, requirements.payTo, BigInt(requirements.amount)),
          faults: FAULTS,
          payer: null,
          claim: null,
        };
      if (!quotes || !extra.success || !extra.data.quote)
        return {
          reason: "quote_unknown",
          message: "Only payments of quotes that are known here are sponsored.",
        };
      const quote = await quotes.payable(extra.data.quote.id);
      if ("reason" in quote) return quote;
      const { asset, address, order } = quote;
      const same =
        requirements.asset === asset &&
        requirements.payTo === address &&
        requirements.amount === `${order.deposit}`;
      if (!same)
        return { reason: "quote_mismatch", message: "Asset, payTo and amount must be those of the quote." };
      return {
        call: transferPayload(asset, address, order.deposit),
        faults: FAULTS,
        payer: quote.terms.payer,
        claim: quote.id,
      };
    },
  });
}
