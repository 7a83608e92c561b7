/**
 * A wallet for development chains: a key made in this browser, registered through the wallet standard like any other.
 * It doesn't know the site's pages; it asks its owner through `approve` before every signature.
 */
import {
  type AnyRawTransaction,
  Ed25519Account,
  Ed25519PrivateKey,
  Network,
  type RawTransaction,
} from "@aptos-labs/ts-sdk";
import {
  AccountInfo,
  type AptosSignMessageInput,
  type AptosWallet,
  type AptosWalletAccount,
  type UserResponse,
  UserResponseStatus,
} from "@aptos-labs/wallet-standard";
import type { ApprovalRequest } from "./approvals.ts";

export const DEV_WALLET_NAME = "Development wallet";
const KEY = "computestream.dev-wallet.key";

/** A gear in a purse, inline: wallets may not load pictures from elsewhere. */
const ICON = `data:image/svg+xml;base64,${btoa(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#b45309"/><path d="M8 11h16v12H8z" fill="none" stroke="#fff" stroke-width="2.4" stroke-linejoin="round"/><path d="M11 11V8h8" fill="none" stroke="#fff" stroke-width="2.4"/><circle cx="20" cy="17" r="1.8" fill="#fff"/></svg>',
)}` as const;

export interface DevWalletOptions {
  chainId: number;
  nodeUrl: string;
  origin: string;
  storage: Pick<Storage, "getItem" | "setItem">;
  describe: (raw: RawTransaction) => ApprovalRequest;
  approve: (request: ApprovalRequest) => Promise<boolean>;
}

/** The key is made on first use and stays in `storage`: worth nothing outside a development chain. */
export function createDevWallet(options: DevWalletOptions): AptosWallet {
  const { chainId, nodeUrl, origin, storage } = options;
  let account: Ed25519Account | null = null;

  function unlock(): Ed25519Account {
    if (account) return account;
    const kept = storage.getItem(KEY);
    const privateKey = kept ? new Ed25519PrivateKey(kept) : Ed25519PrivateKey.generate();
    if (!kept) storage.setItem(KEY, privateKey.toString());
    account = new Ed25519Account({ privateKey });
    return account;
  }

  const info = (): AccountInfo => {
    const { accountAddress, publicKey } = unlock();
    return new AccountInfo({ address: accountAddress, publicKey });
  };

  async function approved<T>(request: ApprovalRequest, sign: () => T): Promise<UserResponse<T>> {
    return (await options.approve(request))
      ? { status: UserResponseStatus.APPROVED, args: sign() }
      : { status: UserResponseStatus.REJECTED };
  }

  async function signTransaction(transaction: AnyRawTransaction) {
    const raw = transaction.rawTransaction;
    const signer = unlock();
    if (raw.chain_id.chainId !== chainId) {
      throw new Error(
        `This transaction is for chain ${raw.chain_id.chainId}; the wallet signs for chain ${chainId} only.`,
      );
    }
    if (!raw.sender.equals(signer.accountAddress)) {
      throw new Error("This transaction is another account's; the wallet signs for its own only.");
    }
    return approved(options.describe(raw), () => signer.signTransactionWithAuthenticator(transaction));
  }

  async function signMessage(input: AptosSignMessageInput) {
    const signer = unlock();
    const parts = {
      ...(input.address ? { address: signer.accountAddress.toString() } : {}),
      ...(input.application ? { application: origin } : {}),
      ...(input.chainId ? { chainId } : {}),
      message: input.message,
      nonce: input.nonce,
    };
    const lines = Object.entries(parts).map(([key, value]) => `${key}: ${value}`);
    const fullMessage = ["APTOS", ...lines].join("\n");
    const request: ApprovalRequest = {
      kind: "message",
      title: "Sign a message",
      lines: [
        { label: "Site", value: origin },
        { label: "Costs", value: "nothing; no transaction is sent" },
      ],
      text: fullMessage,
    };
    return approved(request, () => ({
      ...parts,
      fullMessage,
      prefix: "APTOS" as const,
      signature: signer.sign(new TextEncoder().encode(fullMessage)),
    }));
  }

  const features = {
    "aptos:account": { version: "1.0.0", account: async () => info() },
    "aptos:connect": {
      version: "1.0.0",
      connect: async () => ({ status: UserResponseStatus.APPROVED, args: info() }),
    },
    "aptos:disconnect": {
      version: "1.0.0",
      disconnect: async () => {
        account = null;
      },
    },
    "aptos:network": {
      version: "1.0.0",
      network: async () => ({ name: Network.CUSTOM, chainId, url: nodeUrl }),
    },
    // One account on one chain, ever: there is nothing to announce.
    "aptos:onAccountChange": { version: "1.0.0", onAccountChange: async () => {} },
    "aptos:onNetworkChange": { version: "1.0.0", onNetworkChange: async () => {} },
    "aptos:signMessage": { version: "1.0.0", signMessage },
    "aptos:signTransaction": { version: "1.0.0", signTransaction },
  } satisfies AptosWallet["features"];

  const accounts: AptosWalletAccount[] = [];
  return {
    version: "1.0.0",
    name: DEV_WALLET_NAME,
    icon: ICON,
    url: origin,
    chains: ["aptos:localnet"],
    accounts,
    features,
  };
}
