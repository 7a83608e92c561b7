/**
 * The market's limits on a job, read from the chain once. null until known, or where the chain can't be read:
 * then the chain itself still refuses what is out of bounds.
 */
import { useEffect, useState } from "react";
import { useApp } from "../components/app-provider.tsx";
import { loadChain } from "../lib/chain.ts";
import type { MarketLimits } from "../lib/job-form.ts";

export function useMarketLimits(): MarketLimits | null {
  const { config } = useApp();
  const [limits, setLimits] = useState<MarketLimits | null>(null);
  useEffect(() => {
    let stopped = false;
    loadChain(config)
      .then((chain) => chain.parameters())
      .then(
        (p) => {
          if (stopped) return;
          setLimits({
            minDurationSecs: Number(p.minDurationSecs),
            maxDurationSecs: Number(p.maxDurationSecs),
            maxHoldbackSecs: Number(p.maxHoldbackSecs),
            acceptWindowSecs: Number(p.acceptWindowSecs),
            challengeWindowSecs: Number(p.challengeWindowSecs),
            paused: p.paused,
          });
        },
        () => {},
      );
    return () => {
      stopped = true;
    };
  }, [config]);
  return limits;
}
