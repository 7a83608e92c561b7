/**
 * Access tokens: short-lived JWTs that name a wallet and a session.
 * It doesn't know whether the session still stands; `sessions.ts` does.
 */
import { jwtVerify } from "jose";
import { z } from "zod";
import { type SigningKey, TOKEN_TYPE } from "./signing-key.ts";

/** Who a request comes from. */
export interface Caller {
  wallet: string;
  sid: string;
  /** The site that the session was made on. */
  domain: string;
  /** Unix seconds at which the token ends. */
  expiresAt: number;
}

/** Between the clocks of two machines. */
const CLOCK_TOLERANCE_SECS = 5;
const MAX_LENGTH = 2_000;

const zClaims = z.object({
  sub: z.string().regex(/^0x[0-9a-f]{64}$/),
  sid: z.uuid(),
  aud: z.string(),
  chain: z.number(),
  exp: z.number(),
});

export interface AccessTokens {
  issue(caller: Caller, nowMs: number): Promise<string>;
  /** Null for anything that isn't a token of ours, of this market, for one of our sites, in its time. */
  read(token: string, nowMs: number): Promise<Caller | null>;
}

/** A token of one market is none of another's, though a key be shared. */
export function issuerOf(p: { chainId: number; packageAddress: string }): string {
  return `computestream:${p.chainId}:${p.packageAddress}`;
}

export function createAccessTokens(options: {
  key: SigningKey;
  issuer: string;
  chainId: number;
  domains: readonly string[];
}): AccessTokens {
  const { key, issuer, chainId, domains } = options;
  return {
    issue: ({ wallet, sid, domain, expiresAt }, nowMs) =>
      key.signToken({
        iss: issuer,
        aud: domain,
        sub: wallet,
        sid,
        chain: chainId,
        iat: Math.floor(nowMs / 1000),
        exp: expiresAt,
      }),

    async read(token, nowMs) {
      if (token.length > MAX_LENGTH) return null;
      try {
        const { payload } = await jwtVerify(token, key.publicKey, {
          // The key is for this one; what the token's header says is never what it is checked by.
          algorithms: ["EdDSA"],
          typ: TOKEN_TYPE,
          issuer,
          audience: [...domains],
          requiredClaims: ["sub", "sid", "exp", "iat", "aud", "chain"],
          currentDate: new Date(nowMs),
          clockTolerance: CLOCK_TOLERANCE_SECS,
        });
        const claims = zClaims.parse(payload);
        if (claims.chain !== chainId) return null;
        return { wallet: claims.sub, sid: claims.sid, domain: claims.aud, expiresAt: claims.exp };
      } catch {
        return null;
      }
    },
  };
}
