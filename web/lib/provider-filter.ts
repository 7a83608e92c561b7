/**
 * Which machines a buyer wants to see: the filter, its form in the address bar, and what the API is asked for.
 * It doesn't know React; what the API can't filter is filtered here.
 */
import type { ProviderDto } from "@computestream/protocol/api";
import { parseUnits, priceOf } from "@computestream/protocol/money";

export interface ProviderFilter {
  kind: "any" | "gpu" | "cpu";
  gpu: string;
  region: string;
  /** Whole units an hour, as typed. */
  maxPrice: string;
  availableOnly: boolean;
  freeOnly: boolean;
  sort: "price" | "newest" | "stake" | "score";
}

export const NO_FILTER: ProviderFilter = {
  kind: "any",
  gpu: "",
  region: "",
  maxPrice: "",
  availableOnly: false,
  freeOnly: false,
  sort: "price",
};

export function filterToSearch(filter: ProviderFilter): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(filter)) {
    if (value !== NO_FILTER[key as keyof ProviderFilter]) params.set(key, String(value));
  }
  return params.toString();
}

export function filterFromSearch(search: string): ProviderFilter {
  const params = new URLSearchParams(search);
  const oneOf = <T extends string>(key: string, allowed: readonly T[], fallback: T): T => {
    const value = params.get(key);
    return allowed.find((a) => a === value) ?? fallback;
  };
  return {
    kind: oneOf("kind", ["any", "gpu", "cpu"], "any"),
    gpu: params.get("gpu")?.slice(0, 80) ?? "",
    region: params.get("region")?.slice(0, 40) ?? "",
    maxPrice: params.get("maxPrice")?.slice(0, 30) ?? "",
    availableOnly: params.get("availableOnly") === "true",
    freeOnly: params.get("freeOnly") === "true",
    sort: oneOf("sort", ["price", "newest", "stake", "score"], "price"),
  };
}

/** Base units an hour, or null when nothing or no amount was typed. */
export function maxPriceUnits(text: string, decimals: number): bigint | null {
  try {
    return text.trim() === "" ? null : parseUnits(text, decimals);
  } catch {
    return null;
  }
}

export const freeSlots = (p: Pick<ProviderDto, "slots" | "slotsBusy">): number =>
  Math.max(0, p.slots - p.slotsBusy);

export const freeGpus = (p: Pick<ProviderDto, "gpuCount" | "gpusBusy">): number =>
  Math.max(0, p.gpuCount - p.gpusBusy);

/** It takes a job without GPUs now. */
export const hasRoom = (p: Pick<ProviderDto, "available" | "slots" | "slotsBusy">): boolean =>
  p.available && freeSlots(p) > 0;

/** Base units an hour for a job with `gpus` GPUs. */
export function priceFor(p: Pick<ProviderDto, "pricePerHour" | "gpuPricePerHour">, gpus: number): bigint {
  const prices = { pricePerHour: BigInt(p.pricePerHour), gpuPricePerHour: BigInt(p.gpuPricePerHour) };
  return priceOf(prices, BigInt(gpus));
}

/** Who looks for GPUs compares prices with one, everybody else without. */
const gpusCompared = (filter: Pick<ProviderFilter, "kind">): number => (filter.kind === "gpu" ? 1 : 0);

const includes = (text: string, part: string): boolean =>
  text.toLowerCase().includes(part.trim().toLowerCase());

export function matches(p: ProviderDto, filter: ProviderFilter): boolean {
  const max = maxPriceUnits(filter.maxPrice, p.asset.decimals);
  return (
    (filter.kind === "any" || (filter.kind === "gpu") === p.gpuCount > 0) &&
    includes(p.gpuModel, filter.gpu) &&
    includes(p.region, filter.region) &&
    (max === null || priceFor(p, gpusCompared(filter)) <= max) &&
    (!filter.availableOnly || p.available) &&
    (!filter.freeOnly || hasRoom(p))
  );
}

const compareBig = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

export function applyFilter(providers: readonly ProviderDto[], filter: ProviderFilter): ProviderDto[] {
  const order: Record<ProviderFilter["sort"], (a: ProviderDto, b: ProviderDto) => number> = {
    price: (a, b) => compareBig(priceFor(a, gpusCompared(filter)), priceFor(b, gpusCompared(filter))),
    newest: (a, b) => b.registeredAt - a.registeredAt,
    stake: (a, b) => compareBig(BigInt(b.stake), BigInt(a.stake)),
    // Of two equals the one with more jobs is better proven.
    score: (a, b) => b.score - a.score || b.jobsCompleted - a.jobsCompleted,
  };
  return providers
    .filter((p) => matches(p, filter))
    .sort((a, b) => order[filter.sort](a, b) || (a.provider < b.provider ? -1 : 1));
}
