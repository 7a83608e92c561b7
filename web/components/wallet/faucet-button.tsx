"use client";
/** Asks the faucet for test money and says what came. It doesn't exist where there is no faucet. */
import { useState } from "react";
import { refreshBalances } from "../../hooks/use-balance.ts";
import { formatAmount } from "../../lib/format.ts";
import { useApp } from "../app-provider.tsx";

/** Enough for a day of playing: ten whole units. */
const WHOLE_UNITS = 10n;

export function FaucetButton({ address }: { address: string }) {
  const { api, config } = useApp();
  const [state, setState] = useState<"idle" | "asking" | "done">("idle");
  const [error, setError] = useState<string | null>(null);
  const amount = WHOLE_UNITS * 10n ** BigInt(config.asset.decimals);
  const text = `${formatAmount(amount, config.asset.decimals)} ${config.asset.symbol}`;
  return (
    <>
      <button
        type="button"
        className="btn"
        data-testid="faucet"
        disabled={state === "asking"}
        onClick={async () => {
          setState("asking");
          setError(null);
          try {
            await api.fund(address, amount);
            setState("done");
            refreshBalances();
          } catch (cause) {
            setState("idle");
            setError(cause instanceof Error ? cause.message : String(cause));
          }
        }}
      >
        {state === "asking" ? "Asking the faucet…" : "Get test funds"}
      </button>
      <p
        role="status"
        className={`order-last basis-full text-sm empty:hidden ${error ? "text-bad" : "text-accent"}`}
      >
        {error ?? (state === "done" ? `${text} sent to your wallet.` : "")}
      </p>
    </>
  );
}
