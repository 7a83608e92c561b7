/**
 * A client's session with the API: signs in with a wallet, keeps the tokens, refreshes them before they end.
 * It doesn't know wallets or where tokens are kept: both are given. It signs no text that the server made.
 */
import type { z } from "zod";
import {
  type KeyScheme,
  type NonceDto,
  signInMessage,
  type TokensDto,
  zApiError,
  zNonce,
  zRevoked,
  zTokens,
} from "../api/index.ts";
import { normalizeAddress } from "../primitives.ts";

/** What a wallet answers to `signMessage` with address, application and chainId. */
export interface WalletSignature {
  scheme: KeyScheme;
  publicKey: string;
  signature: string;
  fullMessage: string;
}

export type SignMessage = (p: {
  address: string;
  /** The site, as it stands in the message. */
  domain: string;
  chainId: number;
  message: string;
  nonce: string;
}) => Promise<WalletSignature>;

/** Where tokens outlive a page or a command; `null` forgets them. */
export interface TokenStore {
  load(): Promise<TokensDto | null>;
  save(tokens: TokensDto | null): Promise<void>;
}

/** `status` 0: no answer came. */
export class SessionError extends Error {
  readonly code: string;
  readonly status: number;
  constructor(code: string, message: string, status: number, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "SessionError";
    this.code = code;
    this.status = status;
  }
}

export interface SessionClient {
  /** The wallet that is signed in, without asking anyone. */
  wallet(): Promise<string | null>;
  signIn(address: string, sign: SignMessage): Promise<TokensDto>;
  /** Throws `SessionError` (`NOT_SIGNED_IN`) when there is no session, or it has ended. */
  accessToken(): Promise<string>;
  /** `fetch` with the token; once again with a new one when the API finds it ended. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** Forgets the tokens also when the API can't be reached; then the session ends by its age. */
  signOut(options?: { all?: boolean }): Promise<void>;
}

/** Tokens are renewed so long before they end that a request still gets there. */
const EARLY_SECS = 30;
const TIMEOUT_MS = 10_000;

export function createSessionClient(options: {
  /** The indexer's address. */
  url: string;
  /** Of the market that the client means: another's message is not signed. */
  market: { chainId: number; packageAddress: string };
  /** The site that the wallet's owner sees; default: what the API answers, as for a command line. */
  domain?: string;
  store?: TokenStore;
  fetcher?: typeof fetch;
  /** Milliseconds. */
  now?: () => number;
}): SessionClient {
  const { url, market, store = memoryStore() } = options;
  const fetcher = options.fetcher ?? ((...args) => fetch(...args));
  const now = options.now ?? Date.now;
  /** One at a time, or two callers would use one refresh token. */
  let refreshing: Promise<TokensDto> | null = null;

  async function send(path: string, init: RequestInit): Promise<Response> {
    try {
      return await fetcher(`${url}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS), ...init });
    } catch (cause) {
      throw new SessionError("UNREACHABLE", `The API at ${url} doesn't answer.`, 0, { cause });
    }
  }

  async function post<T>(path: string, body: object, schema: z.ZodType<T>, token?: string): Promise<T> {
    const response = await send(`/api/v1/auth/${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json().catch(() => undefined);
    if (!response.ok) {
      const told = zApiError.safeParse(answer);
      const { code, message } = told.success
        ? told.data.error
        : { code: `HTTP_${response.status}`, message: `The API answered ${response.status}.` };
      throw new SessionError(code, message, response.status);
    }
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new SessionError("UNEXPECTED_ANSWER", "The API is of another version.", response.status, {
      cause: parsed.error,
    });
  }

  function refresh({ refreshToken }: TokensDto): Promise<TokensDto> {
    refreshing ??= (async () => {
      try {
        const next = await post("refresh", { refreshToken }, zTokens);
        await store.save(next);
        return next;
      } catch (error) {
        // Ended for good; everything else may be tried again with the same token.
        if (error instanceof SessionError && error.status === 401) {
          await store.save(null);
          throw notSignedIn(error);
        }
        throw error;
      }
    })().finally(() => {
      refreshing = null;
    });
    return refreshing;
  }

  async function current(): Promise<TokensDto> {
    if (refreshing) return refreshing;
    const tokens = await store.load();
    if (!tokens) throw notSignedIn();
    return tokens.accessExpiresAt - EARLY_SECS > now() / 1000 ? tokens : refresh(tokens);
  }

  /** What is signed follows from the answer's fields, and those that we know must be what we know. */
  function messageOf(nonce: NonceDto, address: string): string {
    const { domain, chainId, packageAddress } = nonce;
    const isOurs =
      chainId === market.chainId &&
      packageAddress === normalizeAddress(market.packageAddress) &&
      nonce.address === address &&
      (options.domain === undefined || domain === options.domain);
    if (!isOurs || signInMessage(nonce) !== nonce.message) {
      throw new SessionError("WRONG_MARKET", "The API asks to sign in to something else.", 200);
    }
    return nonce.message;
  }

  return {
    async wallet() {
      return (await store.load())?.wallet ?? null;
    },

    async signIn(given, sign) {
      const address = normalizeAddress(given);
      const asked = options.domain === undefined ? { address } : { address, domain: options.domain };
      const nonce = await post("nonce", asked, zNonce);
      const message = messageOf(nonce, address);
      const { domain, chainId } = nonce;
      const signed = await sign({ address, domain, chainId, message, nonce: nonce.nonce });
      const tokens = await post("sign-in", { address, ...signed }, zTokens);
      await store.save(tokens);
      return tokens;
    },

    async accessToken() {
      return (await current()).accessToken;
    },

    async fetch(path, init = {}) {
      const attempt = (token: string) => {
        const headers = new Headers(init.headers);
        headers.set("authorization", `Bearer ${token}`);
        return send(path, { ...init, headers });
      };
      const tokens = await current();
      const response = await attempt(tokens.accessToken);
      if (response.status !== 401) return response;
      const kept = await store.load();
      if (!kept) throw notSignedIn();
      // Another caller may have renewed it meanwhile.
      const next = kept.accessToken === tokens.accessToken ? await refresh(kept) : kept;
      return attempt(next.accessToken);
    },

    async signOut({ all = false } = {}) {
      const tokens = await store.load();
      if (!tokens) return;
      try {
        await post("sign-out", { all }, zRevoked, await this.accessToken());
      } catch (error) {
        if (!(error instanceof SessionError)) throw error;
      } finally {
        await store.save(null);
      }
    },
  };
}

/** For a page that forgets, and for tests. */
export function memoryStore(): TokenStore {
  let kept: TokensDto | null = null;
  return {
    load: async () => kept,
    async save(tokens) {
      kept = tokens;
    },
  };
}

function notSignedIn(cause?: unknown): SessionError {
  return new SessionError("NOT_SIGNED_IN", "Sign in with your wallet.", 401, { cause });
}
