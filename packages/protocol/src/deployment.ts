/**
 * The deployment record: which package on which chain a service talks to. Written by `npm run deploy`.
 * It doesn't read files or the environment; a service's config.ts does.
 */
import { z } from "zod";
import { zAddress } from "./primitives.ts";

export const zDeployment = z.object({
  network: z.enum(["devnet", "testnet", "mainnet"]),
  chainId: z.number().int().min(1).max(255),
  nodeUrl: z.string().url(),
  faucetUrl: z.string().url().optional(),
  /** Account that holds the Move package and its admin role at deployment. */
  packageAddress: zAddress,
  /** Fungible asset the market starts with: metadata address, symbol and decimals. */
  asset: z.object({ address: zAddress, symbol: z.string(), decimals: z.number().int().min(0).max(18) }),
  /** Ledger version of the publishing transaction: an indexer starts here. */
  deployedAtVersion: z.string().regex(/^\d+$/),
  transactionHash: z.string(),
  deployedAt: z.string(),
  /** Module name -> sha256 of its bytecode. */
  modules: z.record(z.string(), z.string()),
});

export type Deployment = z.output<typeof zDeployment>;
