/**
 * The service's one key: signs access tokens, and the keys of its MACs are derived from it. Read from one file.
 * It never hands the private part out, and no message quotes the file's content.
 */
import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { calculateJwkThumbprint, type JWTPayload, SignJWT } from "jose";
import { FatalError } from "../errors.ts";

export interface PublicJwk {
  kty: "OKP";
  crv: "Ed25519";
  alg: "EdDSA";
  use: "sig";
  kid: string;
  x: string;
}

export interface SigningKey {
  readonly publicJwk: PublicJwk;
  readonly publicKey: KeyObject;
  signToken(payload: JWTPayload): Promise<string>;
  /** HMAC-SHA256 by a key for this purpose alone. */
  mac(purpose: string, data: string | Uint8Array): Buffer;
}

/** The media type of RFC 9068. */
export const TOKEN_TYPE = "at+jwt";

/**
 * Without a file the key lives as long as the process. A missing one is made where `mayCreate`; throws `FatalError`
 * (`CONFIG_INVALID`) when it can't be used.
 */
export async function loadSigningKey(file: string | undefined, mayCreate: boolean): Promise<SigningKey> {
  if (file === undefined) return signingKeyOf(generateKeyPairSync("ed25519").privateKey);
  const remedy = `run \`openssl genpkey -algorithm ed25519 -out ${file} && chmod 600 ${file}\``;
  if (mayCreate) createIfMissing(file);
  let mode: number;
  let text: string;
  try {
    mode = statSync(file).mode;
    text = readFileSync(file, "utf8");
  } catch {
    throw new FatalError("CONFIG_INVALID", `SIGNING_KEY_FILE ${file} can't be read: ${remedy}`);
  }
  if ((mode & 0o077) !== 0) {
    throw new FatalError(
      "CONFIG_INVALID",
      `SIGNING_KEY_FILE ${file} is open to other users: run \`chmod 600 ${file}\``,
    );
  }
  let key: KeyObject | null = null;
  try {
    key = createPrivateKey(text);
  } catch {
    // The reason may quote the file.
  }
  if (key?.asymmetricKeyType !== "ed25519") {
    throw new FatalError("CONFIG_INVALID", `SIGNING_KEY_FILE ${file} holds no Ed25519 key in PEM: ${remedy}`);
  }
  return signingKeyOf(key);
}

/** Two that start at once: one makes it, the other reads it. */
function createIfMissing(file: string): void {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, pem, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw new FatalError("CONFIG_INVALID", `SIGNING_KEY_FILE ${file} can't be made: choose another place`);
  }
}

async function signingKeyOf(privateKey: KeyObject): Promise<SigningKey> {
  const publicKey = createPublicKey(privateKey);
  const { x = "" } = publicKey.export({ format: "jwk" });
  const kid = await calculateJwkThumbprint({ kty: "OKP", crv: "Ed25519", x });
  const seed = Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
  const macKeys = new Map<string, Buffer>();
  const macKeyOf = (purpose: string) => {
    let key = macKeys.get(purpose);
    if (!key) {
      key = Buffer.from(hkdfSync("sha256", seed, "", `computestream indexer ${purpose}`, 32));
      macKeys.set(purpose, key);
    }
    return key;
  };
  return {
    publicKey,
    publicJwk: { kty: "OKP", crv: "Ed25519", alg: "EdDSA", use: "sig", kid, x },
    signToken: (payload) =>
      new SignJWT(payload).setProtectedHeader({ alg: "EdDSA", kid, typ: TOKEN_TYPE }).sign(privateKey),
    mac: (purpose, data) => createHmac("sha256", macKeyOf(purpose)).update(data).digest(),
  };
}
