/**
 * What jobs hold of this machine, GPUs by their number: reserved in one synchronous step, so two jobs never share it.
 * It doesn't know jobs beyond their address, nor whether a job could ever fit (policy.ts does).
 */
import { chooseGpus, countGpus } from "@computestream/protocol";
import type { Resources } from "./policy.ts";

export interface Capacity {
  /** True when the job holds what it needs, also when it held it before. */
  tryReserve(job: string, needs: Resources): boolean;
  /** What there isn't enough of just now, in words; null when the needs fit. */
  shortage(needs: Resources): string | null;
  /**
   * Which GPUs the job gets, as a mask: those it has been given before, else the lowest that neither the chain nor a
   * job here counts as busy. null when there aren't that many.
   */
  chooseGpus(job: string, gpus: bigint, busyOnChain: bigint): bigint | null;
  /** For a job the chain says is ours already: it holds its share even when that is too much. */
  hold(job: string, needs: Resources, gpuMask: bigint): void;
  release(job: string): void;
  held(): number;
}

const FIELDS = ["cpuCores", "memoryMb", "gpus", "diskMb", "slots"] as const;
const WORDS: Record<(typeof FIELDS)[number], string> = {
  cpuCores: "a free core",
  memoryMb: "free memory",
  gpus: "a free GPU",
  diskMb: "free disk space",
  slots: "a free slot",
};

export function createCapacity(total: Resources): Capacity {
  const held = new Map<string, Resources>();
  const masks = new Map<string, bigint>();

  function lacking(needs: Resources) {
    return FIELDS.find((field) => {
      let sum = needs[field];
      for (const other of held.values()) sum += other[field];
      return sum > total[field];
    });
  }

  return {
    tryReserve(job, needs) {
      if (held.has(job)) return true;
      const fits = lacking(needs) === undefined;
      if (fits) held.set(job, needs);
      return fits;
    },
    shortage(needs) {
      const field = lacking(needs);
      return field === undefined ? null : WORDS[field];
    },
    chooseGpus(job, gpus, busyOnChain) {
      if (gpus === 0n) return 0n;
      const given = masks.get(job);
      if (given !== undefined && BigInt(countGpus(given)) === gpus && (given & busyOnChain) === 0n)
        return given;
      let busyMask = busyOnChain;
      for (const [other, mask] of masks) if (other !== job) busyMask |= mask;
      const chosen = chooseGpus({ gpuCount: BigInt(total.gpus), busyMask, gpus });
      if (chosen !== null) masks.set(job, chosen);
      return chosen;
    },
    hold(job, needs, gpuMask) {
      held.set(job, needs);
      masks.set(job, gpuMask);
    },
    release(job) {
      held.delete(job);
      masks.delete(job);
    },
    held: () => held.size,
  };
}
