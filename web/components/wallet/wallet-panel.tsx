"use client";
import Link from "next/link";
import { useBalance } from "../../hooks/use-balance.ts";
import { useSession } from "../../hooks/use-session.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { walletActions } from "../../lib/wallet-store.ts";
/** The wallet menu: choose one, or see balance, test money and disconnect. It doesn't hold the connection. */
import { useApp } from "../app-provider.tsx";
import { Address } from "../ui/address.tsx";
import { Amount } from "../ui/amount.tsx";
import { Waiting } from "../ui/stat.tsx";
import { FaucetButton } from "./faucet-button.tsx";

/** The development wallet's name in wallet/dev-wallet.ts, repeated to keep the SDK out of this bundle. */
const DEV_WALLET_NAME = "Development wallet";

export function WalletPanel({ onClose }: { onClose: () => void }) {
  const { address } = useWalletState();
  return (
    <div
      role="dialog"
      aria-label="Wallet"
      className="card absolute top-full right-0 z-40 mt-2 w-[min(21rem,calc(100vw-2rem))] p-4 shadow-xl"
    >
      {address ? <Connected address={address} onClose={onClose} /> : <Choose onClose={onClose} />}
    </div>
  );
}

function Choose({ onClose }: { onClose: () => void }) {
  const { wallets, phase, error } = useWalletState();
  const { config } = useApp();
  return (
    <div>
      <h2 className="font-semibold">Connect a wallet</h2>
      {phase !== "ready" && <p className="mt-2 text-sm text-muted">Looking for wallets…</p>}
      <ul className="mt-3 space-y-2">
        {wallets.map((wallet) => {
          const isDev = wallet.name === DEV_WALLET_NAME;
          return (
            <li key={wallet.name}>
              <button
                type="button"
                data-testid={isDev ? "wallet-dev" : undefined}
                className="flex w-full items-center gap-3 rounded-xl border border-line px-3 py-2.5 text-left hover:bg-raised"
                onClick={() =>
                  void walletActions()
                    .then((actions) => actions.connect(wallet.name))
                    .then(onClose, () => {})
                }
              >
                {/* biome-ignore lint/performance/noImgElement: a data URI given by the wallet */}
                <img src={wallet.icon} alt="" className="size-8 rounded-lg" />
                <span className="min-w-0">
                  <span className="block text-sm font-semibold">{wallet.name}</span>
                  {isDev && (
                    <span className="block text-xs text-muted">
                      A key in this browser, for {config.network} only
                    </span>
                  )}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
      {phase === "ready" && wallets.length === 0 && (
        <p className="mt-2 text-sm text-muted">
          No wallet was found in this browser. Install a Movement wallet such as{" "}
          <a className="link" href="https://nightly.app" target="_blank" rel="noreferrer">
            Nightly
          </a>
          , then reload the page.
        </p>
      )}
      {error && (
        <p role="alert" className="mt-3 text-sm text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

function Connected({ address, onClose }: { address: string; onClose: () => void }) {
  const { config } = useApp();
  const { walletName, chainId } = useWalletState();
  const balance = useBalance(address);
  const session = useSession();
  return (
    <div>
      <div className="flex items-center justify-between gap-3">
        <h2 className="text-sm font-semibold">{walletName}</h2>
        <Address value={address} label="your address" />
      </div>
      <p className="mt-3 text-2xl font-semibold tracking-tight">
        {balance.value === null ? (
          <Waiting wide />
        ) : (
          <Amount value={balance.value} asset={config.asset} places={4} testId="wallet-balance" />
        )}
      </p>
      {balance.error && <p className="mt-1 text-sm text-bad">{balance.error}</p>}
      {chainId !== null && chainId !== config.chainId && (
        <p role="alert" className="mt-2 rounded-lg bg-warn-soft px-3 py-2 text-sm text-warn">
          The wallet is on chain {chainId}; this market is on chain {config.chainId}. Switch its network
          before signing.
        </p>
      )}
      <p className="mt-3 flex flex-wrap items-center justify-between gap-x-4 text-sm text-muted">
        <Link href="/me" className="link" data-testid="my-account" onClick={onClose}>
          My account
        </Link>
        <span data-testid="session" data-signed-in={session.signedIn}>
          {session.signedIn ? "Signed in on this site" : "Not signed in"}
        </span>
      </p>
      <div className="mt-4 flex flex-wrap gap-2">
        {config.faucetUrl && <FaucetButton address={address} />}
        <button
          type="button"
          className="btn"
          onClick={() =>
            // Who disconnects leaves nothing open behind; the wallet goes also when the API can't be told.
            void session
              .signOut()
              .catch(() => {})
              .then(walletActions)
              .then((actions) => actions.disconnect())
              .then(onClose, onClose)
          }
        >
          Disconnect
        </button>
        {session.signedIn && (
          <button
            type="button"
            className="btn"
            data-testid="sign-out"
            onClick={() => void session.signOut().then(onClose, onClose)}
          >
            Sign out
          </button>
        )}
      </div>
    </div>
  );
}
