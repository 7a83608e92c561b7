/**
 * Answers the market's admin, and writes down what was done.
 * It doesn't know who the admin is: bearer.ts asked the chain before.
 */
import { z } from "zod";
import type { Caller } from "../../auth/access-token.ts";
import type { Context } from "../../context.ts";
import { type AdminAction, listActions, recordAction, tableSizes } from "../../db/admin.ts";
import { withTransaction } from "../../db/client.ts";
import { readCursor } from "../../db/cursor.ts";
import type { Metrics } from "../../metrics.ts";
import { decodeCursor, toPage } from "../pagination.ts";
import type { ADMIN_ROUTES } from "../table/admin.ts";
import type { Handlers } from "../table/types.ts";
import { sessionDto } from "./auth.ts";

const zSessionKey = z
  .object({ createdAtMs: z.number().int().min(0).max(253_402_300_799_000), sid: z.uuid() })
  .strict();
const zActionKey = z.object({ id: z.string().regex(/^\d{1,18}$/) }).strict();

export function adminHandlers({
  pool,
  auth,
  source,
  indexing,
  metrics,
  now,
}: Context): Handlers<typeof ADMIN_ROUTES> {
  const record = (db: Parameters<typeof recordAction>[0], by: Caller, action: AdminAction, detail: object) =>
    recordAction(db, { at: new Date(now()), by, action, detail });

  return {
    "/api/v1/admin/status": async () => {
      const [cursor, chainVersion, sessions, database, figures] = await Promise.all([
        readCursor(pool),
        source.ledger().then(
          ({ version }) => version,
          () => null,
        ),
        auth.sessions.counts(),
        tableSizes(pool),
        readFigures(metrics),
      ]);
      const version = cursor && cursor.nextVersion > 0n ? cursor.nextVersion - 1n : 0n;
      const lag = chainVersion === null ? null : chainVersion > version ? chainVersion - version : 0n;
      return {
        body: {
          version: version.toString(),
          chainVersion: chainVersion?.toString() ?? null,
          lagVersions: lag?.toString() ?? null,
          indexing: { role: indexing.role, problem: indexing.problem },
          sessions,
          database,
          figures,
        },
      };
    },

    "/api/v1/admin/sessions": async ({ query: { wallet, limit, cursor }, caller }) => {
      const key = decodeCursor(zSessionKey, cursor);
      const rows = await auth.sessions.list({
        wallet,
        after: key && { createdAt: new Date(key.createdAtMs), sid: key.sid },
        limit: limit + 1,
      });
      await record(pool, caller, "sessions.list", { wallet: wallet ?? null });
      return {
        body: toPage(
          rows,
          limit,
          (session) => sessionDto(session, caller.sid),
          ({ createdAt, sid }) => ({ createdAtMs: createdAt.getTime(), sid }),
        ),
      };
    },

    "/api/v1/admin/sessions/revoke": async ({ body: { wallet, sid }, caller }) => {
      const client = await pool.connect();
      try {
        return await withTransaction(client, async () => {
          const which = sid === undefined ? { wallet } : { wallet, sid };
          const revoked = await auth.sessions.revoke(which, "admin", client);
          await record(client, caller, "sessions.revoke", { ...which, revoked });
          return { body: { revoked } };
        });
      } finally {
        client.release();
      }
    },

    "/api/v1/admin/audit": async ({ query: { limit, cursor } }) => {
      const before = decodeCursor(zActionKey, cursor)?.id ?? null;
      const rows = await listActions(pool, { before, limit: limit + 1 });
      const body = toPage(
        rows,
        limit,
        ({ occurredAt, ...row }) => ({ ...row, occurredAt: Math.floor(occurredAt.getTime() / 1000) }),
        ({ id }) => ({ id }),
      );
      return { body };
    },
  };
}

/** Counters and gauges by name and labels; histograms are for Prometheus. */
async function readFigures({ registry }: Pick<Metrics, "registry">): Promise<Record<string, number>> {
  const figures: Record<string, number> = {};
  for (const { name, type, values } of await registry.getMetricsAsJSON()) {
    if (String(type) !== "counter" && String(type) !== "gauge") continue;
    for (const { labels, value } of values) {
      const told = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      figures[told.length === 0 ? name : `${name}{${told.join(",")}}`] = value;
    }
  }
  return figures;
}
