/**
 * The provider node's composition root: reads the configuration, makes every part once, listens, and shuts down.
 * It doesn't decide anything about jobs.
 */
import { createHash } from "node:crypto";
import { mkdir, statfs } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChainClient, createChainClient, type ProviderView } from "@computestream/protocol/client";
import { checkProvider, createAgent } from "./agent.ts";
import { createCapacity } from "./capacity.ts";
import { createOperator } from "./chain.ts";
import { openCommandJournal } from "./command-journal.ts";
import { type Commands, createCommands } from "./commands.ts";
import { type Config, loadConfig } from "./config.ts";
import type { NodeContext } from "./context.ts";
import { messageOf, NodeError } from "./errors.ts";
import { createHealthApp } from "./health.ts";
import { createHubClient } from "./hub-client.ts";
import { readBootId } from "./job-runner.ts";
import { createJournalStore } from "./journal.ts";
import { createLogger, type Logger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { loadOperatorKey } from "./operator-key.ts";
import type { Resources } from "./policy.ts";
import { createIpfsStore } from "./publish/ipfs.ts";
import { createS3Store } from "./publish/s3.ts";
import type { OutputStore } from "./publish/store.ts";
import type { RuntimeInfo } from "./runtime/container-runtime.ts";
import { createDockerRuntime } from "./runtime/docker-runtime.ts";
import { createSimulatedRuntime } from "./runtime/simulated-runtime.ts";
import { createStatus } from "./status.ts";
import { startTelemetry } from "./telemetry.ts";

/** Left free on the disk of DATA_DIR, whatever jobs ask for. */
const DISK_FLOOR_MB = 1_024;
const CLOSE_MS = 8_000;
/** As in package.json. */
const NODE_VERSION = "0.1.0";

async function main(): Promise<void> {
  const config = loadConfig();
  const log = createLogger(config.logLevel);
  try {
    await run(config, log);
  } catch (error) {
    fail(error, (fields, text) => log.fatal(fields, text));
  }
}

async function run(config: Config, log: Logger): Promise<void> {
  const { deployment } = config;
  const key = loadOperatorKey(config.keyFile);
  const scope = scopeOf(config);
  const dataDir = join(config.dataDir, scope);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });

  const runtime =
    config.runtime === "docker"
      ? createDockerRuntime({
          socketPath: config.dockerSocket,
          provider: config.provider,
          packageAddress: deployment.packageAddress,
          scope,
        })
      : createSimulatedRuntime({ cpuCores: 1_000, memoryMb: 1_048_576 });
  if (runtime.name === "simulated") log.warn("RUNTIME=simulated runs no code: development only");
  const engine = await runtime.check();

  const client = createChainClient({ deployment, ...(config.nodeUrl ? { nodeUrl: config.nodeUrl } : {}) });
  const provider = await checkProvider(client, config.provider, key);
  if (config.imageAllowlist.length === 0) log.warn("IMAGE_ALLOWLIST is empty: every job will be refused");

  const s3 = config.s3 ? createS3Store(config.s3) : null;
  const stores: OutputStore[] = [
    ...(s3 ? [s3] : []),
    ...(config.ipfsApiUrl ? [createIpfsStore(config.ipfsApiUrl)] : []),
  ];
  await s3?.check();

  const metrics = createMetrics();
  const operator = createOperator({
    client,
    key,
    log,
    onOutcome: (kind, result) => metrics.transactions.inc({ kind, result }),
  });
  const capacity = await machineCapacity(provider, engine, config);
  const commandJournal = await openCommandJournal(join(dataDir, "commands"));
  const hub = createHubClient({
    relayerUrl: config.relayerUrl,
    provider: config.provider,
    chainId: deployment.chainId,
    packageAddress: deployment.packageAddress,
    key,
    log,
    onCommand: (id, signed) => commands.receive(id, signed),
  });
  const status = createStatus({ client, operator, provider: config.provider, log });
  let chainTime = 0n;
  let staying = true;
  const commands: Commands = createCommands({
    client,
    operator,
    provider: config.provider,
    journal: commandJournal,
    status,
    chainNow: () => chainTime,
    tell: (result) => hub.commandResult(result),
    log,
  });
  const accepting = () => staying && commands.mode === "open";
  const ctx: NodeContext = {
    client,
    operator,
    key,
    runtime,
    stores,
    hub,
    journals: await createJournalStore(dataDir),
    capacity: createCapacity(capacity),
    limits: {
      provider: config.provider,
      imageAllowlist: config.imageAllowlist,
      capacity,
      outputMaxMb: config.outputMaxMb,
      maxJobSecs: BigInt(config.maxJobSecs),
    },
    metrics,
    log,
    dataDir,
    bootId: await readBootId(),
    settings: { ...config, publishGraceSecs: await publishGrace(client, config, log) },
    chainNow: () => chainTime,
    accepting,
  };
  const agent = createAgent(ctx, {
    pollIntervalMs: config.pollIntervalMs,
    heartbeatIntervalMs: config.heartbeatIntervalMs,
    startVersion: BigInt(deployment.deployedAtVersion),
    onChainTime: (secs) => {
      if (secs > chainTime) chainTime = secs;
    },
  });

  const app = createHealthApp({
    provider: config.provider,
    runtime: runtime.name,
    metrics,
    health: agent.health,
    mode: () => commands.mode,
  });
  const server = await new Promise<ReturnType<typeof app.listen>>((resolve, reject) => {
    const listening = app.listen(config.port, config.host, (error?: Error) =>
      error
        ? reject(
            new NodeError("PORT_TAKEN", `PORT ${config.port} on ${config.host}: ${error.message}`, {
              remedy: "Free the port or set PORT to another one (0 = any).",
            }),
          )
        : resolve(listening),
    );
  });
  await agent.start();
  const telemetry = startTelemetry({
    dataDir,
    hasGpus: capacity.gpus > 0,
    nodeVersion: NODE_VERSION,
    jobsRunning: () => agent.health().jobs,
    accepting,
    mode: () => (commands.mode === "open" && !staying ? "draining" : commands.mode),
    send: (message) => hub.telemetry(message),
  });
  commands.start();
  if (commands.mode !== "open") {
    log.warn({ mode: commands.mode }, "by its owner's command this node takes no new jobs");
  } else if (config.autoStatus) await status.arrive();
  else await status.warnUnlessActive();

  let signals = 0;
  const shutDown = async (signal: string) => {
    signals += 1;
    if (signals > 2) process.exit(1);
    staying = false;
    const drain = config.drain && signals === 1;
    log.info({ signal, drain }, "shutting down; containers keep running");
    if (drain) {
      await status.leave("Draining");
      await agent.drained();
    }
    if (drain || config.autoStatus) {
      // A second signal must not wait for a chain that doesn't answer.
      await Promise.race([status.leave("Offline"), sleep(CLOSE_MS, undefined, { ref: false })]);
    }
    // Every step can be cut short: what takes longer than this is found again at the next start.
    await Promise.race([agent.close(), sleep(CLOSE_MS, undefined, { ref: false })]);
    telemetry.close();
    await Promise.race([commands.close(), sleep(CLOSE_MS, undefined, { ref: false })]);
    await hub.close();
    s3?.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
    log.info("bye");
    process.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.on(signal, () => void shutDown(signal).catch((error) => fail(error, (f, t) => log.fatal(f, t))));
  }

  const { port } = server.address() as AddressInfo;
  log.info(
    { url: `http://${config.host}:${port}`, runtime: engine.version, provider: config.provider },
    "ready",
  );
}

/** One folder and one set of containers per deployment and provider: addresses repeat on every new devnet. */
function scopeOf(config: Config): string {
  const { chainId, packageAddress, transactionHash, deployedAt } = config.deployment;
  const text = [chainId, packageAddress, transactionHash, deployedAt, config.provider].join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** What is declared on chain, as far as this machine has it. */
async function machineCapacity(
  provider: ProviderView,
  engine: RuntimeInfo,
  config: Config,
): Promise<Resources> {
  const disk = await statfs(config.dataDir);
  const freeMb = Math.floor((disk.bavail * disk.bsize) / (1024 * 1024)) - DISK_FLOOR_MB;
  return {
    cpuCores: Math.min(Number(provider.cpuCores), engine.cpuCores),
    memoryMb: Math.min(Number(provider.ramGb) * 1024, engine.memoryMb),
    gpus: engine.gpus ? Number(provider.gpuCount) : 0,
    diskMb: Math.min(Number(provider.diskGb) * 1024, freeMb),
    slots: Number(provider.slots),
  };
}

/** Room to report a job that couldn't be published, before anyone may expire it. */
const REPORT_SECS = 20;

/**
 * A container that has exited makes no progress on chain: once both stall windows are over anyone may expire its job.
 * So publishing ends a little earlier, whatever PUBLISH_GRACE_SECS says.
 */
async function publishGrace(client: ChainClient, config: Config, log: Logger): Promise<number> {
  const { stallAfterSecs, stallGraceSecs } = await client.parameters();
  const most = Math.max(1, Number(stallAfterSecs + stallGraceSecs) - REPORT_SECS);
  if (config.publishGraceSecs <= most) return config.publishGraceSecs;
  log.warn({ most }, "PUBLISH_GRACE_SECS is longer than the market waits for progress: using less");
  return most;
}

function fail(error: unknown, say: (fields: object, text: string) => void): never {
  const remedy = error instanceof NodeError ? error.remedy : undefined;
  const code = error instanceof NodeError ? error.code : "INTERNAL";
  const detail = error instanceof NodeError ? {} : { err: error };
  say({ code, remedy, ...detail }, remedy ? `${messageOf(error)} ${remedy}` : messageOf(error));
  process.exit(1);
}

main().catch((error) =>
  // Before there is a logger only the configuration can have failed.
  fail(error, (fields, text) => console.error(JSON.stringify({ level: 60, msg: text, ...fields }))),
);
