/** Who is connected, as a value. It doesn't load the wallet adapter: asking for a wallet does. */
import { useSyncExternalStore } from "react";
import { type WalletState, walletStore } from "../lib/wallet-store.ts";

export function useWalletState(): WalletState {
  return useSyncExternalStore(walletStore.subscribe, walletStore.get, walletStore.getServer);
}
