/**
 * Who may read a job's logs: a wallet, by its signature over the access text or an access token, and its part in the job.
 * It doesn't send logs. Every refusal has a code.
 */
import { createHash } from "node:crypto";
import {
  fromHex,
  logAccessMessage,
  normalizeAddress,
  type zLogReaderMessage,
  type zLogSignatureMessage,
} from "@computestream/protocol";
import type { z } from "zod";
import { verifyEd25519 } from "../chain/ed25519.ts";
import type { ChainViews } from "../chain/views.ts";
import { AppError } from "../errors.ts";
import type { AccessTokenReader } from "./access-tokens.ts";

export const ACCESS_MAX_SECS = 600;

export type OpenMessage = z.output<typeof zLogReaderMessage>;
export type SignedOpenMessage = z.output<typeof zLogSignatureMessage>;

export interface LogAccessContext {
  chainId: number;
  packageAddress: string;
  views: Pick<ChainViews, "job" | "provider" | "nowSecs">;
  /** The account's authentication key on chain; null when it has no account yet. */
  authenticationKey: (address: string) => Promise<string | null>;
  /** Null where access tokens aren't taken. */
  tokens: AccessTokenReader | null;
}

export interface LogAccess {
  /** Unix seconds at which it ends; null when it lasts as long as the connection. */
  until: number | null;
}

/** Throws `AppError` (403, 404) or `UnavailableError`. */
export async function checkLogAccess(open: OpenMessage, context: LogAccessContext): Promise<LogAccess> {
  if ("accessToken" in open) {
    if (!context.tokens) {
      throw denied(
        "TOKENS_NOT_TAKEN",
        "accessToken",
        "This relayer takes no access tokens: sign the access text.",
      );
    }
    const { wallet, expiresAt } = await context.tokens.read(open.accessToken);
    await assertParty(open.job, wallet, "accessToken", context);
    return { until: expiresAt };
  }
  await checkSignature(open, context);
  await assertParty(open.job, open.address, "address", context);
  return { until: null };
}

async function checkSignature(open: SignedOpenMessage, context: LogAccessContext): Promise<void> {
  const { chainId, packageAddress, views } = context;
  const expected = logAccessMessage({ chainId, packageAddress, job: open.job, expiresAt: open.expiresAt });
  if (!containsWholeLines(open.fullMessage, expected)) {
    throw denied(
      "WRONG_TEXT",
      "fullMessage",
      "The signed text is not the access text of this chain, package and job.",
    );
  }
  const nowSecs = Number(views.nowSecs());
  if (open.expiresAt <= nowSecs)
    throw denied("ACCESS_EXPIRED", "expiresAt", "The permission has expired; sign again.");
  if (open.expiresAt > nowSecs + ACCESS_MAX_SECS) {
    throw denied("ACCESS_TOO_LONG", "expiresAt", `A permission lasts at most ${ACCESS_MAX_SECS} seconds.`);
  }
  const text = new TextEncoder().encode(open.fullMessage);
  if (!(await verifyEd25519(text, open.signature, open.publicKey))) {
    throw denied(
      "BAD_SIGNATURE",
      "signature",
      "The signature is not that of this public key over this text.",
    );
  }
  // The key on chain decides: after a rotation the address's first key must open nothing any more.
  const authenticationKey = (await context.authenticationKey(open.address)) ?? open.address;
  if (normalizeAddress(authenticationKey) !== authenticationKeyOf(open.publicKey)) {
    throw denied("KEY_NOT_OF_ADDRESS", "publicKey", "The public key doesn't belong to this address.");
  }
}

async function assertParty(
  address: string,
  wallet: string,
  field: string,
  { views }: LogAccessContext,
): Promise<void> {
  const job = await views.job(address);
  if (!job) throw new AppError(404, "JOB_UNKNOWN", "The chain has no such job.", { field: "job" });
  if (job.buyer === wallet) return;
  const provider = await views.provider(job.provider);
  if (provider && (provider.owner === wallet || provider.operator === wallet)) return;
  throw denied("NOT_A_PARTY", field, "Only the job's buyer and its provider may read its logs.");
}

/** Of a single Ed25519 key: sha3_256(public key, 0x00). */
export function authenticationKeyOf(publicKey: string): string {
  return `0x${createHash("sha3-256").update(fromHex(publicKey)).update(Uint8Array.of(0)).digest("hex")}`;
}

/** A number at the end of the expected text must end there: `expires: 17` is not in `expires: 1799`. */
function containsWholeLines(text: string, expected: string): boolean {
  for (let at = text.indexOf(expected); at !== -1; at = text.indexOf(expected, at + 1)) {
    const next = text[at + expected.length];
    if (next === undefined || next === "\n") return true;
  }
  return false;
}

function denied(code: string, field: string, message: string): AppError {
  return new AppError(403, code, message, { field });
}
