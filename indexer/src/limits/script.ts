/**
 * The sliding window inside Redis: looked at and counted in one step.
 * It doesn't know whose it is. window.ts is the same in process, and a test compares them.
 */
import type { RedisLink } from "../redis/client.ts";
import { SLICE_MS, SLICES, sliceOf } from "./window.ts";

// Seconds far ahead are of an instance whose clock is wrong: neither counted nor touched.
const TAKE = `
local slice, quota, slices = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local fields = redis.call("HGETALL", KEYS[1])
local used, oldest, stale = 0, slice, {}
for f = 1, #fields, 2 do
  local at = tonumber(fields[f])
  if at <= slice - slices then
    stale[#stale + 1] = fields[f]
  elseif at < slice + slices then
    used = used + tonumber(fields[f + 1])
    if at < oldest then oldest = at end
  end
end
if used >= quota then return { 0, used, oldest } end
if #stale > 0 then redis.call("HDEL", KEYS[1], unpack(stale)) end
redis.call("HINCRBY", KEYS[1], slice, 1)
redis.call("PEXPIRE", KEYS[1], ARGV[4])
return { 1, used + 1, oldest }
`;

export interface SharedTake {
  /** False: the quota is used up, nothing was counted. */
  taken: boolean;
  used: number;
  oldestSlice: number;
}

/** Undefined when Redis doesn't answer. */
export function createSharedWindow(redis: Pick<RedisLink, "script">) {
  const take = redis.script("csTakeFromWindow", TAKE);
  return async (key: string, quota: number, nowMs: number): Promise<SharedTake | undefined> => {
    const answer = await take([key], [sliceOf(nowMs), quota, SLICES, SLICES * SLICE_MS]);
    if (!Array.isArray(answer)) return undefined;
    const [taken, used, oldestSlice] = answer as [number, number, number];
    return { taken: taken === 1, used, oldestSlice };
  };
}
