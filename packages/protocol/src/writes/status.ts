/**
 * The old way to write a job's status: which write leads to the state that is named.
 * It doesn't know whose turn it is: the chain refuses with a named code.
 */
import type { WriteAlias } from "./write.ts";

/** By the state that a write leads to, in lower case; the last two are words of earlier systems. */
export const WRITE_OF_STATUS = {
  accepted: "jobs/claim",
  running: "jobs/start",
  completed: "jobs/complete",
  failed: "jobs/fail",
  cancelled: "jobs/cancel",
  terminated: "jobs/terminate",
  expired: "jobs/expire",
  settled: "jobs/finalize",
  claimed: "jobs/claim",
  assigned: "jobs/claim",
} as const;
export type WritableStatus = keyof typeof WRITE_OF_STATUS;
export const WRITABLE_STATUSES = Object.keys(WRITE_OF_STATUS) as [WritableStatus, ...WritableStatus[]];

/** The body has `status` beside the write's own fields. */
export const STATUS_ALIASES: readonly WriteAlias[] = [
  { method: "PATCH", path: "/api/v1/jobs/:job" },
  { method: "POST", path: "/api/v1/status" },
];
