/**
 * What is relayed: reading a signed transaction, and the rules it must keep, from itself and the time alone.
 * It doesn't read the chain. Who pays for it is judged elsewhere: by the chain, or by the sponsor.
 */
import {
  AccountAddress,
  AccountAuthenticator,
  Deserializer,
  generateSignedTransaction,
  RawTransaction,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { fromHex } from "@computestream/protocol";
import { transactionHash } from "@computestream/protocol/client";
import { MAX_EXPIRE_IN_SECS } from "@computestream/protocol/writes";
import { callOf, type SignedPayment } from "@computestream/x402";
import { AppError } from "../errors.ts";
import { isSigned } from "../sponsor/rules.ts";

export interface RelayRules {
  chainId: number;
  /** `address::module::name` of what is relayed; nothing else ever is. */
  functions: ReadonlySet<string>;
}

/** The chain's own bound. */
const MAX_GAS_AMOUNT = 2_000_000n;
/** Octas a unit: ten times what any relayer pays by default; more is a slip of the wallet. */
const MAX_GAS_UNIT_PRICE = 10_000n;
const SKEW_SECS = 5n;
/** With less left it would expire on its way. */
const MIN_LEFT_SECS = 2n;

/** Throws `AppError` (400) for anything that isn't exactly one transaction and one authenticator. */
export function readSubmission(p: {
  rawTransaction: string;
  feePayer: string | null;
  authenticator: string;
}): SignedPayment {
  const raw = whole("rawTransaction", "BAD_TRANSACTION", p.rawTransaction, RawTransaction.deserialize);
  const authenticator = whole(
    "authenticator",
    "BAD_AUTHENTICATOR",
    p.authenticator,
    AccountAuthenticator.deserialize,
  );
  const feePayer = p.feePayer === null ? undefined : AccountAddress.from(p.feePayer);
  return { transaction: new SimpleTransaction(raw, feePayer), authenticator };
}

/** Throws `AppError` that names the field; returns the function that is called. */
export function checkRules(
  { transaction, authenticator }: SignedPayment,
  rules: RelayRules,
  nowSecs: bigint,
): string {
  const { rawTransaction } = transaction;
  const { chain_id, max_gas_amount, gas_unit_price, expiration_timestamp_secs } = rawTransaction;
  const refuse = (status: number, code: string, message: string) =>
    new AppError(status, code, message, { field: "rawTransaction" });
  if (chain_id.chainId !== rules.chainId)
    throw refuse(
      422,
      "CHAIN_ID_MISMATCH",
      `The transaction is for chain ${chain_id.chainId}, not ${rules.chainId}.`,
    );
  const call = callOf(rawTransaction.payload);
  if (!call || !rules.functions.has(call.function))
    throw refuse(
      403,
      "FUNCTION_NOT_RELAYED",
      "Only writes of this market are relayed: GET /api/v1/transactions.",
    );
  if (expiration_timestamp_secs < nowSecs + MIN_LEFT_SECS)
    throw refuse(422, "TRANSACTION_EXPIRED", "The transaction has expired, or would on its way.");
  if (expiration_timestamp_secs > nowSecs + BigInt(MAX_EXPIRE_IN_SECS) + SKEW_SECS)
    throw refuse(422, "EXPIRES_TOO_LATE", `The transaction must expire within ${MAX_EXPIRE_IN_SECS} s.`);
  if (max_gas_amount > MAX_GAS_AMOUNT)
    throw refuse(422, "GAS_TOO_HIGH", `The gas limit is ${max_gas_amount}, at most ${MAX_GAS_AMOUNT}.`);
  if (gas_unit_price > MAX_GAS_UNIT_PRICE)
    throw refuse(
      422,
      "GAS_UNIT_PRICE_TOO_HIGH",
      `The gas price is ${gas_unit_price}, at most ${MAX_GAS_UNIT_PRICE}.`,
    );
  // Of other kinds of keys the chain's node judges.
  if (authenticator.isEd25519() && !isSigned({ transaction, authenticator }))
    throw new AppError(422, "BAD_SIGNATURE", "The signature isn't that of this key over this transaction.", {
      field: "authenticator",
    });
  return call.function;
}

export function unsponsoredBytes({ transaction, authenticator }: SignedPayment): {
  hash: string;
  bytes: Uint8Array;
} {
  const bytes = generateSignedTransaction({ transaction, senderAuthenticator: authenticator });
  return { hash: transactionHash(bytes), bytes };
}

/** Bytes left over would be read by nobody, so they may hide nothing. */
function whole<T>(field: string, code: string, hex: string, read: (deserializer: Deserializer) => T): T {
  try {
    const deserializer = new Deserializer(fromHex(hex));
    const value = read(deserializer);
    if (deserializer.remaining() > 0) throw new RangeError("bytes left over");
    return value;
  } catch (cause) {
    throw new AppError(400, code, `The ${field} isn't BCS of one.`, { field, cause });
  }
}
