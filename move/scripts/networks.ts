/**
 * The networks that a package can be deployed to: chain ids and default addresses.
 * It doesn't connect to any.
 */
export const NETWORKS = {
  /** Where `npm start` serves it. */
  devnet: { chainId: null, nodeUrl: "http://127.0.0.1:3004/v1", faucetUrl: "http://127.0.0.1:3005" },
  testnet: { chainId: 250, nodeUrl: "https://testnet.movementnetwork.xyz/v1", faucetUrl: null },
  mainnet: { chainId: 126, nodeUrl: "https://mainnet.movementnetwork.xyz/v1", faucetUrl: null },
} as const;

export type NetworkName = keyof typeof NETWORKS;

/** Chains that are not a devnet, whatever the command line says: Movement's two and Aptos's two. */
export const PUBLIC_CHAIN_IDS: readonly number[] = [126, 250, 1, 2];

export function isNetworkName(name: string): name is NetworkName {
  return Object.hasOwn(NETWORKS, name);
}

/** What to do about an empty account. */
export function fundingRemedy(network: NetworkName, address: string): string {
  if (network === "devnet") return `Give --faucet-url, or fund ${address} from the devnet's faucet.`;
  if (network === "testnet")
    return `Fund ${address} at https://faucet.movementnetwork.xyz/ and run this again.`;
  return `Send MOVE to ${address} and run this again.`;
}
