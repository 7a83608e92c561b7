/**
 * Which jobs this node takes: image, spec, resources and time, decided before anything is pulled or accepted.
 * It doesn't know the chain, Docker or what runs right now (capacity.ts does); of an order open to every provider it
 * tells whether the chain would let this one have it.
 */
import { decodeJobSpec, type JobSpec, priceOf } from "@computestream/protocol";
import type { JobView, ProviderView } from "@computestream/protocol/client";

export interface PolicyLimits {
  provider: string;
  /** Exact references, or prefixes ending in `*`. Empty = nothing is allowed. */
  imageAllowlist: string[];
  /** What the machine offers to all jobs together. */
  capacity: Resources;
  outputMaxMb: number;
  maxJobSecs: bigint;
}

export interface Resources {
  cpuCores: number;
  memoryMb: number;
  gpus: number;
  diskMb: number;
  slots: number;
}

export type Verdict = { ok: true; spec: JobSpec } | { ok: false; code: RefusalCode; reason: string };

export type RefusalCode =
  | "WRONG_PROVIDER"
  | "IMAGE_NOT_PINNED"
  | "IMAGE_NOT_ALLOWED"
  | "SPEC_INVALID"
  | "DURATION_TOO_LONG"
  | "CPU_TOO_LARGE"
  | "MEMORY_TOO_LARGE"
  | "GPU_UNAVAILABLE"
  | "GPU_NOT_ORDERED"
  | "OUTPUT_TOO_LARGE"
  | "DISK_TOO_LARGE";

const LOCAL_IMAGE = /^sha256:[0-9a-f]{64}$/;
// registry/name[:tag]@sha256:digest, lower case, as Docker's reference grammar has it.
const PINNED_IMAGE =
  /^[a-z0-9]+(?:[._-]+[a-z0-9]+)*(?::\d{1,5})?(?:\/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?@sha256:[0-9a-f]{64}$/;

/** A content-addressed image id that must already be on this machine. */
export function isLocalImage(image: string): boolean {
  return LOCAL_IMAGE.test(image);
}

/** True for `name@sha256:…` and for `sha256:…`: a text that can only ever mean one image. */
export function isPinnedImage(image: string): boolean {
  return image.length <= 512 && (isLocalImage(image) || PINNED_IMAGE.test(image));
}

export function isAllowedImage(image: string, allowlist: string[]): boolean {
  return allowlist.some((entry) =>
    entry.endsWith("*") ? image.startsWith(entry.slice(0, -1)) : image === entry,
  );
}

/** What a job takes from the machine while it is accepted or runs. */
export function needsOf(job: Pick<JobView, "gpus">, spec: JobSpec): Resources {
  return {
    cpuCores: spec.cpu_cores,
    memoryMb: spec.memory_mb,
    // What is paid for, which may be more than the spec uses.
    gpus: Number(job.gpus),
    // The volume, the spool and the pack lie side by side while the output is packed.
    diskMb: spec.output_max_mb * 3,
    slots: 1,
  };
}

/** Nobody has taken it yet: any provider that fits may. */
export function isOnOffer(job: Pick<JobView, "isOpen" | "state">): boolean {
  return job.isOpen && job.state === "Pending";
}

/** Whether the chain lets this provider have an open order, as both are now. */
export function meetsOrder(
  job: Pick<JobView, "asset" | "gpus" | "requirements" | "ratePerHour">,
  provider: ProviderView,
): boolean {
  const { requirements: wanted } = job;
  const fits = (have: string, want: string) => want === "" || have === want;
  return (
    provider.status === "Active" &&
    provider.asset === job.asset &&
    priceOf(provider, job.gpus) <= job.ratePerHour &&
    provider.gpuCount >= job.gpus &&
    provider.vramGb >= wanted.vramGb &&
    provider.cpuCores >= wanted.cpuCores &&
    provider.ramGb >= wanted.ramGb &&
    provider.diskGb >= wanted.diskGb &&
    provider.staked >= wanted.minStake &&
    fits(provider.gpuModel, wanted.gpuModel) &&
    fits(provider.region, wanted.region) &&
    fits(provider.sandbox, wanted.sandbox)
  );
}

export function judge(
  job: Pick<JobView, "provider" | "isOpen" | "state" | "image" | "spec" | "gpus" | "maxDurationSecs">,
  limits: PolicyLimits,
): Verdict {
  if (!isOnOffer(job) && job.provider !== limits.provider) {
    return refuse("WRONG_PROVIDER", "the job asks for another provider");
  }
  if (!isPinnedImage(job.image)) {
    return refuse(
      "IMAGE_NOT_PINNED",
      "the image must be name@sha256:… or a local image id sha256:…, never a tag alone",
    );
  }
  if (!isAllowedImage(job.image, limits.imageAllowlist)) {
    return refuse("IMAGE_NOT_ALLOWED", "the image is not on this provider's allowlist");
  }
  const decoded = decodeJobSpec(job.spec);
  if (!decoded.ok) return refuse("SPEC_INVALID", decoded.reason);
  if (job.maxDurationSecs > limits.maxJobSecs) {
    return refuse("DURATION_TOO_LONG", `at most ${limits.maxJobSecs} seconds run here`);
  }
  const { spec } = decoded;
  const needs = needsOf(job, spec);
  const { capacity } = limits;
  if (needs.cpuCores > capacity.cpuCores) {
    return refuse("CPU_TOO_LARGE", `${needs.cpuCores} cores asked, ${capacity.cpuCores} here`);
  }
  if (needs.memoryMb > capacity.memoryMb) {
    return refuse("MEMORY_TOO_LARGE", `${needs.memoryMb} MB asked, ${capacity.memoryMb} MB here`);
  }
  if (BigInt(spec.gpus) > job.gpus) {
    return refuse("GPU_NOT_ORDERED", `the spec asks for ${spec.gpus} GPUs, the order for ${job.gpus}`);
  }
  if (needs.gpus > capacity.gpus) {
    return refuse("GPU_UNAVAILABLE", `${needs.gpus} GPUs asked, ${capacity.gpus} usable here`);
  }
  if (spec.output_max_mb > limits.outputMaxMb) {
    return refuse("OUTPUT_TOO_LARGE", `at most ${limits.outputMaxMb} MB of output are published here`);
  }
  if (needs.diskMb > capacity.diskMb) {
    return refuse("DISK_TOO_LARGE", `the output may need ${needs.diskMb} MB, ${capacity.diskMb} MB are here`);
  }
  return { ok: true, spec };
}

function refuse(code: RefusalCode, reason: string): Verdict {
  return { ok: false, code, reason };
}
