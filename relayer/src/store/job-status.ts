/**
 * The last progress message of each job, for a day.
 * It doesn't know who may send or read one.
 */
import { type JobStatusMessage, zJobStatus } from "@computestream/protocol";
import { type Keys, type Redis, unavailable } from "./redis.ts";

const KEPT_SECS = 86_400;

export interface JobStatusStore {
  put(status: JobStatusMessage): Promise<void>;
  get(job: string): Promise<JobStatusMessage | null>;
}

export function createJobStatusStore(redis: Redis, keys: Keys): JobStatusStore {
  return {
    async put(status) {
      await unavailable(() => redis.set(keys.status(status.job), JSON.stringify(status), "EX", KEPT_SECS));
    },
    async get(job) {
      const text = await unavailable(() => redis.get(keys.status(job)));
      return text === null ? null : zJobStatus.parse(JSON.parse(text));
    },
  };
}
