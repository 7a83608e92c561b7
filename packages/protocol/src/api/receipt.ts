/**
 * A job's receipt: every fact from which anyone can recompute what it paid, and the sums that must agree.
 * It doesn't know where the facts are kept; the formulas are those of docs/protocol.md "Money".
 */
import { z } from "zod";
import { zDecimal } from "../primitives.ts";
import { zAsset, zJobState, zRequirements } from "./models.ts";
import { zReceiptQuote } from "./quote-answers.ts";
import { zRate } from "./rates.ts";

const at = {
  version: z.string().describe("Ledger version of the transaction."),
  index: z.number().int().describe("Place of the event in the transaction."),
  txHash: z.string(),
  timestamp: z.number().describe("Chain time, unix seconds."),
};

const zReceiptTerms = z.object({
  image: z.string(),
  spec: z.string(),
  requirements: zRequirements,
  gpus: z.number(),
  priority: z.number(),
  isOpen: z.boolean().describe("Ordered from whoever takes it first."),
  orderedRatePerHour: zDecimal.describe("As ordered; the buyer's maximum when isOpen."),
  orderedMaxDurationSecs: z.number(),
  orderedDeposit: zDecimal,
  holdbackSecs: z.number(),
  buyerKey: z.string().describe("0x when the buyer countersigns nothing."),
  termsHash: z.string().describe("To which every attestation is bound; 0x before the provider is known."),
  createdAt: z.number(),
  createdTx: z.string(),
});

const zReceiptSettlement = z.object({
  ...at,
  seq: zDecimal.describe("Number of the newest attestation that counts."),
  keeper: z.string().describe("Who signed the transaction."),
  secondsAttested: z.number(),
  secondsConfirmed: z.number(),
  secondsBilled: z.number().describe("Cumulative."),
  acc: zDecimal.describe("Cumulative: the sum of rate times seconds; earned = floor(acc / 3600)."),
  amount: zDecimal.describe("What left the escrow now: toProvider + fee."),
  toProvider: zDecimal,
  fee: zDecimal.describe("keeperFee and the treasury's part."),
  keeperFee: zDecimal,
  paid: zDecimal.describe("Cumulative sum of amount."),
  feePaid: zDecimal.describe("Cumulative: floor(paid * feeBps / 10000)."),
  keeperPaid: zDecimal.describe("Cumulative."),
  balance: zDecimal.describe("What is left in the escrow."),
});

const zReceiptCheck = z
  .object({
    deposited: zDecimal.describe("Sum of deposits."),
    paidToProvider: zDecimal.describe("Sum of toProvider over all settlements."),
    fees: zDecimal.describe("Sum of fee over all settlements."),
    refunded: zDecimal.describe("Sum of refunds."),
    balance: zDecimal.describe("What is in the escrow now."),
    conserved: z.boolean().describe("deposited = paidToProvider + fees + refunded + balance."),
    accFromRates: zDecimal.describe("Sum over rates of ratePerHour times the seconds billed at it."),
    accAgrees: z.boolean().describe("accFromRates is the acc that the mirror holds."),
    earned: zDecimal.describe("floor(accFromRates / 3600)."),
    paidWithinEarned: z
      .boolean()
      .describe("paidToProvider + fees <= earned: nothing was paid beyond the seconds billed."),
    feeFromTerms: zDecimal.describe("floor((paidToProvider + fees) * feeBps / 10000)."),
    feeAgrees: z.boolean().describe("feeFromTerms is the sum of the fees."),
    closeAgrees: z.boolean().nullable().describe("The close tells the same sums; null while it is open."),
  })
  .meta({ id: "ReceiptCheck", description: "The sums, each from its own list, and whether they agree." });

export const zReceipt = z
  .object({
    job: z.string(),
    title: z.string(),
    buyer: z.string(),
    provider: z.string(),
    payee: z.string().nullable().describe("Who the stream pays; null before it opens."),
    state: zJobState,
    outcome: zJobState.nullable(),
    chain: z.object({ chainId: z.number().int(), packageAddress: z.string() }),
    asset: zAsset.describe("Of every amount in the receipt."),
    terms: zReceiptTerms,
    feeTerms: z.object({
      feeBps: z.number().describe("Of what is paid, rounded down on the cumulative sum."),
      keeperShareBps: z.number().describe("Of the fee, rounded down on the cumulative sum."),
    }),
    startedAt: z.number(),
    endedAt: z.number(),
    secondsBilled: z.number(),
    rates: z
      .array(
        z.object({
          ...at,
          ratePerHour: zDecimal,
          ratePerSecond: zRate,
          fromSecond: z.number().describe("Seconds that had been billed when it began."),
          seconds: z.number().describe("Seconds billed at it."),
          worth: zDecimal.describe("ratePerHour times seconds."),
        }),
      )
      .describe("Every rate the stream has had, oldest first."),
    quote: zReceiptQuote
      .nullable()
      .describe("Whose money its first deposit was; null when it was ordered directly."),
    deposits: z.array(z.object({ ...at, payer: z.string(), amount: zDecimal, balance: zDecimal })),
    settlements: z
      .array(zReceiptSettlement)
      .describe("Oldest first, one page: nextCursor leads to the next."),
    settlementCount: z.number().int().describe("Of all pages."),
    nextCursor: z.string().nullable().describe("For more settlements; null on the last page."),
    refunds: z.array(z.object({ ...at, to: z.string(), amount: zDecimal, balance: zDecimal })),
    close: z
      .object({ ...at, secondsBilled: z.number(), paid: zDecimal, feePaid: zDecimal, keeperPaid: zDecimal })
      .nullable()
      .describe("What the chain told when it closed the stream."),
    steps: z
      .array(z.object({ ...at, module: z.string(), name: z.string() }))
      .describe("Every other event of the job, oldest first; their fields are under /events."),
    check: zReceiptCheck,
  })
  .meta({
    id: "Receipt",
    description:
      "All that is needed to recompute a job's payments by hand: multiply each rate by its seconds, add, divide by 3600 rounding down, and compare. The check is over all settlements, also when one page is shown.",
  });
export type ReceiptDto = z.output<typeof zReceipt>;
