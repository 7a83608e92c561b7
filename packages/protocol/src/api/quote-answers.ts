/**
 * What the read API answers about quotes that were used: payer, job, what went back.
 * It doesn't know offers that nobody has used: those are the quoting relayer's, and on no chain.
 */
import { z } from "zod";
import { zDecimal } from "../primitives.ts";
import { zAsset } from "./models.ts";

export const QUOTE_STATES = ["Redeemed", "Refunded"] as const;

const fields = {
  quote: z.string().describe("The address that was paid to."),
  payer: z.string().describe("The job's buyer, and who everything else goes back to."),
  state: z
    .enum(QUOTE_STATES)
    .describe(
      "Redeemed: its deposit became job. Refunded: its money went back, it can't become a job any more.",
    ),
  job: z.string().nullable(),
  asset: zAsset.describe("Of deposit and refunded."),
  deposit: zDecimal.describe("What became the job's escrow, in base units; 0 when it was refunded."),
  refunded: zDecimal.describe(
    "Of asset, back to the payer in all: change, payments that came late, or everything.",
  ),
  refunds: z.number().int().describe("How often money went back, of whichever asset."),
  usedBy: z.string().describe("Who redeemed or first refunded it."),
  usedAt: z.number().describe("Chain time, unix seconds."),
  version: z.string().describe("Ledger version of the transaction that used it."),
  index: z.number().int().describe("Place of the event in the transaction."),
  txHash: z.string(),
};

export const zQuote = z
  .object(fields)
  .meta({ id: "Quote", description: "A quote that was used. One that wasn't is on no chain." });
export type QuoteDto = z.output<typeof zQuote>;

export const zQuoteDetail = z
  .object({
    ...fields,
    newestRefunds: z
      .array(
        z.object({
          version: z.string().describe("Ledger version of the transaction."),
          index: z.number().int().describe("Place of the event in the transaction."),
          txHash: z.string(),
          timestamp: z.number().describe("Chain time, unix seconds."),
          asset: zAsset.describe("Not the quote's where somebody sent another one."),
          amount: zDecimal,
          refundedBy: z.string(),
        }),
      )
      .describe("At most 20, newest first; the payer's ledger has all."),
  })
  .meta({ id: "QuoteDetail", description: "A quote that was used, and what went back from it." });
export type QuoteDetailDto = z.output<typeof zQuoteDetail>;

/** In a job's receipt, whose asset it is of. */
export const zReceiptQuote = z.object({
  version: z.string().describe("Ledger version of the transaction."),
  index: z.number().int().describe("Place of the event in the transaction."),
  txHash: z.string(),
  timestamp: z.number().describe("Chain time, unix seconds."),
  quote: z.string(),
  amount: zDecimal.describe("What of its money became the job's first deposit."),
  redeemedBy: z.string(),
});
