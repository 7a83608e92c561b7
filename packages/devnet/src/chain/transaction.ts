/**
 * A signed transaction as it came in: decoding, hash and the messages its signers signed.
 * It doesn't know state, so it can't say whether the transaction may run.
 */
import { BcsError, BcsReader, BcsWriter } from "../codec/bcs.ts";
import { sha3 } from "../codec/bytes.ts";
import { type MoveType, readTypeTag, TypeTagError, typeTagBytes } from "../codec/type-tag.ts";
import { readTransactionAuthenticator, type TransactionAuthenticator } from "./authenticator.ts";
import { MalformedTransaction } from "./rejection.ts";

export interface EntryFunction {
  kind: "entry_function";
  moduleAddress: Buffer;
  module: string;
  function: string;
  typeArgs: MoveType[];
  args: Buffer[];
}

export interface Script {
  kind: "script";
  code: Buffer;
  typeArgs: MoveType[];
  args: ScriptArgument[];
}

/** `TransactionArgument`: its variant number and the BCS bytes of the value. */
export interface ScriptArgument {
  variant: number;
  bytes: Buffer;
}

export type Payload = EntryFunction | Script;

export interface SignedTransaction {
  /** Exactly what was submitted. */
  bytes: Buffer;
  /** 32 bytes. */
  hash: Buffer;
  /** BCS of the RawTransaction: a view of `bytes`. */
  raw: Buffer;
  sender: Buffer;
  sequenceNumber: bigint;
  payload: Payload;
  /** Set when the transaction is orderless: it takes no sequence number. */
  nonce: bigint | null;
  maxGasAmount: bigint;
  gasUnitPrice: bigint;
  expirationSecs: bigint;
  chainId: number;
  authenticator: TransactionAuthenticator;
}

/** What a RawTransaction is prefixed with before it is signed. */
export const RAW_TRANSACTION_SALT = sha3(Buffer.from("APTOS::RawTransaction"));
const RAW_WITH_DATA_SALT = sha3(Buffer.from("APTOS::RawTransactionWithData"));
const TRANSACTION_SALT = sha3(Buffer.from("APTOS::Transaction"));
const USER_TRANSACTION = Buffer.from([0]);
/** Variant of TransactionPayload. */
export const ENTRY_FUNCTION_PAYLOAD = 2;
const ZERO_ADDRESS = Buffer.alloc(32);

const identifier = (text: string): string => {
  if (!/^[A-Za-z_<][A-Za-z0-9_>]*$/.test(text) || text.length > 255)
    throw new MalformedTransaction(`invalid identifier ${JSON.stringify(text.slice(0, 80))}`);
  return text;
};

export function readEntryFunction(reader: BcsReader): EntryFunction {
  return {
    kind: "entry_function",
    moduleAddress: reader.take(32),
    module: identifier(reader.str()),
    function: identifier(reader.str()),
    typeArgs: reader.vector((r) => readTypeTag(r)),
    args: reader.vector((r) => r.bytes()),
  };
}

/** Sizes of the fixed-width arguments by variant number; 4 is vector<u8>, 9 is raw BCS. */
const ARGUMENT_SIZES: Record<number, number> = { 0: 1, 1: 8, 2: 16, 3: 32, 5: 1, 6: 2, 7: 4, 8: 32 };

function readScriptArgument(reader: BcsReader): ScriptArgument {
  const variant = reader.uleb();
  const size = ARGUMENT_SIZES[variant];
  if (size !== undefined) return { variant, bytes: reader.take(size) };
  if (variant === 4) {
    const bytes = reader.bytes();
    return { variant, bytes: new BcsWriter(bytes.length + 5).bytes(bytes).finish() };
  }
  if (variant === 9) return { variant, bytes: reader.bytes() };
  throw new MalformedTransaction(`unknown script argument variant ${variant}`);
}

function readScript(reader: BcsReader): Script {
  return {
    kind: "script",
    code: reader.bytes(),
    typeArgs: reader.vector((r) => readTypeTag(r)),
    args: reader.vector(readScriptArgument),
  };
}

function readPayload(reader: BcsReader): { payload: Payload; nonce: bigint | null } {
  const variant = reader.uleb();
  if (variant === 0) return { payload: readScript(reader), nonce: null };
  if (variant === ENTRY_FUNCTION_PAYLOAD) return { payload: readEntryFunction(reader), nonce: null };
  if (variant === 4) return readPayloadV2(reader);
  const name = { 1: "module bundle", 3: "multisig" }[variant] ?? `variant ${variant}`;
  throw new MalformedTransaction(`${name} payloads are not supported by this devnet`);
}

function readPayloadV2(reader: BcsReader): { payload: Payload; nonce: bigint | null } {
  if (reader.uleb() !== 0) throw new MalformedTransaction("unknown payload version");
  const executable = reader.uleb();
  if (executable !== 0 && executable !== 1)
    throw new MalformedTransaction("a payload without an executable is not supported by this devnet");
  const payload = executable === 0 ? readScript(reader) : readEntryFunction(reader);
  if (reader.uleb() !== 0) throw new MalformedTransaction("unknown payload configuration version");
  if (reader.option((r) => r.take(32)))
    throw new MalformedTransaction("multisig payloads are not supported by this devnet");
  return { payload, nonce: reader.option((r) => r.u64()) };
}

/** Throws `MalformedTransaction` in the fullnode's words. */
export function decodeSignedTransaction(input: Uint8Array): SignedTransaction {
  try {
    return decode(Buffer.from(input));
  } catch (error) {
    if (error instanceof MalformedTransaction) throw error;
    if (error instanceof BcsError || error instanceof TypeTagError)
      throw new MalformedTransaction(`Failed to deserialize input into SignedTransaction: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

function decode(bytes: Buffer): SignedTransaction {
  const reader = new BcsReader(bytes);
  const sender = reader.take(32);
  const sequenceNumber = reader.u64();
  const { payload, nonce } = readPayload(reader);
  const maxGasAmount = reader.u64();
  const gasUnitPrice = reader.u64();
  const expirationSecs = reader.u64();
  const chainId = reader.u8();
  const raw = bytes.subarray(0, reader.position);
  const authenticator = readTransactionAuthenticator(reader);
  reader.end();
  return {
    bytes,
    hash: sha3(Buffer.concat([TRANSACTION_SALT, USER_TRANSACTION, bytes])),
    raw,
    sender,
    sequenceNumber,
    payload,
    nonce,
    maxGasAmount,
    gasUnitPrice,
    expirationSecs,
    chainId,
    authenticator,
  };
}

/** Addresses whose signers the entry function sees: the sender, then the secondary signers. */
export function signers(transaction: SignedTransaction): Buffer[] {
  const { authenticator } = transaction;
  return authenticator.kind === "single"
    ? [transaction.sender]
    : [transaction.sender, ...authenticator.secondary.map((s) => s.address)];
}

export function gasPayer(transaction: SignedTransaction): Buffer {
  return transaction.authenticator.kind === "fee_payer"
    ? transaction.authenticator.feePayer.address
    : transaction.sender;
}

function withData(transaction: SignedTransaction, secondary: Buffer[], feePayer: Buffer | null): Buffer {
  const writer = new BcsWriter(transaction.raw.length + 128)
    .raw(RAW_WITH_DATA_SALT)
    .uleb(feePayer ? 1 : 0)
    .raw(transaction.raw)
    .vector(secondary, (w, address) => w.raw(address));
  if (feePayer) writer.raw(feePayer);
  return writer.finish();
}

/**
 * The messages a signature may be over, the first being the usual one. With a fee payer the sender and the
 * secondary signers may have signed before the fee payer was known, that is, over 0x0.
 */
export function signingMessages(transaction: SignedTransaction): {
  main: Buffer;
  unknownPayer: Buffer | null;
} {
  const { authenticator } = transaction;
  if (authenticator.kind === "single")
    return { main: Buffer.concat([RAW_TRANSACTION_SALT, transaction.raw]), unknownPayer: null };
  const secondary = authenticator.secondary.map((s) => s.address);
  if (authenticator.kind === "multi_agent")
    return { main: withData(transaction, secondary, null), unknownPayer: null };
  return {
    main: withData(transaction, secondary, authenticator.feePayer.address),
    unknownPayer: withData(transaction, secondary, ZERO_ADDRESS),
  };
}

export function typeArgBytes(payload: Payload): Buffer[] {
  return payload.typeArgs.map(typeTagBytes);
}
