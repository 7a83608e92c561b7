/**
 * Every entry function of the package as a payload, named as callers say it.
 * It doesn't know senders, gas or sequence numbers.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { fromHex } from "../primitives.ts";
import type { PayableUsage } from "./args.ts";
import { createDisputePayloads, type DisputePayloads } from "./dispute-payloads.ts";
import { callsOf, usageArgs } from "./entry-function.ts";
import { createJobPayloads, type JobPayloads } from "./job-payloads.ts";
import { createMarketPayloads, type MarketPayloads } from "./market-payloads.ts";
import { createProviderPayloads, type ProviderPayloads } from "./provider-payloads.ts";
import { createQuotePayloads, type QuotePayloads } from "./quote-payloads.ts";

/** A bad countersignature makes the whole payment bad: pass on only those that verify. */
export interface PaymentPayloads {
  processPayment(usage: PayableUsage): InputEntryFunctionData;
  processPayments(usages: PayableUsage[]): InputEntryFunctionData;
}

export interface Payloads
  extends ProviderPayloads,
    JobPayloads,
    QuotePayloads,
    PaymentPayloads,
    DisputePayloads,
    MarketPayloads {}

export function createPayloads(packageAddress: string): Payloads {
  return {
    ...createProviderPayloads(packageAddress),
    ...createJobPayloads(packageAddress),
    ...createQuotePayloads(packageAddress),
    ...createPaymentPayloads(packageAddress),
    ...createDisputePayloads(packageAddress),
    ...createMarketPayloads(packageAddress),
  };
}

function createPaymentPayloads(packageAddress: string): PaymentPayloads {
  const call = callsOf(packageAddress, "payment_stream");
  return {
    processPayment: (usage) =>
      call("process_payment", usage.job, ...usageArgs(usage), countersignatureOf(usage)),
    processPayments: (usages) =>
      call(
        "process_payments",
        usages.map((usage) => usage.job),
        usages.map((usage) => usage.seq),
        usages.map((usage) => usage.secondsCum),
        usages.map((usage) => usage.tLast),
        usages.map((usage) => fromHex(usage.logRoot)),
        usages.map((usage) => fromHex(usage.signature)),
        usages.some((usage) => "countersignature" in usage) ? usages.map(countersignatureOf) : [],
      ),
  };
}

function countersignatureOf(usage: PayableUsage): Uint8Array {
  return fromHex("countersignature" in usage ? usage.countersignature : "0x");
}
