/**
 * Proving faults, challenging outputs, arbitration.
 * It doesn't look for faults: whoever holds two attestations that contradict each other brings them.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import type { SignedUsage } from "../attestation.ts";
import { callsOf, usageArgs } from "./entry-function.ts";

export interface DisputePayloads {
  /** Two attestations of one job; throws RangeError when they are of two. */
  reportContradiction(a: SignedUsage, b: SignedUsage): InputEntryFunctionData;
  reportImpossibleTime(usage: SignedUsage): InputEntryFunctionData;
  /** `job` is the one that started later, or at the same time. */
  reportDeviceOverlap(job: string, otherJob: string): InputEntryFunctionData;
  challengeOutput(job: string, chunkIndex: bigint): InputEntryFunctionData;
  answerChallenge(job: string, chunk: Uint8Array, proof: Uint8Array[]): InputEntryFunctionData;
  openArbitration(job: string, reason: string): InputEntryFunctionData;
  rule(job: string, award: bigint): InputEntryFunctionData;
  resolve(job: string): InputEntryFunctionData;
}

export function createDisputePayloads(packageAddress: string): DisputePayloads {
  const call = callsOf(packageAddress, "dispute");
  return {
    reportContradiction: (a, b) => {
      if (a.job !== b.job) throw new RangeError("the attestations are of different jobs");
      return call("report_contradiction", a.job, ...usageArgs(a), ...usageArgs(b));
    },
    reportImpossibleTime: (usage) => call("report_impossible_time", usage.job, ...usageArgs(usage)),
    reportDeviceOverlap: (job, otherJob) => call("report_device_overlap", job, otherJob),
    challengeOutput: (job, chunkIndex) => call("challenge_output", job, chunkIndex),
    answerChallenge: (job, chunk, proof) => call("answer_challenge", job, chunk, proof),
    openArbitration: (job, reason) => call("open_arbitration", job, reason),
    rule: (job, award) => call("rule", job, award),
    resolve: (job) => call("resolve", job),
  };
}
