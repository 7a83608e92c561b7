/**
 * Describes a table once and derives its row type, its SELECT list and its bulk INSERT from that.
 * It doesn't know any particular table, nor when rows are written.
 */
import type { ClientBase } from "pg";

export type Queryable = Pick<ClientBase, "query">;

/** `secs` is a TIMESTAMPTZ seen as unix seconds; `strings` a JSONB array of strings; `?` = nullable. */
export type ColumnType =
  | "text"
  | "text?"
  | "numeric"
  | "numeric?"
  | "int8"
  | "int8?"
  | "int4"
  | "int2"
  | "int2?"
  | "bool"
  | "bool?"
  | "secs"
  | "strings"
  | "object";

type Value<T extends string> = T extends "text"
  ? string
  : T extends "numeric" | "int8" | "secs"
    ? bigint
    : T extends "int4" | "int2"
      ? number
      : T extends "bool"
        ? boolean
        : T extends "strings"
          ? string[]
          : Record<string, unknown>;
type Cell<T extends ColumnType> = T extends `${infer B}?` ? Value<B> | null : Value<T>;

export type Columns = Record<string, ColumnType>;
export type Row<C extends Columns> = { -readonly [K in keyof C]: Cell<C[K]> };
export type RowOf<T> = T extends Table<infer C> ? Row<C> : never;

export interface Table<C extends Columns> {
  name: string;
  key: Array<keyof C & string>;
  columns: C;
}

export function defineTable<const C extends Columns>(
  name: string,
  key: Array<keyof C & string>,
  columns: C,
): Table<C> {
  return { name, key, columns };
}

const base = (type: ColumnType) => type.replace("?", "");

/** Column list for a SELECT whose rows `decodeRow` understands. */
export function selectList<C extends Columns>(table: Table<C>): string {
  return Object.entries(table.columns)
    .map(([column, type]) => (type === "secs" ? `extract(epoch FROM ${column})::int8 AS ${column}` : column))
    .join(", ");
}

export function decodeRow<C extends Columns>(table: Table<C>, raw: Record<string, unknown>): Row<C> {
  const row: Record<string, unknown> = {};
  for (const { column, isWide } of decodingOf(table)) {
    const value = raw[column];
    row[column] = isWide && value !== null ? BigInt(value as string) : value;
  }
  return row as Row<C>;
}

const decodings = new WeakMap<object, Array<{ column: string; isWide: boolean }>>();

/** What to do with each column, found out once a table: rows are decoded by the thousand. */
function decodingOf<C extends Columns>(table: Table<C>): Array<{ column: string; isWide: boolean }> {
  const known = decodings.get(table);
  if (known) return known;
  const decoding = Object.entries(table.columns).map(([column, type]) => ({
    column,
    isWide: type === "secs" || base(type) === "numeric" || base(type) === "int8",
  }));
  decodings.set(table, decoding);
  return decoding;
}

/**
 * Text from the chain as PostgreSQL can hold it: it refuses NUL and half surrogate pairs, which anyone may put
 * into a job's fields, so both become U+FFFD.
 */
export function cleanText(text: string): string {
  return Buffer.from(text.replaceAll("\0", "\uFFFD"), "utf8").toString("utf8");
}

/** JSON as JSONB can hold it: bigints as decimal strings, texts as `cleanText` leaves them. */
export function jsonText(value: unknown): string {
  switch (typeof value) {
    case "string":
      return jsonString(value);
    case "bigint":
      return `"${value}"`;
    case "object": {
      if (value === null) return "null";
      if (Array.isArray(value)) return `[${value.map(jsonText).join(",")}]`;
      let text = "";
      for (const [key, item] of Object.entries(value)) {
        if (item === undefined) continue;
        text += `${text === "" ? "" : ","}${jsonString(key)}:${jsonText(item)}`;
      }
      return `{${text}}`;
    }
    default:
      return JSON.stringify(value) ?? "null";
  }
}

function jsonString(text: string): string {
  const json = JSON.stringify(text);
  // What JSONB refuses is always escaped, so most texts need no second look.
  return json.includes("\\u") ? JSON.stringify(cleanText(text)) : json;
}

function encodeCell(type: ColumnType, value: unknown): unknown {
  if (value === null) return null;
  if (type === "strings" || type === "object") return jsonText(value);
  if (typeof value === "string") return cleanText(value);
  return typeof value === "bigint" ? value.toString() : value;
}

/** A PostgreSQL array of cells as text: what pg would make of it, with less looking at each. */
function arrayText(cells: unknown[]): string {
  return `{${cells.map((cell) => (cell === null ? "NULL" : typeof cell === "string" ? quoted(cell) : String(cell))).join(",")}}`;
}

function quoted(text: string): string {
  return `"${/["\\]/.test(text) ? text.replace(/["\\]/g, "\\$&") : text}"`;
}

/** A statement whose rows are text already: made while the server works on another, and sent in its turn. */
export type Statement = (db: Queryable) => Promise<number>;

function insert<C extends Columns>(
  table: Table<C>,
  rows: Array<Row<C>>,
  what: "new" | "put" | "add",
  onConflict: string,
): Statement {
  if (rows.length === 0) return async () => 0;
  const columns = Object.entries(table.columns);
  const arrayType = (type: ColumnType) =>
    type === "secs" ? "float8" : type === "strings" || type === "object" ? "jsonb" : base(type);
  const sql = `INSERT INTO ${table.name} (${columns.map(([c]) => c).join(", ")})
    SELECT ${columns.map(([c, t]) => (t === "secs" ? `to_timestamp(${c})` : c)).join(", ")}
    FROM unnest(${columns.map(([, t], i) => `$${i + 1}::${arrayType(t)}[]`).join(", ")})
      AS incoming(${columns.map(([c]) => c).join(", ")})
    ON CONFLICT (${table.key.join(", ")}) ${onConflict}`;
  const values = columns.map(([column, type]) => arrayText(rows.map((row) => encodeCell(type, row[column]))));
  // Named, so that the server parses it once a connection.
  const name = `${what} ${table.name}`;
  return async (db) => (await db.query({ name, text: sql, values })).rowCount ?? 0;
}

/** One statement for all rows; those already there are left alone. Tells how many were new. */
export function insertingNew<C extends Columns>(table: Table<C>, rows: Array<Row<C>>): Statement {
  return insert(table, rows, "new", "DO NOTHING");
}

/** One statement for all rows; those already there are replaced. */
export function upserting<C extends Columns>(table: Table<C>, rows: Array<Row<C>>): Statement {
  const rest = Object.keys(table.columns).filter((column) => !table.key.includes(column));
  return insert(table, rows, "put", `DO UPDATE SET ${rest.map((c) => `${c} = EXCLUDED.${c}`).join(", ")}`);
}

/** One statement for all rows: the numbers outside the key are added to those already there. */
export function addingTo<C extends Columns>(table: Table<C>, rows: Array<Row<C>>): Statement {
  const numbers = Object.entries(table.columns).filter(
    ([column, type]) => !table.key.includes(column) && (type === "numeric" || type === "int8"),
  );
  const sums = numbers.map(([c]) => `${c} = ${table.name}.${c} + EXCLUDED.${c}`);
  return insert(table, rows, "add", `DO UPDATE SET ${sums.join(", ")}`);
}

export function insertNew<C extends Columns>(db: Queryable, table: Table<C>, rows: Array<Row<C>>) {
  return insertingNew(table, rows)(db);
}

export function upsert<C extends Columns>(db: Queryable, table: Table<C>, rows: Array<Row<C>>) {
  return upserting(table, rows)(db);
}

export function addTo<C extends Columns>(db: Queryable, table: Table<C>, rows: Array<Row<C>>) {
  return addingTo(table, rows)(db);
}
