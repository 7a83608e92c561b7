/**
 * The time series as the database keeps them: partitions before they are needed, totals, and how long rows stay.
 * It doesn't know which rows come; whether the database partitions or TimescaleDB does was decided by a migration.
 */
import {
  HEARTBEATS_HOUR,
  HEARTBEATS_MINUTE,
  HEARTBEATS_SECOND,
  type Rollups,
  SETTLEMENTS_HOUR,
  SETTLEMENTS_MINUTE,
  SETTLEMENTS_SECOND,
} from "./rollup-tables.ts";
import { addingTo, type Queryable, type Statement } from "./table.ts";

const CHAIN_SERIES = ["stream_ticks", "provider_heartbeats"];
/** Written by the relayer, at the wall clock's time. */
const RELAYER_SERIES = ["provider_telemetry", "attestations"];

const DAY_SECS = 86_400n;
/** As in migrations/0006: a partition's length, and a boundary between two (a Monday). */
const WEEK_SECS = 7n * DAY_SECS;
const MONDAY_SECS = 4n * DAY_SECS;

export const weekOf = (secs: bigint): bigint => secs - ((secs - MONDAY_SECS) % WEEK_SECS);

export interface Series {
  /** Before a batch is written and outside its transaction: partitions for these times, and the week after the latest. */
  cover(times: Iterable<bigint>): Promise<void>;
  /** For the batch's transaction: adds to the totals. None where the database computes them. */
  adding(rollups: Rollups): Statement[];
  /** Now and then: partitions for what others write, and the end of those older than `keepDays` (0 = none is). */
  maintain(now: { wallSecs: bigint; chainSecs: bigint; keepDays: number }): Promise<void>;
}

export function createSeries(db: Queryable): Series {
  const covered = new Set<bigint>();
  let keepsTotals: boolean | undefined;
  let hasPolicies = false;

  async function ensure(series: string[], firstSecs: bigint, lastSecs: bigint): Promise<void> {
    for (const name of series) {
      await db.query("SELECT ensure_partitions($1, to_timestamp($2), to_timestamp($3))", [
        name,
        firstSecs.toString(),
        lastSecs.toString(),
      ]);
    }
  }

  return {
    async cover(times) {
      keepsTotals ??= await hasTotalTables(db);
      const missing = new Set<bigint>();
      for (const time of times) if (!covered.has(weekOf(time))) missing.add(weekOf(time));
      let latest = -1n;
      for (const week of missing) {
        await ensure(CHAIN_SERIES, week, week);
        covered.add(week);
        if (week > latest) latest = week;
      }
      if (latest >= 0n) await ensure(CHAIN_SERIES, latest + WEEK_SECS, latest + WEEK_SECS);
    },

    adding(rollups) {
      if (keepsTotals === undefined) throw new Error("cover() comes first: it looks what the database keeps");
      if (!keepsTotals) return [];
      return [
        addingTo(SETTLEMENTS_SECOND, rollups.settlementsSecond),
        addingTo(SETTLEMENTS_MINUTE, rollups.settlementsMinute),
        addingTo(SETTLEMENTS_HOUR, rollups.settlementsHour),
        addingTo(HEARTBEATS_SECOND, rollups.heartbeatsSecond),
        addingTo(HEARTBEATS_MINUTE, rollups.heartbeatsMinute),
        addingTo(HEARTBEATS_HOUR, rollups.heartbeatsHour),
      ];
    },

    async maintain({ wallSecs, chainSecs, keepDays }) {
      await ensure(RELAYER_SERIES, wallSecs, wallSecs + WEEK_SECS);
      // Policies that TimescaleDB then follows by itself.
      if (!hasPolicies) await db.query("SELECT keep_series($1)", [keepDays > 0 ? `${keepDays} days` : null]);
      hasPolicies = true;
      if (keepDays === 0) return;
      const drop = "SELECT drop_partitions_before($1, to_timestamp($2))";
      const keepSecs = BigInt(keepDays) * DAY_SECS;
      for (const name of CHAIN_SERIES) await db.query(drop, [name, (chainSecs - keepSecs).toString()]);
      for (const name of RELAYER_SERIES) await db.query(drop, [name, (wallSecs - keepSecs).toString()]);
    },
  };
}

async function hasTotalTables(db: Queryable): Promise<boolean> {
  const { rows } = await db.query(
    "SELECT relkind = 'r' AS kept FROM pg_class WHERE oid = to_regclass('rollup_settlements_second')",
  );
  return rows[0].kept;
}
