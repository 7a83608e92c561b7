/**
 * The only holder of the relayer's key: reads it from one file and signs transactions.
 * It doesn't submit anything and never hands the key out.
 */
import { readFileSync, statSync } from "node:fs";
import { Ed25519Account, Ed25519PrivateKey, type SimpleTransaction } from "@aptos-labs/ts-sdk";
import { normalizeAddress } from "@computestream/protocol";
import type { ChainClient, SignedTransaction } from "@computestream/protocol/client";
import { z } from "zod";
import { StartupError } from "../errors.ts";

export interface Signer {
  readonly address: string;
  sign(client: Pick<ChainClient, "sign">, transaction: SimpleTransaction): SignedTransaction;
}

const zKeyFile = z.object({ privateKey: z.string().regex(/^(ed25519-priv-)?0x[0-9a-fA-F]{64}$/) });

/** Throws `StartupError`; the message never quotes the file's content. */
export function loadSigner(keyFile: string): Signer {
  const remedy = `Write {"privateKey":"0x<64 hex digits>"} to it and run \`chmod 600 ${keyFile}\`.`;
  let mode: number;
  let text: string;
  try {
    mode = statSync(keyFile).mode;
    text = readFileSync(keyFile, "utf8");
  } catch {
    throw new StartupError("KEY_FILE_UNREADABLE", `KEY_FILE ${keyFile} can't be read.`, remedy);
  }
  if ((mode & 0o077) !== 0) {
    throw new StartupError("KEY_FILE_EXPOSED", `KEY_FILE ${keyFile} is readable by other users.`, remedy);
  }
  let parsed: z.output<typeof zKeyFile>;
  try {
    parsed = zKeyFile.parse(JSON.parse(text));
  } catch {
    throw new StartupError("KEY_FILE_INVALID", `KEY_FILE ${keyFile} doesn't hold an Ed25519 key.`, remedy);
  }
  const account = new Ed25519Account({
    privateKey: new Ed25519PrivateKey(`ed25519-priv-${parsed.privateKey.replace("ed25519-priv-", "")}`),
  });
  return {
    address: normalizeAddress(account.accountAddress.toString()),
    sign: (client, transaction) => client.sign(account, transaction),
  };
}
