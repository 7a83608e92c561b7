/**
 * `indexer.chain_to_client_ms_*`: from a settlement's commit on the node to a WebSocket client holding it, under load.
 * It doesn't measure providers or the relayer: batches are signed here, as large and as often as the relayer's are.
 */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { type ChainPart, startChain, startPostgres, startProcess } from "@computestream/dev-env/parts";
import { encodeJobSpec, normalizeAddress, type SignedUsage, signUsage, toHex } from "@computestream/protocol";
import { type WsServerMessage, zWsServerMessage } from "@computestream/protocol/api";
import { type ChainClient, createChainClient, type JobView } from "@computestream/protocol/client";
import { WebSocket } from "ws";
import type { Figure } from "./figure.ts";
import { meanOf, percentile, readMetrics } from "./live/measure.ts";
import type { BenchOptions } from "./options.ts";

/** Each is settled once a second. */
const STREAMS = 200;
const BATCH = 50;
const CLIENTS = 40;
const WARM_UP_SECS = 3;
const FUNDS = 1_000_000_000_000n;
const RATE_PER_HOUR = 3_600_000n;
const DURATION_SECS = 36_000n;
const TSX = createRequire(import.meta.url).resolve("tsx");
const INDEXER = fileURLToPath(new URL("../indexer/src/index.ts", import.meta.url));

interface Stream {
  job: string;
  view: JobView;
  seconds: bigint;
}

export async function indexerLatency(options: BenchOptions): Promise<Figure[]> {
  const chain = await startChain();
  const database = await startPostgres();
  const home = mkdtempSync(join(tmpdir(), "bench-latency-"));
  const closers: Array<() => unknown> = [
    () => rmSync(home, { recursive: true }),
    () => database.close(),
    () => chain.close(),
  ];
  try {
    const deploymentFile = join(home, "deployment.json");
    writeFileSync(deploymentFile, JSON.stringify(chain.deployment));
    let url = "";
    const indexer = await startProcess({
      name: "indexer",
      command: process.execPath,
      args: ["--import", TSX, INDEXER],
      env: {
        ...process.env,
        DATABASE_URL: database.url,
        DEPLOYMENT_FILE: deploymentFile,
        PORT: "0",
        RATE_LIMITS: "off",
        LOG_LEVEL: "warn",
        LIVE_MAX_PER_ADDRESS: "1000",
      },
      logFile: join(home, "indexer.log"),
      readyLine(line) {
        if (!line.includes('"ready"')) return false;
        url = (JSON.parse(line) as { url: string }).url;
        return true;
      },
    });
    closers.push(() => indexer.close());
    return await measure(chain, url, options.seconds);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function measure(chain: ChainPart, url: string, seconds: number): Promise<Figure[]> {
  const client = createChainClient({ deployment: chain.deployment, nodeUrl: chain.nodeUrl });
  const { streams, provider, keeper } = await openStreams(chain, client);
  const received: Array<{ version: string; atMs: number }> = [];
  const sockets = await Promise.all(
    Array.from({ length: CLIENTS }, (_, i) =>
      subscribe(url, [`job:${streams[i]?.job}`, "network"], (message, atMs) => {
        // A client's own stream, as its page shows it; `network` is told at most four times a second.
        if (message.type !== "update" || message.topic === "network") return;
        for (const tick of message.ticks ?? []) received.push({ version: tick.version, atMs });
      }),
    ),
  );

  const committedAtMs = new Map<string, number>();
  let settled = 0;
  const settle = async (batch: Stream[]) => {
    const usages = batch.map((stream) => attest(chain, provider, stream));
    const outcome = await client.execute(keeper, client.payloads.processPayments(usages), {
      maxGasAmount: 2_000_000,
    });
    committedAtMs.set(String(outcome.version), Number(outcome.timestampUsecs) / 1000);
    settled += outcome.events.filter((event) => event.name === "StreamSettled").length;
  };
  const run = async (secs: number) => {
    const batches = STREAMS / BATCH;
    for (let n = 0, startMs = performance.now(); n < secs * batches; n += 1) {
      await pause(Math.max(0, startMs + (n * 1000) / batches - performance.now()));
      const from = (n % batches) * BATCH;
      await settle(streams.slice(from, from + BATCH));
    }
  };
  await run(WARM_UP_SECS);
  received.length = 0;
  settled = 0;
  committedAtMs.clear();
  const before = await readMetrics(url);
  const startedAtMs = performance.now();
  await run(seconds);
  const tookSecs = (performance.now() - startedAtMs) / 1000;
  await pause(1_000);
  const after = await readMetrics(url);
  for (const socket of sockets) socket.close();

  const late = received.flatMap(({ version, atMs }) => {
    const committed = committedAtMs.get(version);
    return committed === undefined ? [] : [atMs - committed];
  });
  const mean = late.reduce((sum, ms) => sum + ms, 0) / late.length;
  const write = meanOf(before, after, "batch_seconds") * 1000;
  const push = meanOf(before, after, "live_round_seconds") * 1000;
  const figure = (name: string, value: number, unit: string, rest: Partial<Figure> = {}): Figure => ({
    name: `indexer.chain_to_client_${name}`,
    value,
    unit,
    ...rest,
  });
  return [
    figure("ms_p95", percentile(late, 0.95), "ms", { goal: 250 }),
    figure("ms_p50", percentile(late, 0.5), "ms"),
    figure("ms_max", percentile(late, 1), "ms"),
    figure("samples", late.length, "ticks"),
    figure("load", settled / tookSecs, "ticks/s"),
    // Where the mean goes: the rest is the wait for the next poll, the node's answers and the way to the client.
    figure("write_ms_mean", write, "ms"),
    figure("push_ms_mean", push, "ms"),
    figure("poll_and_read_ms_mean", mean - write - push, "ms"),
  ];
}

async function openStreams(chain: ChainPart, client: ChainClient) {
  const account = async () => {
    const made = Ed25519Account.generate();
    await chain.fund(made.accountAddress.toString(), FUNDS);
    return made;
  };
  const [provider, buyer, keeper] = [await account(), await account(), await account()];
  const run = (by: Ed25519Account, payload: Parameters<ChainClient["execute"]>[1]) =>
    client.execute(by, payload, { maxGasAmount: 2_000_000 });
  const registered = await run(
    provider,
    client.payloads.registerProvider({
      operator: normalizeAddress(provider.accountAddress.toString()),
      attestKey: toHex(provider.publicKey.toUint8Array()),
      name: "bench",
      gpuModel: "none",
      gpuCount: 0n,
      vramGb: 0n,
      cpuCores: 64n,
      ramGb: 256n,
      diskGb: 1_000n,
      region: "bench",
      sandbox: "docker",
      slots: 256n,
      pricePerHour: RATE_PER_HOUR,
      asset: chain.deployment.asset.address,
      stake: 100_000_000n,
    }),
  );
  const event = registered.events.find(({ name }) => name === "ProviderRegistered");
  const address = String((event?.data as Record<string, unknown> | undefined)?.provider);
  const jobs: string[] = [];
  while (jobs.length < STREAMS) {
    const specs = Array.from({ length: 100 }, () => encodeJobSpec({ version: 1, command: ["true"] }));
    const deposit = (RATE_PER_HOUR * DURATION_SECS) / 3_600n;
    const order = {
      image: "busybox",
      maxDurationSecs: DURATION_SECS,
      maxRatePerHour: RATE_PER_HOUR,
      deposit,
    };
    const outcome = await run(buyer, client.payloads.createJobs({ ...order, specs, provider: address }));
    for (const { name, data } of outcome.events)
      if (name === "JobCreated") jobs.push((data as { job: string }).job);
  }
  const streams: Stream[] = [];
  for (const job of jobs.slice(0, STREAMS)) {
    await run(provider, client.payloads.accept(address, job, 0n));
    await run(provider, client.payloads.start(job));
    const view = await client.getJob(job);
    if (!view) throw new Error(`no job ${job}`);
    streams.push({ job, view, seconds: 0n });
  }
  return { streams, provider, keeper };
}

function attest(chain: ChainPart, provider: Ed25519Account, stream: Stream): SignedUsage {
  stream.seconds += 1n;
  const { packageAddress, chainId } = chain.deployment;
  const { view, job, seconds } = stream;
  return signUsage(
    {
      chainId,
      packageAddress,
      job,
      termsHash: view.termsHash,
      seq: seconds,
      secondsCum: seconds,
      tLast: view.startedAt + seconds,
      logRoot: `0x${"5a".repeat(32)}`,
    },
    provider.privateKey.toUint8Array(),
  );
}

async function subscribe(
  url: string,
  topics: string[],
  hear: (message: WsServerMessage, atMs: number) => void,
): Promise<WebSocket> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`);
  let open = () => {};
  const told = new Promise<void>((resolve) => {
    open = resolve;
  });
  const waiting = new Set(topics);
  socket.on("message", (text) => {
    const atMs = performance.timeOrigin + performance.now();
    const message = zWsServerMessage.parse(JSON.parse(String(text)));
    if (message.type === "snapshot" && waiting.delete(message.topic) && waiting.size === 0) open();
    hear(message, atMs);
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send(JSON.stringify({ type: "subscribe", topics }));
  await told;
  return socket;
}
