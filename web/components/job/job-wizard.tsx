"use client";
/**
 * Makes a job: machine, image and command, limits, then one signature that creates and funds it.
 * It doesn't check or price: lib/job-form does; it shows the most it can cost before anything is signed.
 */
import { formatUnits } from "@computestream/protocol/money";
import { useRouter } from "next/navigation";
import { useEffect, useMemo, useState } from "react";
import { useBalance } from "../../hooks/use-balance.ts";
import { useMarketLimits } from "../../hooks/use-market-limits.ts";
import { useProviders } from "../../hooks/use-providers.ts";
import { useSubmit } from "../../hooks/use-submit.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { feeReserve, loadChain } from "../../lib/chain.ts";
import { ANY_MACHINE, checkDraft, type DraftField, type JobDraft } from "../../lib/job-form.ts";
import { NO_WISHES, offersFor, readWishes } from "../../lib/open-order.ts";
import { forgetPending, pendingHash } from "../../lib/pending.ts";
import { applyFilter, hasRoom, NO_FILTER } from "../../lib/provider-filter.ts";
import { useApp } from "../app-provider.tsx";
import { StaleNotice } from "../ui/freshness.tsx";
import { Notice } from "../ui/notice.tsx";
import { PageTitle } from "../ui/page-title.tsx";
import { CostSummary } from "./cost-summary.tsx";
import { JobFields } from "./job-fields.tsx";
import { OpenFields } from "./open-fields.tsx";
import { ProviderPicker } from "./provider-picker.tsx";

const PENDING = "create-job";

const DEMO_COMMAND =
  "sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do echo \"step $i\"; sleep 1; done; echo done > /output/result.txt'";

export function JobWizard({ initialProvider }: { initialProvider: string | null }) {
  const { config } = useApp();
  const router = useRouter();
  const { address } = useWalletState();
  const list = useProviders();
  const limits = useMarketLimits();
  const balance = useBalance(address);
  const submit = useSubmit();
  const [touched, setTouched] = useState<Partial<Record<DraftField, boolean>>>({});
  const [leaving, setLeaving] = useState(false);
  const [draft, setDraft] = useState<JobDraft>({
    ...NO_WISHES,
    provider: initialProvider ?? "",
    title: "",
    image: config.demoImage ?? "",
    command: config.demoImage ? DEMO_COMMAND : "",
    cpuCores: "1",
    memoryMb: "256",
    gpus: "0",
    outputMaxMb: "64",
    durationSecs: "60",
    holdbackSecs: "",
  });

  const machines = useMemo(() => applyFilter(list.data ?? [], NO_FILTER), [list.data]);
  const provider = machines.find((p) => p.provider === draft.provider) ?? null;
  useEffect(() => {
    if (draft.provider !== "" || machines.length === 0) return;
    const first = machines.find(hasRoom) ?? machines[0];
    if (first) setDraft((d) => ({ ...d, provider: first.provider }));
  }, [machines, draft.provider]);

  // A reload between sending and knowing: ask the chain what became of it, rather than sign twice.
  useEffect(() => {
    const hash = pendingHash(PENDING);
    if (!hash) return;
    let stopped = false;
    void loadChain(config)
      .then((chain) => chain.findByHash(hash))
      .then((outcome) => {
        if (!outcome || stopped) return;
        forgetPending(PENDING);
        const job = outcome.events.find((e) => e.name === "JobCreated")?.data.job;
        if (job) router.replace(`/jobs/${job}`);
      })
      .catch(() => {});
    return () => {
      stopped = true;
    };
  }, [config, router]);

  const check = checkDraft(draft, {
    provider,
    asset: config.asset,
    limits,
    balance: balance.value,
    feeReserve: feeReserve(config),
  });
  const isOpen = draft.provider === ANY_MACHINE;
  const change = (field: DraftField, value: string) => setDraft((d) => ({ ...d, [field]: value }));
  const touch = (field: DraftField) => setTouched((t) => ({ ...t, [field]: true }));
  const choose = (chosen: string) =>
    setDraft((d) => {
      if (chosen !== ANY_MACHINE || d.maxPrice !== "") return { ...d, provider: chosen };
      // A price to start from: what the cheapest machine that fits asks now.
      const { terms } = readWishes(d, check.gpus, config.asset);
      const { cheapest } = offersFor(machines, terms, check.gpus, config.asset.address);
      const maxPrice = cheapest === null ? "" : formatUnits(cheapest, config.asset.decimals);
      return { ...d, provider: chosen, maxPrice };
    });
  const visibleErrors = Object.fromEntries(
    Object.entries(check.errors).filter(([field]) => touched[field as DraftField]),
  );

  async function place() {
    setTouched(Object.fromEntries(Object.keys(draft).map((field) => [field, true])));
    const { order } = check;
    if (!order || check.blocked) return;
    const outcome = await submit.run(PENDING, (payloads) =>
      order.kind === "open" ? payloads.createOpenJob(order) : payloads.createJob(order),
    );
    const created = outcome?.events.find((event) => event.name === "JobCreated");
    if (created?.name !== "JobCreated") return;
    setLeaving(true);
    router.push(`/jobs/${created.data.job}`);
  }

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void place();
      }}
    >
      <PageTitle
        title="Run a job"
        lead="One signature creates the job and locks its deposit. You pay for proven seconds only; the rest comes back."
      />
      <div className="grid grid-cols-1 items-start gap-6 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <div className="space-y-6">
          <StaleNotice age={list} what="The list of machines" />
          <ProviderPicker
            machines={machines}
            loading={!list.data && !list.error}
            chosen={draft.provider}
            gpus={check.gpus}
            error={visibleErrors.provider}
            onChoose={choose}
          >
            {check.open && (
              <OpenFields
                draft={draft}
                gpus={check.gpus}
                offers={offersFor(machines, check.open, check.gpus, config.asset.address)}
                machines={machines}
                limits={limits}
                errors={visibleErrors}
                onChange={change}
                onTouch={touch}
              />
            )}
          </ProviderPicker>
          <JobFields
            draft={draft}
            provider={provider}
            limits={limits}
            errors={visibleErrors}
            onChange={change}
            onTouch={touch}
          />
        </div>
        <div className="space-y-3 lg:sticky lg:top-20">
          <CostSummary
            provider={provider}
            isOpen={isOpen}
            gpus={check.gpus}
            ratePerHour={check.ratePerHour}
            durationSecs={draft.durationSecs}
            cost={check.cost}
            balance={address ? balance.value : null}
            address={address}
            blocked={check.blocked}
            step={submit.step}
            leaving={leaving}
          />
          {Object.keys(visibleErrors).length > 0 && (
            <Notice tone="warn">Some fields need attention: they are marked.</Notice>
          )}
          {submit.error && (
            <Notice tone="bad" title="The job wasn't created" testId="job-error">
              {submit.error.message}
            </Notice>
          )}
        </div>
      </div>
    </form>
  );
}
