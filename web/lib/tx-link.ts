/**
 * Where a transaction can be looked up: the network's explorer, or the node itself on a development chain.
 * It doesn't fetch.
 */
import type { PublicConfig } from "@computestream/protocol/api";

export function transactionUrl(config: Pick<PublicConfig, "network" | "nodeUrl">, hash: string): string {
  return config.network === "devnet"
    ? `${config.nodeUrl}/transactions/by_hash/${hash}`
    : `https://explorer.movementnetwork.xyz/txn/${hash}?network=${config.network}`;
}
