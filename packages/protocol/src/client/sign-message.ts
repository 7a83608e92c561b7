/**
 * Signing in with a key that is at hand, as a command line has it: what a wallet's `signMessage` would answer.
 * It doesn't ask anyone whether to sign.
 */
import { type Account, AnyPublicKey, type Ed25519PublicKey, SigningScheme } from "@aptos-labs/ts-sdk";
import { walletMessage } from "../api/auth.ts";
import { toHex } from "../primitives.ts";
import type { SignMessage } from "../session/index.ts";

/** Single-key accounts too; others sign through wallets. */
export function signMessageWith(account: Account): SignMessage {
  return async ({ address, domain, chainId, message, nonce }) => {
    const fullMessage = walletMessage({ address, application: domain, chainId, message, nonce });
    const signature = account.sign(new TextEncoder().encode(fullMessage));
    if (account.signingScheme === SigningScheme.Ed25519) {
      const publicKey = (account.publicKey as Ed25519PublicKey).toUint8Array();
      return {
        scheme: "ed25519",
        publicKey: toHex(publicKey),
        signature: toHex(signature.toUint8Array()),
        fullMessage,
      };
    }
    if (!(account.publicKey instanceof AnyPublicKey)) {
      throw new TypeError("only Ed25519 and single-key accounts sign here");
    }
    return {
      scheme: "single_key",
      publicKey: toHex(account.publicKey.bcsToBytes()),
      signature: toHex(signature.bcsToBytes()),
      fullMessage,
    };
  };
}
