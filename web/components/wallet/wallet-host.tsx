"use client";
/**
 * Runs the wallet adapter and mirrors it into the wallet store; registers the development wallet where there is one.
 * It doesn't build or send transactions: lib/chain.ts does, with our own client.
 */
import {
  type AccountAuthenticator,
  AnyPublicKey,
  AnySignature,
  Ed25519PublicKey,
  Ed25519Signature,
  Network,
} from "@aptos-labs/ts-sdk";
import { AptosWalletAdapterProvider, useWallet } from "@aptos-labs/wallet-adapter-react";
import { registerWallet } from "@aptos-labs/wallet-standard";
import type { PublicConfig } from "@computestream/protocol/api";
import { useEffect, useRef } from "react";
import { provideActions, type SignedMessage, walletStore } from "../../lib/wallet-store.ts";
import { approvals } from "../../wallet/approvals.ts";
import { describeTransaction } from "../../wallet/describe-transaction.ts";
import { createDevWallet } from "../../wallet/dev-wallet.ts";
import { keyAndSignature } from "../../wallet/key-and-signature.ts";
import { useApp } from "../app-provider.tsx";
import { ApprovalDialog } from "./approval-dialog.tsx";

let registered = false;

function registerDevWallet(config: PublicConfig): void {
  if (registered || !config.devWallet) return;
  registered = true;
  registerWallet(
    createDevWallet({
      chainId: config.chainId,
      nodeUrl: config.nodeUrl,
      origin: window.location.origin,
      storage: window.localStorage,
      describe: (raw) => describeTransaction(raw, config),
      approve: (request) => approvals.ask(request),
    }),
  );
}

export function WalletHost() {
  const { config } = useApp();
  registerDevWallet(config);
  return (
    <>
      <AptosWalletAdapterProvider
        autoConnect
        disableTelemetry
        dappConfig={{ network: Network.CUSTOM }}
        onError={(error: unknown) => walletStore.set({ error: connectError(error) })}
      >
        <Mirror />
      </AptosWalletAdapterProvider>
      {config.devWallet && <ApprovalDialog />}
    </>
  );
}

function Mirror() {
  const wallet = useWallet();
  const latest = useRef(wallet);
  latest.current = wallet;
  const { account, connected, isLoading, network, wallets, wallet: current } = wallet;

  useEffect(() => {
    walletStore.set({
      phase: "ready",
      connecting: isLoading,
      address: connected && account ? account.address.toStringLong() : null,
      walletName: connected ? (current?.name ?? null) : null,
      chainId: connected ? (network?.chainId ?? null) : null,
      wallets: wallets.map(({ name, icon }) => ({ name, icon })),
      ...(connected ? { error: null } : {}),
    });
  }, [account, connected, isLoading, network, wallets, current]);

  useEffect(() => {
    provideActions({
      async connect(name) {
        walletStore.set({ error: null });
        await latest.current.connect(name);
      },
      async disconnect() {
        await latest.current.disconnect();
      },
      async signTransaction(transaction): Promise<AccountAuthenticator> {
        const signed = await latest.current.signTransaction({ transactionOrPayload: transaction });
        return signed.authenticator;
      },
      async signMessage(message, nonce): Promise<SignedMessage> {
        const signed = await latest.current.signMessage({ message, nonce });
        return {
          fullMessage: signed.fullMessage,
          publicKey: ed25519Key(latest.current.account?.publicKey),
          signature: ed25519Signature(signed.signature),
        };
      },
      async signInMessage(message, nonce) {
        const asked = { address: true, application: true, chainId: true, message, nonce };
        const { fullMessage, signature } = await latest.current.signMessage(asked);
        return { fullMessage, ...keyAndSignature(latest.current.account?.publicKey, signature) };
      },
    });
  }, []);

  return null;
}

function ed25519Key(key: unknown): string {
  const inner = key instanceof AnyPublicKey ? key.publicKey : key;
  if (inner instanceof Ed25519PublicKey) return inner.toString();
  throw new Error("Logs are opened with an Ed25519 account; this wallet's account is of another kind.");
}

function ed25519Signature(signature: unknown): string {
  const inner = signature instanceof AnySignature ? signature.signature : signature;
  if (inner instanceof Ed25519Signature) return inner.toString();
  throw new Error("Logs are opened with an Ed25519 signature; this wallet made another kind.");
}

function connectError(error: unknown): string {
  const text = typeof error === "string" ? error : error instanceof Error ? error.message : String(error);
  return /reject/i.test(text) ? "The wallet didn't connect: you declined." : `The wallet said: ${text}`;
}
