"use client";
/** What the market holds for the connected wallet, and every movement of it. It doesn't sign. */
import { type WalletDto, zWallet } from "@computestream/protocol/api";
import Link from "next/link";
import { useLiveTopic } from "../../hooks/use-live-topic.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { openWalletMenu } from "../../lib/wallet-menu.ts";
import { useApp } from "../app-provider.tsx";
import { ListSkeleton } from "../stream/explorer.tsx";
import { Address } from "../ui/address.tsx";
import { Amount } from "../ui/amount.tsx";
import { Empty } from "../ui/empty.tsx";
import { Freshness, StaleNotice } from "../ui/freshness.tsx";
import { PageTitle } from "../ui/page-title.tsx";
import { Stat } from "../ui/stat.tsx";
import { LedgerTable } from "./ledger-table.tsx";
import { SessionsPanel } from "./sessions-panel.tsx";

export function AccountView() {
  const { address } = useWalletState();
  if (address) return <Account key={address} address={address} />;
  return (
    <>
      <PageTitle title="My account" lead="What the market holds for you, and every movement of it." />
      <div className="card">
        <Empty
          title="Connect your wallet to see its account"
          action={
            <button type="button" className="btn btn-primary" onClick={openWalletMenu}>
              Connect wallet
            </button>
          }
        >
          Only its address is needed; nothing is signed.
        </Empty>
      </div>
    </>
  );
}

function Account({ address }: { address: string }) {
  const { api } = useApp();
  const live = useLiveTopic(`wallet:${address}`, zWallet, (signal) => api.wallet(address, signal));
  const wallet = live.data;
  // Every movement of money changes one of these.
  const mark = wallet ? JSON.stringify(wallet.balances) : "";
  return (
    <div className="space-y-6">
      <PageTitle
        title="My account"
        lead="What the market holds for you, and every movement of it. All of this is public on chain."
        aside={
          <div className="flex flex-wrap items-center gap-3">
            <Freshness age={live} />
            <Address value={address} label="your address" />
          </div>
        }
      />
      <StaleNotice age={live} what="Your account" />
      {wallet ? <Balances wallet={wallet} /> : live.error ? null : <ListSkeleton rows={3} />}
      <LedgerTable address={address} mark={mark} />
      <SessionsPanel />
    </div>
  );
}

function Balances({ wallet }: { wallet: WalletDto }) {
  if (wallet.balances.length === 0) {
    return (
      <div className="card">
        <Empty
          title="The market holds nothing for this wallet"
          action={
            <Link href="/jobs/new" className="btn btn-primary">
              Run a job
            </Link>
          }
        >
          What you lock for a job, put at stake or earn shows up here.
        </Empty>
      </div>
    );
  }
  return (
    <>
      {wallet.balances.map((line) => {
        const { asset } = line;
        const amount = (value: string) => (
          <Amount value={value} asset={asset} places={Math.min(asset.decimals, 4)} />
        );
        const rents = BigInt(line.staked) + BigInt(line.unbonding) + BigInt(line.earned) > 0n;
        return (
          <section key={asset.address} className="card p-5" aria-label={`Money in ${asset.symbol}`}>
            <dl
              className={`grid grid-cols-2 gap-x-6 gap-y-5 sm:grid-cols-3 ${rents ? "xl:grid-cols-6" : "lg:grid-cols-4"}`}
            >
              <Stat label="Locked for jobs" large note={<>{amount(line.held)} of it waits for your word</>}>
                {amount(line.escrow)}
              </Stat>
              <Stat label="Spent on jobs" large note="to machines and fees">
                {amount(line.spent)}
              </Stat>
              <Stat label="Came back" large note={<>of {amount(line.deposited)} locked in all</>}>
                {amount(line.refunded)}
              </Stat>
              <Stat label="In bonds" large note="of open cases">
                {amount(line.bonds)}
              </Stat>
              {rents && (
                <>
                  <Stat label="At stake" large note={<>{amount(line.unbonding)} on its way back</>}>
                    {amount(line.staked)}
                  </Stat>
                  <Stat label="Earned" large note="by your machines, net of fees">
                    {amount(line.earned)}
                  </Stat>
                </>
              )}
            </dl>
          </section>
        );
      })}
    </>
  );
}
