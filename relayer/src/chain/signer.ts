/**
 * The only holder of the relayer's key: reads it from one file and signs transactions.
 * It doesn't submit anything and never hands the key out.
 */
import { createHash, createPrivateKey, sign as signBytes } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import {
  type AccountAuthenticator,
  Ed25519Account,
  Ed25519PrivateKey,
  generateSignedTransaction,
  type PublicKey,
  type SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { fromHex, normalizeAddress, toHex } from "@computestream/protocol";
import { type ChainClient, type SignedTransaction, transactionHash } from "@computestream/protocol/client";
import { z } from "zod";
import { StartupError } from "../errors.ts";

export interface Signer {
  readonly address: string;
  sign(client: Pick<ChainClient, "sign">, transaction: SimpleTransaction): SignedTransaction;
}

/** Signs its own transactions, and as fee payer under those of others. */
export interface SponsorSigner extends Signer {
  readonly publicKey: PublicKey;
  /** The same bytes for the same transaction, every time: its hash is known before it is ever sent. */
  cosign(transaction: SimpleTransaction, senderAuthenticator: AccountAuthenticator): SignedTransaction;
}

const zKeyFile = z.object({ privateKey: z.string().regex(/^(ed25519-priv-)?0x[0-9a-fA-F]{64}$/) });

/** Throws `StartupError`; the message never quotes the file's content. */
export function loadSigner(keyFile: string, variable = "KEY_FILE"): SponsorSigner {
  const remedy = `Write {"privateKey":"0x<64 hex digits>"} to it and run \`chmod 600 ${keyFile}\`.`;
  let mode: number;
  let text: string;
  try {
    mode = statSync(keyFile).mode;
    text = readFileSync(keyFile, "utf8");
  } catch {
    throw new StartupError("KEY_FILE_UNREADABLE", `${variable} ${keyFile} can't be read.`, remedy);
  }
  if ((mode & 0o077) !== 0) {
    throw new StartupError("KEY_FILE_EXPOSED", `${variable} ${keyFile} is readable by other users.`, remedy);
  }
  let parsed: z.output<typeof zKeyFile>;
  try {
    parsed = zKeyFile.parse(JSON.parse(text));
  } catch {
    throw new StartupError("KEY_FILE_INVALID", `${variable} ${keyFile} doesn't hold an Ed25519 key.`, remedy);
  }
  const hex = parsed.privateKey.replace("ed25519-priv-", "");
  const account = new Ed25519Account({ privateKey: new Ed25519PrivateKey(`ed25519-priv-${hex}`) });
  const publicKey = account.publicKey.toUint8Array();
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, fromHex(hex)]),
    format: "der",
    type: "pkcs8",
  });
  return {
    address: normalizeAddress(account.accountAddress.toString()),
    publicKey: account.publicKey,
    cosign(transaction, senderAuthenticator) {
      const feePayerAuthenticator = account.signTransactionWithAuthenticator(transaction);
      const bytes = generateSignedTransaction({ transaction, senderAuthenticator, feePayerAuthenticator });
      const { sequence_number, expiration_timestamp_secs } = transaction.rawTransaction;
      return {
        hash: transactionHash(bytes),
        bytes,
        sequenceNumber: sequence_number,
        expiresAt: expiration_timestamp_secs,
      };
    },
    // Natively: a full batch is 64 KiB, which the SDK's own hashing and signing takes milliseconds for.
    sign: (_client, transaction) => {
      const raw = transaction.rawTransaction.bcsToBytes();
      const signature = signBytes(null, Buffer.concat([RAW_TRANSACTION_SALT, raw]), key);
      const authenticator = [ED25519_AUTHENTICATOR, Buffer.of(publicKey.length), publicKey];
      const bytes = Buffer.concat([raw, ...authenticator, Buffer.of(signature.length), signature]);
      const { sequence_number, expiration_timestamp_secs } = transaction.rawTransaction;
      return {
        hash: toHex(sha3(TRANSACTION_SALT, USER_TRANSACTION, bytes)),
        bytes,
        sequenceNumber: sequence_number,
        expiresAt: expiration_timestamp_secs,
      };
    },
  };
}

function sha3(...parts: Uint8Array[]): Buffer {
  const hash = createHash("sha3-256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

// An Ed25519 key in PKCS #8 is this prefix and the 32 bytes of the seed (RFC 8410).
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const RAW_TRANSACTION_SALT = sha3(Buffer.from("APTOS::RawTransaction"));
const TRANSACTION_SALT = sha3(Buffer.from("APTOS::Transaction"));
const USER_TRANSACTION = Buffer.of(0);
const ED25519_AUTHENTICATOR = Buffer.of(0);
