/**
 * The connected wallet's session with the indexer, and what it opens, as values.
 * It doesn't keep tokens (lib/session.ts does) nor know what is read.
 */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { z } from "zod";
import { useApp } from "../components/app-provider.tsx";
import type { Query } from "../lib/api.ts";
import { explainAction } from "../lib/chain.ts";
import { openWalletMenu } from "../lib/wallet-menu.ts";
import { walletActions, walletStore } from "../lib/wallet-store.ts";
import { useWalletState } from "./use-wallet-state.ts";

export interface Session {
  /** The connected wallet. */
  wallet: string | null;
  signedIn: boolean;
  /** It was signed in, and the API has ended that. */
  hasEnded: boolean;
  /** The wallet's owner is being asked. */
  signing: boolean;
  /** Why the last attempt failed, as a sentence. */
  error: string | null;
  /** Opens the wallet menu when no wallet is connected. */
  signIn: () => Promise<void>;
  signOut: (options?: { all?: boolean }) => Promise<void>;
}

export function useSession(): Session {
  const { sessions, config } = useApp();
  const { address: wallet } = useWalletState();
  const mark = useSyncExternalStore(
    sessions.subscribe,
    () => (wallet === null ? "" : `${sessions.has(wallet)} ${sessions.hasEnded(wallet)}`),
    () => "",
  );
  const [attempt, setAttempt] = useState<{ of: string | null; signing: boolean; error: string | null }>({
    of: null,
    signing: false,
    error: null,
  });

  const signIn = useCallback(async () => {
    const { address, chainId } = walletStore.get();
    if (!address) return openWalletMenu();
    setAttempt({ of: address, signing: true, error: null });
    let error: string | null = null;
    try {
      if (chainId !== null && chainId !== config.chainId) {
        throw new Error(
          `Your wallet is on chain ${chainId}; this market is on chain ${config.chainId}. Switch the wallet's network and sign in again.`,
        );
      }
      await sessions.signIn(address, async ({ message, nonce }) => {
        const actions = await walletActions();
        try {
          return await actions.signInMessage(message, nonce);
        } catch (cause) {
          throw explainAction(cause);
        }
      });
    } catch (cause) {
      error = cause instanceof Error ? cause.message : String(cause);
    }
    setAttempt({ of: address, signing: false, error });
  }, [sessions, config]);

  const signOut = useCallback(
    async (options: { all?: boolean } = {}) => {
      if (wallet !== null) await sessions.signOut(wallet, options);
    },
    [sessions, wallet],
  );

  const own = attempt.of === wallet ? attempt : { signing: false, error: null };
  return {
    wallet,
    signedIn: mark.startsWith("true"),
    hasEnded: mark === "false true",
    signing: own.signing,
    error: own.error,
    signIn,
    signOut,
  };
}

export interface PrivateRead<T> {
  /** undefined before the first answer and while nobody is signed in. */
  data: T | undefined;
  /** Why the last read failed; null once one succeeds. */
  error: string | null;
  reload: () => void;
}

/** `path` null: there is nothing to ask. Asked again when `mark` changes, and every `pollMs` while the page is seen. */
export function usePrivate<T>(
  path: string | null,
  schema: z.ZodType<T>,
  options: { query?: Query; mark?: string; pollMs?: number } = {},
): PrivateRead<T> {
  const { sessions } = useApp();
  const { wallet, signedIn } = useSession();
  const { mark = "", pollMs } = options;
  const latest = useRef({ schema, query: options.query });
  latest.current = { schema, query: options.query };
  const [round, setRound] = useState(0);
  const name = signedIn && path !== null ? `${wallet} ${path}` : null;
  const [state, setState] = useState<{ of: string | null; data: T | undefined; error: string | null }>({
    of: null,
    data: undefined,
    error: null,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: `mark` and `round` ask again
  useEffect(() => {
    if (name === null || wallet === null || path === null) return;
    let stopped = false;
    const ask = async () => {
      const { schema: expected, query } = latest.current;
      try {
        const data = await sessions.read(wallet, path, expected, query);
        if (!stopped) setState({ of: name, data, error: null });
      } catch (cause) {
        const error = cause instanceof Error ? cause.message : String(cause);
        // What was read before stays beside the reason why it isn't newer.
        if (!stopped) setState((s) => ({ of: name, data: s.of === name ? s.data : undefined, error }));
      }
    };
    void ask();
    const timer = pollMs
      ? setInterval(() => document.visibilityState === "visible" && void ask(), pollMs)
      : undefined;
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, [sessions, name, wallet, path, mark, pollMs, round]);

  const reload = useCallback(() => setRound((r) => r + 1), []);
  const own = name !== null && state.of === name ? state : { data: undefined, error: null };
  return { data: own.data, error: own.error, reload };
}
