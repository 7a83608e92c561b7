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

const IS_SETTLED = `name = '${SETTLED.name}'`;
const ISNT_SETTLED = `name <> '${SETTLED.name}'`;

/**
 * Conditions on names of which each event that is asked for meets exactly one, and each of which one index serves in
 * the order of the chain. They are said in the query's own text: only so can an index over settlements, or over what
 * isn't one, serve it.
 */
function partsOf(filter: EventFilter): string[] {
  const { module, name, job, provider, exceptNames = [] } = filter;
  const isExcepted = (own: string) => exceptNames.includes(own);
  if (name === undefined && module === undefined) {
    const others = exceptNames.filter((own) => own !== SETTLED.name && MODULES.has(own));
    const rest = others.length > 0 ? ` AND NOT ${isOneOf(others)}` : "";
    if (provider !== undefined || isExcepted(SETTLED.name)) return [ISNT_SETTLED + rest];
    return job === undefined ? [`TRUE${rest}`] : [IS_SETTLED, ISNT_SETTLED + rest];
  }
  const names = (name === undefined ? namesOf(module) : [name]).filter((own) => !isExcepted(own));
  const others = names.filter((own) => own !== SETTLED.name);
  if (names.length > others.length) {
    if (others.length === 0) return [IS_SETTLED];
    // Without a job nearly all events are the module's, and the key's order finds a page of them at once.
    return job === undefined
      ? [`module = '${SETTLED.module}' AND (${IS_SETTLED} OR ${isOneOf(others)})`]
      : [IS_SETTLED, isOneOf(others)];
  }
  if (others.length === 0) return [];
  // There is no index by module, but one by name, which has a page of each of the module's.
  return job === undefined && provider === undefined
    ? others.map((own) => isOneOf([own]))
    : [isOneOf(others)];
}

/** Only of names that are known: they become part of the query. */
function isOneOf(names: string[]): string {
  const [only] = names;
  return names.length === 1 ? `name = '${only}'` : `name IN (${names.map((own) => `'${own}'`).join(", ")})`;
}

function namesOf(module: string | undefined): string[] {
  return [...MODULES].filter(([, own]) => own === module).map(([name]) => name);
}

export async function listEvents(
  db: Queryable,
  q: { filter: EventFilter; order: "newest" | "oldest"; after: PositionKey | null; limit: number },
): Promise<EventRow[]> {
  const { filter } = q;
  if (isImpossible(filter)) return [];
  const parts = partsOf(filter);
  if (parts.length === 0) return [];
  const { where, param, params } = conditions();
  const [beyond, direction] = q.order === "oldest" ? [">", ""] : ["<", " DESC"];
  if (filter.job) where.push(`job = ${param(filter.job)}`);
  if (filter.provider) where.push(`provider = ${param(filter.provider)}`);
  if (q.after) {
    where.push(
      `(version, event_index) ${beyond} (${param(q.after.version)}::int8, ${param(q.after.index)}::int4)`,
    );
  }
  const page = `ORDER BY version${direction}, event_index${direction} LIMIT ${param(q.limit)}`;
  const pages = parts.map((part) => `SELECT * FROM events WHERE ${[...where, part].join(" AND ")} ${page}`);
  const merged = `SELECT * FROM ((${pages.join(") UNION ALL (")})) e ${page}`;
  const { rows } = await db.query(pages.length === 1 ? `${pages[0]}` : merged, params);
  return rows.map((row) => decodeRow(EVENTS, row));
}
