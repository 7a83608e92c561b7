/**
 * The job's states by number and name, as the chain stores them.
 * It doesn't know how a state is reached: that is docs/protocol.md and the Move modules.
 */
export const JOB_STATES = [
  "Pending",
  "Accepted",
  "Running",
  "Completed",
  "Failed",
  "Cancelled",
  "Terminated",
  "Expired",
  "Settled",
] as const;

export type JobState = (typeof JOB_STATES)[number];

export function jobStateName(code: number): JobState {
  const state = JOB_STATES[code];
  if (!state) throw new RangeError(`unknown job state ${code}`);
  return state;
}

/** True once no more work is done for the job; money may still be settling. */
export function isEnded(state: JobState): boolean {
  return JOB_STATES.indexOf(state) > JOB_STATES.indexOf("Running");
}

/**
 * It has ended, but its money hasn't gone everywhere yet: it waits for proofs, for the buyer's agreement, or for an
 * issuer that has frozen the escrow. Without such a reason a job is never seen so.
 */
export function isWaiting(state: JobState): boolean {
  return isEnded(state) && state !== "Settled";
}
