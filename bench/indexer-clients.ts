/**
 * `indexer.ws_clients_*`: five thousand WebSocket clients on one instance, each with a job and the network, while jobs
 * are settled; then a tenth of them stop reading.
 * It doesn't measure how a settlement gets to the instance: `latency` does.
 */
import { type ChildProcess, fork } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { startPostgres } from "@computestream/dev-env/parts";
import type { Figure } from "./figure.ts";
import type { ClientsAsked, ClientsTold } from "./live/clients.ts";
import type { InstanceFigures } from "./live/instance.ts";
import { percentile, readMetrics } from "./live/measure.ts";
import type { BenchOptions } from "./options.ts";

const CLIENTS = 5_000;
const PROCESSES = 2;
const JOBS = 500;
/** Ten settlements a second, each told to some ten clients for their job and to all for the network. */
const TICKS_PER_COMMIT = 5;
const COMMIT_EVERY_MS = 500;
const WARM_UP_MS = 3_000;
const STALLED_SHARE = 0.1;

export async function indexerClients({ seconds }: BenchOptions): Promise<Figure[]> {
  const database = await startPostgres();
  const children: ChildProcess[] = [];
  const start = (file: string, args: string[] = []) => {
    const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
      execArgv: ["--import", "tsx"],
    });
    children.push(child);
    return child;
  };
  try {
    const instance = start("./live/instance.ts", [
      database.url,
      ...[JOBS, TICKS_PER_COMMIT, COMMIT_EVERY_MS].map(String),
    ]);
    const { url, head, jobs } = (await heard(instance, "ready")) as {
      url: string;
      head: string;
      jobs: string[];
    };
    await mirrored(url, BigInt(head));
    const ask = async () => {
      const answer = heard(instance, "figures");
      instance.send("figures");
      return (await answer) as InstanceFigures;
    };

    const idle = await ask();
    const drivers = Array.from({ length: PROCESSES }, () => start("./live/clients.ts"));
    await Promise.all(
      drivers.map((driver, n) => {
        const connected = heard(driver, "connected");
        const topics = Array.from({ length: CLIENTS / PROCESSES }, (_, i) => [
          `job:${jobs[(i * PROCESSES + n) % JOBS]}`,
          "network",
        ]);
        const asked: ClientsAsked = { url, localAddress: `127.0.0.${2 + n}`, topics };
        driver.send({ connect: asked });
        return connected;
      }),
    );
    const full = await ask();
    const collect = async () => {
      const answers = drivers.map((driver) => heard(driver, "told"));
      for (const driver of drivers) driver.send({ tell: true });
      return merge((await Promise.all(answers)) as ClientsTold[]);
    };

    instance.send("settle");
    await pause(WARM_UP_MS);
    await collect();
    const before = await ask();
    const startedAt = performance.now();
    await pause(seconds * 1_000);
    const after = await ask();
    const told = await collect();
    const tookMs = performance.now() - startedAt;

    for (const driver of drivers) driver.send({ stall: (CLIENTS / PROCESSES) * STALLED_SHARE });
    await pause(seconds * 1_000);
    const stalled = await ask();
    const toldThen = await collect();
    const metrics = await readMetrics(url);

    const figure = (name: string, value: number, unit: string, rest: Partial<Figure> = {}): Figure => ({
      name: `indexer.ws_clients_${name}`,
      value,
      unit,
      ...rest,
    });
    return [
      figure("open", metrics.get("computestream_indexer_ws_connections") ?? 0, "connections", {
        goal: CLIENTS,
      }),
      figure("kb_each", (full.rssBytes - idle.rssBytes) / CLIENTS / 1024, "kB"),
      figure("cores", (after.cpuMs - before.cpuMs) / tookMs, "cores"),
      figure("messages_per_s", told.messages / (tookMs / 1000), "messages/s"),
      figure("mb_per_s", told.bytes / 1e6 / (tookMs / 1000), "MB/s"),
      figure("ticks_per_s", (after.ticks - before.ticks) / (tookMs / 1000), "ticks/s"),
      // Between the first client that has a message and each other.
      figure("fan_out_network_ms_p95", percentile(spread(told.network), 0.95), "ms"),
      figure("fan_out_job_ms_p95", percentile(spread(told.jobs), 0.95), "ms"),
      figure("lost_readers", told.lost.length + toldThen.lost.length, "connections", { goal: 0 }),
      figure("stalled_rss_growth_mb", (stalled.rssBytes - after.rssBytes) / 2 ** 20, "MB"),
      figure("stalled_fan_out_network_ms_p95", percentile(spread(toldThen.network), 0.95), "ms"),
    ];
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await database.close();
  }
}

/** The next message that has `field`. */
function heard(child: ChildProcess, field: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const listen = (message: Record<string, unknown>) => {
      if ("failed" in message) reject(new Error(String(message.failed)));
      if (!(field in message)) return;
      child.off("message", listen as never);
      resolve(message[field]);
    };
    child.on("message", listen as never);
    child.once("exit", (code) => reject(new Error(`a process of the benchmark ended with ${code}`)));
  });
}

async function mirrored(url: string, version: bigint): Promise<void> {
  for (;;) {
    const health = (await (await fetch(`${url}/api/v1/health`)).json()) as { version: string };
    if (BigInt(health.version) >= version) return;
    await pause(100);
  }
}

function merge(all: ClientsTold[]): ClientsTold {
  const sum: ClientsTold = { network: {}, jobs: {}, messages: 0, bytes: 0, lost: [] };
  for (const told of all) {
    sum.messages += told.messages;
    sum.bytes += told.bytes;
    sum.lost.push(...told.lost);
    for (const kind of ["network", "jobs"] as const) {
      for (const [cursor, times] of Object.entries(told[kind]))
        sum[kind][cursor] = [...(sum[kind][cursor] ?? []), ...times];
    }
  }
  return sum;
}

function spread(noted: Record<string, number[]>): number[] {
  return Object.values(noted).flatMap((times) => {
    const first = times.reduce((least, at) => Math.min(least, at), Number.POSITIVE_INFINITY);
    return times.map((at) => at - first);
  });
}
