/**
 * The five services as processes: their environment, their start, their kill and restart.
 * It doesn't know what they do; the variables are those of each service's config.ts.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TSX } from "./parts/chain.ts";
import { type ManagedProcess, startProcess } from "./parts/process.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

export type ServiceName = "indexer" | "relayer" | "provider-node" | "web";

export interface Service {
  readonly name: ServiceName;
  readonly url: string;
  readonly pid: number;
  readonly logFile: string;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again with the same environment and port after a kill. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

/** Starts `node --import tsx <name>/src/index.ts` and waits for its `ready` line. */
export async function startService(options: {
  name: Exclude<ServiceName, "web">;
  dir: string;
  port: number;
  env: Record<string, string>;
}): Promise<Service> {
  const command = {
    command: process.execPath,
    args: ["--import", TSX, join(ROOT, options.name, "src/index.ts")],
    readyLine: (line: string) => line.startsWith("{") && /"msg":"ready"/.test(line),
  };
  return supervise({ ...options, ...command, cwd: ROOT });
}

/** Starts the built web application (`next build` must have run). */
export async function startWeb(options: {
  dir: string;
  port: number;
  env: Record<string, string>;
}): Promise<Service> {
  return supervise({
    ...options,
    name: "web",
    command: process.execPath,
    args: [
      join(ROOT, "node_modules/next/dist/bin/next"),
      "start",
      "-p",
      String(options.port),
      "-H",
      "127.0.0.1",
    ],
    cwd: join(ROOT, "web"),
    readyLine: (line) => /ready in/i.test(line),
  });
}

async function supervise(options: {
  name: ServiceName;
  dir: string;
  port: number;
  env: Record<string, string>;
  command: string;
  args: string[];
  cwd: string;
  readyLine: (line: string) => boolean;
}): Promise<Service> {
  mkdirSync(options.dir, { recursive: true });
  const logFile = join(options.dir, `${options.name}.log`);
  const start = (): Promise<ManagedProcess> =>
    startProcess({
      name: options.name,
      command: options.command,
      args: options.args,
      cwd: options.cwd,
      // Only what is named: a developer's own DATABASE_URL or keys must never leak into the embedded stack.
      env: {
        PATH: process.env.PATH,
        HOME: options.dir,
        TZ: "UTC",
        NODE_ENV: "production",
        NEXT_TELEMETRY_DISABLED: "1",
        NODE_NO_WARNINGS: "1",
        HOST: "127.0.0.1",
        LOG_LEVEL: process.env.LOG_LEVEL ?? "info",
        PORT: String(options.port),
        ...options.env,
      },
      logFile,
      readyLine: options.readyLine,
    });
  let running = await start();
  return {
    name: options.name,
    url: `http://127.0.0.1:${options.port}`,
    get pid() {
      return running.pid;
    },
    logFile,
    kill: () => running.kill(),
    async restart() {
      running = await start();
    },
    close: () => running.close(),
  };
}
