/**
 * What accepted and running jobs hold of this machine: reserved in one synchronous step, so two jobs never share it.
 * It doesn't know jobs beyond their address, nor whether a job could ever fit (policy.ts does).
 */
import type { Resources } from "./policy.ts";

export interface Capacity {
  /** True when the job holds what it needs, also when it held it before. */
  tryReserve(job: string, needs: Resources): boolean;
  /** For a job the chain says is ours already: it holds its share even when that is too much. */
  hold(job: string, needs: Resources): void;
  release(job: string): void;
  held(): number;
}

const FIELDS = ["cpuCores", "memoryMb", "gpus", "diskMb", "slots"] as const;

export function createCapacity(total: Resources): Capacity {
  const held = new Map<string, Resources>();
  return {
    tryReserve(job, needs) {
      if (held.has(job)) return true;
      const fits = FIELDS.every((field) => {
        let sum = needs[field];
        for (const other of held.values()) sum += other[field];
        return sum <= total[field];
      });
      if (fits) held.set(job, needs);
      return fits;
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
