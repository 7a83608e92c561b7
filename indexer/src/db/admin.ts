/**
 * The admin's part of the database: what admins did, and how large everything is. The audit only grows.
 * It doesn't know who is an admin.
 */
import type { Queryable } from "./table.ts";

export type AdminAction = "sessions.list" | "sessions.revoke";

export interface AuditRow {
  id: string;
  occurredAt: Date;
  wallet: string;
  sid: string;
  action: AdminAction;
  detail: Record<string, unknown>;
}

/** In the transaction of what was done. */
export async function recordAction(
  db: Queryable,
  p: { at: Date; by: { wallet: string; sid: string }; action: AdminAction; detail: object },
): Promise<void> {
  await db.query(
    "INSERT INTO admin_audit (occurred_at, wallet, sid, action, detail) VALUES ($1, $2, $3, $4, $5)",
    [p.at, p.by.wallet, p.by.sid, p.action, JSON.stringify(p.detail)],
  );
}

/** Newest first. */
export async function listActions(
  db: Queryable,
  q: { before: string | null; limit: number },
): Promise<AuditRow[]> {
  const { rows } = await db.query(
    `SELECT id, occurred_at AS "occurredAt", wallet, sid, action, detail FROM admin_audit
     WHERE $1::int8 IS NULL OR id < $1 ORDER BY id DESC LIMIT $2`,
    [q.before, q.limit],
  );
  return rows;
}

export interface TableSize {
  name: string;
  bytes: number;
  rows: number;
  partitions: number;
  inDefault: number;
}

/** Of the schema in use, largest first. Chunks of hypertables lie elsewhere and aren't counted. */
export async function tableSizes(db: Queryable): Promise<{ bytes: number; tables: TableSize[] }> {
  const { rows } = await db.query(
    `SELECT c.relname AS name,
            (pg_total_relation_size(c.oid) + coalesce(sum(pg_total_relation_size(part.oid)), 0))::float8 AS bytes,
            (CASE WHEN c.relkind = 'p' THEN coalesce(sum(greatest(part.reltuples, 0)), 0)
                  ELSE greatest(c.reltuples, 0) END)::float8 AS rows,
            count(part.oid)::int AS partitions,
            coalesce(sum(greatest(part.reltuples, 0)) FILTER (WHERE part.relname = c.relname || '_default'), 0)::float8
              AS "inDefault"
     FROM pg_class c
     LEFT JOIN pg_inherits i ON i.inhparent = c.oid
     LEFT JOIN pg_class part ON part.oid = i.inhrelid
     WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
     GROUP BY c.oid, c.relname, c.relkind, c.reltuples
     ORDER BY bytes DESC, name`,
  );
  const size = await db.query("SELECT pg_database_size(current_database())::float8 AS bytes");
  return { bytes: size.rows[0].bytes, tables: rows };
}
