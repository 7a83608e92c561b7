/**
 * What accepted and running jobs hold of this machine: reserved in one synchronous step, so two jobs never share it.
 * It doesn't know jobs beyond their address, nor whether a job could ever fit (policy.ts does).
 */
import type { Resources } from "./policy.ts";

export interface Capacity {
  /** True when the job holds what it needs, also when it held it before. */
  tryReserve(job: string, needs: Resources): boolean;
  /** What there isn't enough of just now, in words; null when the needs fit. */
  shortage(needs: Resources): string | null;
  /** For a job the chain says is ours already: it holds its share even when that is too much. */
  hold(job: string, needs: Resources): void;
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
    hold(job, needs) {
      held.set(job, needs);
    },
    release(job) {
      held.delete(job);
    },
    held: () => held.size,
  };
}
