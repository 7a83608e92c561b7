/**
 * The newest attestation of each job, the set of jobs with unsettled seconds, and evidence of contradictions.
 * It doesn't verify signatures and doesn't know the chain: only verified usages are handed in, and Redis may forget.
 */
import type { SignedUsage } from "@computestream/protocol";
import { defineScript, type Keys, type Redis, unavailable } from "./redis.ts";

export type PutResult = "stored" | "repeat" | "stale" | "equivocation" | "went_back";

/** A verified contradiction of one provider, kept for a dispute. */
export interface Evidence {
  kind: "equivocation" | "went_back";
  first: UsageRecord;
  second: UsageRecord;
}
type UsageRecord = { seq: string; secondsCum: string; tLast: string; logRoot: string; signature: string };

export interface AttestationStore {
  put(usage: SignedUsage): Promise<PutResult>;
  newest(job: string): Promise<SignedUsage | null>;
  newestOf(jobs: string[]): Promise<Map<string, SignedUsage>>;
  openJobs(): Promise<string[]>;
  openCount(): Promise<number>;
  /** Takes a job off the open set; its attestation stays readable for a week. */
  drop(job: string): Promise<void>;
  evidence(job: string): Promise<Evidence[]>;
}

const KEPT_AFTER_DROP_SECS = 7 * 86_400;
const EVIDENCE_PER_JOB = 16;

// Numbers are u64: compared as canonical decimal strings, because Lua's doubles stop at 2^53.
const PUT = `
local function compare(a, b)
  if #a ~= #b then return #a < #b and -1 or 1 end
  if a == b then return 0 end
  return a < b and -1 or 1
end
local job, seq, secs, last, root, signature, cap = unpack(ARGV)
local old = redis.call("HMGET", KEYS[1], "seq", "secondsCum", "tLast", "logRoot", "signature")
local function keep_evidence(kind)
  if redis.call("HLEN", KEYS[3]) >= tonumber(cap) then return end
  local function record(v)
    return { seq = v[1], secondsCum = v[2], tLast = v[3], logRoot = v[4], signature = v[5] }
  end
  local both = { kind = kind, first = record(old), second = record({ seq, secs, last, root, signature }) }
  redis.call("HSETNX", KEYS[3], kind .. ":" .. seq, cjson.encode(both))
  redis.call("SADD", KEYS[4], job)
end
if old[1] then
  local order = compare(seq, old[1])
  if order < 0 then return "stale" end
  if order == 0 then
    if secs == old[2] and last == old[3] and root == old[4] then return "repeat" end
    keep_evidence("equivocation")
    return "equivocation"
  end
  if compare(secs, old[2]) < 0 then
    keep_evidence("went_back")
    return "went_back"
  end
end
redis.call("HSET", KEYS[1], "seq", seq, "secondsCum", secs, "tLast", last, "logRoot", root, "signature", signature)
redis.call("PERSIST", KEYS[1])
redis.call("SADD", KEYS[2], job)
return "stored"
`;

const DROP = `
redis.call("SREM", KEYS[2], ARGV[1])
redis.call("EXPIRE", KEYS[1], ARGV[2])
return 1
`;

export function createAttestationStore(redis: Redis, keys: Keys): AttestationStore {
  const put = defineScript(redis, "csPutAttestation", PUT);
  const drop = defineScript(redis, "csDropJob", DROP);
  const read = async (job: string): Promise<SignedUsage | null> => {
    const fields = await redis.hmget(
      keys.attestation(job),
      "seq",
      "secondsCum",
      "tLast",
      "logRoot",
      "signature",
    );
    const [seq, secondsCum, tLast, logRoot, signature] = fields;
    if (!seq || !secondsCum || !tLast || !logRoot || !signature) return null;
    return {
      job,
      seq: BigInt(seq),
      secondsCum: BigInt(secondsCum),
      tLast: BigInt(tLast),
      logRoot,
      signature,
    };
  };
  return {
    async put(usage) {
      const { job, seq, secondsCum, tLast, logRoot, signature } = usage;
      return (await put(
        [keys.attestation(job), keys.openJobs, keys.evidence(job), keys.evidenceJobs],
        [job, `${seq}`, `${secondsCum}`, `${tLast}`, logRoot, signature, EVIDENCE_PER_JOB],
      )) as PutResult;
    },
    newest: (job) => unavailable(() => read(job)),
    async newestOf(jobs) {
      const found = new Map<string, SignedUsage>();
      // Sent as one pipeline by the connection.
      const usages = await unavailable(() => Promise.all(jobs.map(read)));
      for (const usage of usages) if (usage) found.set(usage.job, usage);
      return found;
    },
    openJobs: () => unavailable(() => redis.smembers(keys.openJobs)),
    openCount: () => unavailable(() => redis.scard(keys.openJobs)),
    async drop(job) {
      await drop([keys.attestation(job), keys.openJobs], [job, KEPT_AFTER_DROP_SECS]);
    },
    async evidence(job) {
      const all = await unavailable(() => redis.hvals(keys.evidence(job)));
      return all.map((text) => JSON.parse(text) as Evidence);
    },
  };
}
