/**
 * A copy of the model's world that an action may change.
 * It doesn't know what actions do.
 */
import type { Job, State } from "./types.ts";

export function cloneState(state: State): State {
  return {
    now: state.now,
    market: {
      ...state.market,
      parameters: { ...state.market.parameters },
      allowedAssets: [...state.market.allowedAssets],
    },
    wallets: new Map(state.wallets),
    aside: new Map(state.aside),
    frozen: new Set(state.frozen),
    dust: new Map(state.dust),
    providers: new Map([...state.providers].map(([id, p]) => [id, { ...p, activeJobs: [...p.activeJobs] }])),
    quotes: new Map([...state.quotes].map(([id, quote]) => [id, { ...quote }])),
    jobs: new Map([...state.jobs].map(([id, job]) => [id, cloneJob(job)])),
  };
}

/** Terms, rules, output, machine and case are replaced, never changed in place. */
function cloneJob(job: Job): Job {
  const { stream } = job;
  return { ...job, stream: stream && { ...stream, meter: { ...stream.meter } } };
}
