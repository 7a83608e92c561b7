import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connectClient } from "../src/db/client.ts";
import { copyNew } from "../src/db/copy.ts";
import { addTo, defineTable, insertNew, upsert } from "../src/db/table.ts";
import { run, startDatabases } from "./parts.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterAll(() => databases?.close());

const COLUMNS = {
  key: "text",
  maybe: "text?",
  amount: "numeric",
  version: "int8",
  small: "int2?",
  flag: "bool",
  at: "secs",
  list: "strings",
  data: "object",
} as const;
const COPIED = defineTable("copied", ["key"], COLUMNS);
const INSERTED = defineTable("inserted", ["key"], COLUMNS);

async function client() {
  const databaseUrl = await databases.database();
  for (const table of ["copied", "inserted"]) {
    await run(
      databaseUrl,
      `CREATE TABLE ${table} (key TEXT PRIMARY KEY, maybe TEXT, amount NUMERIC(20), version BIGINT, small SMALLINT,
         flag BOOLEAN, at TIMESTAMPTZ, list JSONB, data JSONB)`,
    );
  }
  return connectClient({ databaseUrl });
}

const texts = [
  "",
  "\\N",
  "NULL",
  "\\.",
  '{"a",}',
  "a\tb\nc\rd",
  "\0",
  "\ud800x",
  "é 漢 🙂",
  '"',
  "\\",
  "\b\f\v",
  "'",
  "\\u0000",
];
const rows = texts.map((text, i) => ({
  key: `${i} ${text}`,
  maybe: i % 2 ? text : null,
  amount: 2n ** 64n - 1n - BigInt(i),
  version: BigInt(i) * 2n ** 50n,
  small: i % 3 ? i : null,
  flag: i % 2 === 0,
  at: 1_700_000_000n + BigInt(i),
  list: [text, "x"],
  data: { [text]: text, big: 5n, deep: { text, nothing: null } } as Record<string, unknown>,
}));

describe("bulk writing", () => {
  it("stores the same by COPY and by INSERT, whatever the texts are", async () => {
    const db = await client();
    await copyNew(db, COPIED, rows);
    await insertNew(db, INSERTED, rows);
    const { rows: differences } = await db.query(
      "(TABLE copied EXCEPT ALL TABLE inserted) UNION ALL (TABLE inserted EXCEPT ALL TABLE copied)",
    );
    expect(differences).toEqual([]);
    const { rows: stored } = await db.query("SELECT list->>0 AS text FROM copied ORDER BY at");
    expect(stored.map((row) => row.text)).toEqual(
      texts.map((text) => text.replace("\0", "\uFFFD").replace("\ud800", "\uFFFD")),
    );
    await db.end();
  });

  it("tells of a row that was there, and leaves the connection usable", async () => {
    const db = await client();
    await copyNew(db, COPIED, rows.slice(0, 3));
    await expect(copyNew(db, COPIED, rows)).rejects.toMatchObject({ code: "23505" });
    expect((await db.query("SELECT count(*)::int AS n FROM copied")).rows).toEqual([{ n: 3 }]);
    await copyNew(db, COPIED, rows.slice(3));
    expect((await db.query("SELECT count(*)::int AS n FROM copied")).rows).toEqual([{ n: texts.length }]);
    await db.end();
  });

  it("ends a copy that fails in the middle of a long way, whichever side it fails on", async () => {
    const db = await client();
    const many = Array.from({ length: 20_000 }, (_, i) => ({
      ...(rows[0] as (typeof rows)[number]),
      key: String(i),
      data: { filler: "x".repeat(500) },
    }));
    const at = (index: number, odd: Partial<(typeof rows)[number]>) =>
      many.map((row, i) => (i === index ? { ...row, ...odd } : row));
    await expect(copyNew(db, COPIED, at(10_000, { key: "9999" }))).rejects.toMatchObject({ code: "23505" });
    // Beyond what a date can be: known only when it is made into text, half of the rows after the first are sent.
    await expect(copyNew(db, COPIED, at(10_000, { at: 2n ** 60n }))).rejects.toThrow(RangeError);
    expect((await db.query("SELECT count(*)::int AS n FROM copied")).rows).toEqual([{ n: 0 }]);
    await copyNew(db, COPIED, many);
    expect(
      (await db.query("SELECT count(*)::int AS n, sum(length(data->>'filler'))::int AS chars FROM copied"))
        .rows,
    ).toEqual([{ n: 20_000, chars: 10_000_000 }]);
    await db.end();
  });

  it("tells of a connection that is lost in the middle of a copy", async () => {
    const db = await client();
    const { rows: own } = await db.query("SELECT pg_backend_pid() AS pid, current_database() AS name");
    const other = await connectClient({ databaseUrl: databases.server.url });
    const many = Array.from({ length: 50_000 }, (_, i) => ({
      ...(rows[0] as (typeof rows)[number]),
      key: String(i),
      data: { filler: "x".repeat(500) },
    }));
    let ended: Promise<unknown> = Promise.resolve();
    const copied = copyNew(db, COPIED, many, () => {
      ended = other.query("SELECT pg_terminate_backend($1)", [own[0].pid]);
    });
    await expect(copied).rejects.toThrow();
    await ended;
    await other.end();
    await db.end().catch(() => undefined);
  });

  it("leaves alone, replaces or adds up rows that are there", async () => {
    const db = await client();
    const [row] = rows;
    if (!row) return;
    const amount = async () => (await db.query("SELECT amount::int, flag FROM inserted")).rows[0];
    await insertNew(db, INSERTED, [{ ...row, amount: 5n, version: 1n }]);
    await insertNew(db, INSERTED, [{ ...row, amount: 6n, flag: false }]);
    expect(await amount()).toEqual({ amount: 5, flag: true });
    await upsert(db, INSERTED, [{ ...row, amount: 7n, version: 1n, flag: false }]);
    expect(await amount()).toEqual({ amount: 7, flag: false });
    const totals = defineTable("inserted", ["key"], { key: "text", amount: "numeric", version: "int8" });
    await addTo(db, totals, [{ key: row.key, amount: 3n, version: 1n }]);
    expect(await amount()).toEqual({ amount: 10, flag: false });
    await db.end();
  });
});
