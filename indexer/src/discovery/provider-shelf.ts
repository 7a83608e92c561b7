/**
 * All providers in memory, as new as the database is when a list is asked for, so that finding one costs it next to nothing.
 * It doesn't know HTTP. A market larger than `maxRows`, and texts beyond ASCII, are the database's to look through.
 */
import type { Pool } from "pg";
import { listProviders, type ProviderFilter, type ProviderKey } from "../db/queries/providers.ts";
import { decodeRow, selectList } from "../db/table.ts";
import { PROVIDERS, type ProviderRow } from "../db/tables.ts";
import { createOrderedRows, firstNotBefore, type OrderedRows } from "./ordered-rows.ts";
import { createProviderColumns, type ProviderColumns } from "./provider-columns.ts";
import { isPast, isPlain, isUpTo, matcherOf, ORDERS, type Placed } from "./provider-filter.ts";

/** By name: a statement that the server has prepared for all columns would fail when a migration adds one. */
const COLUMNS = selectList(PROVIDERS);

export interface ProviderQuery {
  filter: ProviderFilter;
  sort: ProviderKey["sort"];
  after: ProviderKey | null;
  limit: number;
}

export interface ProviderShelf {
  /** What `listProviders` would answer now. The rows are shared: nobody changes them. */
  list(query: ProviderQuery): Promise<ProviderRow[]>;
}

interface Held {
  /** Of the table: a reindex puts another in its place. */
  table: string;
  /** Every event before it is in the rows. */
  nextVersion: bigint;
  columns: ProviderColumns;
  ordered: OrderedRows<Placed, ProviderKey["sort"]>;
  /** The numbers alone of an order's rows, close together. */
  numbers: Map<ProviderKey["sort"], { ids: Uint32Array; revision: number }>;
}

function put({ columns, ordered }: Held, row: ProviderRow): void {
  ordered.put({ row, id: columns.put(row) });
}

function numbersOf({ ordered, numbers }: Held, sort: ProviderKey["sort"]): Uint32Array {
  const { rows, revision } = ordered.sorted(sort);
  const known = numbers.get(sort);
  if (known?.revision === revision) return known.ids;
  const ids = new Uint32Array(rows.length);
  for (const [at, { id }] of rows.entries()) ids[at] = id;
  numbers.set(sort, { ids, revision });
  return ids;
}

function find(shelf: Held, { filter, sort, after, limit }: ProviderQuery): ProviderRow[] {
  const { columns, ordered } = shelf;
  const ids = numbersOf(shelf, sort);
  const past = isPast(sort, filter, columns);
  const end = past ? firstNotBefore(ids, (id) => !past(id)) : ids.length;
  const matches = matcherOf(filter, columns);
  const found: ProviderRow[] = [];
  let at = after ? firstNotBefore(ordered.sorted(sort).rows, isUpTo(after)) : 0;
  for (; at < end && found.length < limit; at += 1) {
    const id = ids[at] as number;
    if (matches(id)) found.push(columns.rows[id] as ProviderRow);
  }
  return found;
}

export function createProviderShelf(pool: Pool, options: { maxRows: number }): ProviderShelf {
  let held: Held | null = null;
  /** Providers don't vanish: from then on each list is the database's. */
  let isTooLarge = options.maxRows < 1;
  /** The check that is under way, and the one that begins after it: who comes meanwhile needs a newer one. */
  let current: Promise<Held | null> | null = null;
  let next: Promise<Held | null> | null = null;

  async function refresh(): Promise<Held | null> {
    const { rows } = await pool.query({
      name: "shelf state",
      text: `SELECT to_regclass('providers')::oid::text AS table, next_version FROM chain_cursor`,
    });
    const state = rows[0];
    if (!state) return null;
    const nextVersion = BigInt(state.next_version);
    const shelf = held;
    if (!shelf || shelf.table !== state.table || shelf.nextVersion > nextVersion) {
      return load(state.table, nextVersion);
    }
    if (shelf.nextVersion === nextVersion) return shelf;
    // Each change of a row sets its last version; one statement sees one moment.
    const changed = await pool.query({
      name: "shelf changes",
      text: `SELECT ${COLUMNS} FROM providers WHERE last_version >= $1`,
      values: [shelf.nextVersion.toString()],
    });
    for (const row of changed.rows) put(shelf, decodeRow(PROVIDERS, row));
    shelf.nextVersion = nextVersion;
    if (shelf.ordered.size > options.maxRows) giveUp();
    return held;
  }

  async function load(table: string, nextVersion: bigint): Promise<Held | null> {
    const { rows } = await pool.query(`SELECT ${COLUMNS} FROM providers LIMIT $1`, [options.maxRows + 1]);
    if (rows.length > options.maxRows) {
      giveUp();
      return null;
    }
    const shelf: Held = {
      table,
      nextVersion,
      columns: createProviderColumns(),
      ordered: createOrderedRows(({ row }: Placed) => row.provider, ORDERS),
      numbers: new Map(),
    };
    for (const row of rows) put(shelf, decodeRow(PROVIDERS, row));
    held = shelf;
    return held;
  }

  function giveUp(): void {
    isTooLarge = true;
    held = null;
  }

  /** Of all who ask at once one asks the database. */
  function upToDate(): Promise<Held | null> {
    if (!current) {
      current = refresh().finally(() => {
        current = next;
        next = null;
      });
      return current;
    }
    next ??= current.then(refresh, refresh).finally(() => {
      current = next;
      next = null;
    });
    return next;
  }

  return {
    async list(query) {
      const shelf = !isTooLarge && isPlain(query.filter) ? await upToDate() : null;
      return shelf ? find(shelf, query) : listProviders(pool, query);
    },
  };
}
