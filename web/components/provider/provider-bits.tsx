/** Small statements about a machine that several views share. They don't fetch. */
import type { ProviderDto } from "@computestream/protocol/api";
import { formatCount } from "../../lib/format.ts";
import { freeSlots, reliability } from "../../lib/provider-filter.ts";
import { Badge } from "../ui/badge.tsx";

export function ProviderStatus({ provider }: { provider: ProviderDto }) {
  if (!provider.available) return <Badge tone="neutral">Not taking jobs</Badge>;
  return freeSlots(provider) > 0 ? <Badge tone="good">Available</Badge> : <Badge tone="warn">Full</Badge>;
}

/** Counts before percentages: 100 % of one job says little. */
export function Reliability({ provider }: { provider: ProviderDto }) {
  const share = reliability(provider);
  if (share === null) return <span className="text-muted">none yet</span>;
  const bad = provider.jobsFailed + provider.jobsExpired;
  return (
    <span>
      {formatCount(provider.jobsCompleted)} done
      <span className="text-muted">
        {bad > 0 ? `, ${formatCount(bad)} not` : ""} · {Math.floor(share * 100)} %
      </span>
    </span>
  );
}
