/**
 * The operator's key: the only file that holds it, for transactions, attestations and the hub's greeting.
 * It doesn't know what is signed; journalling before signing is the caller's duty.
 */
import { readFileSync, statSync } from "node:fs";
import {
  Account,
  type Ed25519Account,
  Ed25519PrivateKey,
  PrivateKey,
  PrivateKeyVariants,
} from "@aptos-labs/ts-sdk";
import {
  fromHex,
  normalizeAddress,
  type SignedUsage,
  signUsage,
  toHex,
  type UsageV1,
} from "@computestream/protocol";
import type { ChainClient, SignedTransaction } from "@computestream/protocol/client";
import { z } from "zod";
import { NodeError } from "./errors.ts";

type BuiltTransaction = Awaited<ReturnType<ChainClient["build"]>>;

export interface OperatorKey {
  readonly address: string;
  /** 32 bytes as hex: what the provider object must carry as `attest_key`. */
  readonly publicKey: string;
  signUsage(usage: UsageV1): SignedUsage;
  /** Ed25519 over the bytes, as hex. */
  signBytes(bytes: Uint8Array): string;
  signTransaction(client: ChainClient, transaction: BuiltTransaction): SignedTransaction;
}

const zKeyFile = z.object({ privateKey: z.string() });

/** Throws `NodeError` without ever quoting the content. */
export function loadOperatorKey(file: string): OperatorKey {
  return keyFrom(loadAccount(file));
}

/** Reads {"privateKey":"0x…"} (ed25519-priv-… works too). Throws `NodeError` without ever quoting the content. */
export function loadAccount(file: string): Ed25519Account {
  let text: string;
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new NodeError("KEY_FILE_OPEN", `KEY_FILE ${file} can be read by other users.`, {
        remedy: `Run: chmod 600 ${file}`,
      });
    }
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof NodeError) throw error;
    throw new NodeError("KEY_FILE_MISSING", `KEY_FILE ${file} can't be read.`, {
      remedy: 'Write {"privateKey":"0x…"} to it, mode 600.',
    });
  }
  try {
    const { privateKey } = zKeyFile.parse(JSON.parse(text));
    const formatted = PrivateKey.formatPrivateKey(privateKey, PrivateKeyVariants.Ed25519);
    return Account.fromPrivateKey({ privateKey: new Ed25519PrivateKey(formatted) });
  } catch {
    throw new NodeError("KEY_FILE_INVALID", `KEY_FILE ${file} doesn't hold an Ed25519 private key.`, {
      remedy: 'It must be JSON: {"privateKey":"0x" and 64 hex digits}.',
    });
  }
}

function keyFrom(account: Ed25519Account): OperatorKey {
  const seed = account.privateKey.toUint8Array();
  return {
    address: normalizeAddress(account.accountAddress.toString()),
    publicKey: toHex(fromHex(account.publicKey.toString())),
    signUsage: (usage) => signUsage(usage, seed),
    signBytes: (bytes) => toHex(account.sign(bytes).toUint8Array()),
    signTransaction: (client, transaction) => client.sign(account, transaction),
  };
}
