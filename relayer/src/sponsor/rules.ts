/**
 * What a sponsor pays the gas of: the rules a transaction must keep, and the proof that its sender signed it.
 * It doesn't read the chain or the clock: both are arguments.
 */
import {
  type AccountAuthenticator,
  generateSigningMessageForTransaction,
  type PublicKey,
} from "@aptos-labs/ts-sdk";
import { normalizeAddress } from "@computestream/protocol";
import { callOf, type SignedPayment } from "@computestream/x402";
import type { SponsorRefusal } from "@computestream/x402/facilitator";

export interface SponsorPolicy {
  chainId: number;
  sponsor: string;
  /** `address::module::name` of what is sponsored; nothing else ever is. */
  functions: ReadonlySet<string>;
  maxGasAmount: bigint;
  maxGasUnitPrice: bigint;
  /** Seconds until it must expire, whatever longer time its requirements grant. */
  maxTimeoutSecs: number;
}

/** How far a payer's clock may be ahead of ours. */
const SKEW_SECS = 5n;
/** With less left it would expire on its way. */
const MIN_LEFT_SECS = 3n;

/** Why the transaction isn't one to sponsor, from itself and the time alone. */
export function refusalOf(
  payment: SignedPayment,
  policy: SponsorPolicy,
  p: { nowSecs: bigint; maxTimeoutSecs: number },
): SponsorRefusal | null {
  const { rawTransaction, feePayerAddress } = payment.transaction;
  const { chain_id, sender, max_gas_amount, gas_unit_price, expiration_timestamp_secs } = rawTransaction;
  if (chain_id.chainId !== policy.chainId)
    return fault("chain_id_mismatch", `The transaction is for chain ${chain_id.chainId}.`);
  if (normalizeAddress(sender.toString()) === policy.sponsor)
    return fault("fee_payer_is_sender", "The sponsor doesn't pay for itself.");
  if (!feePayerAddress || normalizeAddress(feePayerAddress.toString()) !== policy.sponsor)
    return fault("fee_payer_mismatch", `The transaction must name ${policy.sponsor} as its fee payer.`);
  if (max_gas_amount > policy.maxGasAmount)
    return fault("gas_too_high", `The gas limit is ${max_gas_amount}, at most ${policy.maxGasAmount}.`);
  if (gas_unit_price > policy.maxGasUnitPrice)
    return fault(
      "gas_unit_price_too_high",
      `The gas price is ${gas_unit_price}, at most ${policy.maxGasUnitPrice}.`,
    );
  const call = callOf(rawTransaction.payload);
  if (!call || !policy.functions.has(call.function))
    return fault("wrong_function", "The transaction calls something that isn't sponsored.");
  if (expiration_timestamp_secs < p.nowSecs + MIN_LEFT_SECS)
    return fault("expired", "The transaction has expired, or would on its way.");
  const timeoutSecs = Math.min(p.maxTimeoutSecs, policy.maxTimeoutSecs);
  if (expiration_timestamp_secs > p.nowSecs + BigInt(Math.floor(timeoutSecs)) + SKEW_SECS)
    return fault("expires_too_late", `The transaction must expire within ${timeoutSecs} s.`);
  if (!isSigned(payment)) return fault("signature", "The sender's signature isn't over this transaction.");
  return null;
}

/** The key that signed; null of a scheme that is neither one Ed25519 key nor one key of any kind. */
export function publicKeyOf(authenticator: AccountAuthenticator): PublicKey | null {
  if (authenticator.isEd25519() || authenticator.isSingleKey()) return authenticator.public_key;
  return null;
}

/** The authentication key that the sender's account must have. */
export function authenticationKeyOf(authenticator: AccountAuthenticator): string | null {
  if (authenticator.isEd25519() || authenticator.isSingleKey())
    return normalizeAddress(authenticator.public_key.authKey().toString());
  return null;
}

/** Simulation checks no signature, so this is the only proof before money is spent on sending it. */
export function isSigned({ transaction, authenticator }: SignedPayment): boolean {
  try {
    const message = generateSigningMessageForTransaction(transaction);
    if (authenticator.isEd25519())
      return authenticator.public_key.verifySignature({ message, signature: authenticator.signature });
    if (authenticator.isSingleKey())
      return authenticator.public_key.verifySignature({ message, signature: authenticator.signature });
    return false;
  } catch {
    return false;
  }
}

type Fault = Extract<SponsorRefusal, { fault: unknown }>["fault"];
/** `code`: what the chain calls it. */
export function fault(what: Fault, message: string, code?: string): SponsorRefusal {
  return { fault: what, message, ...(code === undefined ? {} : { code }) };
}
