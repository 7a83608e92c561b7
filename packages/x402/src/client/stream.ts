/**
 * Client of scheme `stream`: signs the call that locks, adds to or ends a deposit, of the one package it trusts.
 * It doesn't sign a call that the server wrote: each is built here from terms that are checked first.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { normalizeAddress } from "@computestream/protocol";
import type { PaymentRequirements, SchemeNetworkClient } from "@x402/core/types";
import { type StreamExtra, zStreamExtra } from "../terms.ts";
import { createPayer, type Payer, type PayerOptions, UntrustedPaymentError } from "./payer.ts";

export function createStreamClient(options: PayerOptions): SchemeNetworkClient {
  const payer = createPayer(options);
  return {
    scheme: "stream",
    findDefaultAsset: (asset, network) => payer.findDefaultAsset(asset, network),
    async createPaymentPayload(x402Version, requirements) {
      const extra = zStreamExtra.parse(requirements.extra);
      const call = await callFor(payer, extra, requirements);
      const transaction = await payer.pay({ requirements, feePayer: extra.feePayer, call });
      return { x402Version, payload: { action: extra.action, transaction } };
    },
  };
}

async function callFor(
  payer: Payer,
  extra: StreamExtra,
  requirements: PaymentRequirements,
): Promise<InputEntryFunctionData> {
  const chain = payer.chain(requirements.network);
  if (extra.action === "open") {
    const { order } = await payer.orderOf(extra.quote, requirements);
    if (order.provider !== normalizeAddress(requirements.payTo))
      throw new UntrustedPaymentError("The order is from another provider than the one that is to be paid.");
    const provider = await chain.getProvider(order.provider);
    // The call names no asset: it takes the provider's, which must be the one the spend limits were checked for.
    if (provider?.asset !== normalizeAddress(requirements.asset))
      throw new UntrustedPaymentError("The provider takes another asset than the one asked for.");
    return chain.payloads.createJob(order);
  }
  const job = await chain.getJob(extra.job);
  if (job?.asset !== normalizeAddress(requirements.asset) || job.buyer !== payer.address)
    throw new UntrustedPaymentError("The job isn't the payer's, or is paid in another asset.");
  if (extra.action === "topUp")
    return chain.payloads.extend(extra.job, BigInt(extra.addedSeconds), BigInt(requirements.amount));
  return extra.function === "cancel"
    ? chain.payloads.cancel(extra.job)
    : chain.payloads.terminate(extra.job, null);
}
