/**
 * Refresh tokens: opaque to clients, 256 bits by chance, and able to tell that they once were this session's.
 * It doesn't store them: of the one that counts a session keeps the hash.
 *
 * The next token follows from the one before and the service's key, so that a client that never got the answer gets the
 * same one when it asks again.
 */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { SigningKey } from "./signing-key.ts";

const PREFIX = "csr_";
const SID_BYTES = 16;
const GENERATION_BYTES = 4;
const SECRET_BYTES = 32;
const TAG_BYTES = 16;

export interface RefreshToken {
  sid: string;
  /** How many came before it in its session. */
  generation: number;
  text: string;
}

export const makeFamilyKey = (): Buffer => randomBytes(32);

export function firstRefreshToken(sid: string, familyKey: Uint8Array): RefreshToken {
  return compose(sid, 0, randomBytes(SECRET_BYTES), familyKey);
}

export function nextRefreshToken(token: RefreshToken, familyKey: Uint8Array, key: SigningKey): RefreshToken {
  const about = createHmac("sha256", familyKey).update(token.text).digest();
  return compose(token.sid, token.generation + 1, key.mac("refresh", about), familyKey);
}

/** Null when the text is no token of any session. */
export function readRefreshToken(text: string): RefreshToken | null {
  const bytes = text.startsWith(PREFIX) ? Buffer.from(text.slice(PREFIX.length), "base64url") : null;
  if (bytes?.length !== SID_BYTES + GENERATION_BYTES + SECRET_BYTES + TAG_BYTES) return null;
  // One token has one spelling: the last character has bits to spare.
  if (text !== PREFIX + bytes.toString("base64url")) return null;
  const sid = bytes
    .subarray(0, SID_BYTES)
    .toString("hex")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  return { sid, generation: bytes.readUInt32BE(SID_BYTES), text };
}

/** Whether the session gave this token at some time: one that was made up says nothing about a theft. */
export function isOfFamily({ text }: RefreshToken, familyKey: Uint8Array): boolean {
  const bytes = Buffer.from(text.slice(PREFIX.length), "base64url");
  const tag = tagOf(bytes.subarray(0, -TAG_BYTES), familyKey);
  return timingSafeEqual(bytes.subarray(-TAG_BYTES), tag);
}

export function hashOf({ text }: RefreshToken): Buffer {
  return createHash("sha256").update(text).digest();
}

function compose(sid: string, generation: number, secret: Uint8Array, familyKey: Uint8Array): RefreshToken {
  const head = Buffer.alloc(SID_BYTES + GENERATION_BYTES);
  Buffer.from(sid.replaceAll("-", ""), "hex").copy(head);
  head.writeUInt32BE(generation, SID_BYTES);
  const body = Buffer.concat([head, secret]);
  const text = PREFIX + Buffer.concat([body, tagOf(body, familyKey)]).toString("base64url");
  return { sid, generation, text };
}

function tagOf(body: Uint8Array, familyKey: Uint8Array): Buffer {
  return createHmac("sha256", familyKey).update(body).digest().subarray(0, TAG_BYTES);
}
