/**
 * A wallet's spendable balance, read from the chain and refreshed while shown.
 * It doesn't guess: null until the chain has answered.
 */
import { useEffect, useState } from "react";
import { useApp } from "../components/app-provider.tsx";
import { explainAction, loadChain } from "../lib/chain.ts";

const REFRESH_MS = 4_000;

export interface Balance {
  value: bigint | null;
  error: string | null;
}

const listeners = new Set<() => void>();

/** Every balance on the page is read again: call after money has moved. */
export function refreshBalances(): void {
  for (const listener of listeners) listener();
}

export function useBalance(address: string | null): Balance {
  const { config } = useApp();
  const [state, setState] = useState<{ of: string | null; value: bigint | null; error: string | null }>({
    of: null,
    value: null,
    error: null,
  });
  useEffect(() => {
    if (!address) return;
    let stopped = false;
    const read = async () => {
      try {
        const value = await (await loadChain(config)).balance(address);
        if (!stopped) setState({ of: address, value, error: null });
      } catch (error) {
        if (!stopped) setState((s) => ({ ...s, error: explainAction(error).message }));
      }
    };
    void read();
    listeners.add(read);
    const timer = setInterval(() => document.visibilityState === "visible" && void read(), REFRESH_MS);
    return () => {
      stopped = true;
      listeners.delete(read);
      clearInterval(timer);
    };
  }, [address, config]);

  return { value: state.of === address ? state.value : null, error: state.error };
}
