/**
 * Settlements and heartbeats -> what they add to the totals by second, minute and hour.
 * It doesn't know the totals so far; a tick or heartbeat that the mirror already held never comes here.
 */
import type { Rollups } from "../db/rollup-tables.ts";
import type { HeartbeatRow, TickRow } from "../db/tables.ts";

export function rollupsOf(ticks: TickRow[], heartbeats: HeartbeatRow[]): Rollups {
  return {
    settlementsSecond: settled(ticks, 1n, ({ asset }) => ({ asset })),
    settlementsMinute: settled(ticks, 60n, ({ asset, provider, job }) => ({ asset, provider, job })),
    settlementsHour: settled(ticks, 3600n, ({ asset, provider }) => ({ asset, provider })),
    heartbeatsSecond: counted(heartbeats, 1n, () => ({})),
    heartbeatsMinute: counted(heartbeats, 60n, ({ provider }) => ({ provider })),
    heartbeatsHour: counted(heartbeats, 3600n, ({ provider }) => ({ provider })),
  };
}

function settled<G extends Record<string, string>>(
  ticks: TickRow[],
  width: bigint,
  groupOf: (tick: TickRow) => G,
) {
  const zero = { amount: 0n, fee: 0n, seconds: 0n, settlements: 0n, ticks: 0n };
  return totals(ticks, width, groupOf, zero, (sum, tick) => {
    sum.amount += tick.amount;
    sum.fee += tick.fee;
    sum.seconds += tick.seconds;
    if (tick.amount > 0n) sum.settlements += 1n;
    sum.ticks += 1n;
  });
}

function counted<G extends Record<string, string>>(
  heartbeats: HeartbeatRow[],
  width: bigint,
  groupOf: (heartbeat: HeartbeatRow) => G,
) {
  return totals(heartbeats, width, groupOf, { heartbeats: 0n }, (sum) => {
    sum.heartbeats += 1n;
  });
}

function totals<R extends { occurred_at: bigint }, G extends Record<string, string>, S>(
  rows: R[],
  width: bigint,
  groupOf: (row: R) => G,
  zero: S,
  add: (sum: S, row: R) => void,
): Array<{ bucket: bigint } & G & S> {
  const sums = new Map<string, { bucket: bigint } & G & S>();
  for (const row of rows) {
    const bucket = row.occurred_at - (row.occurred_at % width);
    const group = groupOf(row);
    const key = [bucket, ...Object.values(group)].join(" ");
    let sum = sums.get(key);
    if (!sum) {
      sum = { bucket, ...group, ...zero };
      sums.set(key, sum);
    }
    add(sum, row);
  }
  return [...sums.values()];
}
