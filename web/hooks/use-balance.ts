/**
 * A wallet's spendable balance, read from the chain and refreshed while shown.
 * It doesn't guess: null until the chain has answered.
 */
import { useCallback, useEffect, useState } from "react";
import { useApp } from "../components/app-provider.tsx";
import { explainAction, loadChain } from "../lib/chain.ts";

const REFRESH_MS = 4_000;

export interface Balance {
  value: bigint | null;
  error: string | null;
  reload: () => void;
}

export function useBalance(address: string | null): Balance {
  const { config } = useApp();
  const [state, setState] = useState<{ of: string | null; value: bigint | null; error: string | null }>({
    of: null,
    value: null,
    error: null,
  });
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((r) => r + 1), []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` asks again
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
    const timer = setInterval(() => document.visibilityState === "visible" && void read(), REFRESH_MS);
    return () => {
      stopped = true;
      clearInterval(timer);
    };
  }, [address, config, round]);

  return { value: state.of === address ? state.value : null, error: state.error, reload };
}
