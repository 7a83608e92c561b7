/**
 * Client of scheme `exact`: signs a sponsored transfer of the amount.
 * A quote's address is worked out here and never believed: only then can nobody but the payer get its money back.
 */
import { normalizeAddress } from "@computestream/protocol";
import type { SchemeNetworkClient } from "@x402/core/types";
import { zExactExtra } from "../terms.ts";
import { transferPayload } from "../transfer.ts";
import { createPayer, type PayerOptions, UntrustedPaymentError } from "./payer.ts";

export function createExactClient(options: PayerOptions): SchemeNetworkClient {
  const payer = createPayer(options);
  return {
    scheme: "exact",
    findDefaultAsset: (asset, network) => payer.findDefaultAsset(asset, network),
    async createPaymentPayload(x402Version, requirements) {
      const extra = zExactExtra.parse(requirements.extra);
      if (extra.quote) {
        const { address } = await payer.orderOf(extra.quote, requirements);
        if (normalizeAddress(requirements.payTo) !== address)
          throw new UntrustedPaymentError("The money wouldn't go to the quote's address.");
      }
      const { asset, payTo, amount } = requirements;
      const transaction = await payer.pay({
        requirements,
        feePayer: extra.feePayer,
        call: transferPayload(asset, payTo, BigInt(amount)),
      });
      return { x402Version, payload: { transaction } };
    },
  };
}
