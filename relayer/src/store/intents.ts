/**
 * The lock on a signing key, and the journal of what was signed with it and what came of it.
 * It doesn't talk to the chain; a write of a holder whose lock has passed to another is refused here.
 */
import { z } from "zod";
import { defineScript, type Keys, type Redis, unavailable } from "./redis.ts";

/** `fill` = an empty transaction for a sequence number that nothing else used. */
export const INTENT_KINDS = [
  "settle",
  "finalize",
  "flag_stalled",
  "expire",
  "resolve",
  "confirm",
  "report",
  "redeem",
  "refund",
  "fill",
] as const;
export type IntentKind = (typeof INTENT_KINDS)[number];

/** A signed transaction on its way, written before it is sent. */
export const zIntent = z.object({
  hash: z.string(),
  /** BCS of the signed transaction as hex. */
  bytes: z.string(),
  kind: z.enum(INTENT_KINDS),
  jobs: z.array(z.string()),
  /** The attestation settled for each job; empty for other kinds. */
  seqs: z.array(z.string()),
  sequenceNumber: z.string(),
  /** Unix seconds after which it can never be committed. */
  expiresAt: z.string(),
  fence: z.number(),
});
export type Intent = z.output<typeof zIntent>;

export const INTENT_RESULTS = ["committed", "failed", "expired", "superseded", "refused"] as const;

/**
 * What came of an intent. `committed` and `failed` stand on chain; `expired`, `superseded` (its sequence number was
 * used by another transaction) and `refused` (by the node, before any other submission) never will.
 */
export const zIntentResult = z.object({
  hash: z.string(),
  result: z.enum(INTENT_RESULTS),
  version: z.string().nullable(),
  code: z.string().nullable(),
  message: z.string().nullable(),
});
export type IntentResult = z.output<typeof zIntentResult>;

/** What stays of an intent: not the bytes, which are on chain, and of a large batch not its jobs. */
const zJournalled = zIntent.omit({ bytes: true }).extend({ jobCount: z.number() });
const JOBS_JOURNALLED = 16;

export type JournalEntry =
  | ({ type: "intent" } & z.output<typeof zJournalled>)
  | ({ type: "result" } & IntentResult);

export interface Lease {
  fence: number;
  token: string;
}

export interface IntentStore {
  /** The lease, or null while another holds it. */
  acquire(instance: string, ttlMs: number): Promise<Lease | null>;
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  release(lease: Lease): Promise<void>;
  /** False when the lease is no longer the holder's: nothing was written and nothing may be sent. */
  record(lease: Lease, intent: Intent): Promise<boolean>;
  /** False when the hash has its result already: the first one stands. */
  resolve(result: IntentResult): Promise<boolean>;
  /** Intents without a result, by sequence number. */
  open(): Promise<Intent[]>;
  journal(limit?: number): Promise<JournalEntry[]>;
}

const JOURNAL_MAX = 20_000;

// The fence rises with each holder; the token is unique even if a wiped Redis counts from one again.
const ACQUIRE = `
if redis.call("EXISTS", KEYS[1]) == 1 then return false end
local fence = redis.call("INCR", KEYS[2])
local token = fence .. ":" .. ARGV[1]
redis.call("SET", KEYS[1], token, "PX", ARGV[2])
return { fence, token }
`;
const RENEW = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("PEXPIRE", KEYS[1], ARGV[2])
`;
const RELEASE = `
if redis.call("GET", KEYS[1]) == ARGV[1] then return redis.call("DEL", KEYS[1]) end
return 0
`;
const RECORD = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
redis.call("HSET", KEYS[2], ARGV[2], ARGV[3])
redis.call("XADD", KEYS[3], "MAXLEN", "~", ARGV[5], "*", "intent", ARGV[4])
return 1
`;
const RESOLVE = `
if redis.call("HDEL", KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call("XADD", KEYS[2], "MAXLEN", "~", ARGV[3], "*", "result", ARGV[2])
return 1
`;

export function createIntentStore(redis: Redis, keys: Keys, signer: string): IntentStore {
  const lock = keys.lock(signer);
  const intents = keys.intents(signer);
  const journal = keys.journal(signer);
  const scripts = {
    acquire: defineScript(redis, "csAcquire", ACQUIRE),
    renew: defineScript(redis, "csRenew", RENEW),
    release: defineScript(redis, "csRelease", RELEASE),
    record: defineScript(redis, "csRecordIntent", RECORD),
    resolve: defineScript(redis, "csResolveIntent", RESOLVE),
  };
  return {
    async acquire(instance, ttlMs) {
      const answer = (await scripts.acquire([lock, keys.fence(signer)], [instance, ttlMs])) as
        | [number, string]
        | null;
      return answer && { fence: answer[0], token: answer[1] };
    },
    renew: async (lease, ttlMs) => (await scripts.renew([lock], [lease.token, ttlMs])) === 1,
    async release(lease) {
      await scripts.release([lock], [lease.token]);
    },
    record: async (lease, intent) =>
      (await scripts.record(
        [lock, intents, journal],
        [lease.token, intent.hash, JSON.stringify(intent), JSON.stringify(journalled(intent)), JOURNAL_MAX],
      )) === 1,
    resolve: async (result) =>
      (await scripts.resolve([intents, journal], [result.hash, JSON.stringify(result), JOURNAL_MAX])) !== 0,
    async open() {
      const all = await unavailable(() => redis.hvals(intents));
      return all
        .map((text) => zIntent.parse(JSON.parse(text)))
        .sort((a, b) => (BigInt(a.sequenceNumber) < BigInt(b.sequenceNumber) ? -1 : 1));
    },
    async journal(limit = JOURNAL_MAX) {
      const entries = await unavailable(() => redis.xrevrange(journal, "+", "-", "COUNT", limit));
      return entries
        .reverse()
        .map(([, [type, text]]) =>
          type === "intent"
            ? { type, ...zJournalled.parse(JSON.parse(text ?? "")) }
            : { type: "result" as const, ...zIntentResult.parse(JSON.parse(text ?? "")) },
        );
    },
  };
}

function journalled({ bytes: _, ...intent }: Intent): z.output<typeof zJournalled> {
  const jobCount = intent.jobs.length;
  return jobCount <= JOBS_JOURNALLED ? { ...intent, jobCount } : { ...intent, jobs: [], seqs: [], jobCount };
}
