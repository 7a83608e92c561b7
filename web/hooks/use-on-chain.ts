/**
 * A job and its stream as the chain tells them now: what a step is priced with before it is signed.
 * It doesn't follow the chain: `mark` changes when the job did, and then both are read again.
 */
import { useCallback, useEffect, useState } from "react";
import { useApp } from "../components/app-provider.tsx";
import { explainAction, loadChain } from "../lib/chain.ts";
import type { OnChain } from "../lib/step-terms.ts";

export interface OnChainRead {
  /** null before the first answer. */
  value: OnChain | null;
  /** Why the last read failed; null once one succeeds. */
  error: string | null;
  reload: () => void;
}

export function useOnChain(job: string, mark: string): OnChainRead {
  const { config } = useApp();
  const [value, setValue] = useState<OnChain | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `mark` and `round` ask again
  useEffect(() => {
    let stopped = false;
    loadChain(config)
      .then((chain) => Promise.all([chain.getJob(job), chain.getStream(job), chain.getCase(job)]))
      .then(
        ([view, stream, open]) => {
          if (stopped) return;
          setValue(view && stream ? { job: view, stream, defaultAward: open?.defaultAward ?? null } : null);
          setError(view && stream ? null : "The chain has no running or ended stream of this job.");
        },
        (cause) => {
          if (!stopped) setError(explainAction(cause).message);
        },
      );
    return () => {
      stopped = true;
    };
  }, [config, job, mark, round]);
  const reload = useCallback(() => setRound((r) => r + 1), []);
  return { value, error, reload };
}
