/**
 * Named reads of the raw events. They never write.
 * It doesn't know DTOs or HTTP, nor what an event means.
 */
import { EVENT_SCHEMAS } from "@computestream/protocol/events";
import { decodeRow, type Queryable } from "../table.ts";
import { EVENTS, type EventRow } from "../tables.ts";
import { conditions } from "./conditions.ts";
import type { PositionKey } from "./jobs.ts";

export interface EventFilter {
  module?: string | undefined;
  name?: string | undefined;
  job?: string | undefined;
  provider?: string | undefined;
  /** None of these: a job's settlements are many. */
  exceptNames?: string[] | undefined;
}

/** The one event that nearly all are. */
const SETTLED = { module: "stream", name: "StreamSettled" };

const MODULES: ReadonlyMap<string, string> = new Map(
  Object.entries(EVENT_SCHEMAS).flatMap(([module, events]) =>
    Object.keys(events).map((name) => [name, module]),
  ),
);
const NAMING_NO_JOB = new Set(["market", "provider_registry", "stake", "reputation"]);
const NAMING_NO_PROVIDER = new Set(["market", "escrow", "stream", "job_registry"]);

/** Whether no event can be what `filter` asks for: a search for it would read all there are. */
function isImpossible({ module, name, job, provider }: EventFilter): boolean {
  const own = name === undefined ? module : MODULES.get(name);
  if (module !== undefined && own !== module) return true;
  if (own === undefined) return name !== undefined;
  return (
    (job !== undefined && NAMING_NO_JOB.has(own)) || (provider !== undefined && NAMING_NO_PROVIDER.has(own))
  );
}

/**
 * Whether `filter` leaves settlements out. The query then says so in its own text, because only so can the indexes
 * without them serve it: what it looks for may lie far apart among them.
 */
function isWithoutSettlements({ module, name, provider, exceptNames }: EventFilter): boolean {
  return (
    (module !== undefined && module !== SETTLED.module) ||
    (name !== undefined && name !== SETTLED.name) ||
    provider !== undefined ||
    (exceptNames?.includes(SETTLED.name) ?? false)
  );
}

export async function listEvents(
  db: Queryable,
  q: { filter: EventFilter; order: "newest" | "oldest"; after: PositionKey | null; limit: number },
): Promise<EventRow[]> {
  if (isImpossible(q.filter)) return [];
  const { where, param, params } = conditions();
  const [beyond, order] = q.order === "oldest" ? [">", ""] : ["<", " DESC"];
  if (q.filter.module) where.push(`module = ${param(q.filter.module)}`);
  if (q.filter.name) where.push(`name = ${param(q.filter.name)}`);
  if (q.filter.job) where.push(`job = ${param(q.filter.job)}`);
  if (q.filter.provider) where.push(`provider = ${param(q.filter.provider)}`);
  if (q.filter.exceptNames) where.push(`name <> ALL(${param(q.filter.exceptNames)})`);
  if (isWithoutSettlements(q.filter)) where.push(`name <> '${SETTLED.name}'`);
  if (q.after) {
    where.push(
      `(version, event_index) ${beyond} (${param(q.after.version)}::int8, ${param(q.after.index)}::int4)`,
    );
  }
  const { rows } = await db.query(
    `SELECT * FROM events WHERE ${where.join(" AND ")}
     ORDER BY version${order}, event_index${order} LIMIT ${param(q.limit)}`,
    params,
  );
  return rows.map((row) => decodeRow(EVENTS, row));
}
