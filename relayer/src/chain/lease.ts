/**
 * Whether this instance may submit with the key: takes the lock, keeps it, notices when it is lost.
 * It doesn't know what is done with the right.
 */

import { messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { IntentStore, Lease } from "../store/intents.ts";

export interface LeaseKeeper {
  /** The lease while it surely stands, else null. */
  current(): Lease | null;
  start(): void;
  /** Stops trying and gives the lock back. */
  close(): Promise<void>;
}

export function createLeaseKeeper(options: {
  intents: Pick<IntentStore, "acquire" | "renew" | "release">;
  instance: string;
  ttlMs: number;
  onGained: (lease: Lease) => void;
  onLost: () => void;
  logger: Logger;
  /** Monotonic milliseconds. */
  clock?: () => number;
}): LeaseKeeper {
  const { intents, ttlMs, logger } = options;
  const clock = options.clock ?? (() => performance.now());
  let lease: Lease | null = null;
  let confirmedAt = 0;
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> = Promise.resolve();

  const lose = (why: string): void => {
    if (!lease) return;
    logger.warn({ fence: lease.fence, why }, "lost the right to submit");
    lease = null;
    options.onLost();
  };

  const step = async (): Promise<void> => {
    // Taken before the call: the lock lives at least `ttlMs` from here if the call succeeds.
    const askedAt = clock();
    try {
      if (lease) {
        if (await intents.renew(lease, ttlMs)) confirmedAt = askedAt;
        else lose("another instance holds the lock, or the store was emptied");
      } else {
        const gained = await intents.acquire(options.instance, ttlMs);
        if (gained) {
          lease = gained;
          confirmedAt = askedAt;
          logger.info({ fence: gained.fence }, "took the right to submit");
          options.onGained(gained);
        }
      }
    } catch (error) {
      if (lease && clock() - confirmedAt >= ttlMs) lose(messageOf(error));
    }
  };

  return {
    current: () => (lease && clock() - confirmedAt < ttlMs ? lease : null),
    start() {
      round = step();
      timer = setInterval(() => {
        round = round.then(step);
      }, ttlMs / 4);
    },
    async close() {
      if (timer) clearInterval(timer);
      await round;
      if (!lease) return;
      const held = lease;
      lease = null;
      await intents.release(held).catch(() => undefined);
    },
  };
}
