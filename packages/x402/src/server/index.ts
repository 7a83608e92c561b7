/**
 * The server side of both schemes: they settle before anything is served, and name their fee payer.
 * It doesn't know prices: whoever asks for money says the amount in base units of an asset.
 */
import type { SchemeNetworkServer } from "@x402/core/types";
import type { Scheme } from "../reasons.ts";
import { UPFRONT } from "../terms.ts";

export function createMovementServer(scheme: Scheme): SchemeNetworkServer {
  return {
    scheme,
    defaultAssetTransferMethod: "default",
    paymentFlows: { default: { supported: [UPFRONT], default: UPFRONT } },
    async parsePrice(price) {
      if (typeof price === "object") return price;
      throw new TypeError("give the price as base units of an asset: Movement has no dollar of its own");
    },
    async enhancePaymentRequirements(requirements, supportedKind) {
      const { feePayer } = supportedKind.extra ?? {};
      return { ...requirements, extra: { feePayer, ...requirements.extra } };
    },
  };
}
