/**
 * Signing in: a nonce for an account, a wallet's signature against it, and the tokens that follow.
 * It doesn't know HTTP: refusals are `ApiError`s with a code each.
 */
import {
  ACCESS_TOKEN_SECS,
  type NonceDto,
  parseWalletMessage,
  signInMessage,
  type TokensDto,
  type zSignInRequest,
} from "@computestream/protocol/api";
import { verifiedAuthenticationKey } from "@computestream/protocol/client";
import type { Pool } from "pg";
import type { z } from "zod";
import type { ChainSource } from "../chain/source.ts";
import { ApiError } from "../errors.ts";
import { type Caller, createAccessTokens, issuerOf } from "./access-token.ts";
import { makeNonce, type NonceTerms, readNonce } from "./nonce.ts";
import { createSessions, type Grant, type Sessions } from "./sessions.ts";
import type { PublicJwk, SigningKey } from "./signing-key.ts";

/** What a request tells of where it comes from. */
export interface Asker {
  /** The Origin header: browsers always send it with a POST. */
  origin: string | undefined;
  userAgent: string;
}

export interface Auth {
  readonly jwks: { keys: PublicJwk[] };
  readonly sessions: Sessions;
  makeNonce(p: { address: string; domain?: string | undefined }, asker: Asker): NonceDto;
  signIn(request: z.output<typeof zSignInRequest>, asker: Asker): Promise<TokensDto>;
  refresh(refreshToken: string): Promise<TokensDto>;
  /** Who an access token is, asked of the session itself; throws `ApiError` 401 for any other than a good one. */
  authenticate(accessToken: string): Promise<Caller>;
}

export function createAuth(options: {
  pool: Pool;
  key: SigningKey;
  source: Pick<ChainSource, "deployment" | "authenticationKey">;
  /** Sites that may ask for a sign-in; the first is meant when none is named. */
  domains: readonly [string, ...string[]];
  now(): number;
}): Auth {
  const { pool, key, source, domains, now } = options;
  const { chainId, packageAddress } = source.deployment;
  const sessions = createSessions({ pool, key, now });
  const tokens = createAccessTokens({
    key,
    issuer: issuerOf(source.deployment),
    chainId,
    domains,
  });

  function messageOf(terms: NonceTerms, nonce: string, times: { issuedAtMs: number; expiresAtMs: number }) {
    const issuedAt = new Date(times.issuedAtMs).toISOString();
    const expiresAt = new Date(times.expiresAtMs).toISOString();
    const told = { ...terms, nonce, issuedAt, expiresAt };
    return { ...told, message: signInMessage(told) };
  }

  async function tokensOf({ session, refreshToken }: Grant): Promise<TokensDto> {
    const { sid, wallet, domain } = session;
    const refreshExpiresAt = Math.floor(session.expiresAt.getTime() / 1000);
    const accessExpiresAt = Math.min(Math.floor(now() / 1000) + ACCESS_TOKEN_SECS, refreshExpiresAt);
    const accessToken = await tokens.issue({ wallet, sid, domain, expiresAt: accessExpiresAt }, now());
    return { accessToken, accessExpiresAt, refreshToken, refreshExpiresAt, wallet, sid };
  }

  /** Throws unless `domain` is one of ours and, from a browser, the page's own. */
  function assertDomain(domain: string, asker: Asker, refuse: (message: string) => ApiError): void {
    if (!domains.includes(domain)) {
      throw refuse(`${domain} is no site that may ask for a sign-in here; SIGN_IN_DOMAINS names those`);
    }
    if (asker.origin !== undefined && hostOf(asker.origin) !== domain) {
      throw refuse(`${domain} is not the site that this request comes from`);
    }
  }

  return {
    jwks: { keys: [key.publicJwk] },
    sessions,

    makeNonce(asked, asker) {
      const domain = asked.domain ?? (asker.origin === undefined ? domains[0] : (hostOf(asker.origin) ?? ""));
      assertDomain(domain, asker, (message) => new ApiError(400, "INVALID_PARAMETER", message, "domain"));
      const terms = { address: asked.address, domain, chainId, packageAddress };
      const nonce = makeNonce(key, terms, now());
      const times = readNonce(key, nonce, terms);
      if (!times) throw new Error("a nonce that was just made can't be read");
      return messageOf(terms, nonce, times);
    },

    async signIn({ address, scheme, publicKey, signature, fullMessage }, asker) {
      const said = parseWalletMessage(fullMessage);
      if (!said) {
        throw refused(
          "WRONG_MESSAGE",
          "fullMessage",
          "the signed text is not what signMessage makes with address, application and chainId",
        );
      }
      const domain = hostOf(said.application) ?? "";
      assertDomain(domain, asker, (message) => refused("WRONG_DOMAIN", "fullMessage", message));
      if (said.chainId !== String(chainId)) {
        throw refused(
          "WRONG_CHAIN",
          "fullMessage",
          `the wallet is on chain ${said.chainId}, this is ${chainId}`,
        );
      }
      const terms = { address, domain, chainId, packageAddress };
      const times = readNonce(key, said.nonce, terms);
      if (!times) {
        throw refused(
          "INVALID_NONCE",
          "fullMessage",
          "the nonce was not made here for this account and site",
        );
      }
      if (now() >= times.expiresAtMs) {
        throw refused(
          "NONCE_EXPIRED",
          "fullMessage",
          "the nonce has expired: ask for another and sign again",
        );
      }
      if (!isAddress(said.address, address) || said.message !== messageOf(terms, said.nonce, times).message) {
        throw refused("WRONG_MESSAGE", "fullMessage", "the signed text is another than that of its nonce");
      }
      const authenticationKey = verifiedAuthenticationKey({
        scheme,
        publicKey,
        signature,
        text: fullMessage,
      });
      if (authenticationKey === null) {
        throw refused("BAD_SIGNATURE", "signature", "the signature is not that of this key over this text");
      }
      // The key on chain decides: after a rotation the address's first key opens nothing any more.
      if (authenticationKey !== (await source.authenticationKey(address))) {
        throw refused("KEY_NOT_OF_ADDRESS", "publicKey", "the chain says that this account has another key");
      }
      const grant = await sessions.start({
        wallet: address,
        domain,
        userAgent: asker.userAgent,
        nonce: said.nonce,
        nonceExpiresAtMs: times.expiresAtMs,
      });
      if (!grant) {
        throw refused("NONCE_USED", "fullMessage", "the nonce has been used: ask for another and sign again");
      }
      return tokensOf(grant);
    },

    async refresh(refreshToken) {
      const refreshed = await sessions.refresh(refreshToken);
      if (refreshed.ok) return tokensOf(refreshed);
      throw refused(
        refreshed.reused ? "REFRESH_REUSED" : "INVALID_REFRESH_TOKEN",
        "refreshToken",
        refreshed.reused
          ? "this token was used before, so somebody has a copy: the session has ended, sign in again"
          : "this token opens no session: sign in again",
      );
    },

    async authenticate(accessToken) {
      const caller = await tokens.read(accessToken, now());
      if (caller && (await sessions.isAlive(caller.sid, caller.wallet))) return caller;
      throw new ApiError(401, "INVALID_TOKEN", "the access token is not valid, or its session has ended");
    },
  };
}

function refused(code: string, field: string, message: string): ApiError {
  return new ApiError(401, code, message, field);
}

/** Host and port of an origin, or of what a wallet names as application; null when it is neither. */
export function hostOf(origin: string): string | null {
  const text = origin.toLowerCase();
  if (!text.includes("://")) return /^[a-z0-9.-]+(:\d+)?$/.test(text) ? text : null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) return null;
  return url.host;
}

/** Wallets write addresses with or without leading zeros. */
function isAddress(text: string, address: string): boolean {
  return (
    /^0x[0-9a-fA-F]{1,64}$/.test(text) && `0x${text.slice(2).toLowerCase().padStart(64, "0")}` === address
  );
}
