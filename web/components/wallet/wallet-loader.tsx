"use client";
/** Loads the wallet adapter when a wallet is asked for or was connected before. It doesn't know the adapter. */
import { type ComponentType, useEffect, useState } from "react";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { hasRememberedWallet, requestWallet, walletStore } from "../../lib/wallet-store.ts";

export function WalletLoader() {
  const { phase } = useWalletState();
  const [Host, setHost] = useState<ComponentType | null>(null);

  useEffect(() => {
    if (hasRememberedWallet()) requestWallet();
  }, []);

  useEffect(() => {
    if (phase !== "loading" || Host) return;
    let stopped = false;
    import("./wallet-host.tsx").then(
      ({ WalletHost }) => {
        if (!stopped) setHost(() => WalletHost);
      },
      () => {
        walletStore.set({
          phase: "idle",
          error: "The wallet part of this page didn't load. Reload the page.",
        });
      },
    );
    return () => {
      stopped = true;
    };
  }, [phase, Host]);

  return Host ? <Host /> : null;
}
