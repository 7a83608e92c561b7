"use client";
/** Connect, or who is connected and what they can do about it. It doesn't know the adapter. */
import { useEffect, useRef, useState } from "react";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { shortAddress } from "../../lib/format.ts";
import { openWalletMenu, walletMenu } from "../../lib/wallet-menu.ts";
import { requestWallet } from "../../lib/wallet-store.ts";
import { WalletPanel } from "./wallet-panel.tsx";

export function ConnectButton() {
  const { address, phase, connecting } = useWalletState();
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);

  useEffect(() => walletMenu.subscribe(() => setOpen(true)), []);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      const target = event.target as Node;
      // The approval dialog is the wallet's, not a click elsewhere.
      if (!root.current?.contains(target) && !(target as Element).closest?.("dialog")) setOpen(false);
    };
    const onKey = (event: KeyboardEvent) => event.key === "Escape" && setOpen(false);
    document.addEventListener("pointerdown", close);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("pointerdown", close);
      document.removeEventListener("keydown", onKey);
    };
  }, [open]);

  const busy = phase === "loading" || (connecting && !address);
  return (
    <div className="relative" ref={root}>
      <button
        type="button"
        data-testid="connect-wallet"
        aria-expanded={open}
        aria-haspopup="dialog"
        className={`btn ${address ? "" : "btn-primary"}`}
        // The adapter is the heaviest script of the site: fetch it when the pointer comes near.
        onPointerEnter={requestWallet}
        onClick={() => (open ? setOpen(false) : openWalletMenu())}
      >
        {address ? (
          <>
            <span className="size-2 rounded-full bg-accent" aria-hidden="true" />
            <span className="font-mono text-[0.8125rem]">
              <span className="hidden sm:inline">{shortAddress(address)}</span>
              <span className="sm:hidden" title={address}>
                …{address.slice(-4)}
              </span>
            </span>
          </>
        ) : busy && open ? (
          "Connecting…"
        ) : (
          <span>
            Connect<span className="hidden sm:inline"> wallet</span>
          </span>
        )}
      </button>
      {open && <WalletPanel onClose={() => setOpen(false)} />}
    </div>
  );
}
