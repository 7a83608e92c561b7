"use client";
/** What a job costs at most, what of it comes back, and the button that signs it. It doesn't price. */
import type { ProviderDto } from "@computestream/protocol/api";
import { STEP_TEXT } from "../../hooks/use-submit.ts";
import type { Step } from "../../lib/chain.ts";
import { formatAmount, formatPerSecond } from "../../lib/format.ts";
import { openWalletMenu } from "../../lib/wallet-menu.ts";
import { useApp } from "../app-provider.tsx";
import { Amount } from "../ui/amount.tsx";
import { FaucetButton } from "../wallet/faucet-button.tsx";

export function CostSummary({
  provider,
  isOpen,
  gpus,
  ratePerHour,
  durationSecs,
  cost,
  balance,
  address,
  blocked,
  step,
  leaving,
}: {
  /** null for an order from any machine. */
  provider: ProviderDto | null;
  isOpen: boolean;
  gpus: number;
  /** GPUs included; an open order's is the highest it pays. */
  ratePerHour: bigint | null;
  durationSecs: string;
  cost: bigint | null;
  balance: bigint | null;
  address: string | null;
  blocked: string | null;
  step: Step | null;
  leaving: boolean;
}) {
  const { config } = useApp();
  const asset = provider?.asset ?? config.asset;
  const busy = step !== null || leaving;
  return (
    <section className="card p-5" aria-labelledby="cost">
      <h2 id="cost" className="font-semibold">
        4. Cost, before you sign
      </h2>
      <dl className="mt-4 space-y-3 text-sm">
        <Line label={isOpen ? "Highest rate" : "Rate"}>
          {ratePerHour === null ? (
            "—"
          ) : (
            <>
              {formatPerSecond(ratePerHour, asset.decimals)}{" "}
              <span className="text-xs text-muted">{asset.symbol}/s</span>
              {provider && gpus > 0 && (
                <span className="block text-xs font-normal text-muted" data-testid="job-rate-parts">
                  {formatAmount(BigInt(provider.pricePerHour), asset.decimals)} + {gpus} ×{" "}
                  {formatAmount(BigInt(provider.gpuPricePerHour), asset.decimals)} {asset.symbol} an hour
                </span>
              )}
            </>
          )}
        </Line>
        <Line label="Longest run">{cost === null ? "—" : `${durationSecs} s`}</Line>
        <div className="border-t border-line pt-3">
          <dt className="text-muted">Most it can cost, and what is locked</dt>
          <dd className="mt-0.5 text-2xl font-semibold tracking-tight" aria-live="polite">
            {cost === null ? (
              <span data-testid="job-max-cost">—</span>
            ) : (
              <Amount value={cost} asset={asset} testId="job-max-cost" />
            )}
          </dd>
        </div>
        <ul className="space-y-1.5 rounded-xl bg-raised px-3.5 py-3 text-xs text-muted">
          <li>Before the container starts, all of it is refundable.</li>
          <li>After that, every second that isn't proven comes back by itself, to the base unit.</li>
          <li>Stop at any time. A price rise can't touch this job.</li>
          {isOpen && <li>A machine that asks less is paid less; what is left over comes back at the end.</li>}
          <li>The network's fee for the transaction comes on top.</li>
        </ul>
        {address && (
          <Line label="Your balance">
            {balance === null ? "…" : <Amount value={balance} asset={asset} places={4} />}
          </Line>
        )}
      </dl>
      {blocked && (
        <p role="alert" className="mt-4 rounded-xl bg-warn-soft px-3.5 py-2.5 text-sm text-warn">
          {blocked}
        </p>
      )}
      {address && config.faucetUrl && balance !== null && cost !== null && balance <= cost && (
        <div className="mt-3 flex flex-wrap items-center gap-2">
          <FaucetButton address={address} />
        </div>
      )}
      {address ? (
        <button
          type="submit"
          data-testid="job-submit"
          className="btn btn-primary mt-4 w-full"
          disabled={busy || blocked !== null}
        >
          {leaving
            ? "Created. Opening the job…"
            : step
              ? STEP_TEXT[step]
              : cost === null
                ? "Sign and start"
                : `Sign and lock ${formatAmount(cost, asset.decimals)} ${asset.symbol}`}
        </button>
      ) : (
        <button
          type="button"
          data-testid="job-submit"
          className="btn btn-primary mt-4 w-full"
          onClick={openWalletMenu}
        >
          Connect a wallet to continue
        </button>
      )}
      <p className="sr-only" role="status">
        {step ? STEP_TEXT[step] : ""}
      </p>
    </section>
  );
}

function Line({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <dt className="text-muted">{label}</dt>
      <dd className="text-right font-medium">{children}</dd>
    </div>
  );
}
