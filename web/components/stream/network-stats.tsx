/** The market in six numbers. It doesn't fetch. */
import type { StatsDto } from "@computestream/protocol/api";
import { formatCount, formatDuration, formatPerSecond } from "../../lib/format.ts";
import { Amount } from "../ui/amount.tsx";
import { Stat, Waiting } from "../ui/stat.tsx";

export function NetworkStats({ stats }: { stats: StatsDto | undefined }) {
  const show = (render: (s: StatsDto) => React.ReactNode) => (stats ? render(stats) : <Waiting wide />);
  return (
    <dl className="card grid grid-cols-2 gap-x-6 gap-y-5 p-5 md:grid-cols-3 xl:grid-cols-6">
      <Stat
        label="Streams running"
        large
        note={show((s) => `${formatCount(s.jobs)} ${s.jobs === 1 ? "job" : "jobs"} in all`)}
      >
        <span data-testid="stat-running">{show((s) => formatCount(s.jobsRunning))}</span>
      </Stat>
      <Stat label="Flowing now" large note={show((s) => `${s.asset.symbol} per second, all streams`)}>
        {show((s) => formatPerSecond(BigInt(s.ratePerHourRunning), s.asset.decimals))}
      </Stat>
      <Stat
        label="Paid out"
        large
        note={show((s) => `${formatCount(s.jobsSettled)} ${s.jobsSettled === 1 ? "job" : "jobs"} settled`)}
      >
        {show((s) => (
          <Amount value={s.volumeSettled} asset={s.asset} places={4} />
        ))}
      </Stat>
      <Stat label="Locked in escrow" large note="refundable until proven">
        {show((s) => (
          <Amount value={s.escrowLocked} asset={s.asset} places={4} />
        ))}
      </Stat>
      <Stat label="Machines available" large note={show((s) => `of ${formatCount(s.providers)} registered`)}>
        {show((s) => formatCount(s.providersAvailable))}
      </Stat>
      <Stat label="Slots free" large note={show((s) => `${formatDuration(s.secondsBilled)} of work billed`)}>
        {show((s) => (
          <>
            {formatCount(Math.max(0, s.slots - s.slotsBusy))}
            <span className="text-[0.6em] font-medium text-muted"> of {formatCount(s.slots)}</span>
          </>
        ))}
      </Stat>
    </dl>
  );
}
