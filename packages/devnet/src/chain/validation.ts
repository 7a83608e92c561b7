/**
 * Whether a transaction may run against a state: everything but the signatures themselves and the order of
 * sequence numbers in the future.
 * It doesn't change state.
 */
import { latin1, view } from "../codec/bytes.ts";
import type { VmStore } from "../vm/types.ts";
import type { Accounts } from "./accounts.ts";
import { type AccountAuthenticator, authenticationKey, signatureChecks } from "./authenticator.ts";
import {
  intrinsicGas,
  MAX_GAS_AMOUNT,
  MAX_GAS_UNIT_PRICE,
  MAX_TRANSACTION_BYTES,
  MIN_GAS_UNIT_PRICE,
} from "./gas.ts";
import type { StatusCode } from "./rejection.ts";
import { gasPayer, type SignedTransaction, signers, signingMessages } from "./transaction.ts";
import { areValidSignatures } from "./verify.ts";

const MAX_SEQUENCE_NUMBER = 0xffffffffffffffffn;

/** What the transaction alone says: chain, size, gas, signers. */
export function checkForm(transaction: SignedTransaction, chainId: number): StatusCode | null {
  const { maxGasAmount, gasUnitPrice } = transaction;
  if (transaction.bytes.length > MAX_TRANSACTION_BYTES) return "EXCEEDED_MAX_TRANSACTION_SIZE";
  if (transaction.chainId !== chainId) return "BAD_CHAIN_ID";
  if (maxGasAmount > MAX_GAS_AMOUNT) return "MAX_GAS_UNITS_EXCEEDS_MAX_GAS_UNITS_BOUND";
  if (maxGasAmount < intrinsicGas(transaction.bytes.length))
    return "MAX_GAS_UNITS_BELOW_MIN_TRANSACTION_GAS_UNITS";
  if (gasUnitPrice < MIN_GAS_UNIT_PRICE) return "GAS_UNIT_PRICE_BELOW_MIN_BOUND";
  if (gasUnitPrice > MAX_GAS_UNIT_PRICE) return "GAS_UNIT_PRICE_ABOVE_MAX_BOUND";
  const addresses = signers(transaction).map(latin1);
  if (new Set(addresses).size !== addresses.length) return "SIGNERS_CONTAIN_DUPLICATES";
  if (transaction.nonce === null && transaction.sequenceNumber === MAX_SEQUENCE_NUMBER)
    return "SEQUENCE_NUMBER_TOO_BIG";
  return null;
}

/** What holds only against a state at a time: expiry, keys, sequence number not too old, balance for the gas. */
export function checkState(
  transaction: SignedTransaction,
  store: VmStore,
  accounts: Accounts,
  expiryUsecs: number,
): StatusCode | null {
  const nowSecs = BigInt(Math.floor(expiryUsecs / 1_000_000));
  if (transaction.expirationSecs <= nowSecs) return "TRANSACTION_EXPIRED";

  const { authenticator } = transaction;
  const account = accounts.read(store, transaction.sender);
  // A sponsored sender may be new: its account is made when the transaction runs.
  if (!account && authenticator.kind !== "fee_payer") return "SENDING_ACCOUNT_DOES_NOT_EXIST";
  const hasKeyOf = (address: Buffer, own: AccountAuthenticator): boolean => {
    const key = authenticationKey(own);
    if (!key) return true;
    return key.equals(view(accounts.read(store, address)?.authenticationKey ?? address));
  };
  if (!hasKeyOf(transaction.sender, authenticator.sender)) return "INVALID_AUTH_KEY";
  if (authenticator.kind !== "single") {
    for (const { address, authenticator: own } of authenticator.secondary)
      if (!hasKeyOf(address, own)) return "INVALID_AUTH_KEY";
    if (authenticator.kind === "fee_payer") {
      const { address, authenticator: own } = authenticator.feePayer;
      if (!hasKeyOf(address, own)) return "INVALID_AUTH_KEY";
    }
  }
  if (transaction.nonce === null && transaction.sequenceNumber < (account?.sequenceNumber ?? 0n))
    return "SEQUENCE_NUMBER_TOO_OLD";
  const deposit = transaction.maxGasAmount * transaction.gasUnitPrice;
  if (accounts.moveBalance(store, gasPayer(transaction)) < deposit)
    return "INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE";
  return null;
}

/** Whether every signer signed this transaction. */
export async function hasValidSignatures(transaction: SignedTransaction): Promise<boolean> {
  const { authenticator } = transaction;
  const { main, unknownPayer } = signingMessages(transaction);
  const signed = async (own: AccountAuthenticator): Promise<boolean> => {
    const checks = signatureChecks(own);
    if (await areValidSignatures(checks, main)) return true;
    return unknownPayer !== null && (await areValidSignatures(checks, unknownPayer));
  };
  if (authenticator.kind === "single") return signed(authenticator.sender);
  const others = authenticator.secondary.map((s) => s.authenticator);
  const results = await Promise.all([authenticator.sender, ...others].map(signed));
  if (!results.every(Boolean)) return false;
  if (authenticator.kind === "multi_agent") return true;
  return areValidSignatures(signatureChecks(authenticator.feePayer.authenticator), main);
}
