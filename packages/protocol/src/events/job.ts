/**
 * The events of `job` and `job_registry`: every step of a job from its order to its disappearance.
 * It doesn't know money beyond the final split; `outcome` is a number of job-state.ts, `gpu_mask` one of devices.ts.
 */
import { z } from "zod";
import { zAddress, zHex, zU64 } from "../primitives.ts";
import { zOutput, zTerms, zU8 } from "../structs.ts";

const ended = z
  .object({
    job: zAddress,
    provider: zAddress,
    output: zOutput,
    claim_until: zU64,
    challenge_until: zU64,
    timestamp: zU64,
  })
  .transform(({ output, ...event }) => ({ ...output, ...event }));

export const JOB_EVENTS = {
  /** Requirements stand beside the terms; an open job has no provider (0x0) and no `terms_hash` (0x) yet. */
  JobCreated: z
    .object({
      job: zAddress,
      terms: zTerms,
      is_open: z.boolean(),
      terms_hash: zHex,
      accept_by: zU64,
      timestamp: zU64,
    })
    .transform(({ terms: { job_spec, requirements, ...terms }, ...event }) => ({
      ...requirements,
      ...terms,
      spec: job_spec,
      ...event,
    })),
  JobAccepted: z.object({
    job: zAddress,
    provider: zAddress,
    operator: zAddress,
    rate_per_hour: zU64,
    terms_hash: zHex,
    gpu_mask: zU64,
    start_by: zU64,
    timestamp: zU64,
  }),
  JobStarted: z.object({ job: zAddress, provider: zAddress, started_at: zU64, timestamp: zU64 }),
  JobCompleted: ended,
  JobFailed: ended,
  JobCancelled: z.object({ job: zAddress, buyer: zAddress, timestamp: zU64 }),
  JobTerminated: z.object({
    job: zAddress,
    buyer: zAddress,
    ended_at: zU64,
    claim_until: zU64,
    challenge_until: zU64,
    timestamp: zU64,
  }),
  JobExpired: z.object({
    job: zAddress,
    expired_by: zAddress,
    claim_until: zU64,
    challenge_until: zU64,
    timestamp: zU64,
  }),
  /** The operator gave up what it couldn't prove: these are the new ends of the windows. */
  JobWaived: z.object({ job: zAddress, claim_until: zU64, challenge_until: zU64, timestamp: zU64 }),
  /** A running job then ends as Failed, without a `JobFailed`; one that has ended keeps how. */
  JobForfeited: z.object({ job: zAddress, provider: zAddress, timestamp: zU64 }),
  JobSettled: z.object({
    job: zAddress,
    buyer: zAddress,
    provider: zAddress,
    outcome: zU8,
    seconds: zU64,
    deposited: zU64,
    paid: zU64,
    fees: zU64,
    refunded: zU64,
    timestamp: zU64,
  }),
};

export const JOB_REGISTRY_EVENTS = {
  JobReclaimed: z.object({ job: zAddress, reclaimed_by: zAddress, timestamp: zU64 }),
};
