/**
 * An order from whoever fits: what the buyer asks of a machine, and which machines would do now.
 * It doesn't know React or the chain; the chain alone decides who may accept.
 */
import type { Requirements } from "@computestream/protocol";
import type { ProviderDto } from "@computestream/protocol/api";
import { parseUnits } from "@computestream/protocol/money";
import type { AssetUnit } from "./format.ts";
import { freeGpus, hasRoom, priceFor } from "./provider-filter.ts";

/** What is typed for an open order only; the job's own size is asked of the machine too. */
export interface OpenDraft {
  wantedGpuModel: string;
  wantedVramGb: string;
  wantedRegion: string;
  wantedSandbox: string;
  /** Whole units. */
  wantedStake: string;
  /** Whole units an hour. */
  maxPrice: string;
}

export const NO_WISHES: OpenDraft = {
  wantedGpuModel: "",
  wantedVramGb: "",
  wantedRegion: "",
  wantedSandbox: "",
  wantedStake: "",
  maxPrice: "",
};

/** What the job itself needs, as typed in the wizard. */
export interface JobSize {
  cpuCores: string;
  memoryMb: string;
  outputMaxMb: string;
}

const TEXT_MAX_BYTES = 128;
const MB_PER_GB = 1024;

export interface OpenTerms {
  requirements: Requirements;
  /** null while none was given. */
  maxRatePerHour: bigint | null;
}

/** Unreadable fields are named in `errors` and stand as "any" in the result. */
export function readWishes(
  draft: OpenDraft & JobSize,
  gpus: number,
  asset: AssetUnit,
): { terms: OpenTerms; errors: Partial<Record<keyof OpenDraft, string>> } {
  const errors: Partial<Record<keyof OpenDraft, string>> = {};
  const text = (field: keyof OpenDraft): string => {
    const value = draft[field].trim();
    if (new TextEncoder().encode(value).length > TEXT_MAX_BYTES)
      errors[field] = `At most ${TEXT_MAX_BYTES} bytes.`;
    return value;
  };
  const money = (field: keyof OpenDraft): bigint | null => {
    if (draft[field].trim() === "") return null;
    try {
      return parseUnits(draft[field], asset.decimals);
    } catch {
      errors[field] = `Give an amount with at most ${asset.decimals} decimal places.`;
      return null;
    }
  };
  const vram = draft.wantedVramGb.trim();
  if (vram !== "" && !/^\d{1,6}$/.test(vram)) errors.wantedVramGb = "Give whole gigabytes.";
  const maxRatePerHour = money("maxPrice");
  if (maxRatePerHour === null) errors.maxPrice ??= "Name the most you pay for an hour.";
  // A wish about GPUs without one would only keep machines away.
  const wantsGpu = gpus > 0;
  return {
    terms: {
      requirements: {
        gpuModel: wantsGpu ? text("wantedGpuModel") : "",
        vramGb: wantsGpu && !errors.wantedVramGb ? BigInt(vram || "0") : 0n,
        cpuCores: atLeast(draft.cpuCores, 1),
        ramGb: atLeast(draft.memoryMb, MB_PER_GB),
        diskGb: atLeast(draft.outputMaxMb, MB_PER_GB),
        region: text("wantedRegion"),
        sandbox: text("wantedSandbox"),
        minStake: money("wantedStake") ?? 0n,
      },
      maxRatePerHour,
    },
    errors,
  };
}

/** Whole units that hold `typed` smaller ones; unreadable is none: the size's own field complains. */
function atLeast(typed: string, perUnit: number): bigint {
  const value = Number(typed);
  return Number.isFinite(value) && value > 0 ? BigInt(Math.ceil(value / perUnit)) : 0n;
}

/** As the chain compares machine and requirements, price aside. */
export function meets(p: ProviderDto, requirements: Requirements, gpus: number): boolean {
  const r = requirements;
  return (
    p.gpuCount >= gpus &&
    (r.gpuModel === "" || p.gpuModel === r.gpuModel) &&
    (r.region === "" || p.region === r.region) &&
    (r.sandbox === "" || p.sandbox === r.sandbox) &&
    BigInt(p.vramGb) >= r.vramGb &&
    BigInt(p.cpuCores) >= r.cpuCores &&
    BigInt(p.ramGb) >= r.ramGb &&
    BigInt(p.diskGb) >= r.diskGb &&
    BigInt(p.stake) >= r.minStake
  );
}

export interface Offers {
  /** Active machines that meet the requirements, at any price. */
  meeting: number;
  /** Of these, the ones within the price. */
  affordable: number;
  /** Of these, the ones with a slot and the GPUs free now. */
  ready: number;
  /** The least that one of `meeting` asks for an hour. */
  cheapest: bigint | null;
}

export function offersFor(
  machines: readonly ProviderDto[],
  terms: OpenTerms,
  gpus: number,
  assetAddress: string,
): Offers {
  const meeting = machines.filter(
    (p) => p.available && p.asset.address === assetAddress && meets(p, terms.requirements, gpus),
  );
  const { maxRatePerHour } = terms;
  const affordable = meeting.filter((p) => maxRatePerHour !== null && priceFor(p, gpus) <= maxRatePerHour);
  const prices = meeting.map((p) => priceFor(p, gpus));
  return {
    meeting: meeting.length,
    affordable: affordable.length,
    ready: affordable.filter((p) => hasRoom(p) && freeGpus(p) >= gpus).length,
    cheapest: prices.reduce<bigint | null>((least, x) => (least === null || x < least ? x : least), null),
  };
}
