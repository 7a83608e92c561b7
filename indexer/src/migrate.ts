/**
 * Applies migrations/*.sql in order, once, under a lock; runs at every start and by hand (`npm run migrate -w indexer`).
 * It doesn't know what the files contain.
 */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { loadDatabaseConfig } from "./config.ts";
import { connectClient, type DatabaseOptions, waitForDatabase, withTransaction } from "./db/client.ts";
import { errorCode, errorMessage, FatalError } from "./errors.ts";

export const MIGRATIONS_DIR = join(dirname(fileURLToPath(import.meta.url)), "../../migrations");
const LOCK_CLASS = 0x43534d47; // "CSMG"

export interface MigrationResult {
  /** Applied by this call, or with `dryRun` what would be. */
  applied: string[];
  alreadyApplied: string[];
}

/** Throws `FatalError`: `MIGRATION_CHANGED` when an applied file isn't what it was, `MIGRATION_FAILED` when one fails. */
export async function migrate(
  options: DatabaseOptions & { directory?: string; dryRun?: boolean; onNotice?: (text: string) => void },
): Promise<MigrationResult> {
  const files = await readMigrations(options.directory ?? MIGRATIONS_DIR);
  const client = await connectClient(options);
  client.on("notice", (notice) => options.onNotice?.(notice.message ?? ""));
  try {
    // Held until the connection ends: of two services starting at once, one waits and then finds nothing to do.
    await client.query("SELECT pg_advisory_lock($1, hashtext(current_schema()))", [LOCK_CLASS]);
    const stored = await readApplied(client);
    const result: MigrationResult = { applied: [], alreadyApplied: [] };
    for (const name of stored.keys()) {
      if (!files.some((file) => file.name === name)) {
        throw new FatalError(
          "MIGRATION_CHANGED",
          `the database has migration ${name}, which this version doesn't know: run the newer version, or use another database`,
        );
      }
    }
    for (const { name, sql, checksum } of files) {
      const known = stored.get(name);
      if (known === checksum) {
        result.alreadyApplied.push(name);
        continue;
      }
      if (known !== undefined) {
        throw new FatalError(
          "MIGRATION_CHANGED",
          `migrations/${name} was changed after it was applied: restore the file and put the change into a new one`,
        );
      }
      result.applied.push(name);
      if (options.dryRun) continue;
      await withTransaction(client, async () => {
        await client.query(sql);
        await client.query("INSERT INTO schema_migrations (name, checksum) VALUES ($1, $2)", [
          name,
          checksum,
        ]);
      }).catch((error: unknown) => {
        throw new FatalError("MIGRATION_FAILED", `migrations/${name} failed: ${errorMessage(error)}`, error);
      });
    }
    return result;
  } finally {
    await client.end();
  }

  async function readApplied(db: typeof client): Promise<Map<string, string>> {
    if (options.dryRun) {
      const { rows } = await db.query(
        "SELECT to_regclass(current_schema() || '.schema_migrations') AS present",
      );
      if (rows[0].present === null) return new Map();
    } else {
      await db.query(
        `CREATE TABLE IF NOT EXISTS schema_migrations (
           name TEXT PRIMARY KEY, checksum TEXT NOT NULL, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())`,
      );
    }
    const { rows } = await db.query("SELECT name, checksum FROM schema_migrations");
    return new Map(rows.map((row) => [row.name, row.checksum]));
  }
}

async function readMigrations(directory: string) {
  const names = (await readdir(directory)).filter((name) => name.endsWith(".sql")).sort();
  const bad = names.find((name) => !/^\d{4}_[a-z0-9_]+\.sql$/.test(name));
  if (bad) throw new FatalError("MIGRATION_FAILED", `migrations/${bad} must be named NNNN_what.sql`);
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(join(directory, name), "utf8");
      return { name, sql, checksum: createHash("sha256").update(sql).digest("hex") };
    }),
  );
}

async function main(): Promise<void> {
  const dryRun = process.argv.includes("--dry-run");
  const { databaseUrl, databaseWaitMs } = loadDatabaseConfig();
  await waitForDatabase(databaseUrl, databaseWaitMs);
  const result = await migrate({ databaseUrl, dryRun, onNotice: (text) => console.error(text) });
  console.log(JSON.stringify({ dryRun, ...result }));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error: unknown) => {
    console.error(`${errorCode(error)}: ${errorMessage(error)}`);
    process.exitCode = 1;
  });
}
