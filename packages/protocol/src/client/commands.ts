/**
 * Whether a command is its provider's owner's, now and on this chain: asked by the hub, and by the node again.
 * It doesn't know which commands were given before.
 */
import { parseWalletMessage } from "../api/index.ts";
import { COMMAND_MAX_SECS, commandMessage, type SignedCommand } from "../command.ts";
import { normalizeAddress } from "../primitives.ts";
import type { ChainClient } from "./chain-client.ts";
import { verifiedAuthenticationKey } from "./wallet-signature.ts";

export interface CommandRefusal {
  code:
    | "COMMAND_EXPIRED"
    | "COMMAND_TOO_LONG"
    | "WRONG_TEXT"
    | "BAD_SIGNATURE"
    | "PROVIDER_UNKNOWN"
    | "NOT_THE_OWNER"
    | "KEY_NOT_OF_ADDRESS";
  field: string;
  message: string;
}

/** Null when it is. Throws `ChainError` when the node can't be asked. */
export async function refusalOfCommand(
  client: Pick<ChainClient, "deployment" | "getProvider" | "authenticationKey">,
  provider: string,
  signed: SignedCommand,
  nowSecs: number,
): Promise<CommandRefusal | null> {
  const { chainId, packageAddress } = client.deployment;
  const { command, number, expiresAt, address } = signed;
  if (expiresAt <= nowSecs)
    return refuse("COMMAND_EXPIRED", "expiresAt", "The command has expired: sign another.");
  if (expiresAt > nowSecs + COMMAND_MAX_SECS)
    return refuse("COMMAND_TOO_LONG", "expiresAt", `A command lasts at most ${COMMAND_MAX_SECS} seconds.`);
  const said = parseWalletMessage(signed.fullMessage);
  const isOurs =
    said !== null &&
    said.message === commandMessage({ chainId, packageAddress, provider, command, number, expiresAt }) &&
    said.chainId === `${chainId}` &&
    said.nonce === `${number}` &&
    /^0x[0-9a-fA-F]{1,64}$/.test(said.address) &&
    normalizeAddress(said.address) === address;
  if (!isOurs)
    return refuse(
      "WRONG_TEXT",
      "fullMessage",
      "The signed text isn't this command to this provider on this chain and package.",
    );
  const { scheme, publicKey, signature, fullMessage } = signed;
  const key = verifiedAuthenticationKey({ scheme, publicKey, signature, text: fullMessage });
  if (key === null)
    return refuse(
      "BAD_SIGNATURE",
      "signature",
      "The signature isn't that of this public key over this text.",
    );
  const view = await client.getProvider(provider);
  if (!view) return refuse("PROVIDER_UNKNOWN", "provider", "The chain has no such provider.");
  if (view.owner !== address)
    return refuse("NOT_THE_OWNER", "address", "Only the provider's owner gives its node commands.");
  // The key on chain decides: after a rotation the address's first key must open nothing any more.
  if (normalizeAddress(key) !== (await client.authenticationKey(address)))
    return refuse(
      "KEY_NOT_OF_ADDRESS",
      "publicKey",
      "The public key isn't the one that signs for this account now.",
    );
  return null;
}

function refuse(code: CommandRefusal["code"], field: string, message: string): CommandRefusal {
  return { code, field, message };
}
