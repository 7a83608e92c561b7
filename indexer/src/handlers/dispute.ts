/**
 * dispute events -> a job's open case and fault, every case's row, and one row per proven fault.
 * It doesn't follow what a decision does to money or stake: escrow, stream and stake events tell.
 */
import type { EventOf, EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type { CaseRow, FaultRow, JobRow } from "../db/tables.ts";
import { FatalError } from "../errors.ts";

export type DisputeEvent = Extract<ProtocolEvent, { module: "dispute" }>;

/** The numbers of `Case.kind` on chain. */
export const CASE_KIND = { OutputChallenge: 1, Arbitration: 2 } as const;

/** `cases` are those that stand open in the mirror and what the batch opened; a new one is added to it. */
export function applyDispute(job: JobRow, cases: CaseRow[], event: DisputeEvent, at: EventPosition): void {
  switch (event.name) {
    case "FaultProven":
      job.fault = event.data.fault;
      break;
    case "OutputChallenged":
    case "ArbitrationOpened": {
      const opened = caseOf(job, event, at);
      cases.push(opened);
      job.case_kind = opened.kind;
      job.case_deadline = opened.deadline;
      break;
    }
    case "ChallengeAnswered":
      close(job, cases, at, event.data.timestamp, { outcome: "answered", bond_to_provider: true });
      break;
    case "ChallengeLost":
      close(job, cases, at, event.data.timestamp, { outcome: "lost", bond_to_provider: false });
      break;
    case "ArbitrationDecided":
      close(job, cases, at, event.data.timestamp, {
        outcome: event.data.by_default ? "defaulted" : "ruled",
        award: event.data.award,
        bond_to_provider: event.data.bond_to !== job.buyer,
      });
      break;
  }
}

export function faultOf(event: DisputeEvent, at: EventPosition): FaultRow | null {
  if (event.name !== "FaultProven") return null;
  const { timestamp, ...proven } = event.data;
  return {
    ...proven,
    proven_at: timestamp,
    version: at.version,
    event_index: at.index,
    tx_hash: at.txHash,
  };
}

function caseOf(
  job: JobRow,
  event: EventOf<"OutputChallenged"> | EventOf<"ArbitrationOpened">,
  at: EventPosition,
): CaseRow {
  const common = {
    opened_version: at.version,
    opened_index: at.index,
    job: job.job,
    provider: job.provider,
    buyer: event.data.buyer,
    bond: event.data.bond,
    opened_at: event.data.timestamp,
    outcome: null,
    award: null,
    bond_to_provider: null,
    closed_at: null,
    closed_version: null,
  };
  if (event.name === "OutputChallenged") {
    return {
      ...common,
      kind: CASE_KIND.OutputChallenge,
      chunk_index: event.data.chunk_index,
      arbiter: null,
      reason: "",
      unreleased: null,
      deadline: event.data.answer_by,
    };
  }
  return {
    ...common,
    kind: CASE_KIND.Arbitration,
    chunk_index: null,
    arbiter: event.data.arbiter,
    reason: event.data.reason,
    unreleased: event.data.unreleased,
    deadline: event.data.decide_by,
  };
}

function close(
  job: JobRow,
  cases: CaseRow[],
  at: EventPosition,
  closedAt: bigint,
  end: Pick<CaseRow, "outcome" | "bond_to_provider"> & Partial<Pick<CaseRow, "award">>,
): void {
  const open = cases.find((row) => row.job === job.job && row.closed_version === null);
  if (!open) {
    throw new FatalError(
      "MIRROR_CORRUPT",
      `the chain closes a case of job ${job.job} whose opening isn't in this database: index again into an empty database`,
    );
  }
  Object.assign(open, end, { closed_at: closedAt, closed_version: at.version });
  job.case_kind = null;
  job.case_deadline = 0n;
}
