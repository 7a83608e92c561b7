"use client";
/** Says on every page that a development wallet is connected. It doesn't know its key. */
import { useWalletState } from "../../hooks/use-wallet-state.ts";

export function DevWalletBanner() {
  const { walletName } = useWalletState();
  if (walletName !== "Development wallet") return null;
  return (
    <p
      data-testid="dev-wallet-banner"
      className="bg-warn-soft px-4 py-1.5 text-center text-xs font-medium text-warn"
    >
      Development wallet: the key is kept unprotected in this browser. Never use it for anything of value.
    </p>
  );
}
