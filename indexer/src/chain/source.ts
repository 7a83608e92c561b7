/**
 * What the indexer needs of a chain; `ChainClient` provides it.
 * It doesn't know submissions: the indexer reads committed transactions, and asks who an account and the admin are and what an asset is called.
 */
import type { ChainClient } from "@computestream/protocol/client";

export type ChainSource = Pick<
  ChainClient,
  "deployment" | "assertChain" | "ledger" | "transactions" | "authenticationKey" | "admin" | "assetMetadata"
>;
