/**
 * Lets any part of a page open the wallet menu in the header.
 * It doesn't know the menu.
 */
import { requestWallet } from "./wallet-store.ts";

const listeners = new Set<() => void>();

export const walletMenu = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  },
};

export function openWalletMenu(): void {
  requestWallet();
  for (const listener of listeners) listener();
}
