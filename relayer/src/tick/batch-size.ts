/**
 * How many settlements fill a transaction, and how much gas they are allowed: by size, by what they used before.
 * It doesn't know which streams; pure but for what it remembers of outcomes.
 */
import { PAYMENT_ENTRY_BYTES } from "@computestream/protocol/client";

/** A node refuses more; what isn't entries (call, gas, signature) takes less than the rest. */
const TRANSACTION_BYTES_MAX = 64 * 1024;
const OTHER_BYTES = 600;
/** The transaction itself and loading the modules; what an entry uses on the devnet. Both are learnt. */
const FIRST_BASE_GAS = 80;
const FIRST_ENTRY_GAS = 45;
/** A stream that pays a receiver for the first time costs more than one that did before. */
const HEADROOM = 1.5;
const SPARE_GAS = 1_000;
const LEARNING = 0.2;
const GROWTH = 1.1;

export interface BatchSizer {
  /** Entries that the next batch may have, at least one. */
  size(): number;
  /** Gas units that a batch of `entries` is given. */
  gasFor(entries: number): number;
  /** What a committed batch used; `entries` that the chain skipped cost about as much. */
  fitted(entries: number, gasUsed: number): void;
  /** It ran out of gas or of room. */
  overflowed(entries: number): void;
}

export function createBatchSizer(p: { entriesMax: number; gasMax: number }): BatchSizer {
  const bySize = Math.floor((TRANSACTION_BYTES_MAX - OTHER_BYTES) / PAYMENT_ENTRY_BYTES);
  let entryGas = FIRST_ENTRY_GAS;
  /** Entries at which it overflowed last; rises again with each batch that fits. */
  let ceiling = Number.POSITIVE_INFINITY;

  const gasFor = (entries: number): number =>
    Math.min(p.gasMax, Math.ceil((FIRST_BASE_GAS + entryGas * entries) * HEADROOM) + SPARE_GAS);

  return {
    size() {
      const byGas = Math.floor(((p.gasMax - SPARE_GAS) / HEADROOM - FIRST_BASE_GAS) / entryGas);
      return Math.max(1, Math.min(p.entriesMax, bySize, byGas, Math.floor(ceiling)));
    },
    gasFor,
    fitted(entries, gasUsed) {
      if (entries === 0) return;
      const used = Math.max(1, (gasUsed - FIRST_BASE_GAS) / entries);
      // A rise is believed at once, a fall slowly: too little gas costs a whole transaction.
      entryGas = used > entryGas ? used : entryGas + (used - entryGas) * LEARNING;
      ceiling = Math.max(ceiling * GROWTH, 1);
    },
    overflowed(entries) {
      if (entries <= 1) {
        entryGas *= 2;
        return;
      }
      ceiling = Math.max(1, Math.floor(entries / 2));
      entryGas *= GROWTH;
    },
  };
}

/** Failures that fewer entries or more gas would have avoided. */
export function isOverflow(code: string): boolean {
  return /OUT_OF_GAS|EXECUTION_LIMIT|MAX_TRANSACTION_SIZE|MAX_GAS_UNITS_BELOW/.test(code);
}
