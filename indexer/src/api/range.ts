/**
 * From what a client asked for to a range of whole buckets that one answer can hold.
 * It doesn't know what is counted in a bucket.
 */
import { readCursor } from "../db/cursor.ts";
import type { Range } from "../db/queries/history.ts";
import type { Queryable } from "../db/table.ts";
import { ApiError } from "../errors.ts";

const BUCKET_SECS = { minute: 60, hour: 3_600, day: 86_400 } as const;
const DEFAULT_BUCKETS = 60;
const MAX_BUCKETS = 1_500;

/** Chain time where the client leaves `to` out, so that a rebuild answers the same. */
export async function resolveRange(
  db: Queryable,
  q: { from?: number | undefined; to?: number | undefined; bucket: keyof typeof BUCKET_SECS },
): Promise<Range> {
  const bucketSecs = BUCKET_SECS[q.bucket];
  const startOf = (secs: number) => Math.floor(secs / bucketSecs) * bucketSecs;
  const to = q.to ?? Number(((await readCursor(db))?.lastTimestampUsecs ?? 0n) / 1_000_000n);
  const untilSecs = startOf(to) + bucketSecs;
  const fromSecs =
    q.from === undefined ? Math.max(0, untilSecs - DEFAULT_BUCKETS * bucketSecs) : startOf(q.from);
  if (fromSecs >= untilSecs) {
    throw new ApiError(400, "INVALID_PARAMETER", "from: must not be after to", "from");
  }
  if ((untilSecs - fromSecs) / bucketSecs > MAX_BUCKETS) {
    throw new ApiError(
      400,
      "INVALID_PARAMETER",
      `from: more than ${MAX_BUCKETS} buckets lie between from and to: ask for a shorter range or a longer bucket`,
      "from",
    );
  }
  return { fromSecs, untilSecs, bucketSecs };
}
