/**
 * What the read API answers about a wallet: what is in escrow and at stake for it, and its ledger.
 * It doesn't know what the account itself holds: the chain's own balances are the node's to tell.
 */
import { z } from "zod";
import { zDecimal } from "../primitives.ts";
import { PROVIDER_STATUSES } from "../provider-status.ts";
import { zAsset, zJobState } from "./models.ts";

const count = () => z.number().int();

export const zWallet = z
  .object({
    wallet: z.string(),
    balances: z
      .array(
        z.object({
          asset: zAsset,
          escrow: zDecimal.describe("In escrows of its jobs now."),
          held: zDecimal.describe("Of escrow, earned by providers and waiting for its confirmation."),
          deposited: zDecimal.describe("Into escrows of its jobs in all."),
          spent: zDecimal.describe("Out of them to providers and fees."),
          refunded: zDecimal.describe("Out of them back."),
          bonds: zDecimal.describe("In bonds of its open cases."),
          staked: zDecimal.describe("At stake for its providers."),
          unbonding: zDecimal.describe("Leaving their stakes; it can still be slashed."),
          earned: zDecimal.describe("Net of fees, paid for jobs on its providers so far."),
        }),
      )
      .describe("One line for each asset it has had to do with, by the asset's address."),
    jobs: z
      .object({
        total: count(),
        waiting: count().describe("Pending or accepted."),
        running: count(),
        ended: count().describe("Ended, with money still to settle."),
        settled: count(),
        newest: z
          .array(
            z.object({
              job: z.string(),
              title: z.string(),
              provider: z.string(),
              state: zJobState,
              createdAt: z.number(),
              asset: zAsset,
              deposited: zDecimal,
              balance: zDecimal,
            }),
          )
          .describe("At most 20, newest first; /jobs?buyer= has all."),
      })
      .describe("Jobs as buyer."),
    providers: z.object({
      total: count(),
      newest: z
        .array(
          z.object({
            provider: z.string(),
            name: z.string(),
            status: z.enum(PROVIDER_STATUSES),
            asset: zAsset,
            stake: zDecimal,
            unbonding: zDecimal,
            earned: zDecimal.describe("From settled jobs, net of fees."),
          }),
        )
        .describe("At most 100, newest first; /providers?owner= has all."),
    }),
  })
  .meta({
    id: "Wallet",
    description: "Money and things of one wallet in this market. An unknown wallet has none.",
  });
export type WalletDto = z.output<typeof zWallet>;

/** What a line of the ledger is for. */
export const LEDGER_KINDS = [
  "deposit",
  "refund",
  "payment",
  "keeper_fee",
  "fee",
  "stake",
  "unstake",
  "reward",
  "slash",
  "bond",
  "bond_back",
  "bond_won",
  "quote_payment",
  "quote_refund",
] as const;
export type LedgerKind = (typeof LEDGER_KINDS)[number];

export const zLedgerEntry = z
  .object({
    version: z.string().describe("Ledger version of the transaction."),
    index: z.number().int().describe("Place of the event in the transaction."),
    part: z
      .number()
      .int()
      .describe(
        "Place among the movements that such an event may have, from 0; those of nothing are left out.",
      ),
    txHash: z.string(),
    timestamp: z.number().describe("Chain time, unix seconds."),
    kind: z
      .enum(LEDGER_KINDS)
      .describe(
        "deposit, bond, stake leave the wallet; refund, payment (net of the fee), keeper_fee, unstake, reward (for a proven fault), bond_back, bond_won reach it; fee (without the keeper's part) and slash (without the reward) reach the treasury that the job was made under. quote_payment and quote_refund come together, when money goes back from a quote: that is when the market hears of it.",
      ),
    direction: z.enum(["credit", "debit"]).describe("credit reaches the wallet, debit leaves it."),
    amount: zDecimal.describe("Of asset, in base units; never 0."),
    asset: zAsset,
    job: z.string().nullable(),
    provider: z.string().nullable(),
  })
  .meta({ id: "LedgerEntry", description: "One movement of money between a wallet and the market." });
export type LedgerEntryDto = z.output<typeof zLedgerEntry>;
