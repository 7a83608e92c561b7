/**
 * The names, kinds and lifetimes of the Redis keys that services share: the one place where the layout is written down.
 * It doesn't connect to Redis. What is only the relayer's own (`<prefix>:relayer:…`) is named in the relayer.
 *
 * | key, after `<prefix>:<area>:<chain id>:<package>:` | kind | holds | lives |
 * |---|---|---|---|
 * | `market`: `active-jobs` | set | jobs that aren't over: Pending, Accepted, Running | made anew every 30 s |
 * | `market`: `active-providers` | set | providers whose status is Active | made anew every 30 s |
 * | `market`: `heartbeat:<provider>` | string | unix second of its last sign of life | 60 s after that second |
 * | `api`: `limit:<class>:<subject>` | hash | requests of a subject by slice of the window | 60 s after the last |
 * | `api`: `answer:<mirror>:<hash of the request>` | string | an answer, its version and what it depends on | at most 300 s |
 *
 * Redis is a help and never the truth: every reader has another source, and every key may be gone at any moment.
 */
import type { Deployment } from "./deployment.ts";

/** A provider that gave no sign of life for so long is offline. */
export const HEARTBEAT_TTL_SECS = 60;
/** The window that rate limits count in. */
export const RATE_WINDOW_SECS = 60;
/** The longest that an answer is kept. */
export const ANSWER_TTL_SECS = 300;

export const DEFAULT_REDIS_PREFIX = "computestream";

export type RedisKeys = ReturnType<typeof createRedisKeys>;

/** Names carry the chain and the package: two deployments in one Redis never mix. */
export function createRedisKeys(
  deployment: Pick<Deployment, "chainId" | "packageAddress">,
  prefix = DEFAULT_REDIS_PREFIX,
) {
  const area = (name: string) => `${prefix}:${name}:${deployment.chainId}:${deployment.packageAddress}`;
  const market = area("market");
  const api = area("api");
  return {
    activeJobs: `${market}:active-jobs`,
    activeProviders: `${market}:active-providers`,
    heartbeat: (provider: string) => `${market}:heartbeat:${provider}`,
    rateWindow: (limitClass: string, subject: string) => `${api}:limit:${limitClass}:${subject}`,
    /** `mirror` tells one state of the database from another that took its place. */
    answer: (mirror: string, requestHash: string) => `${api}:answer:${mirror}:${requestHash}`,
  };
}
