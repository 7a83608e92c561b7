/**
 * Attestations the chain would not take, each with its reason and the time it is tried again.
 * It doesn't know why they fail; nothing is removed but by a later success or the end of the job.
 */
import { z } from "zod";
import { type Keys, type Redis, unavailable } from "./redis.ts";

const zDeadLetter = z.object({
  job: z.string(),
  seq: z.string(),
  code: z.string(),
  message: z.string(),
  attempts: z.number(),
  /** Unix seconds. */
  at: z.number(),
  retryAt: z.number(),
});
export type DeadLetter = z.output<typeof zDeadLetter>;

const FIRST_RETRY_SECS = 30;
const LAST_RETRY_SECS = 3600;

/** Doubles from half a minute to an hour. */
export function retryDelaySecs(attempts: number): number {
  return Math.min(FIRST_RETRY_SECS * 2 ** (attempts - 1), LAST_RETRY_SECS);
}

export interface DeadLetterStore {
  add(
    entry: { job: string; seq: bigint; code: string; message: string },
    nowSecs: bigint,
  ): Promise<DeadLetter>;
  all(): Promise<Map<string, DeadLetter>>;
  remove(job: string): Promise<void>;
  /** The next tick tries it again. False when there is no such letter. */
  retryNow(job: string): Promise<boolean>;
}

export function createDeadLetterStore(redis: Redis, keys: Keys): DeadLetterStore {
  return {
    async add({ job, seq, code, message }, nowSecs) {
      return unavailable(async () => {
        const earlier = await redis.hget(keys.deadLetters, job);
        const attempts = earlier === null ? 1 : zDeadLetter.parse(JSON.parse(earlier)).attempts + 1;
        const at = Number(nowSecs);
        const letter = {
          job,
          seq: `${seq}`,
          code,
          message,
          attempts,
          at,
          retryAt: at + retryDelaySecs(attempts),
        };
        await redis.hset(keys.deadLetters, job, JSON.stringify(letter));
        return letter;
      });
    },
    async all() {
      const texts = await unavailable(() => redis.hvals(keys.deadLetters));
      return new Map(
        texts.map((text) => {
          const letter = zDeadLetter.parse(JSON.parse(text));
          return [letter.job, letter];
        }),
      );
    },
    async retryNow(job) {
      return unavailable(async () => {
        const text = await redis.hget(keys.deadLetters, job);
        if (text === null) return false;
        const letter: DeadLetter = { ...zDeadLetter.parse(JSON.parse(text)), retryAt: 0 };
        await redis.hset(keys.deadLetters, job, JSON.stringify(letter));
        return true;
      });
    },
    async remove(job) {
      await unavailable(() => redis.hdel(keys.deadLetters, job));
    },
  };
}
