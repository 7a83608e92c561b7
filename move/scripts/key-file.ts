/**
 * The deployer's key: read from one file of mode 600, made there on devnet when absent.
 * It doesn't print the key and never puts it into an error.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { Ed25519Account, Ed25519PrivateKey, PrivateKey, PrivateKeyVariants } from "@aptos-labs/ts-sdk";
import { z } from "zod";
import { DeployError } from "./deploy-error.ts";
import type { NetworkName } from "./networks.ts";

const zKeyFile = z.object({
  privateKey: z.string().regex(/^(ed25519-priv-)?0x[0-9a-fA-F]{64}$/),
  /** Marks a key made for a development chain, which may never hold anything of value. */
  network: z.literal("devnet").optional(),
});

export function loadDeployer(path: string, network: NetworkName): Ed25519Account {
  if (!existsSync(path)) {
    if (network !== "devnet") {
      throw new DeployError(
        "KEY_FILE_MISSING",
        `There is no key file at ${path}.`,
        'Write {"privateKey":"0x<64 hex digits>"} there with mode 600, or name another file with --key-file.',
      );
    }
    createKeyFile(path);
  }
  // The permission bits are meaningless on Windows.
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
    throw new DeployError("KEY_FILE_OPEN", `Others can read the key file ${path}.`, `Run: chmod 600 ${path}`);
  }
  const parsed = zKeyFile.safeParse(parseJson(readFileSync(path, "utf8")));
  if (!parsed.success) {
    throw new DeployError(
      "KEY_FILE_INVALID",
      `${path} isn't a key file.`,
      'It must hold {"privateKey":"0x<64 hex digits>"}.',
    );
  }
  if (parsed.data.network === "devnet" && network !== "devnet") {
    throw new DeployError(
      "DEVNET_KEY",
      `${path} was made for the devnet and can't deploy to ${network}.`,
      "Make a new key for this network and name its file with --key-file.",
    );
  }
  const privateKey = PrivateKey.formatPrivateKey(parsed.data.privateKey, PrivateKeyVariants.Ed25519);
  return new Ed25519Account({ privateKey: new Ed25519PrivateKey(privateKey) });
}

function createKeyFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  // wx: two deployments at once must not replace each other's key.
  const file = openSync(path, "wx", 0o600);
  try {
    const privateKey = Ed25519PrivateKey.generate().toHexString();
    writeSync(file, `${JSON.stringify({ privateKey, network: "devnet" })}\n`);
  } finally {
    closeSync(file);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
