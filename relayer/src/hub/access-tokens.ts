/**
 * Access tokens that the indexer gave at a sign-in, read by the keys that it publishes (docs/adr/0011).
 * It doesn't know sessions: one that was ended is good here until its token ends, ten minutes later at most.
 */
import { normalizeAddress } from "@computestream/protocol";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { z } from "zod";
import { AppError, UnavailableError } from "../errors.ts";

export interface TokenHolder {
  wallet: string;
  /** Unix seconds at which the token ends. */
  expiresAt: number;
}

export interface AccessTokenReader {
  /** Throws `AppError` (`BAD_TOKEN`, `TOKEN_EXPIRED`), or `UnavailableError` while the keys can't be had. */
  read(token: string): Promise<TokenHolder>;
}

/** The media type of RFC 9068, as the indexer writes it. */
const TOKEN_TYPE = "at+jwt";
const CLOCK_TOLERANCE_SECS = 5;
const KEYS_TIMEOUT_MS = 3_000;
const KEYS_MAX_AGE_MS = 600_000;
/** Whoever sends tokens of made-up keys can't have the keys fetched more often than this. */
const KEYS_COOLDOWN_MS = 10_000;

const zClaims = z.object({
  sub: z.string().regex(/^0x[0-9a-f]{64}$/),
  chain: z.number(),
  exp: z.number(),
});

export function createAccessTokenReader(options: {
  jwksUrl: string;
  domains: readonly string[];
  chainId: number;
  packageAddress: string;
  now?: () => Date;
}): AccessTokenReader {
  const { chainId, packageAddress, domains, now = () => new Date() } = options;
  const keys = createRemoteJWKSet(new URL(options.jwksUrl), {
    timeoutDuration: KEYS_TIMEOUT_MS,
    cacheMaxAge: KEYS_MAX_AGE_MS,
    cooldownDuration: KEYS_COOLDOWN_MS,
  });
  return {
    async read(token) {
      try {
        const { payload } = await jwtVerify(token, keys, {
          // What the token's header says is never what it is checked by.
          algorithms: ["EdDSA"],
          typ: TOKEN_TYPE,
          // A token of one market is none of another's, though a key be shared.
          issuer: `computestream:${chainId}:${packageAddress}`,
          audience: [...domains],
          requiredClaims: ["sub", "exp", "iat", "aud", "chain"],
          currentDate: now(),
          clockTolerance: CLOCK_TOLERANCE_SECS,
        });
        const claims = zClaims.safeParse(payload);
        if (!claims.success || claims.data.chain !== chainId) throw badToken();
        return { wallet: normalizeAddress(claims.data.sub), expiresAt: claims.data.exp };
      } catch (error) {
        throw refusalOf(error);
      }
    },
  };
}

/** Everything that is said of the token itself; all else is about getting the keys. */
const ABOUT_THE_TOKEN = [
  errors.JWTClaimValidationFailed,
  errors.JWSSignatureVerificationFailed,
  errors.JWSInvalid,
  errors.JWTInvalid,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
];

function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof errors.JWTExpired) {
    return denied("TOKEN_EXPIRED", "The access token has ended: refresh it and open again.");
  }
  if (ABOUT_THE_TOKEN.some((kind) => error instanceof kind)) return badToken(error);
  return new UnavailableError(
    "SIGN_IN_UNAVAILABLE",
    "The keys of access tokens can't be read now: try again, or sign the access text.",
    error,
  );
}

function badToken(cause?: unknown): AppError {
  return denied("BAD_TOKEN", "This is no access token of this market for one of its sites.", cause);
}

function denied(code: string, message: string, cause?: unknown): AppError {
  return new AppError(403, code, message, { field: "accessToken", cause });
}
