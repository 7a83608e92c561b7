/**
 * Reads that the modules' views don't offer: an account's current key, what is left for gas.
 * It doesn't hold keys.
 */
import { AptosApiError } from "@aptos-labs/ts-sdk";
import { normalizeAddress } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import { UnavailableError } from "../errors.ts";

/** The asset that gas is paid in. */
export const GAS_ASSET = normalizeAddress("0xa");

/** The SDK waits for an answer as long as the connection stands. */
const NODE_TIMEOUT_MS = 10_000;

/** What the SDK asks of the node. Throws `UnavailableError` for everything that isn't the node's word on the question. */
export async function ofNode<T>(ask: () => Promise<T>, timeoutMs = NODE_TIMEOUT_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), timeoutMs);
  });
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    throw new UnavailableError("CHAIN_UNAVAILABLE", "The chain's node can't be read; try again.", error);
  } finally {
    clearTimeout(timer);
  }
}

/** The account's authentication key; null when there is no account yet. Throws `UnavailableError`. */
export async function readAuthenticationKey(
  client: Pick<ChainClient, "aptos">,
  address: string,
): Promise<string | null> {
  return ofNode(async () => {
    try {
      const { authentication_key } = await client.aptos.getAccountInfo({ accountAddress: address });
      return normalizeAddress(authentication_key);
    } catch (error) {
      if (error instanceof AptosApiError && error.data?.error_code === "account_not_found") return null;
      throw error;
    }
  });
}

/** Base units of the asset that gas is paid in, whatever asset the market uses. */
export async function readGasBalance(
  client: Pick<ChainClient, "aptos" | "balance" | "deployment">,
  address: string,
): Promise<bigint> {
  if (client.deployment.asset.address === GAS_ASSET) return client.balance(address);
  return BigInt(await ofNode(() => client.aptos.getAccountAPTAmount({ accountAddress: address })));
}
