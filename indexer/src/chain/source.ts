/**
 * What the indexer needs of a chain; `ChainClient` provides it.
 * It doesn't know accounts, views or submissions: the indexer only reads committed transactions.
 */
import type { ChainClient } from "@computestream/protocol/client";

export type ChainSource = Pick<ChainClient, "deployment" | "assertChain" | "ledger" | "transactions">;
