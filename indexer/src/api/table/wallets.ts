/**
 * The table's part on wallets.
 * It doesn't answer anything: routes/wallets.ts does.
 */
import { API_ROUTES, zAddressParams, zLedgerQuery, zWalletQuery } from "@computestream/protocol/api";
import { LEDGER_CSV, WALLET_CSV } from "./columns.ts";
import type { RouteTable } from "./types.ts";

export const WALLET_ROUTES = {
  "/api/v1/wallets/:address": {
    summary: "What a wallet has in escrow and at stake, its jobs and its providers",
    description:
      "What the account itself holds isn't told here: the chain's node knows. As CSV one line for each asset.",
    limit: "discovery",
    tag: "wallets",
    params: zAddressParams,
    query: zWalletQuery,
    answer: API_ROUTES["/api/v1/wallets/:address"],
    csv: WALLET_CSV,
    errors: [],
    aliases: [{ path: "/api/v1/credits/:address" }],
    exampleQuery: "",
  },
  "/api/v1/wallets/:address/ledger": {
    summary: "A wallet's credits and debits in the market, newest first",
    description:
      "Every movement between the wallet and the market's escrows, stakes and bonds; the treasury's ledger has its part of fees and slashed stakes. For each asset the credits less the debits of all wallets, and what escrows, stakes and bonds still hold, add up to zero. Stake that a fault costs leaves no wallet then: it left with the stake. Transfers that pass no escrow are the chain's, not the market's; one to a quote is told when the quote is used: as the job's deposit, or as quote_payment together with quote_refund.",
    limit: "expensive",
    tag: "wallets",
    params: zAddressParams,
    query: zLedgerQuery,
    answer: API_ROUTES["/api/v1/wallets/:address/ledger"],
    csv: LEDGER_CSV,
    errors: ["INVALID_CURSOR"],
    exampleQuery: "?limit=20",
  },
} as const satisfies RouteTable;
