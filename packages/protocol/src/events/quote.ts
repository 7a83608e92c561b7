/**
 * The events of `job_quotes`: a paid quote became its job, or money went back to its payer.
 * It doesn't know the payment itself: that is a plain transfer of the asset to the quote's address.
 */
import { z } from "zod";
import { zAddress, zU64 } from "../primitives.ts";

export const QUOTE_EVENTS = {
  QuoteRedeemed: z.object({
    quote: zAddress,
    payer: zAddress,
    job: zAddress,
    asset: zAddress,
    amount: zU64,
    redeemed_by: zAddress,
    timestamp: zU64,
  }),
  QuoteRefunded: z.object({
    quote: zAddress,
    payer: zAddress,
    asset: zAddress,
    amount: zU64,
    refunded_by: zAddress,
    timestamp: zU64,
  }),
};
