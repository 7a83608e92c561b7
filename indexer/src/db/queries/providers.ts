/**
 * Named reads of the providers table. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { PROVIDERS, type ProviderRow } from "../tables.ts";

export interface ProviderFilter {
  /** Whether it takes new jobs: its status is active. */
  available?: boolean | undefined;
  /** Code of docs/protocol.md `set_status`. */
  status?: number | undefined;
  /** Part of the GPU model, any case. */
  gpu?: string | undefined;
  /** Any case. */
  region?: string | undefined;
  maxPricePerHour?: string | undefined;
  owner?: string | undefined;
}

/** Where the page before ended, in the sort's own terms. */
export type ProviderKey =
  | { sort: "price"; pricePerHour: string; provider: string }
  | { sort: "score"; score: string; provider: string }
  | { sort: "newest"; version: string; index: number };

/** The last column makes each order total. */
const ORDER: Record<ProviderKey["sort"], string> = {
  price: "price_per_hour, provider",
  score: "score DESC, provider",
  newest: "registered_version DESC, registered_index DESC",
};

export async function listProviders(
  db: Queryable,
  q: { filter: ProviderFilter; sort: ProviderKey["sort"]; after: ProviderKey | null; limit: number },
): Promise<ProviderRow[]> {
  const { where, param, params } = conditions();
  const { filter, after } = q;
  if (filter.available !== undefined) where.push(`(status = 0) = ${param(filter.available)}`);
  if (filter.status !== undefined) where.push(`status = ${param(filter.status)}::int2`);
  if (filter.gpu) where.push(`gpu_model ILIKE ${param(`%${escapeLike(filter.gpu)}%`)}`);
  if (filter.region) where.push(`lower(region) = lower(${param(filter.region)})`);
  if (filter.maxPricePerHour) where.push(`price_per_hour <= ${param(filter.maxPricePerHour)}::numeric`);
  if (filter.owner) where.push(`owner = ${param(filter.owner)}`);
  if (after?.sort === "price") {
    where.push(
      `(price_per_hour, provider) > (${param(after.pricePerHour)}::numeric, ${param(after.provider)})`,
    );
  } else if (after?.sort === "score") {
    // A falling score with rising addresses inside one: a row comparison can't say that.
    const score = `${param(after.score)}::numeric`;
    where.push(`(score < ${score} OR (score = ${score} AND provider > ${param(after.provider)}))`);
  } else if (after?.sort === "newest") {
    where.push(
      `(registered_version, registered_index) < (${param(after.version)}::int8, ${param(after.index)}::int4)`,
    );
  }
  const { rows } = await db.query(
    `SELECT * FROM providers WHERE ${where.join(" AND ")} ORDER BY ${ORDER[q.sort]} LIMIT ${param(q.limit)}`,
    params,
  );
  return rows.map((row) => decodeRow(PROVIDERS, row));
}

/** Those that exist, in no order. */
export async function findProviders(db: Queryable, addresses: string[]): Promise<ProviderRow[]> {
  const { rows } = await db.query("SELECT * FROM providers WHERE provider = ANY($1)", [addresses]);
  return rows.map((row) => decodeRow(PROVIDERS, row));
}

/** Collects WHERE conditions and their parameters; values never become SQL text. */
export function conditions() {
  const where = ["TRUE"];
  const params: unknown[] = [];
  const param = (value: unknown) => `$${params.push(value)}`;
  return { where, param, params };
}

export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (c) => `\\${c}`);
}
