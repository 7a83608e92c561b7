/**
 * Named reads of the providers table. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { PROVIDERS, type ProviderRow } from "../tables.ts";
import { conditions, escapeLike } from "./conditions.ts";

export interface ProviderFilter {
  /** Whether it takes new jobs: its status is active. */
  available?: boolean | undefined;
  /** Code of docs/protocol.md `set_status`. */
  status?: number | undefined;
  /** Whether fewer slots are busy than there are. */
  hasFreeCapacity?: boolean | undefined;
  /** Words, each in the name, the GPU model or the region; any case. */
  q?: string | undefined;
  /** Part of the GPU model, any case. */
  gpu?: string | undefined;
  /** Any case. */
  region?: string | undefined;
  /** Any case. */
  sandbox?: string | undefined;
  minVramGb?: number | undefined;
  minGpus?: number | undefined;
  minScore?: number | undefined;
  minStake?: string | undefined;
  maxPricePerHour?: string | undefined;
  owner?: string | undefined;
  asset?: string | undefined;
}

/** What the sorts by a figure go by; equal ones by address. */
const FIGURES = {
  price: { column: "price_per_hour", falls: false },
  score: { column: "score", falls: true },
  stake: { column: "staked", falls: true },
  vram: { column: "vram_gb", falls: true },
  served: { column: "seconds_served", falls: true },
} as const;
export type FigureSort = keyof typeof FIGURES;

/** Where the page before ended, in the sort's own terms. */
export type ProviderKey =
  | { sort: FigureSort; value: string; provider: string }
  | { sort: "newest"; version: string; index: number };

export function figureOf(sort: FigureSort, row: ProviderRow): bigint {
  return row[FIGURES[sort].column];
}

export async function listProviders(
  db: Queryable,
  q: { filter: ProviderFilter; sort: ProviderKey["sort"]; after: ProviderKey | null; limit: number },
): Promise<ProviderRow[]> {
  const { where, param, params, hasWords } = conditions();
  const { filter, after } = q;
  const atLeast = (column: string, least: string | number | undefined) => {
    if (least !== undefined) where.push(`${column} >= ${param(least)}::numeric`);
  };
  // As text and not as parameters: only so can the index of those that can take a job serve it.
  if (filter.available !== undefined) where.push(filter.available ? "status = 0" : "status <> 0");
  if (filter.status !== undefined) where.push(`status = ${param(filter.status)}::int2`);
  if (filter.hasFreeCapacity !== undefined) {
    where.push(filter.hasFreeCapacity ? "slots_busy < slots" : "slots_busy >= slots");
  }
  hasWords("(name || ' ' || gpu_model || ' ' || region)", filter.q);
  if (filter.gpu) where.push(`gpu_model ILIKE ${param(`%${escapeLike(filter.gpu)}%`)}`);
  if (filter.region) where.push(`lower(region) = lower(${param(filter.region)})`);
  if (filter.sandbox) where.push(`lower(sandbox) = lower(${param(filter.sandbox)})`);
  atLeast("vram_gb", filter.minVramGb);
  atLeast("gpu_count", filter.minGpus);
  atLeast("score", filter.minScore);
  atLeast("staked", filter.minStake);
  if (filter.maxPricePerHour) where.push(`price_per_hour <= ${param(filter.maxPricePerHour)}::numeric`);
  if (filter.owner) where.push(`owner = ${param(filter.owner)}`);
  if (filter.asset) where.push(`asset = ${param(filter.asset)}`);
  if (after?.sort === "newest") {
    where.push(
      `(registered_version, registered_index) < (${param(after.version)}::int8, ${param(after.index)}::int4)`,
    );
  } else if (after) {
    const { column, falls } = FIGURES[after.sort];
    const [value, provider] = [`${param(after.value)}::numeric`, param(after.provider)];
    if (falls) {
      // With rising addresses inside one figure: a row comparison can't say that. The first is where the index begins.
      where.push(`${column} <= ${value}`, `(${column} < ${value} OR provider > ${provider})`);
    } else {
      where.push(`(${column}, provider) > (${value}, ${provider})`);
    }
  }
  const { rows } = await db.query(
    `SELECT * FROM providers WHERE ${where.join(" AND ")} ORDER BY ${orderOf(q.sort)} LIMIT ${param(q.limit)}`,
    params,
  );
  return rows.map((row) => decodeRow(PROVIDERS, row));
}

/** The last column makes each order total. */
function orderOf(sort: ProviderKey["sort"]): string {
  if (sort === "newest") return "registered_version DESC, registered_index DESC";
  const { column, falls } = FIGURES[sort];
  return `${column}${falls ? " DESC" : ""}, provider`;
}

/** Those that exist, in no order. */
export async function findProviders(db: Queryable, addresses: string[]): Promise<ProviderRow[]> {
  const { rows } = await db.query("SELECT * FROM providers WHERE provider = ANY($1)", [addresses]);
  return rows.map((row) => decodeRow(PROVIDERS, row));
}

export async function countProvidersOf(db: Queryable, owner: string): Promise<number> {
  const { rows } = await db.query("SELECT count(*)::int AS n FROM providers WHERE owner = $1", [owner]);
  return rows[0]?.n ?? 0;
}
