"use client";
/**
 * What only a job's parties may read: the machine at work on it, and every proof that it signed.
 * It doesn't decide who may: the API does; this only spares others the question.
 */
import { type JobDto, zPage, zStoredAttestation } from "@computestream/protocol/api";
import { useEffect, useState } from "react";
import { usePrivate, useSession } from "../../hooks/use-session.ts";
import { useWalletState } from "../../hooks/use-wallet-state.ts";
import { formatClock, formatCount, isSomebody, shortAddress } from "../../lib/format.ts";
import { type JobParty, partyOf } from "../../lib/job-party.ts";
import { useApp } from "../app-provider.tsx";
import { MachineTelemetry } from "../provider/machine-telemetry.tsx";
import { Badge } from "../ui/badge.tsx";
import { Notice } from "../ui/notice.tsx";
import { Waiting } from "../ui/stat.tsx";
import { SignIn } from "../wallet/sign-in.tsx";

const POLL_MS = 3_000;
const PAGE = 10;
const MOST = 200;
const zAnswer = zPage(zStoredAttestation);

const OPENS: Record<JobParty, string> = {
  buyer:
    "How busy the machine is while it works for you, and every proof it signed, are for you alone to see.",
  owner: "How busy your machine is, and every proof it signed for this job, are for you to see.",
  arbiter: "Every proof that the machine signed is open to you while the case is.",
};

export function JobPrivate({ job, settledSeq }: { job: JobDto; settledSeq: string | null }) {
  const { signedIn } = useSession();
  const party = usePartyOf(job);
  if (party === null || !isSomebody(job.provider) || job.startedAt === 0) return null;
  const telemetry = party !== "arbiter" && job.state === "Running";
  return (
    <section className="card" aria-labelledby="private" data-testid="job-private" data-party={party}>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-1 px-5 py-4">
        <h2 id="private" className="font-semibold">
          Machine and proofs
        </h2>
        <span className="text-xs text-muted">Private</span>
      </div>
      {signedIn ? (
        <div className="divide-y divide-line border-t border-line">
          {telemetry && (
            <div className="px-5 py-5">
              <MachineTelemetry provider={job.provider} />
            </div>
          )}
          <Attestations job={job} settledSeq={settledSeq} />
        </div>
      ) : (
        <div className="border-t border-line px-5 py-6">
          <SignIn opens={OPENS[party]} />
        </div>
      )}
    </section>
  );
}

/** Who owns the machine isn't in a job: asked for once, and only for a wallet that is neither buyer nor arbiter. */
function usePartyOf(job: JobDto): JobParty | null {
  const { api } = useApp();
  const { address } = useWalletState();
  const [owner, setOwner] = useState<{ of: string; owner: string | null } | null>(null);
  const known = partyOf(job, null, address);
  const unknown = address !== null && known === null && isSomebody(job.provider);
  useEffect(() => {
    if (!unknown) return;
    const abort = new AbortController();
    api.provider(job.provider, abort.signal).then(
      (provider) => setOwner({ of: job.provider, owner: provider?.owner ?? null }),
      () => {},
    );
    return () => abort.abort();
  }, [api, job.provider, unknown]);
  return partyOf(job, owner?.of === job.provider ? owner.owner : null, address);
}

function Attestations({ job, settledSeq }: { job: JobDto; settledSeq: string | null }) {
  const [limit, setLimit] = useState(PAGE);
  const running = job.state === "Running";
  const read = usePrivate(`/jobs/${job.job}/attestations`, zAnswer, {
    query: { limit },
    mark: `${limit}:${job.state}:${job.sealed}`,
    ...(running ? { pollMs: POLL_MS } : {}),
  });
  const items = read.data?.items;
  return (
    <div className="px-5 py-5" data-testid="attestations" data-count={items?.length ?? 0}>
      <h3 className="text-sm font-semibold">Signed proofs, newest first</h3>
      <p className="mt-0.5 text-xs text-muted">
        Each covers all seconds before it, so only the newest has to reach the chain.
      </p>
      {read.error && (
        <div className="mt-3">
          <Notice
            tone="warn"
            title="The proofs can't be read now"
            action={
              <button type="button" className="btn" onClick={read.reload}>
                Try again
              </button>
            }
          >
            {read.error}
          </Notice>
        </div>
      )}
      {items === undefined && !read.error && (
        <p className="mt-3">
          <Waiting wide />
        </p>
      )}
      {items?.length === 0 && <p className="mt-3 text-sm text-muted">The machine has signed none yet.</p>}
      {items !== undefined && items.length > 0 && (
        <div className="mt-3 overflow-x-auto">
          <table className="w-full text-sm">
            <thead className="text-left text-xs text-muted">
              <tr>
                <th className="py-1.5 pr-4 font-medium">Number</th>
                <th className="py-1.5 pr-4 font-medium">Taken</th>
                <th className="py-1.5 pr-4 text-right font-medium">Seconds in all</th>
                <th className="hidden py-1.5 pr-4 font-medium sm:table-cell">Logs' hash</th>
                <th className="py-1.5 font-medium">On chain</th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line border-t border-line">
              {items.map((proof) => (
                <tr key={`${proof.seq}:${proof.at}`}>
                  <td className="py-1.5 pr-4">{formatCount(Number(proof.seq))}</td>
                  <td className="py-1.5 pr-4 whitespace-nowrap">{formatClock(proof.at / 1000)}</td>
                  <td className="py-1.5 pr-4 text-right">{formatCount(Number(proof.secondsCum))}</td>
                  <td className="hidden py-1.5 pr-4 font-mono text-xs sm:table-cell" title={proof.logRoot}>
                    {isSomebody(proof.logRoot) ? shortAddress(proof.logRoot) : "none"}
                  </td>
                  <td className="py-1.5">
                    {settledSeq !== null && BigInt(proof.seq) <= BigInt(settledSeq) ? (
                      <Badge tone="good">settled</Badge>
                    ) : (
                      <Badge tone="neutral">not yet</Badge>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {read.data?.nextCursor && limit < MOST && (
        <button type="button" className="btn mt-3" onClick={() => setLimit(Math.min(MOST, limit * 4))}>
          Show more
        </button>
      )}
    </div>
  );
}
