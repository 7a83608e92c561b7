/**
 * `relayer.*`: many open streams on one machine with the chain, the indexer, the databases and the nodes beside them.
 * It doesn't judge by the relayer's own word: what was proven when is read from the chain's events in the mirror.
 *
 * Behind truth, at the moment of a block: the whole seconds since the stream opened, each of which its node has worked,
 * less those that the chain held before the block. It is worst just before each settlement, and counts all on the way:
 * the second that isn't over, the node, the hub, the wait for a place in a batch, and the chain. Latency is what of it
 * is left right after the settlement.
 *
 * `--streams` and `--seconds` scale it; RELAYER_REPLICAS, RELAYER_WARM_UP (seconds), and RELAYER_PROFILE, which names a
 * folder for CPU profiles, are for looking closer.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import {
  type ChainPart,
  freePort,
  type ManagedProcess,
  startChain,
  startPostgres,
  startProcess,
  startRedis,
} from "@computestream/dev-env/parts";
import { createChainClient } from "@computestream/protocol/client";
import pg from "pg";
import type { Figure } from "./figure.ts";
import type { BenchOptions } from "./options.ts";
import { busyCpuSeconds, cpuSecondsByPart } from "./relayer/cpu-use.ts";
import { openStreams } from "./relayer/market.ts";
import { scratchFolder } from "./relayer/scratch.ts";

const REPLICAS = Number(process.env.RELAYER_REPLICAS ?? 1);
const PROFILE = process.env.RELAYER_PROFILE ?? null;
/** Catching up with what ran before the relayer started isn't measured. */
const WARM_UP_SECS = Number(process.env.RELAYER_WARM_UP ?? 60);
const CATCH_UP_MS = 300_000;
const GAS_FUNDS = 1_000_000_000_000n;

const TSX = createRequire(import.meta.url).resolve("tsx");
const ROOT = fileURLToPath(new URL("../", import.meta.url));

interface Stop {
  close(): Promise<void>;
}

export async function relayerStreams({ streams, seconds }: BenchOptions): Promise<Figure[]> {
  const open: Stop[] = [];
  const keep = <T extends Stop>(part: T): T => {
    open.push(part);
    return part;
  };
  const home = keep(scratchFolder("relayer-bench"));
  try {
    const [chain, postgres, redis] = await Promise.all([startChain(), startPostgres(), startRedis()]);
    for (const part of [chain, postgres, redis]) keep(part);
    const deploymentFile = join(home.path, "deployment.json");
    writeFileSync(deploymentFile, JSON.stringify(chain.deployment));
    const providers = await openStreams(chain, streams);
    console.error(`${streams} streams of ${providers.length} providers are open`);

    const service = async (name: string, env: Record<string, string>): Promise<{ url: string } & Stop> => {
      const port = await freePort();
      const profile = PROFILE === null ? [] : ["--cpu-prof", "--cpu-prof-dir", join(PROFILE, name)];
      if (PROFILE !== null) mkdirSync(join(PROFILE, name), { recursive: true });
      const child = await startProcess({
        name,
        command: process.execPath,
        args: [...profile, "--import", TSX, join(ROOT, name, "src/index.ts")],
        env: {
          PATH: process.env.PATH,
          NODE_ENV: "production",
          LOG_LEVEL: "info",
          PORT: String(port),
          DEPLOYMENT_FILE: deploymentFile,
          NODE_URL: chain.nodeUrl,
          DATABASE_URL: postgres.url,
          REDIS_URL: redis.url,
          ...env,
        },
        logFile: join(PROFILE ?? home.path, `${name}-${port}.log`),
        readyLine: (line) => line.includes('"msg":"ready"'),
        graceMs: 30_000,
      });
      return keep({ url: `http://127.0.0.1:${port}`, close: () => child.close() });
    };
    const indexer = await service("indexer", {});
    const relayers: string[] = [];
    for (let n = 0; n < REPLICAS; n += 1) {
      const keyFile = await newKey(chain, join(home.path, `key-${n}.json`));
      relayers.push((await service("relayer", { KEY_FILE: keyFile, INDEXER_URL: indexer.url })).url);
    }
    const planFile = join(home.path, "plan.json");
    const { chainId, packageAddress } = chain.deployment;
    writeFileSync(planFile, JSON.stringify({ chainId, packageAddress, providers }));
    const nodes = keep(await startNodes(planFile, relayers, home.path));
    const startedSecs = Date.now() / 1000;

    await sleep(WARM_UP_SECS * 1000);
    const before = await takeStock(relayers, nodes.lastLine());
    await sleep(seconds * 1000);
    const after = await takeStock(relayers, nodes.lastLine());
    console.error(nodes.lastLine());
    await nodes.close();

    const db = new pg.Client(postgres.url);
    await db.connect();
    try {
      await caughtUp(chain, db);
      const measured = figuresOf(before, after, await proofs(db, before.atSecs, after.atSecs));
      return [
        { name: "relayer.streams", value: streams, unit: "streams" },
        ...(await coldStart(db, startedSecs)),
        ...measured,
      ];
    } finally {
      await db.end();
    }
  } finally {
    for (const part of open.reverse()) await part.close();
  }
}

async function newKey(chain: ChainPart, path: string): Promise<string> {
  const account = Ed25519Account.generate();
  await chain.fund(account.accountAddress.toStringLong(), GAS_FUNDS);
  writeFileSync(path, JSON.stringify({ privateKey: account.privateKey.toHexString() }), { mode: 0o600 });
  return path;
}

async function startNodes(planFile: string, relayers: string[], dir: string) {
  const logFile = join(dir, "nodes.log");
  const child: ManagedProcess = await startProcess({
    name: "nodes",
    command: process.execPath,
    args: ["--import", TSX, join(ROOT, "bench/relayer/nodes.ts"), planFile, relayers.join(",")],
    logFile,
    readyLine: (line) => line === "ready",
  });
  return {
    close: () => child.close(),
    lastLine: () => readFileSync(logFile, "utf8").trimEnd().split("\n").at(-1) ?? "",
  };
}

interface Stock {
  atSecs: number;
  cpu: Map<string, number>;
  /** Of all that runs on the machine. */
  busySecs: number;
  gas: number;
  settlements: number;
  /** Attestations that the nodes have sent. */
  sent: number;
}

async function takeStock(relayers: string[], told: string): Promise<Stock> {
  const texts = await Promise.all(relayers.map(async (url) => (await fetch(`${url}/metrics`)).text()));
  const sum = (name: string): number =>
    texts.reduce((total, text) => total + Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)?.[1] ?? 0), 0);
  return {
    atSecs: Date.now() / 1000,
    cpu: cpuSecondsByPart(),
    busySecs: busyCpuSeconds(),
    // In its first second it has said no more than that it is ready.
    sent: told.startsWith("{") ? (JSON.parse(told) as { sent: number }).sent : 0,
    gas: sum("relayer_settlement_gas_total"),
    settlements: sum("relayer_settlements_total"),
  };
}

/** The mirror holds all that the chain has. */
async function caughtUp(chain: ChainPart, db: pg.Client): Promise<void> {
  const client = createChainClient({ deployment: chain.deployment, nodeUrl: chain.nodeUrl });
  const { version } = await client.ledger();
  const startedAt = Date.now();
  for (;;) {
    const { rows } = await db.query("SELECT max(version) AS version FROM stream_ticks");
    const { rows: cursor } = await db.query("SELECT * FROM chain_cursor");
    const next = BigInt((cursor[0] as { next_version?: string })?.next_version ?? 0);
    if (next > version) break;
    if (Date.now() - startedAt > CATCH_UP_MS) {
      throw new Error(`the mirror is at ${rows[0]?.version}, the chain at ${version}`);
    }
    await sleep(500);
  }
  console.error(`the mirror had all ${((Date.now() - startedAt) / 1000).toFixed(1)} s after the end`);
}

/** How long after the nodes' first word each stream was settled for the first time; one that never was counts as ever. */
async function coldStart(db: pg.Client, startedSecs: number): Promise<Figure[]> {
  const { rows } = await db.query(
    `WITH first AS (
       SELECT coalesce(min(extract(epoch FROM t.occurred_at)) - $1, 'Infinity')::float8 AS after
       FROM jobs j LEFT JOIN stream_ticks t USING (job) GROUP BY j.job
     )
     SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY after) AS half, max(after) AS all FROM first`,
    [startedSecs],
  );
  const { half, all } = rows[0] as { half: number; all: number };
  return [
    { name: "relayer.first_settlement_s_half", value: half, unit: "s" },
    { name: "relayer.first_settlement_s_all", value: all, unit: "s" },
  ];
}

interface Proofs {
  settlements: number;
  behindMax: number;
  behindMean: number;
  behindP95: number;
  /** Of the settlements in the first and the second half of the time. */
  behindEarly: number;
  behindLate: number;
  latencyMean: number;
}

async function proofs(db: pg.Client, fromSecs: number, toSecs: number): Promise<Proofs> {
  const { rows } = await db.query(
    `WITH proofs AS (
       SELECT t.job, extract(epoch FROM t.occurred_at)::float8 AS at, t.seconds_attested::float8 AS attested,
              lag(t.seconds_attested, 1, 0)
                OVER (PARTITION BY t.job ORDER BY t.version, t.event_index)::float8 AS before,
              j.started_at::float8 AS started
       FROM stream_ticks t JOIN jobs j USING (job)
     ), last AS (
       SELECT j.job, $2::float8 - j.started_at::float8
                - coalesce(max(p.attested) FILTER (WHERE p.at <= $2::float8), 0)::float8 AS behind
       FROM jobs j LEFT JOIN proofs p USING (job) GROUP BY j.job, j.started_at
     ), peaks AS (
       SELECT at, at - started - before AS behind, at - started - attested AS latency
       FROM proofs WHERE at BETWEEN $1::float8 AND $2::float8
     )
     SELECT count(*)::float8 AS settlements,
            greatest(max(behind), (SELECT max(behind) FROM last)) AS behind_max,
            avg(behind) AS behind_mean,
            percentile_cont(0.95) WITHIN GROUP (ORDER BY behind) AS behind_p95,
            avg(behind) FILTER (WHERE at < ($1::float8 + $2::float8) / 2) AS behind_early,
            avg(behind) FILTER (WHERE at >= ($1::float8 + $2::float8) / 2) AS behind_late,
            avg(latency) AS latency_mean
     FROM peaks`,
    [fromSecs, toSecs],
  );
  const row = rows[0] as Record<string, number | null>;
  const number = (name: string): number => row[name] ?? Number.NaN;
  return {
    settlements: number("settlements"),
    behindMax: number("behind_max"),
    behindMean: number("behind_mean"),
    behindP95: number("behind_p95"),
    behindEarly: number("behind_early"),
    behindLate: number("behind_late"),
    latencyMean: number("latency_mean"),
  };
}

function figuresOf(before: Stock, after: Stock, proven: Proofs): Figure[] {
  const seconds = after.atSecs - before.atSecs;
  const settled = after.settlements - before.settlements;
  const parts = [...after.cpu].map(([part, used]) => ({
    part,
    cores: (used - (before.cpu.get(part) ?? 0)) / seconds,
  }));
  const cores = parts.reduce((total, part) => total + part.cores, 0);
  const nodes = parts.find(({ part }) => part === "nodes")?.cores ?? 0;
  return [
    { name: "relayer.behind_s_max", value: proven.behindMax, unit: "s", goal: 5 },
    { name: "relayer.behind_s_p95", value: proven.behindP95, unit: "s" },
    { name: "relayer.behind_s_mean_peak", value: proven.behindMean, unit: "s" },
    // Too much to do makes streams wait longer, but not ever longer: the two halves are alike.
    {
      name: "relayer.behind_s_second_half",
      value: proven.behindLate,
      unit: "s",
      baseline: proven.behindEarly,
    },
    { name: "relayer.settlement_latency_s", value: proven.latencyMean, unit: "s" },
    { name: "relayer.settlements_per_s", value: proven.settlements / seconds, unit: "1/s" },
    { name: "relayer.attestations_per_s", value: (after.sent - before.sent) / seconds, unit: "1/s" },
    {
      name: "relayer.gas_per_settlement",
      value: settled > 0 ? (after.gas - before.gas) / settled : 0,
      unit: "units",
    },
    {
      name: "relayer.cpu_us_per_settlement",
      value: ((cores - nodes) * seconds * 1e6) / proven.settlements,
      unit: "us",
    },
    ...parts.map(({ part, cores }) => ({ name: `relayer.cpu_${part}`, value: cores, unit: "cores" })),
    // Anything else than nearly nothing: the machine did other things, and the seconds above say little.
    {
      name: "relayer.cpu_others",
      value: (after.busySecs - before.busySecs) / seconds - cores,
      unit: "cores",
    },
  ];
}
