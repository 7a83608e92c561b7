/** What was ordered and what ran: the spec as it stands on chain. It doesn't judge it. */
import type { JobDto } from "@computestream/protocol/api";
import { decodeJobSpec } from "@computestream/protocol/job-spec";
import type { NodeStatusDto } from "../../lib/api.ts";
import { formatArgv } from "../../lib/argv.ts";
import { formatDateTime, formatDuration } from "../../lib/format.ts";
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
        `${spec.cpu_cores} · ${spec.memory_mb} MB${spec.gpus > 0 ? ` · ${spec.gpus} GPU` : ""}`,
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
  rows.push(
    ["Longest run", formatDuration(job.maxDurationSecs)],
    ["Price per hour", <Amount key="p" value={job.ratePerHour} asset={job.asset} />],
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
