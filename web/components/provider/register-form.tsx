"use client";
/** Registers a machine: its owner's wallet signs and stakes. It doesn't run the machine: the provider node does. */
import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import { useBalance } from "../../hooks/use-balance.ts";
import { STEP_TEXT, useSubmit } from "../../hooks/use-submit.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { loadChain } from "../../lib/chain.ts";
import { formatAmount } from "../../lib/format.ts";
import { checkMachine, type MachineDraft, type MachineField } from "../../lib/register-form.ts";
import { openWalletMenu } from "../../lib/wallet-menu.ts";
import { useApp } from "../app-provider.tsx";
import { Field } from "../ui/field.tsx";
import { Notice } from "../ui/notice.tsx";
import { PageTitle } from "../ui/page-title.tsx";

const EMPTY: MachineDraft = {
  name: "",
  operator: "",
  attestKey: "",
  gpuModel: "",
  gpuCount: "0",
  vramGb: "0",
  cpuCores: "4",
  ramGb: "8",
  diskGb: "50",
  region: "",
  sandbox: "docker-default-deny",
  slots: "1",
  pricePerHour: "",
  gpuPricePerHour: "0",
  stake: "1",
};

export function RegisterForm() {
  const { config } = useApp();
  const router = useRouter();
  const { address } = useWalletState();
  const balance = useBalance(address);
  const submit = useSubmit();
  const [draft, setDraft] = useState(EMPTY);
  const [touched, setTouched] = useState<Partial<Record<MachineField, boolean>>>({});
  const [minStake, setMinStake] = useState<bigint | null>(null);
  useEffect(() => {
    // Without it the chain still refuses a stake that is too small.
    loadChain(config)
      .then((chain) => chain.parameters())
      .then(
        (p) => setMinStake(p.minStake),
        () => {},
      );
  }, [config]);

  const { symbol, decimals } = config.asset;
  const { args, errors } = checkMachine(draft, { asset: config.asset, minStake, balance: balance.value });
  const input = (
    field: MachineField,
    label: string,
    hint?: string,
    inputMode?: "numeric" | "decimal",
    mono?: boolean,
  ) => (
    <Field label={label} hint={hint} error={touched[field] ? errors[field] : null}>
      {(wiring) => (
        <input
          className={`input ${mono ? "font-mono text-sm" : ""}`}
          inputMode={inputMode}
          spellCheck={false}
          value={draft[field]}
          onBlur={() => setTouched((t) => ({ ...t, [field]: true }))}
          onChange={(event) => setDraft((d) => ({ ...d, [field]: event.target.value }))}
          {...wiring}
        />
      )}
    </Field>
  );

  async function register() {
    setTouched(Object.fromEntries(Object.keys(draft).map((field) => [field, true])));
    if (!address) return openWalletMenu();
    if (!args) return;
    const outcome = await submit.run("register", (payloads) => payloads.registerProvider(args));
    const event = outcome?.events.find((e) => e.name === "ProviderRegistered");
    if (event?.name === "ProviderRegistered") router.push(`/providers/${event.data.provider}`);
  }

  return (
    <form
      noValidate
      className="mx-auto max-w-3xl"
      onSubmit={(event) => {
        event.preventDefault();
        void register();
      }}
    >
      <PageTitle
        title="Offer a machine"
        lead="Your wallet owns it and puts up the stake. The machine's own key runs jobs and can't withdraw."
      />
      <div className="space-y-6">
        <section className="card grid gap-5 p-5 sm:grid-cols-2" aria-label="Keys">
          {input("name", "Name")}
          {input("region", "Region", "Such as eu-north; may stay empty")}
          {input(
            "operator",
            "Operator address",
            "The address of the provider node's own key",
            undefined,
            true,
          )}
          {input(
            "attestKey",
            "Attestation key",
            "That key's Ed25519 public key, 32 bytes as hex",
            undefined,
            true,
          )}
        </section>
        <section className="card grid grid-cols-2 gap-5 p-5 sm:grid-cols-3" aria-label="Hardware">
          {input("cpuCores", "Cores", undefined, "numeric")}
          {input("ramGb", "Memory (GB)", undefined, "numeric")}
          {input("diskGb", "Disk (GB)", undefined, "numeric")}
          {input("gpuCount", "GPUs", undefined, "numeric")}
          {input("gpuModel", "GPU model")}
          {input("vramGb", "GPU memory (GB)", undefined, "numeric")}
          {input("sandbox", "Sandbox")}
          {input("slots", "Slots", "jobs at once", "numeric")}
        </section>
        <section className="card grid gap-5 p-5 sm:grid-cols-2" aria-label="Price and stake">
          {input(
            "pricePerHour",
            `Price per hour (${symbol})`,
            "Billed by the second; running jobs keep their price",
            "decimal",
          )}
          {draft.gpuCount !== "0" &&
            input(
              "gpuPricePerHour",
              `Added for each GPU (${symbol})`,
              "An hour, for each GPU of a job",
              "decimal",
            )}
          {input(
            "stake",
            `Stake (${symbol})`,
            minStake === null
              ? undefined
              : `At least ${formatAmount(minStake, decimals)}; comes back after unbonding, and no sooner than that long after the last job; a proven fault costs part of it`,
            "decimal",
          )}
        </section>
        {submit.error && (
          <Notice tone="bad" title="The machine wasn't registered">
            {submit.error.message}
          </Notice>
        )}
        <button
          type="submit"
          className="btn btn-primary"
          disabled={submit.step !== null}
          data-testid="register-submit"
        >
          {submit.step
            ? STEP_TEXT[submit.step]
            : address
              ? "Sign and register"
              : "Connect a wallet to continue"}
        </button>
      </div>
    </form>
  );
}
