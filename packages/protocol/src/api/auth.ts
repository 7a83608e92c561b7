/**
 * Signing in with a wallet: the text that is signed, what the routes take and what they answer.
 * It doesn't know keys, wallets or storage.
 */
import { z } from "zod";
import { zAddress } from "../primitives.ts";

/** How long a nonce may be signed and used. */
export const NONCE_SECS = 300;
/** How long an access token is good for. */
export const ACCESS_TOKEN_SECS = 600;

export interface SignInTerms {
  /** Host, and port where it isn't the scheme's own, of the site that asks. */
  domain: string;
  /** 0x and 64 hex digits. */
  address: string;
  chainId: number;
  packageAddress: string;
  nonce: string;
  /** ISO 8601 in UTC with milliseconds. */
  issuedAt: string;
  expiresAt: string;
}

/** What the wallet is given as `message`; a client makes it itself and signs no text that a server sent. */
export function signInMessage(terms: SignInTerms): string {
  return `${terms.domain} wants you to sign in to ComputeStream with your account:
${terms.address}

Signing in moves no money and sends no transaction.

Chain: ${terms.chainId}
Package: ${terms.packageAddress}
Nonce: ${terms.nonce}
Issued: ${terms.issuedAt}
Expires: ${terms.expiresAt}`;
}

/** What a wallet signs when `signMessage` (AIP-62) is asked with address, application and chainId. */
export function walletMessage(p: {
  address: string;
  application: string;
  chainId: number;
  message: string;
  nonce: string;
}): string {
  return `APTOS\naddress: ${p.address}\napplication: ${p.application}\nchainId: ${p.chainId}\nmessage: ${p.message}\nnonce: ${p.nonce}`;
}

/** The text of `walletMessage` taken apart, or null when it isn't one. */
export function parseWalletMessage(text: string): {
  address: string;
  application: string;
  chainId: string;
  message: string;
  nonce: string;
} | null {
  const match =
    /^APTOS\naddress: (\S+)\napplication: (\S+)\nchainId: (\d{1,3})\nmessage: ([\s\S]*)\nnonce: (\S+)$/.exec(
      text,
    );
  if (!match) return null;
  const [, address = "", application = "", chainId = "", message = "", nonce = ""] = match;
  return { address, application, chainId, message, nonce };
}

const DOMAIN = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?$/;
export const zDomain = z
  .string()
  .regex(DOMAIN, "must be a host, with its port where that isn't the usual one, such as market.example");

export const zNonceRequest = z
  .object({
    address: zAddress.describe("The account that will sign."),
    domain: zDomain
      .optional()
      .describe("The site that asks. Default: that of the Origin header, or the service's first."),
  })
  .strict();

const zIsoTime = z.string().describe("ISO 8601, UTC.");

export const zNonce = z
  .object({
    nonce: z.string().describe("For one sign-in of this account on this site."),
    domain: z.string(),
    address: z.string(),
    chainId: z.number().int(),
    packageAddress: z.string(),
    issuedAt: zIsoTime,
    expiresAt: zIsoTime,
    message: z
      .string()
      .describe("What the wallet is to sign, as signInMessage of packages/protocol makes it."),
  })
  .meta({ id: "SignInNonce" });
export type NonceDto = z.output<typeof zNonce>;

/** As the wallet standard names them. */
export const KEY_SCHEMES = ["ed25519", "multi_ed25519", "single_key", "multi_key"] as const;
export type KeyScheme = (typeof KEY_SCHEMES)[number];

const zBytes = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^0x([0-9a-fA-F]{2})+$/, "must be bytes as 0x-prefixed hex");

export const zSignInRequest = z
  .object({
    address: zAddress,
    scheme: z
      .enum(KEY_SCHEMES)
      .default("ed25519")
      .describe("single_key and multi_key are BCS (AnyPublicKey, MultiKey), the others their plain bytes."),
    publicKey: zBytes(2_300),
    signature: zBytes(4_400),
    fullMessage: z
      .string()
      .max(2_000)
      .describe(
        "The whole text that was signed: APTOS, then the lines address, application, chainId, message, nonce.",
      ),
  })
  .strict();
export type SignInRequest = z.input<typeof zSignInRequest>;

export const zRefreshToken = z
  .string()
  .regex(/^csr_[A-Za-z0-9_-]{91}$/, "must be a refreshToken that this API gave");

export const zTokens = z
  .object({
    accessToken: z.string().describe("A JWT for the header Authorization: Bearer. Good for ten minutes."),
    accessExpiresAt: z.number().int().describe("Unix seconds."),
    refreshToken: z
      .string()
      .describe(
        "For the next access token, once. Used again later it ends the session: somebody has a copy.",
      ),
    refreshExpiresAt: z.number().int().describe("Unix seconds."),
    wallet: z.string(),
    sid: z.string().describe("The session."),
  })
  .meta({ id: "Tokens" });
export type TokensDto = z.output<typeof zTokens>;

export const zRefreshRequest = z.object({ refreshToken: zRefreshToken }).strict();

export const zSignOutRequest = z
  .object({ all: z.boolean().default(false).describe("Every session of the wallet, not only this one.") })
  .strict();

export const zRevoked = z
  .object({ revoked: z.number().int().describe("Sessions that this ended.") })
  .meta({ id: "Revoked" });

export const REVOKED_BECAUSE = ["signed_out", "reuse", "admin", "too_many"] as const;

export const zSession = z
  .object({
    sid: z.string(),
    wallet: z.string(),
    domain: z.string().describe("The site it was made on."),
    userAgent: z.string(),
    createdAt: z.number().int(),
    lastUsedAt: z.number().int().describe("When it last got an access token."),
    expiresAt: z.number().int(),
    revokedAt: z.number().int().nullable(),
    revokedBecause: z
      .enum(REVOKED_BECAUSE)
      .nullable()
      .describe("reuse: an old refresh token came again; too_many: newer sessions took its place."),
    current: z.boolean().describe("Whether the request came with it."),
  })
  .meta({ id: "Session" });
export type SessionDto = z.output<typeof zSession>;

export const zSessions = z.object({ items: z.array(zSession).describe("Newest first.") });

export const zJwks = z
  .object({
    keys: z.array(
      z.object({
        kty: z.literal("OKP"),
        crv: z.literal("Ed25519"),
        alg: z.literal("EdDSA"),
        use: z.literal("sig"),
        kid: z.string(),
        x: z.string(),
      }),
    ),
  })
  .meta({ id: "Jwks", description: "RFC 7517: the public keys that access tokens are signed with." });
