/**
 * The columns of the answers that can be had as CSV, by dotted path into an item.
 * It doesn't know how a cell is written.
 */
import type { CsvSpec } from "./types.ts";

const ASSET = ["asset.address", "asset.symbol", "asset.decimals"] as const;

export const JOBS_CSV: CsvSpec = {
  rows: "items",
  columns: [
    "job",
    "title",
    "buyer",
    "provider",
    "state",
    "outcome",
    "image",
    "gpus",
    "priority",
    "createdAt",
    "startedAt",
    "endedAt",
    "settledAt",
    "ratePerHour",
    "maxDurationSecs",
    "secondsAttested",
    "secondsBilled",
    "deposited",
    "paidToProvider",
    "fees",
    "refunded",
    "balance",
    "held",
    ...ASSET,
    "createdTx",
    "payee",
    "treasury",
  ],
};

export const TICKS_CSV: CsvSpec = {
  rows: "items",
  columns: [
    "version",
    "index",
    "txHash",
    "timestamp",
    "job",
    "seq",
    "secondsAttested",
    "secondsConfirmed",
    "secondsBilled",
    "amount",
    "fee",
    "keeperFee",
    "paid",
    "balance",
    "acc",
    ...ASSET,
  ],
};

export const WALLET_CSV: CsvSpec = {
  rows: "balances",
  columns: [
    ...ASSET,
    "escrow",
    "held",
    "deposited",
    "spent",
    "refunded",
    "bonds",
    "staked",
    "unbonding",
    "earned",
  ],
};

export const QUOTES_CSV: CsvSpec = {
  rows: "items",
  columns: [
    "version",
    "index",
    "txHash",
    "usedAt",
    "quote",
    "payer",
    "state",
    "job",
    "deposit",
    "refunded",
    "refunds",
    ...ASSET,
    "usedBy",
  ],
};

export const LEDGER_CSV: CsvSpec = {
  rows: "items",
  columns: [
    "version",
    "index",
    "part",
    "txHash",
    "timestamp",
    "kind",
    "direction",
    "amount",
    ...ASSET,
    "job",
    "provider",
  ],
};
