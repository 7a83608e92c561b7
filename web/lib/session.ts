/**
 * The wallets' sessions with the indexer in this browser: kept over reloads, one for each wallet, shared by all tabs.
 * It doesn't know React or the adapter: who signs is an argument. The API alone decides what a session opens.
 */
import { type PublicConfig, type TokensDto, zApiError, zTokens } from "@computestream/protocol/api";
import type { SessionClient, SignMessage, TokenStore } from "@computestream/protocol/session";
import type { z } from "zod";
import { ApiError, type Query, search } from "./api.ts";

export interface Sessions {
  /** Whether there are tokens of `wallet` that haven't run out; the API may have ended the session all the same. */
  has(wallet: string): boolean;
  /** A session that the API has ended while this page was open, and that nobody has renewed. */
  hasEnded(wallet: string): boolean;
  /** Throws `ApiError` with a sentence that names the remedy. */
  signIn(wallet: string, sign: SignMessage): Promise<void>;
  /** Ends the session at the API and forgets it here, also when the API can't be reached. */
  signOut(wallet: string, options?: { all?: boolean }): Promise<void>;
  /** Throws `ApiError`; `NOT_SIGNED_IN` also tells the listeners. */
  read<T>(wallet: string, path: string, schema: z.ZodType<T>, query?: Query): Promise<T>;
  /** For a service that takes the indexer's access tokens; good for minutes. Throws as `read` does. */
  accessToken(wallet: string): Promise<string>;
  subscribe(listener: () => void): () => void;
}

type Config = Pick<PublicConfig, "chainId" | "packageAddress" | "indexerUrl">;

export function createSessions(options: {
  config: Config;
  /** The site's host, as the wallet's owner sees it; read when it is needed, since a server has none. */
  domain: () => string;
  storage?: Pick<Storage, "getItem" | "setItem" | "removeItem"> | undefined;
  fetcher?: typeof fetch;
  /** Milliseconds. */
  now?: () => number;
}): Sessions {
  const { config, domain, now = Date.now } = options;
  const storage = options.storage ?? browserStorage();
  const clients = new Map<string, Promise<SessionClient>>();
  const ended = new Set<string>();
  const listeners = new Set<() => void>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const prefix = `computestream.session.${config.chainId}.${config.packageAddress}.`;

  function kept(wallet: string): TokensDto | null {
    const tokens = parseTokens(storage.getItem(prefix + wallet));
    return tokens?.wallet === wallet && tokens.refreshExpiresAt > now() / 1000 ? tokens : null;
  }

  /** Read anew each time: another tab may have turned the tokens. */
  const storeOf = (wallet: string): TokenStore => ({
    load: async () => kept(wallet),
    async save(tokens) {
      if (tokens) storage.setItem(prefix + wallet, JSON.stringify(tokens));
      else storage.removeItem(prefix + wallet);
      changed();
    },
  });

  function clientOf(wallet: string): Promise<SessionClient> {
    const made = clients.get(wallet);
    if (made) return made;
    const client = import("@computestream/protocol/session").then(({ createSessionClient }) =>
      createSessionClient({
        url: config.indexerUrl,
        market: config,
        domain: domain(),
        store: storeOf(wallet),
        ...(options.fetcher ? { fetcher: options.fetcher } : {}),
        now,
      }),
    );
    clients.set(wallet, client);
    // A script that didn't load may load the next time.
    client.catch(() => clients.delete(wallet));
    return client;
  }

  /** As the API says it, with the remedy; the end of a session also to the listeners. */
  function refusal(wallet: string, error: unknown): ApiError {
    const told = withRemedy(error);
    if (told.code === "NOT_SIGNED_IN") {
      ended.add(wallet);
      changed();
    }
    return told;
  }

  return {
    has: (wallet) => kept(wallet) !== null,
    hasEnded: (wallet) => ended.has(wallet),

    async signIn(wallet, sign) {
      try {
        await (await clientOf(wallet)).signIn(wallet, sign);
        ended.delete(wallet);
        changed();
      } catch (error) {
        throw withRemedy(error);
      }
    },

    async signOut(wallet, { all = false } = {}) {
      ended.delete(wallet);
      await (await clientOf(wallet)).signOut({ all });
    },

    async read(wallet, path, schema, query = {}) {
      let response: Response;
      try {
        response = await (await clientOf(wallet)).fetch(`/api/v1${path}${search(query)}`);
      } catch (error) {
        throw refusal(wallet, error);
      }
      const body: unknown = await response.json().catch(() => undefined);
      if (!response.ok) {
        const told = zApiError.safeParse(body).data?.error;
        const code = told?.code ?? `HTTP_${response.status}`;
        const message = told ? sentence(told.message) : `The indexer answered ${response.status}.`;
        throw code === "INVALID_PARAMETER"
          ? new ApiError(code, message, response.status)
          : withRemedy(new ApiError(code, message, response.status));
      }
      const parsed = schema.safeParse(body);
      if (parsed.success) return parsed.data;
      throw withRemedy(new ApiError("UNEXPECTED_ANSWER", "", response.status, { cause: parsed.error }));
    },

    async accessToken(wallet) {
      try {
        return await (await clientOf(wallet)).accessToken();
      } catch (error) {
        throw refusal(wallet, error);
      }
    },

    subscribe(listener) {
      // `storage` is told in the other tabs only, which is where it is needed.
      const heard = (event: StorageEvent) => {
        if (event.key === null || event.key.startsWith(prefix)) listener();
      };
      listeners.add(listener);
      if (typeof window !== "undefined") window.addEventListener("storage", heard);
      return () => {
        listeners.delete(listener);
        if (typeof window !== "undefined") window.removeEventListener("storage", heard);
      };
    },
  };
}

const REMEDIES: Record<string, string> = {
  NOT_SIGNED_IN: "Your session has ended. Sign in again.",
  UNREACHABLE: "The indexer doesn't answer, so nobody can be signed in now. Try again in a moment.",
  UNEXPECTED_ANSWER:
    "The indexer answered in a form this page doesn't know. Reload the page; if it stays, the two are of different versions.",
  WRONG_MARKET:
    "The indexer serves another market than this page shows, so nothing was signed. Reload the page.",
  WRONG_MESSAGE:
    "Your wallet signed another text than it was asked to: it has to name your address, this site and the chain. Update the wallet, or use another one.",
  WRONG_DOMAIN:
    "This market takes no sign-in from this address. Open it at its usual address and sign in there.",
  WRONG_CHAIN:
    "Your wallet is on another chain than this market. Switch the wallet's network and sign in again.",
  INVALID_NONCE: "The wallet signed an older question. Sign in again.",
  NONCE_EXPIRED: "The question to your wallet was open for too long. Sign in again.",
  NONCE_USED: "This signature was used before. Sign in again.",
  // Of what a nonce is asked with only the site can be wrong: the wallet's address is one.
  INVALID_PARAMETER:
    "This market takes no sign-in from this address. Open it at its usual address and sign in there.",
  REJECTED: "You didn't sign, so it stays closed.",
  BAD_SIGNATURE:
    "The wallet's signature doesn't fit its key. Sign in again; if it stays, use another wallet.",
  KEY_NOT_OF_ADDRESS:
    "On chain your account has another key than this wallet. Give the wallet the account's present key, then sign in again.",
  CHAIN_UNAVAILABLE: "The chain's node doesn't answer, so your key can't be checked. Try again in a moment.",
  RATE_LIMITED: "That was asked too often. Wait a minute, then try again.",
};

function withRemedy(error: unknown): ApiError {
  const { code, message, status } = (error ?? {}) as Partial<ApiError>;
  if (typeof code !== "string") {
    return new ApiError("FAILED", String(message ?? error), 0, { cause: error });
  }
  return new ApiError(code, REMEDIES[code] ?? message ?? code, status ?? 0, { cause: error });
}

/** The API's words begin small and end without a point. */
const sentence = (words: string): string =>
  `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.!?]$/.test(words) ? "" : "."}`;

function parseTokens(text: string | null): TokensDto | null {
  try {
    return zTokens.safeParse(JSON.parse(text ?? "null")).data ?? null;
  } catch {
    return null;
  }
}

/** A browser that keeps nothing still signs in, until the page goes. */
function browserStorage(): Pick<Storage, "getItem" | "setItem" | "removeItem"> {
  try {
    const probe = "computestream.session.probe";
    localStorage.setItem(probe, "1");
    localStorage.removeItem(probe);
    return localStorage;
  } catch {
    const kept = new Map<string, string>();
    return {
      getItem: (key) => kept.get(key) ?? null,
      setItem: (key, value) => void kept.set(key, value),
      removeItem: (key) => void kept.delete(key),
    };
  }
}
