/**
 * Calls of the package's entry functions, with their ABI beside them so that building needs no remote lookup.
 * It doesn't know senders, gas or sequence numbers.
 */
import { type InputEntryFunctionData, parseTypeTag } from "@aptos-labs/ts-sdk";
import type { SignedUsage } from "../attestation.ts";
import { ENTRY_FUNCTIONS } from "../generated/abi.ts";
import { fromHex } from "../primitives.ts";
import type { CreateJobArgs, MaybeUsage, OutputArgs, RegisterProviderArgs } from "./types.ts";

type EntryModule = keyof typeof ENTRY_FUNCTIONS;
type EntryName<M extends EntryModule> = keyof (typeof ENTRY_FUNCTIONS)[M] & string;
type Argument = string | bigint | boolean | Uint8Array | Array<string | bigint | Uint8Array>;

export interface Payloads {
  registerProvider(args: RegisterProviderArgs): InputEntryFunctionData;
  heartbeat(provider: string): InputEntryFunctionData;
  setAvailability(provider: string, available: boolean): InputEntryFunctionData;
  updatePrice(provider: string, pricePerHour: bigint): InputEntryFunctionData;
  createJob(args: CreateJobArgs): InputEntryFunctionData;
  accept(job: string): InputEntryFunctionData;
  start(job: string): InputEntryFunctionData;
  complete(job: string, output: OutputArgs, usage: MaybeUsage): InputEntryFunctionData;
  fail(job: string, reason: string, output: OutputArgs, usage: MaybeUsage): InputEntryFunctionData;
  cancel(job: string): InputEntryFunctionData;
  terminate(job: string, usage: MaybeUsage): InputEntryFunctionData;
  flagStalled(job: string): InputEntryFunctionData;
  expire(job: string): InputEntryFunctionData;
  finalize(job: string): InputEntryFunctionData;
  processPayment(usage: SignedUsage): InputEntryFunctionData;
  processPayments(usages: SignedUsage[]): InputEntryFunctionData;
}

/** A call of any entry function of the package; arguments in the order of docs/protocol.md, without the signer. */
export function entryFunction<M extends EntryModule>(
  packageAddress: string,
  module: M,
  name: EntryName<M>,
  args: Argument[],
): InputEntryFunctionData {
  const parameters = (ENTRY_FUNCTIONS[module] as Record<string, readonly string[]>)[name] ?? [];
  return {
    function: `${packageAddress}::${module}::${name}` as `${string}::${string}::${string}`,
    functionArguments: args,
    abi: {
      signers: 1,
      typeParameters: [],
      parameters: parameters.map((type) => parseTypeTag(type.replaceAll("{package}", packageAddress))),
    },
  };
}

export function createPayloads(packageAddress: string): Payloads {
  const jobs = (name: EntryName<"job_registry">, ...args: Argument[]) =>
    entryFunction(packageAddress, "job_registry", name, args);
  const providers = (name: EntryName<"provider_registry">, ...args: Argument[]) =>
    entryFunction(packageAddress, "provider_registry", name, args);

  return {
    registerProvider: (p) =>
      providers(
        "register",
        p.operator,
        fromHex(p.attestKey),
        p.name,
        p.gpuModel,
        p.gpuCount,
        p.vramGb,
        p.cpuCores,
        p.ramGb,
        p.diskGb,
        p.region,
        p.sandbox,
        p.slots,
        p.pricePerHour,
        p.asset,
        p.stake,
      ),
    heartbeat: (provider) => providers("heartbeat", provider),
    setAvailability: (provider, available) => providers("set_availability", provider, available),
    updatePrice: (provider, pricePerHour) => providers("update_price", provider, pricePerHour),
    createJob: (p) =>
      jobs("create_job", p.provider, p.image, p.spec, p.maxDurationSecs, p.maxRatePerHour, p.deposit),
    accept: (job) => jobs("accept", job),
    start: (job) => jobs("start", job),
    complete: (job, output, usage) => jobs("complete", job, ...outputArgs(output), ...usageArgs(usage)),
    fail: (job, reason, output, usage) => {
      const [exitCode, ...rest] = outputArgs(output);
      return jobs("fail", job, exitCode, reason, ...rest, ...usageArgs(usage));
    },
    cancel: (job) => jobs("cancel", job),
    terminate: (job, usage) => jobs("terminate", job, ...usageArgs(usage)),
    flagStalled: (job) => jobs("flag_stalled", job),
    expire: (job) => jobs("expire", job),
    finalize: (job) => jobs("finalize", job),
    processPayment: (usage) =>
      entryFunction(packageAddress, "payment_stream", "process_payment", [usage.job, ...usageArgs(usage)]),
    processPayments: (usages) =>
      entryFunction(packageAddress, "payment_stream", "process_payments", [
        usages.map((usage) => usage.job),
        usages.map((usage) => usage.seq),
        usages.map((usage) => usage.secondsCum),
        usages.map((usage) => usage.tLast),
        usages.map((usage) => fromHex(usage.logRoot)),
        usages.map((usage) => fromHex(usage.signature)),
      ]),
  };
}

function outputArgs(output: OutputArgs): [bigint, string[], Uint8Array, Uint8Array] {
  return [output.exitCode, output.outputUris, fromHex(output.outputSha256), fromHex(output.outputRoot)];
}

/** An empty signature tells the chain "nothing new". */
function usageArgs(usage: MaybeUsage): [bigint, bigint, bigint, Uint8Array, Uint8Array] {
  if (!usage) return [0n, 0n, 0n, new Uint8Array(), new Uint8Array()];
  return [usage.seq, usage.secondsCum, usage.tLast, fromHex(usage.logRoot), fromHex(usage.signature)];
}
