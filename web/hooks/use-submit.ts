/**
 * One action that a wallet signs: where it stands, what went wrong, what came of it.
 * It doesn't know what is signed; lib/chain.ts does the work.
 */
import type { Outcome, Payloads } from "@computestream/protocol/client";
import { useState } from "react";
import { useApp } from "../components/app-provider.tsx";
import { type ActionError, explainAction, type Step, signAndWait } from "../lib/chain.ts";
import { openWalletMenu } from "../lib/wallet-menu.ts";
import { walletStore } from "../lib/wallet-store.ts";
import { refreshBalances } from "./use-balance.ts";

export const STEP_TEXT: Record<Step, string> = {
  preparing: "Preparing the transaction…",
  signing: "Waiting for your signature…",
  submitting: "Sending…",
  waiting: "Waiting for the chain…",
};

export interface Submit {
  step: Step | null;
  error: ActionError | null;
  /** null when it failed or no wallet is connected (the wallet menu opens then). */
  run(
    pendingKey: string,
    payload: (payloads: Payloads) => ReturnType<Payloads[keyof Payloads]>,
  ): Promise<Outcome | null>;
}

export function useSubmit(): Submit {
  const { config } = useApp();
  const [step, setStep] = useState<Step | null>(null);
  const [error, setError] = useState<ActionError | null>(null);
  return {
    step,
    error,
    async run(pendingKey, payload) {
      const { address, chainId } = walletStore.get();
      if (!address) {
        openWalletMenu();
        return null;
      }
      setError(null);
      try {
        return await signAndWait({
          config,
          sender: address,
          walletChainId: chainId,
          payload,
          onStep: setStep,
          pendingKey,
        });
      } catch (cause) {
        setError(explainAction(cause));
        return null;
      } finally {
        setStep(null);
        refreshBalances();
      }
    },
  };
}
