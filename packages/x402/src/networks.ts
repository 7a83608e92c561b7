/**
 * Movement's chains as CAIP-2 names: the namespace and the chain id that transactions carry.
 * It doesn't know nodes or deployments.
 */
export type MovementNetwork = `movement:${number}`;

export const MOVEMENT_MAINNET: MovementNetwork = "movement:126";
export const MOVEMENT_TESTNET: MovementNetwork = "movement:250";
/** What a scheme is registered for when it serves every Movement chain. */
export const MOVEMENT_FAMILY = "movement:*";

/** A devnet has a chain id, and with it a network, of its own. */
export function networkOf(chainId: number): MovementNetwork {
  if (!Number.isInteger(chainId) || chainId < 1 || chainId > 255)
    throw new RangeError(`not a chain id: ${chainId}`);
  return `movement:${chainId}`;
}

/** The chain id of a Movement network; null for any other. */
export function chainIdOf(network: string): number | null {
  const digits = /^movement:([1-9]\d{0,2})$/.exec(network)?.[1];
  const chainId = digits === undefined ? 0 : Number(digits);
  return chainId >= 1 && chainId <= 255 ? chainId : null;
}
