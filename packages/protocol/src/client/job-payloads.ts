/**
 * Every step of a job: ordering, running, ending, settling.
 * It doesn't know who may take which step when: the chain refuses with a named code.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import type { CountersignedUsage } from "../attestation.ts";
import { fromHex } from "../primitives.ts";
import { NO_REQUIREMENTS } from "../terms.ts";
import type {
  CreateJobArgs,
  CreateJobsArgs,
  CreateOpenJobArgs,
  CreateOpenJobsArgs,
  MaybeUsage,
  OrderArgs,
  OutputArgs,
} from "./args.ts";
import { callsOf, usageArgs } from "./entry-function.ts";

const DEFAULT_PRIORITY = 5;

export interface JobPayloads {
  createJob(args: CreateJobArgs): InputEntryFunctionData;
  /** One job for each spec, all or none. */
  createJobs(args: CreateJobsArgs): InputEntryFunctionData;
  createOpenJob(args: CreateOpenJobArgs): InputEntryFunctionData;
  createOpenJobs(args: CreateOpenJobsArgs): InputEntryFunctionData;
  /** `gpuMask` has as many bits as the job has GPUs (`chooseGpus`). */
  accept(provider: string, job: string, gpuMask: bigint): InputEntryFunctionData;
  start(job: string): InputEntryFunctionData;
  extend(job: string, addedSecs: bigint, addedDeposit: bigint): InputEntryFunctionData;
  changeRate(job: string, ratePerHour: bigint): InputEntryFunctionData;
  complete(job: string, output: OutputArgs, usage: MaybeUsage): InputEntryFunctionData;
  fail(job: string, reason: string, output: OutputArgs, usage: MaybeUsage): InputEntryFunctionData;
  cancel(job: string): InputEntryFunctionData;
  terminate(job: string, usage: MaybeUsage): InputEntryFunctionData;
  confirm(job: string): InputEntryFunctionData;
  /** Brings what the buyer has signed, whoever signs the transaction: nothing later takes it back. */
  confirmSigned(usage: Omit<CountersignedUsage, "signature">): InputEntryFunctionData;
  flagStalled(job: string): InputEntryFunctionData;
  expire(job: string): InputEntryFunctionData;
  finalize(job: string): InputEntryFunctionData;
  reclaim(job: string): InputEntryFunctionData;
}

export function createJobPayloads(packageAddress: string): JobPayloads {
  const order = callsOf(packageAddress, "job_orders");
  const call = callsOf(packageAddress, "job_registry");
  return {
    createJob: (p) => order("create_job", p.provider, p.image, p.spec, p.gpus ?? 0n, ...orderArgs(p)),
    createJobs: (p) => order("create_jobs", p.provider, p.image, p.specs, p.gpus ?? 0n, ...orderArgs(p)),
    createOpenJob: (p) =>
      order("create_open_job", p.asset, p.image, p.spec, ...requirementArgs(p), ...orderArgs(p)),
    createOpenJobs: (p) =>
      order("create_open_jobs", p.asset, p.image, p.specs, ...requirementArgs(p), ...orderArgs(p)),
    accept: (provider, job, gpuMask) => call("accept", provider, job, gpuMask),
    start: (job) => call("start", job),
    extend: (job, addedSecs, addedDeposit) => call("extend", job, addedSecs, addedDeposit),
    changeRate: (job, ratePerHour) => call("change_rate", job, ratePerHour),
    complete: (job, output, usage) =>
      call("complete", job, output.exitCode, ...outputArgs(output), ...usageArgs(usage)),
    fail: (job, reason, output, usage) =>
      call("fail", job, output.exitCode, reason, ...outputArgs(output), ...usageArgs(usage)),
    cancel: (job) => call("cancel", job),
    terminate: (job, usage) => call("terminate", job, ...usageArgs(usage)),
    confirm: (job) => call("confirm", job),
    confirmSigned: (usage) =>
      call(
        "confirm_signed",
        usage.job,
        usage.seq,
        usage.secondsCum,
        usage.tLast,
        fromHex(usage.logRoot),
        fromHex(usage.countersignature),
      ),
    flagStalled: (job) => call("flag_stalled", job),
    expire: (job) => call("expire", job),
    finalize: (job) => call("finalize", job),
    reclaim: (job) => call("reclaim", job),
  };
}

function orderArgs(p: OrderArgs) {
  return [
    p.maxDurationSecs,
    p.maxRatePerHour,
    p.deposit,
    p.holdbackSecs ?? 0n,
    p.priority ?? DEFAULT_PRIORITY,
    fromHex(p.buyerKey ?? "0x"),
  ] as const;
}

function requirementArgs(p: Pick<CreateOpenJobArgs, "gpus" | "requirements">) {
  const r = { ...NO_REQUIREMENTS, ...p.requirements };
  return [
    r.gpuModel,
    p.gpus ?? 0n,
    r.vramGb,
    r.cpuCores,
    r.ramGb,
    r.diskGb,
    r.region,
    r.sandbox,
    r.minStake,
  ] as const;
}

function outputArgs(output: OutputArgs) {
  return [
    output.outputUris,
    fromHex(output.outputSha256),
    fromHex(output.outputRoot),
    output.outputSize,
  ] as const;
}
