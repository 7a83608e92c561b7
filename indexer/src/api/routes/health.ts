/**
 * Answers the routes about the service: is the mirror true and fresh, can reads be served, metrics.
 * It doesn't repair anything.
 */
import type { HealthDto } from "@computestream/protocol/api";
import type { Context } from "../../context.ts";
import { type Cursor, readCursor } from "../../db/cursor.ts";
import { timeseriesKind } from "../../db/queries/stats.ts";
import { publicMessage } from "../../errors.ts";
import type { SERVICE_ROUTES } from "../table/service.ts";
import type { Handlers } from "../table/types.ts";

/** A mirror that lags more than this is unhealthy once it also stands still. */
const LAG_VERSIONS = 100n;
const STALLED_MS = 45_000;
/** The node is asked at most this often, however many ask us. */
const HEAD_FRESH_MS = 1_000;
const HEAD_TIMEOUT_MS = 3_000;

type Routes = Pick<typeof SERVICE_ROUTES, "/api/v1/health" | "/ready" | "/metrics">;

export function healthHandlers(context: Context): Handlers<Routes> {
  const { pool, deployment, indexing, metrics, redis, now } = context;
  const readHead = createHeadReader(context);
  const progress = { nextVersion: -1n, changedAtMs: now() };

  async function readDatabase(): Promise<{
    ok: boolean;
    message?: string;
    cursor: Cursor | null;
    timeseries: HealthDto["timeseries"];
  }> {
    try {
      const timeseries = await timeseriesKind(pool);
      return { ok: true, cursor: await readCursor(pool), timeseries };
    } catch {
      return {
        ok: false,
        message: "the database doesn't answer",
        cursor: null,
        timeseries: "postgresql",
      };
    }
  }

  return {
    "/api/v1/health": async () => {
      // Asked also while nothing else uses it, so that the state told is today's.
      const [database, head] = await Promise.all([
        readDatabase(),
        readHead(),
        redis.ask((connection) => connection.ping()),
      ]);
      const cursor = database.ok ? database.cursor : null;
      const chainVersion = head.version;
      const version = cursor && cursor.nextVersion > 0n ? cursor.nextVersion - 1n : 0n;
      const lag = cursor && chainVersion !== null && chainVersion > version ? chainVersion - version : 0n;
      // Whoever reads this version here may ask for what is in it next.
      if (version > context.freshness.version) context.freshness.heard();
      if (cursor && cursor.nextVersion !== progress.nextVersion) {
        progress.nextVersion = cursor.nextVersion;
        progress.changedAtMs = now();
      }
      const isStalled = lag > LAG_VERSIONS && now() - progress.changedAtMs > STALLED_MS;
      const checks: HealthDto["checks"] = {
        database: check(database.ok, database.message),
        chain: check(chainVersion !== null, head.message),
        indexing: check(indexing.problem === null, indexing.problem?.message),
        lag: check(!isStalled, `${lag} versions behind and no progress for ${STALLED_MS / 1000} seconds`),
      };
      const ok = Object.values(checks).every((c) => c.ok);
      const body: HealthDto = {
        ok,
        chainId: deployment.chainId,
        packageAddress: deployment.packageAddress,
        version: version.toString(),
        chainVersion: chainVersion?.toString() ?? null,
        lagVersions: cursor && chainVersion !== null ? lag.toString() : null,
        timeseries: database.timeseries,
        redis: redis.state,
        checks,
      };
      return { body, status: ok ? 200 : 503, headers: { "cache-control": "no-store" } };
    },

    "/ready": async () => {
      const database = await readDatabase();
      const ok = database.ok && database.cursor !== null && !context.isDraining();
      return { body: { ok }, status: ok ? 200 : 503, headers: { "cache-control": "no-store" } };
    },

    "/metrics": async () => ({
      body: await metrics.registry.metrics(),
      headers: { "content-type": metrics.registry.contentType },
    }),
  };
}

function check(ok: boolean, message: string | undefined): { ok: boolean; message?: string } {
  return ok || message === undefined ? { ok } : { ok, message };
}

/** Version of the node's head, read at most once a second for everybody; null with the reason when it can't be read. */
function createHeadReader({ source, now }: Context) {
  type Head = { version: bigint | null; message?: string };
  let read: { at: number; head: Promise<Head> } | null = null;
  return (): Promise<Head> => {
    if (read && now() - read.at < HEAD_FRESH_MS) return read.head;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<Head>((resolve) => {
      timer = setTimeout(
        () => resolve({ version: null, message: "the node doesn't answer" }),
        HEAD_TIMEOUT_MS,
      );
    });
    const head = source.ledger().then(
      ({ version }): Head => ({ version }),
      (error: unknown): Head => ({ version: null, message: publicMessage(error) }),
    );
    read = { at: now(), head: Promise.race([head, timeout]).finally(() => clearTimeout(timer)) };
    return read.head;
  };
}
