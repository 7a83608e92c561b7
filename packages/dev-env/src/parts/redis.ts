/**
 * A real redis-server on a private port.
 * It doesn't know what is kept in it.
 */
import { join } from "node:path";
import { freePort } from "./ports.ts";
import { type ManagedProcess, startProcess } from "./process.ts";
import { requireProgram } from "./programs.ts";
import { scratch } from "./scratch.ts";

export interface RedisPart {
  url: string;
  port: number;
  /** SIGKILL; `restart` brings it back with what its append-only file holds. */
  kill(): Promise<void>;
  restart(): Promise<void>;
  close(): Promise<void>;
}

export async function startRedis(options: { dir?: string; port?: number } = {}): Promise<RedisPart> {
  const program = requireProgram("redis-server");
  const home = scratch("redis", options.dir);
  const port = options.port ?? (await freePort());
  const start = (): Promise<ManagedProcess> =>
    startProcess({
      name: "Redis",
      command: program,
      args: [
        "--port",
        String(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        home.path,
        "--appendonly",
        "yes",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
      ],
      logFile: join(home.path, "redis.log"),
      readyLine: (line) => line.includes("Ready to accept connections"),
    });
  let server = await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    kill: () => server.kill(),
    async restart() {
      await server.close();
      server = await start();
    },
    async close() {
      await server.close();
      home.close();
    },
  };
}
