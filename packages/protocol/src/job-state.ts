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

/** It has ended, but its money hasn't gone everywhere yet: a job that never ran, or holds nothing back, is never seen so. */
export function isWaiting(state: JobState): boolean {
  return state === "Completed" || state === "Failed" || state === "Terminated" || state === "Expired";
}

/** True once no more work is done for the job; money may still be settling. */
export function isEnded(state: JobState): boolean {
  return JOB_STATES.indexOf(state) > JOB_STATES.indexOf("Running");
}
