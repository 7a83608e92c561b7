/**
 * Random numbers that are the same for the same seed.
 * It doesn't know what is drawn.
 */
import { createHash } from "node:crypto";

export interface Random {
  /** In [0, 1). */
  unit(): number;
  /** Whole, from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Few of the first get much of it: an index below `count`. */
  skewed(count: number, power?: number): number;
  /** Log-normal with this mean. */
  spread(mean: number, sigma: number): number;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  // mulberry32
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit());
  return {
    unit,
    whole: (least, most) => least + Math.floor(unit() * (most - least + 1)),
    chance: (probability) => unit() < probability,
    pick(items) {
      const item = items[Math.floor(unit() * items.length)];
      if (item === undefined) throw new RangeError("nothing to pick from");
      return item;
    },
    skewed: (count, power = 3) => Math.floor(count * unit() ** power),
    spread: (mean, sigma) => Math.exp(Math.log(mean) - sigma ** 2 / 2 + sigma * normal()),
  };
}

/** 32 bytes as hex, the same for the same text: an address or a hash. */
export function hex32(text: string): string {
  return `0x${createHash("sha256").update(text).digest("hex")}`;
}
