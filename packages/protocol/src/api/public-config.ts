/**
 * What the browser needs to know at run time, served by the web server at /config.json.
 * It doesn't know where the server has it from.
 */
import { z } from "zod";
import { zAsset } from "./models.ts";

/** What the browser needs to know, served by the web server at /config.json. */
export const zPublicConfig = z.object({
  network: z.enum(["devnet", "testnet", "mainnet"]),
  chainId: z.number(),
  nodeUrl: z.string(),
  faucetUrl: z.string().nullable(),
  packageAddress: z.string(),
  asset: zAsset,
  indexerUrl: z.string(),
  relayerUrl: z.string(),
  s3GatewayUrl: z.string().nullable(),
  ipfsGatewayUrl: z.string().nullable(),
  devWallet: z.boolean(),
  /** Image the job wizard starts with; null = empty field. */
  demoImage: z.string().nullable(),
});
export type PublicConfig = z.output<typeof zPublicConfig>;
