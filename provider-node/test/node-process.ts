/**
 * The node as tests see it: a child process to be started, killed and started again on the same data.
 * It doesn't know jobs.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface NodeProcess {
  readonly url: string;
  /** Every log line of every start so far. */
  readonly lines: string[];
  kill(): Promise<void>;
  terminate(): Promise<number | null>;
  restart(): Promise<void>;
}

const TSX = createRequire(import.meta.url).resolve("tsx");
const ENTRY = fileURLToPath(new URL("../src/index.ts", import.meta.url));

/** Resolves at the `ready` line; rejects with the last lines when the process ends before it. */
export async function startNodeProcess(env: Record<string, string>): Promise<NodeProcess> {
  const lines: string[] = [];
  let child: ChildProcess;
  let url = "";

  function start(): Promise<void> {
    const started = spawn(process.execPath, ["--import", TSX, ENTRY], {
      env: { PATH: process.env.PATH, LOG_LEVEL: "debug", PORT: "0", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    return new Promise((resolve, reject) => {
      for (const stream of [started.stdout, started.stderr]) {
        createInterface({ input: stream }).on("line", (line) => {
          lines.push(line);
          if (!line.startsWith("{") || !line.includes('"ready"')) return;
          url = (JSON.parse(line) as { url: string }).url;
          resolve();
        });
      }
      started.once("close", () => reject(new Error(`the node ended: ${lines.slice(-5).join("\n")}`)));
    });
  }

  async function end(signal: NodeJS.Signals): Promise<number | null> {
    const ending = child;
    if (ending.exitCode === null && ending.signalCode === null) {
      const closed = new Promise((resolve) => ending.once("close", resolve));
      ending.kill(signal);
      await closed;
    }
    return ending.exitCode;
  }

  await start();
  return {
    get url() {
      return url;
    },
    lines,
    kill: async () => void (await end("SIGKILL")),
    terminate: () => end("SIGTERM"),
    restart: start,
  };
}
