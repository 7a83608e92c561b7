/**
 * What makes an attestation worth keeping, as pure rules over facts of the chain.
 * It doesn't read anything: facts and the time are arguments. The chain checks all of it again.
 */
import type { JobState, SignedUsage } from "@computestream/protocol";

export const REJECTION_CODES = [
  "OUT_OF_RANGE",
  "JOB_UNKNOWN",
  "NOT_YOUR_JOB",
  "JOB_NOT_RUNNING",
  "BAD_SIGNATURE",
  "TIME_BEFORE_START",
  "TIME_IN_FUTURE",
  "SECONDS_EXCEED_TIME",
  "SEQ_STALE",
  "SECONDS_WENT_BACK",
  "EQUIVOCATION",
  "TOO_MANY_WAITING",
  "NO_BUYER_KEY",
  "BAD_COUNTERSIGNATURE",
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

export interface Rejection {
  code: RejectionCode;
  message: string;
}

export interface UsageFacts {
  provider: string;
  state: JobState;
  startedAt: bigint;
  watermark: { seq: bigint; secondsCum: bigint } | null;
  /** The stream takes no attestation any more. */
  isFinal: boolean;
}

/** How far a provider's clock may run ahead: less than the chain forgives, which sees the attestation later. */
const CLOCK_SKEW_SECS = 15n;

const U64_MAX = 0xffff_ffff_ffff_ffffn;

export function checkRange(usage: SignedUsage): Rejection | null {
  for (const field of ["seq", "secondsCum", "tLast"] as const) {
    if (usage[field] > U64_MAX) return { code: "OUT_OF_RANGE", message: `${field} is larger than a u64.` };
  }
  return null;
}

/** Before the signature: whose job it is, and whether it can still be paid. `sender` null = not told. */
export function checkJob(facts: UsageFacts | null, sender: string | null): Rejection | null {
  if (!facts) return { code: "JOB_UNKNOWN", message: "The chain has no such job." };
  if (sender !== null && facts.provider !== sender) {
    return { code: "NOT_YOUR_JOB", message: "The job belongs to another provider." };
  }
  if (facts.state !== "Running" && facts.state !== "Terminated") {
    return {
      code: "JOB_NOT_RUNNING",
      message: `The job is ${facts.state}; only a running or terminated job takes attestations.`,
    };
  }
  if (facts.isFinal) {
    return { code: "JOB_NOT_RUNNING", message: "The job's stream is final; no attestation counts any more." };
  }
  return null;
}

/** After the signature: time, and order against what the chain has proven. */
export function checkUsage(usage: SignedUsage, facts: UsageFacts, nowSecs: bigint): Rejection | null {
  if (usage.tLast < facts.startedAt) {
    return {
      code: "TIME_BEFORE_START",
      message: `t_last ${usage.tLast} is before the start ${facts.startedAt}.`,
    };
  }
  if (usage.tLast > nowSecs + CLOCK_SKEW_SECS) {
    return {
      code: "TIME_IN_FUTURE",
      message: `t_last ${usage.tLast} is ${usage.tLast - nowSecs} s ahead of the chain; correct the clock.`,
    };
  }
  if (usage.secondsCum > usage.tLast - facts.startedAt) {
    return {
      code: "SECONDS_EXCEED_TIME",
      message: `${usage.secondsCum} seconds can't have passed in ${usage.tLast - facts.startedAt} s.`,
    };
  }
  const { watermark } = facts;
  if (watermark) {
    if (usage.seq < watermark.seq) {
      return {
        code: "SEQ_STALE",
        message: `seq ${usage.seq} is older than ${watermark.seq}, settled on chain.`,
      };
    }
    if (usage.seq === watermark.seq && usage.secondsCum !== watermark.secondsCum) {
      return { code: "EQUIVOCATION", message: `seq ${usage.seq} was settled with other seconds.` };
    }
    if (usage.secondsCum < watermark.secondsCum) {
      return {
        code: "SECONDS_WENT_BACK",
        message: `${usage.secondsCum} seconds are less than the ${watermark.secondsCum} settled on chain.`,
      };
    }
  }
  return null;
}
