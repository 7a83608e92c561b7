/** One machine as an offer: what it is, what it costs, whether it is free, how it has done. It doesn't fetch. */
import type { ProviderDto } from "@computestream/protocol/api";
import Link from "next/link";
import { formatPerSecond } from "../../lib/format.ts";
import { freeGpus, freeSlots, hasRoom } from "../../lib/provider-filter.ts";
import { Amount } from "../ui/amount.tsx";
import { ProviderStatus, Reputation } from "./provider-bits.tsx";

export function ProviderCard({ provider }: { provider: ProviderDto }) {
  const { asset } = provider;
  const free = freeSlots(provider);
  return (
    <li className="card flex flex-col p-5" data-testid="provider-card">
      <div className="flex items-start justify-between gap-3">
        <h2 className="min-w-0 font-semibold">
          <Link href={`/providers/${provider.provider}`} className="break-words hover:underline">
            {provider.name}
          </Link>
        </h2>
        <ProviderStatus provider={provider} />
      </div>
      <p className="mt-1 text-sm text-muted">{hardware(provider)}</p>
      <p className="text-sm text-muted">
        {provider.region || "region not told"} · {provider.sandbox || "sandbox not told"}
      </p>
      <div className="mt-4 flex items-end justify-between gap-3">
        <div>
          <p className="text-xl font-semibold tracking-tight">
            <Amount value={provider.pricePerHour} asset={asset} places={4} />
            <span className="text-sm font-medium text-muted"> per hour</span>
          </p>
          <p className="text-xs text-muted">
            {provider.gpuCount > 0 ? (
              <>
                + <Amount value={provider.gpuPricePerHour} asset={asset} places={4} /> for each GPU
              </>
            ) : (
              `${formatPerSecond(BigInt(provider.pricePerHour), asset.decimals)} ${asset.symbol} a second`
            )}
          </p>
        </div>
        <p className="text-right text-sm">
          <span className="font-semibold">{free}</span>
          <span className="text-muted"> of {provider.slots} slots free</span>
          {provider.gpuCount > 0 && (
            <span className="block">
              <span className="font-semibold">{freeGpus(provider)}</span>
              <span className="text-muted"> of {provider.gpuCount} GPUs free</span>
            </span>
          )}
        </p>
      </div>
      <dl className="mt-4 grid grid-cols-[auto_minmax(0,1fr)] gap-5 border-t border-line pt-3 text-sm">
        <div>
          <dt className="text-xs text-muted">Stake</dt>
          <dd className="font-medium">
            <Amount value={provider.stake} asset={asset} places={2} />
          </dd>
        </div>
        <div>
          <dt className="text-xs text-muted">Reputation</dt>
          <dd className="font-medium">
            <Reputation provider={provider} />
          </dd>
        </div>
      </dl>
      <div className="mt-auto flex gap-2 pt-4">
        {hasRoom(provider) ? (
          <Link href={`/jobs/new?provider=${provider.provider}`} className="btn btn-primary flex-1">
            Run a job here
          </Link>
        ) : (
          <Link href={`/providers/${provider.provider}`} className="btn flex-1">
            Details
          </Link>
        )}
      </div>
    </li>
  );
}

/** "2 × H200 (141 GB) · 16 cores · 128 GB". */
export function hardware(p: ProviderDto): string {
  const parts = [`${p.cpuCores} ${p.cpuCores === 1 ? "core" : "cores"}`, `${p.ramGb} GB memory`];
  if (p.gpuCount > 0) {
    const memory = p.vramGb > 0 ? ` (${p.vramGb} GB)` : "";
    parts.unshift(`${p.gpuCount} × ${p.gpuModel || "GPU"}${memory}`);
  } else parts.unshift("CPU only");
  return parts.join(" · ");
}
