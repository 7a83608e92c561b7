/**
 * A second set of mirror tables in a schema of its own, and how it takes the place of the first.
 * It doesn't know what fills the tables.
 */
import type { Client } from "pg";
import { migrate } from "../migrate.ts";
import { connectClient } from "./client.ts";

/** Not the mirror's: what the relayer and sign-ins wrote stays where it is, and so do the applied migrations. */
const STAYING = /^(schema_migrations|provider_telemetry|attestations|auth|admin_audit|asset_metadata)(_|$)/;

/** Makes the schema, or keeps an earlier run's when that began at the same version and with the same migrations. */
export async function prepareShadow(options: {
  databaseUrl: string;
  schema: string;
  fromVersion: bigint;
  /** Forget an earlier run's tables. */
  fresh?: boolean;
}): Promise<{ resumed: boolean }> {
  const { databaseUrl, schema } = options;
  const admin = await connectClient({ databaseUrl });
  try {
    const { rows } = await admin.query(
      `SELECT obj_description(oid, 'pg_namespace') AS begun FROM pg_namespace WHERE nspname = $1`,
      [schema],
    );
    const begun = `from version ${options.fromVersion}, migrations ${await appliedMigrations(admin)}`;
    const resumed = !options.fresh && rows[0]?.begun === begun;
    if (!resumed) {
      await dropSchema(admin, schema);
      await admin.query(`CREATE SCHEMA ${admin.escapeIdentifier(schema)}`);
      await migrate({ databaseUrl, schema });
      await admin.query(
        `COMMENT ON SCHEMA ${admin.escapeIdentifier(schema)} IS ${admin.escapeLiteral(begun)}`,
      );
    }
    return { resumed };
  } finally {
    await admin.end();
  }
}

async function appliedMigrations(client: Client): Promise<string> {
  const { rows } = await client.query(
    "SELECT left(md5(string_agg(checksum, ' ' ORDER BY name)), 12) AS applied FROM schema_migrations",
  );
  return rows[0].applied;
}

/**
 * What the planner goes by: it stays with a table that moves, and without it the first questions after a swap would be
 * planned for empty tables. A partitioned table stands for its partitions.
 */
export async function analyzeShadow(client: Client, schema: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition`,
    [schema],
  );
  const tables = rows.filter(({ name }) => !STAYING.test(name));
  for (const { name } of tables) {
    await client.query(`ANALYZE ${client.escapeIdentifier(schema)}.${client.escapeIdentifier(name)}`);
  }
}

/** In the caller's transaction: the mirror's tables and views of `schema` and of the caller's own change places. */
export async function swapIn(client: Client, schema: string): Promise<void> {
  const { rows: names } = await client.query("SELECT current_schema() AS live");
  const live: string = names[0].live;
  const [incoming, outgoing] = [await relationsOf(client, schema), await relationsOf(client, live)];
  const lock = outgoing
    .filter(({ kind }) => kind === "r" || kind === "p")
    .map(({ name }) => quoted(live, name));
  // All at once and before anything moves: whoever reads now finishes first.
  await client.query(`LOCK TABLE ${lock.join(", ")} IN ACCESS EXCLUSIVE MODE`);
  const parked = `${schema}_out`;
  await client.query(`CREATE SCHEMA ${client.escapeIdentifier(parked)}`);
  for (const relation of outgoing) await move(client, relation, live, parked);
  for (const relation of incoming) await move(client, relation, schema, live);
  // Into the schema that is dropped afterwards, without the locks.
  for (const relation of outgoing) await move(client, relation, parked, schema);
  await client.query(`DROP SCHEMA ${client.escapeIdentifier(parked)}`);
  // What lies there now must not be taken for a run to go on with.
  await client.query(`COMMENT ON SCHEMA ${client.escapeIdentifier(schema)} IS 'replaced'`);

  function quoted(inSchema: string, name: string): string {
    return `${client.escapeIdentifier(inSchema)}.${client.escapeIdentifier(name)}`;
  }
}

export async function dropSchema(client: Client, schema: string): Promise<void> {
  await client.query(`DROP SCHEMA IF EXISTS ${client.escapeIdentifier(schema)} CASCADE`);
}

interface Relation {
  name: string;
  /** As in pg_class: table, partitioned table, view. */
  kind: string;
}

async function relationsOf(client: Client, schema: string): Promise<Relation[]> {
  const { rows } = await client.query<Relation>(
    `SELECT c.relname AS name, c.relkind AS kind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v') AND NOT EXISTS (
       SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY c.relname`,
    [schema],
  );
  return rows.filter(({ name }) => !STAYING.test(name));
}

/** TimescaleDB shows a continuous aggregate as a view, and moves it by another statement; both are tried as it names it. */
async function move(client: Client, { name, kind }: Relation, from: string, to: string): Promise<void> {
  const object =
    kind === "v" ? ((await isAggregate(client, from, name)) ? "MATERIALIZED VIEW" : "VIEW") : "TABLE";
  await client.query(
    `ALTER ${object} ${client.escapeIdentifier(from)}.${client.escapeIdentifier(name)} SET SCHEMA ${client.escapeIdentifier(to)}`,
  );
}

async function isAggregate(client: Client, schema: string, name: string): Promise<boolean> {
  const { rows } = await client.query(
    "SELECT to_regclass('timescaledb_information.continuous_aggregates') AS list",
  );
  if (rows[0].list === null) return false;
  const found = await client.query(
    "SELECT FROM timescaledb_information.continuous_aggregates WHERE view_schema = $1 AND view_name = $2",
    [schema, name],
  );
  return found.rows.length > 0;
}
