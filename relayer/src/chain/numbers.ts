/**
 * Which sequence number is signed next: those in flight, those given back, the one after the last.
 * It doesn't talk to the chain or the journal; whoever uses it says what became of each number.
 */

export interface Numbers {
  /** null until `reset`, and again after `forget`: the chain must be asked. */
  readonly next: bigint | null;
  readonly inFlight: ReadonlySet<bigint>;
  /** The chain's next number, and those that are signed and still without an outcome. */
  reset(next: bigint, open: bigint[]): void;
  forget(): void;
  /** The lowest number that nobody uses; it is in flight from here on. */
  take(): bigint;
  /** It stands on chain, or another transaction has it. */
  used(number: bigint): void;
  /** It certainly never comes: it may be signed again. */
  giveBack(number: bigint): void;
  /** One in flight can't run, because a lower number was given back and not taken again. */
  hasGap(): boolean;
}

export function createNumbers(): Numbers {
  let next: bigint | null = null;
  const inFlight = new Set<bigint>();
  const free = new Set<bigint>();
  const lowest = (numbers: Iterable<bigint>): bigint | null => {
    let found: bigint | null = null;
    for (const number of numbers) if (found === null || number < found) found = number;
    return found;
  };
  const dropBelow = (bound: bigint): void => {
    for (const number of free) if (number < bound) free.delete(number);
  };

  return {
    get next() {
      return next;
    },
    inFlight,
    reset(number, open) {
      next = number;
      inFlight.clear();
      free.clear();
      for (const other of open) {
        inFlight.add(other);
        if (other >= next) next = other + 1n;
      }
      for (let n = number; n < next; n += 1n) if (!inFlight.has(n)) free.add(n);
    },
    forget() {
      next = null;
      inFlight.clear();
      free.clear();
    },
    take() {
      if (next === null) throw new RangeError("the next number isn't known");
      const given = lowest(free);
      const number = given ?? next;
      if (given === null) next += 1n;
      else free.delete(given);
      inFlight.add(number);
      return number;
    },
    used(number) {
      inFlight.delete(number);
      dropBelow(number);
      if (next !== null && next <= number) next = number + 1n;
    },
    giveBack(number) {
      if (!inFlight.delete(number) || next === null) return;
      free.add(number);
      // Nothing above it is signed: then it is simply the next one again.
      while (next > 0n && free.delete(next - 1n)) next -= 1n;
    },
    hasGap() {
      const given = lowest(free);
      if (given === null) return false;
      for (const number of inFlight) if (number > given) return true;
      return false;
    },
  };
}
