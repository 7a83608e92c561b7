/**
 * Chain time in microseconds: the wall clock plus what was advanced, or manual time that only moves when told.
 * It doesn't know blocks beyond the newest timestamp it handed out.
 */

export interface Clock {
  /** Never less than an earlier answer. */
  nowUsecs(): number;
  /** A timestamp for the next block: greater than every block's before it. */
  nextBlockUsecs(): number;
  /**
   * What expiry is measured against: the time without what was advanced, because clients stamp their transactions
   * by the wall clock and would all be refused after a jump.
   */
  expiryUsecs(): number;
  advance(usecs: number): void;
  readonly offsetUsecs: number;
}

export interface ClockOptions {
  manual: boolean;
  /** Where manual time starts. */
  genesisUsecs: number;
  offsetUsecs: number;
  lastBlockUsecs: number;
  wallUsecs?: () => number;
}

export function createClock(options: ClockOptions): Clock {
  const wallUsecs = options.wallUsecs ?? (() => Date.now() * 1000);
  let offset = options.offsetUsecs;
  let last = options.lastBlockUsecs;
  const base = () => (options.manual ? options.genesisUsecs : wallUsecs()) + offset;
  return {
    nowUsecs() {
      last = Math.max(last, base());
      return last;
    },
    nextBlockUsecs() {
      last = Math.max(last + 1, base());
      return last;
    },
    expiryUsecs: () => base() - offset,
    advance(usecs) {
      offset += usecs;
    },
    get offsetUsecs() {
      return offset;
    },
  };
}
