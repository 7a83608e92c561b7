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
export type UsageRecord = {
  seq: string;
  secondsCum: string;
  tLast: string;
  logRoot: string;
  signature: string;
};

export interface AttestationStore {
  put(usage: SignedUsage): Promise<PutResult>;
  /** `put` for each, in order, in one round trip. */
  putMany(usages: SignedUsage[]): Promise<PutResult[]>;
  newest(job: string): Promise<SignedUsage | null>;
  /** In one round trip for some hundred jobs. */
  newestOf(jobs: string[]): Promise<Map<string, SignedUsage>>;
  openJobs(): Promise<string[]>;
  openCount(): Promise<number>;
  /** Takes a job off the open set; its attestation stays readable for a week. */
  drop(job: string): Promise<void>;
  evidence(job: string): Promise<Evidence[]>;
  /** Jobs with evidence that hasn't been reported. */
  evidenceJobs(): Promise<string[]>;
  /** It was reported, or can't be: the evidence itself stays. */
  evidenceDone(job: string): Promise<void>;
}

export function usageOf(job: string, record: UsageRecord): SignedUsage {
  const { seq, secondsCum, tLast, logRoot, signature } = record;
  return {
    job,
    seq: BigInt(seq),
    secondsCum: BigInt(secondsCum),
    tLast: BigInt(tLast),
    logRoot,
    signature,
  };
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
local function put(evidence_jobs, open_jobs, key, evidence, job, seq, secs, last, root, signature, cap)
  local old = redis.call("HMGET", key, "seq", "secondsCum", "tLast", "logRoot", "signature")
  local function keep_evidence(kind)
    if redis.call("HLEN", evidence) >= tonumber(cap) then return end
    local function record(v)
      return { seq = v[1], secondsCum = v[2], tLast = v[3], logRoot = v[4], signature = v[5] }
    end
    local both = { kind = kind, first = record(old), second = record({ seq, secs, last, root, signature }) }
    redis.call("HSETNX", evidence, kind .. ":" .. seq, cjson.encode(both))
    redis.call("SADD", evidence_jobs, job)
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
  redis.call("HSET", key, "seq", seq, "secondsCum", secs, "tLast", last, "logRoot", root, "signature", signature)
  redis.call("PERSIST", key)
  redis.call("SADD", open_jobs, job)
  return "stored"
end
local results = {}
local cap = ARGV[1]
for i = 1, (#KEYS - 2) / 2 do
  local a = 1 + (i - 1) * 6
  results[i] = put(KEYS[1], KEYS[2], KEYS[1 + 2 * i], KEYS[2 + 2 * i],
    ARGV[a + 1], ARGV[a + 2], ARGV[a + 3], ARGV[a + 4], ARGV[a + 5], ARGV[a + 6], cap)
end
return results
`;

const NEWEST = `
local found = {}
for i = 1, #KEYS do
  found[i] = redis.call("HMGET", KEYS[i], "seq", "secondsCum", "tLast", "logRoot", "signature")
end
return found
`;

const DROP = `
redis.call("SREM", KEYS[2], ARGV[1])
redis.call("EXPIRE", KEYS[1], ARGV[2])
return 1
`;

/** What one script call handles: more would keep other commands of Redis waiting. */
const AT_ONCE = 200;

export function createAttestationStore(redis: Redis, keys: Keys): AttestationStore {
  const put = defineScript(redis, "csPutAttestations", PUT);
  const drop = defineScript(redis, "csDropJob", DROP);
  const newest = defineScript(redis, "csNewestAttestations", NEWEST);

  async function putMany(usages: SignedUsage[]): Promise<PutResult[]> {
    const results: PutResult[] = [];
    for (let at = 0; at < usages.length; at += AT_ONCE) {
      const part = usages.slice(at, at + AT_ONCE);
      const names = [keys.evidenceJobs, keys.openJobs];
      const args: Array<string | number> = [EVIDENCE_PER_JOB];
      for (const { job, seq, secondsCum, tLast, logRoot, signature } of part) {
        names.push(keys.attestation(job), keys.evidence(job));
        args.push(job, `${seq}`, `${secondsCum}`, `${tLast}`, logRoot, signature);
      }
      results.push(...((await put(names, args)) as PutResult[]));
    }
    return results;
  }

  async function newestOf(jobs: string[]): Promise<Map<string, SignedUsage>> {
    const found = new Map<string, SignedUsage>();
    for (let at = 0; at < jobs.length; at += AT_ONCE) {
      const part = jobs.slice(at, at + AT_ONCE);
      const rows = (await newest(part.map(keys.attestation), [])) as Array<Array<string | null>>;
      for (const [index, job] of part.entries()) {
        const [seq, secondsCum, tLast, logRoot, signature] = rows[index] ?? [];
        if (!seq || !secondsCum || !tLast || !logRoot || !signature) continue;
        found.set(job, usageOf(job, { seq, secondsCum, tLast, logRoot, signature }));
      }
    }
    return found;
  }

  return {
    put: async (usage) => (await putMany([usage]))[0] as PutResult,
    putMany,
    newest: async (job) => (await newestOf([job])).get(job) ?? null,
    newestOf,
    openJobs: () => unavailable(() => redis.smembers(keys.openJobs)),
    openCount: () => unavailable(() => redis.scard(keys.openJobs)),
    async drop(job) {
      await drop([keys.attestation(job), keys.openJobs], [job, KEPT_AFTER_DROP_SECS]);
    },
    async evidence(job) {
      const all = await unavailable(() => redis.hvals(keys.evidence(job)));
      return all.map((text) => JSON.parse(text) as Evidence);
    },
    evidenceJobs: () => unavailable(() => redis.smembers(keys.evidenceJobs)),
    async evidenceDone(job) {
      await unavailable(() => redis.srem(keys.evidenceJobs, job));
    },
  };
}
