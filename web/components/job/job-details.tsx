/** What was ordered and what ran: the spec as it stands on chain. It doesn't judge it. */
import type { JobDto } from "@computestream/protocol/api";
import { decodeJobSpec } from "@computestream/protocol/job-spec";
import type { NodeStatusDto } from "../../lib/api.ts";
import { formatArgv } from "../../lib/argv.ts";
import { formatAmount, formatDateTime, formatDuration, isSomebody } from "../../lib/format.ts";
import { Address } from "../ui/address.tsx";
import { Amount } from "../ui/amount.tsx";

export function JobDetails({ job, status }: { job: JobDto; status: NodeStatusDto | null }) {
  const decoded = decodeJobSpec(job.spec);
  const rows: Array<[string, React.ReactNode]> = [
    [
      "Image",
      <code key="i" className="font-mono text-xs break-all">
        {job.image}
      </code>,
    ],
  ];
  if (decoded.ok) {
    const { spec } = decoded;
    rows.push(
      [
        "Command",
        <code key="c" className="font-mono text-xs break-all whitespace-pre-wrap">
          {spec.command.length > 0 ? formatArgv(spec.command) : "the image's own"}
        </code>,
      ],
      [
        "Cores · memory",
        `${spec.cpu_cores} · ${spec.memory_mb} MB${job.gpus > 0 ? ` · ${job.gpus} GPU${job.gpus === 1 ? "" : "s"}` : ""}`,
      ],
    );
  } else rows.push(["Spec", `can't be read (${decoded.reason})`]);
  if (status?.containerId)
    rows.push([
      "Container",
      <code key="k" className="font-mono text-xs">
        {status.containerId.slice(0, 12)}
      </code>,
    ]);
  if (status?.imageDigest)
    rows.push([
      "Image digest",
      <code key="d" className="font-mono text-xs break-all">
        {status.imageDigest}
      </code>,
    ]);
  const wishes = job.isOpen ? wishesOf(job) : [];
  if (wishes.length > 0) rows.push(["Asked of the machine", wishes.join(" · ")]);
  rows.push(
    ["Longest run", formatDuration(job.maxDurationSecs)],
    [
      job.isOpen && !isSomebody(job.provider) ? "Highest price per hour" : "Price per hour",
      <Amount key="p" value={job.ratePerHour} asset={job.asset} />,
    ],
    ["Held back", job.holdbackSecs > 0 ? `the last ${formatDuration(job.holdbackSecs)}` : "nothing"],
    ["Deposit", <Amount key="m" value={job.deposited} asset={job.asset} />],
    ["Buyer", <Address key="b" value={job.buyer} label="buyer address" />],
    ["Created", formatDateTime(job.createdAt)],
  );
  return (
    <section className="card p-5" aria-labelledby="details">
      <h2 id="details" className="font-semibold">
        Order
      </h2>
      <dl className="mt-3 divide-y divide-line text-sm">
        {rows.map(([label, value]) => (
          <div key={label} className="grid grid-cols-[7rem_minmax(0,1fr)] gap-4 py-2">
            <dt className="text-muted">{label}</dt>
            <dd className="min-w-0 text-right font-medium">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What an open order asked for; numbers are the least. */
function wishesOf(job: JobDto): string[] {
  const r = job.requirements;
  const least = (value: number, unit: string) => (value > 0 ? `${value} ${unit}` : "");
  return [
    r.gpuModel,
    least(r.vramGb, "GB of GPU memory"),
    least(r.cpuCores, r.cpuCores === 1 ? "core" : "cores"),
    least(r.ramGb, "GB of memory"),
    least(r.diskGb, "GB of disk"),
    r.region,
    r.sandbox,
    BigInt(r.minStake) > 0n
      ? `${formatAmount(BigInt(r.minStake), job.asset.decimals)} ${job.asset.symbol} staked`
      : "",
  ].filter((text) => text !== "");
}
