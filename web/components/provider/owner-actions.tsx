"use client";
/**
 * The steps open to a machine's owner or operator, one at a time, with what each changes before it is signed.
 * It doesn't know what they cost or forbid: lib/owner-steps does.
 */
import { zProvider } from "@computestream/protocol/api";
import { type ReactNode, useEffect, useState } from "react";
import { useBalance } from "../../hooks/use-balance.ts";
import { useNow } from "../../hooks/use-now.ts";
import { STEP_TEXT, useSubmit } from "../../hooks/use-submit.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { feeReserve, loadChain } from "../../lib/chain.ts";
import { formatAmount } from "../../lib/format.ts";
import {
  type OwnedMachine,
  type OwnerInput,
  type OwnerStep,
  ownerSteps,
  ownerTerms,
} from "../../lib/owner-steps.ts";
import { useApp } from "../app-provider.tsx";
import { Field, type FieldWiring } from "../ui/field.tsx";
import { Notice } from "../ui/notice.tsx";

const LABELS: Record<OwnerStep, string> = {
  status: "Availability",
  price: "Prices",
  "add-stake": "Add stake",
  unstake: "Take stake out",
  withdraw: "Withdraw",
};
const STATUSES = zProvider.shape.status.options;
const DONE = "Done on chain. This page follows as soon as the indexer has seen it.";

export function OwnerActions({ machine }: { machine: OwnedMachine }) {
  const { address } = useWalletState();
  const [chosen, setChosen] = useState<OwnerStep | null>(null);
  const [done, setDone] = useState(false);
  const steps = ownerSteps(machine, address);
  const open = chosen && steps.includes(chosen) ? chosen : null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a changed machine is the page's own word
  useEffect(() => setDone(false), [machine.status, machine.pricePerHour, machine.stake, machine.unbonding]);
  if (steps.length === 0) return null;
  return (
    <section className="card p-5" aria-labelledby="owner-actions" data-testid="owner-actions">
      <h2 id="owner-actions" className="font-semibold">
        {address === machine.owner ? "Your machine" : "You operate this machine"}
      </h2>
      <div className="mt-3 flex flex-wrap gap-2">
        {steps.map((step) => (
          <button
            key={step}
            type="button"
            className="btn"
            data-testid={`owner-${step}`}
            aria-expanded={open === step}
            onClick={() => {
              setDone(false);
              setChosen(open === step ? null : step);
            }}
          >
            {LABELS[step]}
          </button>
        ))}
      </div>
      {open && (
        <OwnerPanel
          key={open}
          step={open}
          machine={machine}
          onClose={() => setChosen(null)}
          onDone={() => {
            setChosen(null);
            setDone(true);
          }}
        />
      )}
      <p className="mt-3 text-sm text-accent empty:hidden" role="status">
        {done ? DONE : ""}
      </p>
    </section>
  );
}

interface StakeTerms {
  minStake: bigint;
  unbondingSecs: number;
}

/** null until the chain has answered; then it still refuses what the page let through. */
function useStakeTerms(): StakeTerms | null {
  const { config } = useApp();
  const [terms, setTerms] = useState<StakeTerms | null>(null);
  useEffect(() => {
    let stopped = false;
    loadChain(config)
      .then((chain) => chain.parameters())
      .then(
        ({ minStake, unbondingSecs }) => {
          if (!stopped) setTerms({ minStake, unbondingSecs: Number(unbondingSecs) });
        },
        () => {},
      );
    return () => {
      stopped = true;
    };
  }, [config]);
  return terms;
}

function OwnerPanel({
  step,
  machine,
  onClose,
  onDone,
}: {
  step: OwnerStep;
  machine: OwnedMachine;
  onClose: () => void;
  onDone: () => void;
}) {
  const { config } = useApp();
  const { address } = useWalletState();
  const balance = useBalance(address);
  const stakeTerms = useStakeTerms();
  const now = Math.floor(useNow(1000) / 1000);
  const submit = useSubmit();
  const [tried, setTried] = useState(false);
  const units = (value: string) => formatAmount(BigInt(value), machine.asset.decimals).replaceAll(",", "");
  const [input, setInput] = useState<OwnerInput>(() => ({
    status: machine.status === "Active" ? "Maintenance" : "Active",
    pricePerHour: units(machine.pricePerHour),
    gpuPricePerHour: units(machine.gpuPricePerHour),
    amount: "",
  }));
  const set = (change: Partial<OwnerInput>) => setInput((i) => ({ ...i, ...change }));
  const reserve = feeReserve(config);
  // The wallet's balance is told in the market's own asset only.
  const knowsBalance = balance.value !== null && machine.asset.address === config.asset.address;
  const spendable = knowsBalance ? (balance.value ?? 0n) - reserve : null;
  const terms = ownerTerms(step, {
    machine,
    input,
    now,
    minStake: stakeTerms?.minStake ?? null,
    unbondingSecs: stakeTerms?.unbondingSecs ?? null,
    spendable: spendable !== null && spendable < 0n ? 0n : spendable,
  });

  async function sign() {
    setTried(true);
    if (terms.problem) return;
    if (await submit.run(`owner:${step}:${machine.provider}`, terms.call)) onDone();
  }

  const amount = (field: "amount" | "pricePerHour" | "gpuPricePerHour", label: string): ReactNode => (
    <Field label={`${label} (${machine.asset.symbol})`}>
      {(wiring: FieldWiring) => (
        <input
          className="input max-w-60"
          inputMode="decimal"
          data-testid={`owner-${field}`}
          value={input[field]}
          onChange={(event) => set({ [field]: event.target.value })}
          {...wiring}
        />
      )}
    </Field>
  );

  return (
    <form
      noValidate
      aria-label={LABELS[step]}
      className="mt-4 space-y-4 border-t border-line pt-4"
      data-testid="owner-panel"
      onSubmit={(event) => {
        event.preventDefault();
        void sign();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      {step === "status" && (
        <fieldset className="flex flex-wrap gap-2" aria-label="Availability">
          {STATUSES.map((status) => (
            <button
              key={status}
              type="button"
              className={`btn ${input.status === status ? "btn-primary" : ""}`}
              aria-pressed={input.status === status}
              data-testid={`set-${status}`}
              onClick={() => set({ status })}
            >
              {status}
            </button>
          ))}
        </fieldset>
      )}
      {step === "price" && (
        <div className="flex flex-wrap gap-4">
          {amount("pricePerHour", "Price per hour")}
          {machine.gpuCount > 0 && amount("gpuPricePerHour", "For each GPU per hour")}
        </div>
      )}
      {(step === "add-stake" || step === "unstake") && amount("amount", "Amount")}
      <p className="max-w-prose text-sm">{terms.sentence}</p>
      <dl className="max-w-md divide-y divide-line rounded-xl border border-line text-sm" aria-live="polite">
        {terms.lines.map((line) => (
          <div key={line.label} className="flex justify-between gap-4 px-3 py-2">
            <dt className="text-muted">{line.label}</dt>
            <dd className={`text-right ${line.strong ? "text-base font-bold" : "font-medium"}`}>
              {line.value}
            </dd>
          </div>
        ))}
      </dl>
      {terms.problem && (tried || input.amount !== "" || step === "withdraw") && (
        <p role="alert" className="text-sm text-warn" data-testid="owner-problem">
          {terms.problem}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <button
          type="submit"
          className="btn btn-primary"
          data-testid="owner-sign"
          disabled={submit.step !== null}
        >
          {submit.step ? STEP_TEXT[submit.step] : terms.sign}
        </button>
        <button type="button" className="btn" disabled={submit.step !== null} onClick={onClose}>
          Not now
        </button>
      </div>
      {submit.error && (
        <Notice tone="bad" title="Nothing has changed">
          {submit.error.message}
        </Notice>
      )}
    </form>
  );
}
