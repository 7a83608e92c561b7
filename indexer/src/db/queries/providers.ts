/**
 * Named reads of the providers table. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { PROVIDERS, type ProviderRow } from "../tables.ts";

export interface ProviderFilter {
  available?: boolean | undefined;
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
  | { sort: "newest"; version: string; index: number };

export async function listProviders(
  db: Queryable,
  q: { filter: ProviderFilter; sort: "price" | "newest"; after: ProviderKey | null; limit: number },
): Promise<ProviderRow[]> {
  const { where, param, params } = conditions();
  const { filter, after } = q;
  if (filter.available !== undefined) where.push(`available = ${param(filter.available)}`);
  if (filter.gpu) where.push(`gpu_model ILIKE ${param(`%${escapeLike(filter.gpu)}%`)}`);
  if (filter.region) where.push(`lower(region) = lower(${param(filter.region)})`);
  if (filter.maxPricePerHour) where.push(`price_per_hour <= ${param(filter.maxPricePerHour)}::numeric`);
  if (filter.owner) where.push(`owner = ${param(filter.owner)}`);
  if (after?.sort === "price") {
    where.push(
      `(price_per_hour, provider) > (${param(after.pricePerHour)}::numeric, ${param(after.provider)})`,
    );
  } else if (after?.sort === "newest") {
    where.push(
      `(registered_version, registered_index) < (${param(after.version)}::int8, ${param(after.index)}::int4)`,
    );
  }
  const order =
    q.sort === "price" ? "price_per_hour, provider" : "registered_version DESC, registered_index DESC";
  const { rows } = await db.query(
    `SELECT * FROM providers WHERE ${where.join(" AND ")} ORDER BY ${order} LIMIT ${param(q.limit)}`,
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
