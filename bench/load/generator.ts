/**
 * Sends a plan of requests at their times, in a process of its own, and tells how long each took since it was due.
 * An answer that is slow delays no other request: what waits in here counts as waiting. It doesn't know what is asked.
 */
import { Agent, get } from "node:http";
import type { PlannedRequest } from "./mix.ts";

export interface Order {
  url: string;
  requests: PlannedRequest[];
  /** Requests due before this aren't counted. */
  warmUpMs: number;
  timeoutMs: number;
}

export interface Percentiles {
  count: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
}

export interface Told {
  all: Percentiles;
  byKind: Record<string, Percentiles>;
  errors: number;
  /** The first few, each once. */
  errorTexts: string[];
  /** From when a request was due to when it was sent. */
  lateness: Percentiles;
  bytes: number;
  cpuSeconds: number;
  seconds: number;
}

/** Sockets; more wait in here. */
const MAX_SOCKETS = 256;
const TAIL_CHARS = 700;
const MAX_CURSORS = 500;

async function run(order: Order): Promise<Told> {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, scheduling: "fifo" });
  const { hostname, port } = new URL(order.url);
  const taken: Array<{ kind: string; ms: number }> = [];
  const late: number[] = [];
  const errors = new Map<string, number>();
  const nextPages = new Map<string, string[]>();
  let [bytes, open, sent] = [0, 0, 0];
  const cpu = process.cpuUsage();
  const startedAt = performance.now();

  function fail(text: string): void {
    errors.set(text, (errors.get(text) ?? 0) + 1);
  }

  function send(request: PlannedRequest): void {
    const counts = request.atMs >= order.warmUpMs;
    if (counts) late.push(performance.now() - startedAt - request.atMs);
    const pages = request.follows === undefined ? undefined : nextPages.get(request.follows);
    const path = pages?.[Math.floor(request.atMs) % pages.length] ?? request.path;
    open += 1;
    let isDone = false;
    const done = (error?: string) => {
      if (isDone) return;
      isDone = true;
      open -= 1;
      if (error) fail(`${path}: ${error}`);
      else if (counts) {
        taken.push({ kind: request.kind, ms: performance.now() - startedAt - request.atMs });
      }
    };
    const call = get({ hostname, port, path, agent, timeout: order.timeoutMs }, (response) => {
      let tail = "";
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
        tail = (tail + chunk.toString("latin1", Math.max(0, chunk.length - TAIL_CHARS))).slice(-TAIL_CHARS);
      });
      response.on("end", () => {
        done(response.statusCode === 200 ? undefined : `${response.statusCode} ${tail.slice(0, 200)}`);
        remember(request.kind, path, tail);
      });
      response.on("error", (error) => done(error.message));
    });
    call.on("timeout", () => call.destroy(new Error(`no answer in ${order.timeoutMs} ms`)));
    call.on("error", (error) => done(error.message));
  }

  function remember(kind: string, path: string, tail: string): void {
    const cursor = /"nextCursor":"([^"]+)"/.exec(tail)?.[1];
    if (!cursor) return;
    const [route, query] = path.split("?");
    const params = new URLSearchParams(query);
    params.set("cursor", cursor);
    const pages = nextPages.get(kind) ?? [];
    nextPages.set(kind, pages);
    if (pages.length < MAX_CURSORS) pages.push(`${route}?${params}`);
    else pages[sent % MAX_CURSORS] = `${route}?${params}`;
  }

  while (sent < order.requests.length) {
    const now = performance.now() - startedAt;
    for (let next = order.requests[sent]; next && next.atMs <= now; next = order.requests[sent]) {
      sent += 1;
      send(next);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  while (open > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  agent.destroy();
  const used = process.cpuUsage(cpu);
  const kinds = [...new Set(taken.map(({ kind }) => kind))].sort();
  return {
    all: percentiles(taken.map(({ ms }) => ms)),
    byKind: Object.fromEntries(
      kinds.map((kind) => [kind, percentiles(taken.filter((t) => t.kind === kind).map(({ ms }) => ms))]),
    ),
    errors: [...errors.values()].reduce((sum, n) => sum + n, 0),
    errorTexts: [...errors].slice(0, 5).map(([text, n]) => `${n} x ${text}`),
    lateness: percentiles(late),
    bytes,
    cpuSeconds: (used.user + used.system) / 1e6,
    seconds: (performance.now() - startedAt) / 1000,
  };
}

function percentiles(values: number[]): Percentiles {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

process.on("message", (order: Order) => {
  run(order).then(
    (told) => process.send?.(told),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on("disconnect", () => process.exit(0));
