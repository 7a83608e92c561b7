/**
 * What can be done with a quote's money: make its job, or send it back.
 * It doesn't know who pays, nor with what: that is a plain transfer to the quote's address.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { fromHex } from "../primitives.ts";
import type { QuotedOrder, QuoteTerms } from "../quote.ts";
import { callsOf } from "./entry-function.ts";

export interface QuotePayloads {
  /** `order` must be the one that the quote's hash binds. */
  redeemQuote(quote: Omit<QuoteTerms, "orderHash">, order: QuotedOrder): InputEntryFunctionData;
  refundQuote(asset: string, quote: QuoteTerms): InputEntryFunctionData;
}

export function createQuotePayloads(packageAddress: string): QuotePayloads {
  const call = callsOf(packageAddress, "job_quotes");
  return {
    redeemQuote: (quote, order) =>
      call(
        "redeem",
        quote.payer,
        quote.clerk,
        quote.redeemBy,
        fromHex(quote.nonce),
        order.provider,
        order.image,
        order.spec,
        order.gpus,
        order.maxDurationSecs,
        order.maxRatePerHour,
        order.deposit,
        order.holdbackSecs,
        order.priority,
        fromHex(order.buyerKey),
      ),
    refundQuote: (asset, quote) =>
      call(
        "refund",
        asset,
        quote.payer,
        quote.clerk,
        quote.redeemBy,
        fromHex(quote.nonce),
        fromHex(quote.orderHash),
      ),
  };
}
