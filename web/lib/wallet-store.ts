/**
 * The wallet as the pages see it, without the wallet adapter: who is connected, and a promise of the actions.
 * It doesn't import the SDK; components/wallet/wallet-host.tsx, loaded on demand, fills it.
 */
import type { AccountAuthenticator, SimpleTransaction } from "@aptos-labs/ts-sdk";
import type { WalletSignature } from "@computestream/protocol/session";

export interface WalletEntry {
  name: string;
  icon: string;
}

export interface WalletState {
  /** "idle": the adapter isn't loaded, nobody asked for a wallet yet. */
  phase: "idle" | "loading" | "ready";
  /** True while a remembered wallet is being connected or a person is asked to. */
  connecting: boolean;
  address: string | null;
  walletName: string | null;
  /** What the wallet says it is connected to; null when it doesn't say. */
  chainId: number | null;
  wallets: WalletEntry[];
  /** The last failure to connect, as a sentence. */
  error: string | null;
}

export interface SignedMessage {
  fullMessage: string;
  /** Ed25519, as hex. */
  publicKey: string;
  signature: string;
}

export interface WalletActions {
  connect(name: string): Promise<void>;
  disconnect(): Promise<void>;
  signTransaction(transaction: SimpleTransaction): Promise<AccountAuthenticator>;
  signMessage(message: string, nonce: string): Promise<SignedMessage>;
  /** The same with the account, the site and the chain in the signed text, by whatever key the account has. */
  signInMessage(message: string, nonce: string): Promise<WalletSignature>;
}

const IDLE: WalletState = {
  phase: "idle",
  connecting: false,
  address: null,
  walletName: null,
  chainId: null,
  wallets: [],
  error: null,
};

/** Where the adapter keeps the wallet to connect again. */
const REMEMBERED = "AptosWalletName";

let state = IDLE;
let actions: WalletActions | null = null;
let waiting: Array<(actions: WalletActions) => void> = [];
const listeners = new Set<() => void>();

export const walletStore = {
  get: (): WalletState => state,
  /** What the server renders: no wallet is known there. */
  getServer: (): WalletState => IDLE,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  set(change: Partial<WalletState>): void {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  },
};

/** Starts loading the adapter; harmless when it is loaded. */
export function requestWallet(): void {
  if (state.phase === "idle") walletStore.set({ phase: "loading" });
}

/** Resolves once the adapter is loaded. */
export function walletActions(): Promise<WalletActions> {
  requestWallet();
  if (actions) return Promise.resolve(actions);
  return new Promise((resolve) => waiting.push(resolve));
}

export function provideActions(next: WalletActions): void {
  actions = next;
  for (const resolve of waiting) resolve(next);
  waiting = [];
}

/** True when this browser was connected before: the adapter is then loaded without a click. */
export function hasRememberedWallet(): boolean {
  try {
    return localStorage.getItem(REMEMBERED) !== null;
  } catch {
    return false;
  }
}
