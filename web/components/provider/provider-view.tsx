"use client";
/** One machine in full: offer, record, operator, its jobs. It doesn't sign. */
import { type JobDto, type ProviderAnswer, zAddress, zProviderAnswer } from "@computestream/protocol/api";
import Link from "next/link";
import { useEffect, useState } from "react";
import { useLiveTopic } from "../../hooks/use-live-topic.ts";
import { useNow } from "../../hooks/use-now.ts";
import { useSession } from "../../hooks/use-session.ts";
import {
  formatAgo,
  formatCount,
  formatDateTime,
  formatDuration,
  formatPerSecond,
  formatScore,
} from "../../lib/format.ts";
import { freeGpus, freeSlots, hasRoom } from "../../lib/provider-filter.ts";
import { useApp } from "../app-provider.tsx";
import { JobRow } from "../job/job-row.tsx";
import { ListSkeleton } from "../stream/explorer.tsx";
import { Address } from "../ui/address.tsx";
import { Amount } from "../ui/amount.tsx";
import { Empty } from "../ui/empty.tsx";
import { Freshness, StaleNotice } from "../ui/freshness.tsx";
import { PageTitle } from "../ui/page-title.tsx";
import { Stat } from "../ui/stat.tsx";
import { SignIn } from "../wallet/sign-in.tsx";
import { MachineTelemetry } from "./machine-telemetry.tsx";
import { OwnerActions } from "./owner-actions.tsx";
import { ProviderStatus, statusWords } from "./provider-bits.tsx";
import { hardware } from "./provider-card.tsx";

export function ProviderView({ address }: { address: string }) {
  const parsed = zAddress.safeParse(address);
  if (!parsed.success) return <NoSuchMachine />;
  return <Machine address={parsed.data} />;
}

/** Telemetry is its owner's at any time; buyers see it on the page of their running job. */
function OwnersTelemetry({ provider }: { provider: ProviderAnswer }) {
  const { wallet, signedIn } = useSession();
  if (wallet !== provider.owner) return null;
  return (
    <section className="card p-5" aria-labelledby="telemetry" data-testid="owners-telemetry">
      <h2 id="telemetry" className="mb-3 font-semibold">
        Your machine now
      </h2>
      {signedIn ? (
        <MachineTelemetry provider={provider.provider} />
      ) : (
        <SignIn opens="How busy your machine is, and how warm, only you may see, and buyers while their job runs on it." />
      )}
    </section>
  );
}

function NoSuchMachine() {
  return (
    <Empty
      title="There is no machine at this address"
      action={
        <Link href="/providers" className="btn">
          All machines
        </Link>
      }
    >
      The address may be mistyped, or the machine was registered a moment ago and isn't indexed yet.
    </Empty>
  );
}

function Machine({ address }: { address: string }) {
  const { api } = useApp();
  const live = useLiveTopic(`provider:${address}`, zProviderAnswer.nullable(), (signal) =>
    api.provider(address, signal),
  );
  const [jobs, setJobs] = useState<JobDto[] | null>(null);
  const now = useNow(1000);
  const provider = live.data;
  const mark = provider
    ? `${provider.slotsBusy}:${provider.jobsCompleted}:${provider.jobsFailed}:${provider.faults}`
    : "";
  // biome-ignore lint/correctness/useExhaustiveDependencies: `mark` changes when one of its jobs does
  useEffect(() => {
    const abort = new AbortController();
    api.jobs({ provider: address, limit: 20 }, abort.signal).then(
      (page) => setJobs(page.items),
      // The list keeps what it had; the banner above tells.
      () => {},
    );
    return () => abort.abort();
  }, [api, address, mark]);

  if (provider === null) return <NoSuchMachine />;
  if (!provider) {
    return live.error ? (
      <StaleNotice age={live} what="This machine" />
    ) : (
      <div className="card pt-2">
        <ListSkeleton rows={5} />
      </div>
    );
  }
  const { asset } = provider;
  return (
    <div className="space-y-6">
      <PageTitle
        title={
          <span className="inline-flex flex-wrap items-center gap-3">
            {provider.name} <ProviderStatus provider={provider} />
          </span>
        }
        lead={`${hardware(provider)}. ${statusWords(provider).means}`}
        aside={
          <div className="flex items-center gap-3">
            <Freshness age={live} />
            {hasRoom(provider) && (
              <Link href={`/jobs/new?provider=${provider.provider}`} className="btn btn-primary">
                Run a job here
              </Link>
            )}
          </div>
        }
      />
      <StaleNotice age={live} what="This machine" />
      <dl className="card grid grid-cols-2 gap-x-6 gap-y-5 p-5 sm:grid-cols-3 lg:grid-cols-6">
        <Stat
          label="Price per hour"
          large
          note={
            provider.gpuCount > 0 ? (
              <>
                + <Amount value={provider.gpuPricePerHour} asset={asset} places={4} /> for each GPU
              </>
            ) : (
              `${formatPerSecond(BigInt(provider.pricePerHour), asset.decimals)} ${asset.symbol} a second`
            )
          }
        >
          <Amount value={provider.pricePerHour} asset={asset} places={4} />
        </Stat>
        <Stat
          label={provider.gpuCount > 0 ? "Free GPUs" : "Free slots"}
          large
          note={
            provider.gpuCount > 0
              ? `of ${provider.gpuCount} · ${freeSlots(provider)} of ${provider.slots} slots free`
              : `of ${provider.slots}`
          }
        >
          {provider.gpuCount > 0 ? freeGpus(provider) : freeSlots(provider)}
        </Stat>
        <Stat
          label="Reputation"
          large
          note={provider.faults > 0 ? `${formatCount(provider.faults)} proven faults` : "of 100; 50 when new"}
        >
          <span className={provider.faults > 0 ? "text-bad" : ""}>{formatScore(provider.score)}</span>
        </Stat>
        <Stat label="Stake" large note="lost in part for a proven fault">
          <Amount value={provider.stake} asset={asset} places={2} />
        </Stat>
        <Stat label="Work proven" large note="all jobs">
          {formatDuration(provider.secondsServed)}
        </Stat>
        <Stat label="Earned" large note="net of fees">
          <Amount value={provider.earned} asset={asset} places={4} />
        </Stat>
      </dl>
      <OwnerActions machine={provider} />
      <OwnersTelemetry provider={provider} />
      <div className="grid gap-6 lg:grid-cols-[1fr_2fr]">
        <section className="card p-5" aria-labelledby="facts">
          <h2 id="facts" className="font-semibold">
            Facts on chain
          </h2>
          <dl className="mt-3 divide-y divide-line text-sm">
            {(
              [
                ["Machine", <Address key="a" value={provider.provider} label="machine address" />],
                ["Owner", <Address key="a" value={provider.owner} label="owner address" />],
                ["Operator", <Address key="a" value={provider.operator} label="operator address" />],
                [
                  "Its node",
                  provider.online === undefined ? "…" : provider.online ? "online" : "silent for a minute",
                ],
                ["Region", provider.region || "not told"],
                ["Sandbox", provider.sandbox || "not told"],
                ["Disk", `${formatCount(provider.diskGb)} GB`],
                [
                  "GPU identities",
                  provider.gpuCount === 0
                    ? "no GPU"
                    : provider.devices > 0
                      ? "committed on chain"
                      : "not committed",
                ],
                ["Completed", formatCount(provider.jobsCompleted)],
                ["Failed", formatCount(provider.jobsFailed)],
                ["Expired", formatCount(provider.jobsExpired)],
                ["Proven faults", formatCount(provider.faults)],
                ["Registered", formatDateTime(provider.registeredAt)],
                [
                  "Last sign of life",
                  provider.lastHeartbeatAt === 0
                    ? "none yet"
                    : now === 0
                      ? "…"
                      : formatAgo(provider.lastHeartbeatAt * 1000, now),
                ],
              ] as const
            ).map(([label, value]) => (
              <div key={label} className="flex justify-between gap-4 py-2">
                <dt className="text-muted">{label}</dt>
                <dd className="min-w-0 text-right font-medium break-words">{value}</dd>
              </div>
            ))}
          </dl>
        </section>
        <section className="card" aria-labelledby="its-jobs">
          <h2 id="its-jobs" className="px-5 pt-5 pb-3 font-semibold">
            Its jobs
          </h2>
          {jobs === null ? (
            <ListSkeleton rows={3} />
          ) : jobs.length === 0 ? (
            <Empty title="No job yet">The first job on this machine will show up here.</Empty>
          ) : (
            <ul className="divide-y divide-line border-t border-line">
              {jobs.map((job) => (
                <JobRow key={job.job} job={job} />
              ))}
            </ul>
          )}
        </section>
      </div>
    </div>
  );
}
