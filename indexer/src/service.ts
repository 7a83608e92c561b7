/**
 * Puts the indexer together: migrate, index, serve, push; and takes it apart again in the opposite order.
 * It doesn't read the environment or handle signals: `index.ts` does, and tests call this directly.
 */
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createRedisKeys } from "@computestream/protocol/redis-keys";
import { createApp } from "./api/app.ts";
import { contractOf } from "./api/contract.ts";
import { createHttpServer } from "./api/http-server.ts";
import { addressOf, admitConnection } from "./api/rate-limit.ts";
import { createAssetBook } from "./assets/book.ts";
import { createAuth } from "./auth/auth.ts";
import { loadSigningKey } from "./auth/signing-key.ts";
import { createAnswers } from "./cache/answers.ts";
import { createFreshness } from "./cache/freshness.ts";
import { createSharedAnswers } from "./cache/shared-answers.ts";
import { assertSameDeployment } from "./chain/identity.ts";
import type { ChainSource } from "./chain/source.ts";
import type { Config } from "./config.ts";
import { createPool, waitForDatabase } from "./db/client.ts";
import { readCursor } from "./db/cursor.ts";
import { changesBetween, readMirrorState } from "./db/queries/changes.ts";
import { createProviderShelf } from "./discovery/provider-shelf.ts";
import { FatalError, isFatal } from "./errors.ts";
import { type IndexingStatus, startIndexer } from "./indexing/indexer.ts";
import { createLimiter } from "./limits/limiter.ts";
import type { Logger } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { migrate } from "./migrate.ts";
import { createActiveState } from "./redis/active-state.ts";
import { createRedisLink } from "./redis/client.ts";
import { sleep } from "./retry.ts";
import { startCommitListener } from "./ws/commits.ts";
import { createGate } from "./ws/gate.ts";
import { createHub } from "./ws/hub.ts";
import { createMomentReader } from "./ws/moment.ts";
import { createOnlineWatch } from "./ws/online-watch.ts";
import { attachWsServer } from "./ws/server.ts";
import { createSseServer } from "./ws/sse.ts";

/** A Redis that is there answers by then; one that isn't must not hold up the start. */
const REDIS_WAIT_MS = 500;
const REWRITE_ACTIVE_MS = 30_000;
/** A provider that falls silent, or comes back, is told of so much later at most. */
const ONLINE_CHECK_MS = 2_000;

export interface Service {
  url: string;
  readonly indexing: Readonly<IndexingStatus>;
  /**
   * Resolves with the error after which the data may not be served on (`CHAIN_MISMATCH`), never otherwise. After other
   * fatal errors the mirror stands still but stays true, so it is served and health says why.
   */
  readonly mustStop: Promise<unknown>;
  close(): Promise<void>;
}

export async function startService(config: Config, source: ChainSource, log: Logger): Promise<Service> {
  const { databaseUrl, deployment } = config;
  const database = { databaseUrl };
  const key = await loadSigningKey(config.signingKeyFile, deployment.network === "devnet");
  if (config.signingKeyFile === undefined && deployment.network !== "devnet") {
    log.warn("SIGNING_KEY_FILE isn't set: access tokens are good at this instance and until its end only");
  }
  await waitForDatabase(databaseUrl, config.databaseWaitMs);
  const { applied } = await migrate({
    databaseUrl,
    onNotice: (text) => log.info({ notice: text }, "migrating"),
  });
  if (applied.length > 0) log.info({ applied }, "migrated");

  const pool = createPool({
    databaseUrl,
    statementTimeoutMs: config.queryTimeoutMs,
    onError: (error) => log.warn({ err: error }, "an idle database connection broke"),
  });
  try {
    const cursor = await readCursor(pool);
    if (cursor) assertSameDeployment(cursor, deployment);
  } catch (error) {
    await pool.end();
    throw error;
  }

  await refuseForeignChain(source, log);

  const metrics = createMetrics();
  const redis = createRedisLink({
    url: config.redisUrl,
    log,
    onState: (state) => metrics.redisUp.set(state === "ok" ? 1 : 0),
  });
  await redis.ready(REDIS_WAIT_MS);
  const indexer = startIndexer({
    database,
    source,
    startVersion: config.startVersion,
    pollIntervalMs: config.pollIntervalMs,
    keepDays: config.seriesRetentionDays,
    metrics,
    log,
  });
  const keys = createRedisKeys(deployment, config.redisPrefix);
  const limits = {
    limiter: config.rateLimits && createLimiter({ quotas: config.rateLimits, redis, keys }),
    trustProxy: config.trustProxy,
    metrics,
    now: Date.now,
  };
  const active = createActiveState({ db: pool, redis, keys, log, now: Date.now });
  const rewriteActive = () => {
    if (indexer.status.role === "writer") void active.rewrite();
  };
  redis.onReady(rewriteActive);
  // What a flushed Redis has forgotten, or a commit's note has missed.
  const rewriting = setInterval(rewriteActive, REWRITE_ACTIVE_MS);
  const firstRewrite = setTimeout(rewriteActive, 1_000);
  const readState = () => readMirrorState(pool);
  const freshness = createFreshness({
    readState,
    async readChanges(after, until) {
      const changed = await changesBetween(pool, after, until);
      if (indexer.status.role === "writer") void active.note(changed, after, until);
      return changed;
    },
    log,
  });
  const answers =
    config.cacheMaxMb === 0
      ? null
      : createAnswers({
          maxBytes: config.cacheMaxMb * 1024 * 1024,
          freshness,
          shared: createSharedAnswers({ redis, keys, contract: contractOf(deployment) }),
          readState,
          now: () => performance.now(),
        });
  const assets = await createAssetBook({ pool, source, market: deployment.asset, log });
  const onlineWatch = createOnlineWatch(active);
  const hub = createHub({
    read: createMomentReader(pool, assets, onlineWatch),
    onError: (error) => log.warn({ err: error }, "reading what changed failed"),
    onRound: ({ ms }) => metrics.liveRoundSeconds.observe(ms / 1000),
  });
  const commits = startCommitListener({
    database,
    onCommit() {
      assets.refresh();
      freshness.heard();
      hub.wake();
    },
    onLost: freshness.deaf,
    log,
  });
  const gate = createGate({ total: config.liveMaxConnections, perAddress: config.liveMaxPerAddress });
  const clientOf = (request: IncomingMessage) => addressOf(request, config.trustProxy);
  const sse = createSseServer({ hub, gate, addressOf: clientOf, metrics });
  const tending = setInterval(hub.tend, 250);
  const watching = onlineWatch.every(ONLINE_CHECK_MS, hub);
  const server = createHttpServer(
    createApp({
      pool,
      providers: createProviderShelf(pool, { maxRows: config.providersInMemory }),
      deployment,
      assets,
      source,
      auth: createAuth({ pool, key, source, domains: config.signInDomains, now: Date.now }),
      indexing: indexer.status,
      corsOrigins: config.corsOrigins,
      redis,
      answers,
      active,
      freshness,
      limiter: limits.limiter,
      trustProxy: limits.trustProxy,
      live: sse,
      isDraining: () => draining,
      metrics,
      log,
      now: Date.now,
    }),
  );
  const ws = attachWsServer({
    server,
    hub,
    gate,
    addressOf: clientOf,
    corsOrigins: config.corsOrigins,
    metrics,
    admit: (request) => admitConnection(limits, request),
  });

  let draining = false;
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= takeApart();
    return closing;
  };

  async function takeApart(): Promise<void> {
    draining = true;
    // Whoever sends us requests sees at /ready that it should stop, while they are still answered.
    if (server.listening) await sleep(config.drainMs);
    const listening = new Promise<void>((resolve) => server.close(() => resolve()));
    sse.close();
    await ws.close();
    server.closeIdleConnections();
    await Promise.all([indexer.close(), commits.close()]);
    clearInterval(tending);
    watching.close();
    hub.close();
    const cut = setTimeout(() => server.closeAllConnections(), 5_000);
    await listening;
    clearTimeout(cut);
    clearInterval(rewriting);
    clearTimeout(firstRewrite);
    freshness.close();
    await assets.close();
    redis.close();
    await pool.end();
  }

  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(config.port, config.host, resolve);
    });
  } catch (error) {
    await close();
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EADDRINUSE") throw error;
    throw new FatalError(
      "CONFIG_INVALID",
      `PORT ${config.port} on ${config.host} is taken: stop what uses it or set another (0 = any free one)`,
      error,
    );
  }

  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(":") ? `[${config.host}]` : config.host;
  return {
    url: `http://${host}:${port}`,
    indexing: indexer.status,
    mustStop: new Promise((resolve) => {
      void indexer.done.then((error) => {
        const { problem } = indexer.status;
        if (problem?.fatal && problem.code === "CHAIN_MISMATCH") resolve(error);
      });
    }),
    close,
  };
}

/**
 * Throws when the node is another chain than the deployment's. A node that can't be read now is no reason not to serve
 * what is mirrored: the writer checks again before its first row.
 */
async function refuseForeignChain(source: ChainSource, log: Logger): Promise<void> {
  try {
    await source.assertChain();
  } catch (error) {
    if (isFatal(error)) throw error;
    log.warn({ err: error }, "the node can't be read yet");
  }
}
