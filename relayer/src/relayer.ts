/**
 * Puts the relayer together from its configuration and takes it apart again.
 * It doesn't read the environment, handle signals or exit: ./index.ts does.
 */
import { randomUUID } from "node:crypto";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type ChainClient, createChainClient, encodeProcessPayments } from "@computestream/protocol/client";
import { GAS_ASSET, readAuthenticationKey, readGasBalance } from "./chain/accounts.ts";
import { createLeaseKeeper } from "./chain/lease.ts";
import { createShardKeeper } from "./chain/shards.ts";
import { loadSigner, type SponsorSigner } from "./chain/signer.ts";
import { createSubmitter } from "./chain/submitter.ts";
import { createChainViews } from "./chain/views.ts";
import type { Config } from "./config.ts";
import { messageOf, StartupError } from "./errors.ts";
import { createRecorder } from "./history/recorder.ts";
import { createApp } from "./http/app.ts";
import { addressOf } from "./http/client-address.ts";
import { createCommandRoutes } from "./http/command-routes.ts";
import { createHealth } from "./http/health.ts";
import { createHttpServer } from "./http/http-server.ts";
import { createAccessTokenReader } from "./hub/access-tokens.ts";
import { createCommandDesk } from "./hub/commands.ts";
import { openNodeSession } from "./hub/node-session.ts";
import { openReaderSession } from "./hub/reader-session.ts";
import { attachHub } from "./hub/server.ts";
import { DEFAULT_LIMITS } from "./hub/socket.ts";
import { createCountersignatureIntake } from "./intake/countersignatures.ts";
import { createIntake } from "./intake/intake.ts";
import type { Logger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { createAttestationStore } from "./store/attestations.ts";
import { createCommandStore } from "./store/commands.ts";
import { createConfirmationStore } from "./store/confirmations.ts";
import { createDeadLetterStore } from "./store/dead-letters.ts";
import { createIntentStore } from "./store/intents.ts";
import { createJobStatusStore } from "./store/job-status.ts";
import { createLogStore } from "./store/logs.ts";
import { connectRedis, createKeys } from "./store/redis.ts";
import { createTelemetryStore } from "./store/telemetry.ts";
import { createBatchSizer } from "./tick/batch-size.ts";
import { createConfirmer } from "./tick/confirmer.ts";
import { createCrank, createIndexerLister } from "./tick/crank.ts";
import { createEngine } from "./tick/engine.ts";
import { createReporter } from "./tick/reporter.ts";
import { createSettler } from "./tick/settler.ts";
import { createTransactionRelay, functionsOf } from "./transactions/index.ts";
import { createX402 } from "./x402/index.ts";

export interface Relayer {
  url: string;
  /** Stops intake, finishes the submission on its way, closes. */
  close(): Promise<void>;
}

const SUBMISSION_GRACE_MS = 8_000;
const FLUSH_GRACE_MS = 4_000;
const REQUEST_GRACE_MS = 3_000;
/** A stream that the settler doesn't have yet, as the keeper may take it for running. */
const KNOWN_STREAM_MS = 5_000;
const SESSIONS_MAX = 5_000;
const SESSIONS_PER_ADDRESS_MAX = 1_000;
const FIRST_MESSAGE_TIMEOUT_MS = 10_000;

/** Throws `StartupError`. */
export async function startRelayer(config: Config, logger: Logger): Promise<Relayer> {
  const { chainId, packageAddress } = config.deployment;
  const signer = loadSigner(config.keyFile);
  const client = createChainClient({ deployment: config.deployment, nodeUrl: config.nodeUrl });
  const keys = createKeys(config.deployment);
  const redis = await connectRedis(config.redisUrl, logger);
  await checkChain(client, config.nodeUrl, logger).catch(async (error: unknown) => {
    await redis.close();
    throw error;
  });

  const metrics = createMetrics();
  const views = createChainViews(client);
  const accessTokens =
    config.signIn && createAccessTokenReader({ ...config.signIn, chainId, packageAddress });
  const attestations = createAttestationStore(redis.commands, keys);
  const deadLetters = createDeadLetterStore(redis.commands, keys);
  const status = createJobStatusStore(redis.commands, keys);
  const logs = await createLogStore(redis.commands, redis.subscriber, keys);
  const confirmations = createConfirmationStore(redis.commands, keys);
  const commandStore = await createCommandStore(redis.commands, redis.subscriber, keys);
  const commands = createCommandDesk({
    client,
    store: commandStore,
    nowSecs: () => Number(views.nowSecs()),
    logger,
  });
  const recorder = createRecorder({
    databaseUrl: config.databaseUrl,
    telemetry: createTelemetryStore(redis.commands, keys),
    metrics,
    logger,
  });
  const intents = createIntentStore(redis.commands, keys, signer.address);

  const lease = createLeaseKeeper({
    intents,
    instance: randomUUID(),
    ttlMs: config.lockTtlMs,
    logger,
    onGained: () => {
      metrics.isSubmitter.set(1);
      // What the holder before left on its way comes first; a failure here is repeated before each submission.
      submitter
        .reconcile()
        .catch((error: unknown) =>
          logger.warn({ reason: messageOf(error) }, "reconciling will be tried again"),
        )
        .then(() => shards.renew())
        .then(() => (lease.current() ? engine.start() : undefined))
        .catch((error: unknown) => logger.error({ err: error }, "can't start ticking"));
    },
    onLost: () => {
      metrics.isSubmitter.set(0);
      engine.stop().catch((error: unknown) => logger.error({ err: error }, "can't stop ticking"));
    },
  });
  const shards = createShardKeeper({
    redis: redis.commands,
    keys,
    instance: signer.address,
    ttlMs: config.lockTtlMs,
    isAble: () => lease.current() !== null,
    onChange: (held) => metrics.shards.set(held),
    logger,
  });
  const isMine = (job: string): boolean => shards.owns(job);
  const submitter = createSubmitter({
    chain: client,
    signer,
    intents,
    lease: () => lease.current(),
    logger,
    filler: encodeProcessPayments(packageAddress, []),
    maxInFlight: config.inFlightMax,
    maxGasUnitPrice: config.gasUnitPriceMax,
    onResult(kind, { result }) {
      metrics.transactions.inc({ kind, result });
      if (result === "superseded") metrics.superseded.inc();
    },
  });
  const intake = createIntake({
    chainId,
    packageAddress,
    views,
    store: attestations,
    jobsPerSec: config.verifyPerSec,
    onRejected: ({ code }) => metrics.rejected.inc({ reason: code }),
    onAccepted: (usage, provider) => {
      metrics.accepted.inc();
      settler.touch(usage.job);
      recorder.attested(usage, provider);
    },
    onEvidence: () => metrics.evidence.inc(),
    onError: (reason) => logger.warn({ reason }, "attestations wait to be taken in"),
  });
  const sizer = createBatchSizer({ entriesMax: config.batchSize, gasMax: config.gasMax });
  const settler = createSettler({
    client,
    views,
    store: attestations,
    freshen: (jobs) => intake.freshen(jobs),
    deadLetters,
    submitter,
    batchesAtOnce: config.inFlightMax,
    sizer,
    policy: config.policy,
    cost: () => ({
      entry: (BigInt(sizer.gasFor(sizer.size())) * config.gasUnitPriceMax) / BigInt(sizer.size()),
      asset: GAS_ASSET,
    }),
    isMine,
    metrics,
    logger,
  });
  const crank = createCrank({
    client,
    views,
    store: attestations,
    deadLetters,
    lister: config.indexerUrl === null ? null : createIndexerLister(config.indexerUrl),
    submitter,
    known: (job) => settler.book.get(job) ?? views.recentStream(job, KNOWN_STREAM_MS)?.view,
    isMine,
    logger,
  });
  const confirmer = createConfirmer({ client, views, store: confirmations, submitter, isMine, logger });
  const reporter = createReporter({ client, views, store: attestations, submitter, isMine, logger });
  const engine = createEngine({
    redisUrl: config.redisUrl,
    prefix: keys.queuePrefix(signer.address),
    tickIntervalMs: config.tickIntervalMs,
    tick: () => settler.tick(),
    async crank() {
      // Each for itself: one that fails doesn't keep the others from their turn.
      const runs = await Promise.allSettled([crank.run(), confirmer.run(), reporter.run()]);
      for (const run of runs) if (run.status === "rejected") throw run.reason;
      return runs.map((run) => (run.status === "fulfilled" ? run.value : null));
    },
    logger,
  });

  const sponsor = config.sponsor && sponsorSigner(config.sponsor.keyFile, signer.address);
  const x402 =
    config.sponsor &&
    sponsor &&
    (await createX402({
      client,
      signer: sponsor,
      settings: config.sponsor,
      redis: redis.commands,
      keys,
      lockTtlMs: config.lockTtlMs,
      metrics,
      logger,
      publicUrl: () => config.publicUrl ?? url(),
      sponsoredToo: functionsOf(packageAddress, config.sponsor.functions),
    }));
  const transactions = createTransactionRelay({
    client,
    redis: redis.commands,
    keys,
    requestsPerSec: config.relayRequestsPerSec,
    sponsor:
      config.sponsor && sponsor && x402
        ? { desk: x402.sponsor, store: x402.sponsored, signer: sponsor, settings: config.sponsor }
        : null,
    metrics,
    logger,
  });

  let balanceIsLow = false;
  const health = createHealth({
    chainId,
    sponsor: sponsor && {
      address: sponsor.address,
      async balance() {
        const units = await readGasBalance(client, sponsor.address);
        metrics.sponsorBalance.set({ account: sponsor.address }, Number(units));
        return units;
      },
    },
    packageAddress,
    relayer: signer.address,
    redis: redis.commands,
    client,
    balance: () => readGasBalance(client, signer.address),
    lowBalance: config.lowBalance,
    isSubmitter: () => lease.current() !== null,
    sinceLastTickMs: () => engine.sinceLastTickMs(),
    tickLateMs: Math.max(15_000, config.tickIntervalMs * 10),
    onBalance(units) {
      metrics.balance.set(Number(units));
      // While it can still be paid for, what is put off is settled.
      if (units < config.lowBalance && !balanceIsLow) settler.flushNext();
      balanceIsLow = units < config.lowBalance;
    },
  });
  const server = createHttpServer(
    createApp({
      ...(x402 ? { x402: x402.router } : {}),
      transactions: transactions.router,
      commands: createCommandRoutes(commands),
      corsOrigins: config.corsOrigins,
      trustProxy: config.trustProxy,
      intake,
      countersignatures: createCountersignatureIntake({
        chainId,
        packageAddress,
        views,
        store: confirmations,
      }),
      attestations,
      status,
      health,
      logger,
      metrics: async () => {
        // Balances are as new as the last look at health, which nobody else may take.
        await health.report();
        if (x402 && sponsor) {
          const waiting = await x402.waiting().catch(() => null);
          if (waiting !== null) metrics.quotesWaiting.set({ account: sponsor.address }, waiting);
        }
        for (const [state, count] of Object.entries(await engine.depth().catch(() => ({})))) {
          metrics.queueDepth.set({ state }, count);
        }
        metrics.inFlight.set(submitter.inFlight);
        metrics.waiting.set(intake.waiting);
        for (const kind of ["hub", "logs"] as const) metrics.sessions.set({ kind }, hub.count(kind));
        return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() };
      },
    }),
  );
  const hub = attachHub(server, {
    corsOrigins: config.corsOrigins,
    maxSessions: SESSIONS_MAX,
    maxSessionsPerAddress: SESSIONS_PER_ADDRESS_MAX,
    addressOf: (request) => addressOf(request, config.trustProxy),
    open: {
      hub: (ws, onClose, wire) =>
        openNodeSession(
          ws,
          {
            chainId,
            packageAddress,
            views,
            intake,
            logs,
            status,
            telemetry: (message, provider) => recorder.telemetry(message, provider),
            commands,
            limits: DEFAULT_LIMITS,
            helloTimeoutMs: FIRST_MESSAGE_TIMEOUT_MS,
            logger,
          },
          onClose,
          wire,
        ),
      logs: (ws, onClose) =>
        openReaderSession(
          ws,
          {
            access: {
              chainId,
              packageAddress,
              views,
              authenticationKey: (address) => readAuthenticationKey(client, address),
              tokens: accessTokens,
            },
            logs,
            limits: DEFAULT_LIMITS,
            openTimeoutMs: FIRST_MESSAGE_TIMEOUT_MS,
            logger,
          },
          onClose,
        ),
    },
  });

  /** What is proven and put off is settled before this instance goes, as far as the time allows. */
  const flush = async (): Promise<void> => {
    if (!lease.current()) return;
    settler.flushNext();
    const tick = settler
      .tick()
      .catch((error: unknown) =>
        logger.warn({ reason: messageOf(error) }, "can't settle everything at the end"),
      );
    await Promise.race([tick, sleep(FLUSH_GRACE_MS, undefined, { ref: false })]);
  };

  const close = async (): Promise<void> => {
    commands.close();
    await hub.close();
    await new Promise<void>((resolve) => {
      // A request that trickles in must not keep the submission on its way and the lock from being finished.
      const cut = setTimeout(() => server.closeAllConnections(), REQUEST_GRACE_MS);
      server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      server.closeIdleConnections();
    });
    intake.close();
    await engine.stop();
    await flush();
    await transactions.close();
    await x402?.close();
    await submitter.close(SUBMISSION_GRACE_MS);
    await engine.close();
    await shards.close();
    await lease.close();
    await logs.close();
    await commandStore.close();
    await recorder.close();
    await redis.close();
  };

  try {
    await listen(server, config.port, config.host);
  } catch (error) {
    await close();
    throw new StartupError(
      "PORT_UNAVAILABLE",
      `The relayer can't listen on ${config.host}:${config.port} (${(error as NodeJS.ErrnoException).code ?? messageOf(error)}).`,
      "Stop what uses the port, or set PORT to another (0 = any free one).",
      error,
    );
  }
  lease.start();
  shards.start();
  x402?.start();
  transactions.start();
  return { url: url(), close };

  function url(): string {
    const { port } = server.address() as AddressInfo;
    return `http://${config.host}:${port}`;
  }
}

/** One key has one sequence number, and one submitter that owns it. */
function sponsorSigner(keyFile: string, relayer: string): SponsorSigner {
  const signer = loadSigner(keyFile, "SPONSOR_KEY_FILE");
  if (signer.address !== relayer) return signer;
  throw new StartupError(
    "SPONSOR_KEY_SHARED",
    "SPONSOR_KEY_FILE and KEY_FILE hold the same key.",
    "Make another key for the sponsor and fund its account.",
  );
}

/** Another chain is a reason not to start; a node that is away is not: everything here waits for it. */
async function checkChain(client: ChainClient, nodeUrl: string, logger: Logger): Promise<void> {
  try {
    await client.assertChain();
  } catch (error) {
    if ((error as { failure?: { code?: string } }).failure?.code !== "CHAIN_MISMATCH") {
      logger.warn({ nodeUrl, reason: messageOf(error) }, "the chain's node can't be read yet");
      return;
    }
    throw new StartupError(
      "CHAIN_MISMATCH",
      `The node ${nodeUrl} is another chain than the deployment record's: ${messageOf(error)}.`,
      "Point NODE_URL at the right chain, or DEPLOYMENT_FILE at this chain's record.",
      error,
    );
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
