/**
 * Sessions of wallets in PostgreSQL: made once a nonce, refreshed, listed, revoked. Bounded per wallet.
 * It doesn't know signatures, access tokens or HTTP.
 */
import { randomUUID, timingSafeEqual } from "node:crypto";
import type { REVOKED_BECAUSE } from "@computestream/protocol/api";
import type { Pool } from "pg";
import { withTransaction } from "../db/client.ts";
import type { Queryable } from "../db/table.ts";
import {
  firstRefreshToken,
  hashOf,
  isOfFamily,
  makeFamilyKey,
  nextRefreshToken,
  readRefreshToken,
} from "./refresh-token.ts";
import type { SigningKey } from "./signing-key.ts";

const DAY_MS = 86_400_000;
/** Unused for so long, a session ends; and however much used, after the second. */
const IDLE_MS = 7 * DAY_MS;
const LIFE_MS = 30 * DAY_MS;
/** A client that never got the answer may ask again; so may a second tab that asked at the same moment. */
const RETRY_MS = 10_000;
/** Further ones push the oldest out. */
export const MAX_SESSIONS = 10;
/** Ended ones that a wallet still sees in its list. */
const MAX_ENDED = 10;
const MAX_USER_AGENT = 120;

export interface Session {
  sid: string;
  wallet: string;
  domain: string;
  userAgent: string;
  createdAt: Date;
  lastUsedAt: Date;
  expiresAt: Date;
  revokedAt: Date | null;
  revokedBecause: (typeof REVOKED_BECAUSE)[number] | null;
}

export interface Grant {
  session: Session;
  refreshToken: string;
}

export type Refreshed =
  | ({ ok: true } & Grant)
  /** `reused`: an old token came again, so the session ended now. */
  | { ok: false; reused: boolean };

export interface SessionKey {
  createdAt: Date;
  sid: string;
}

export interface Sessions {
  /** Null when the nonce has been used. */
  start(p: {
    wallet: string;
    domain: string;
    userAgent: string;
    nonce: string;
    nonceExpiresAtMs: number;
  }): Promise<Grant | null>;
  refresh(refreshToken: string): Promise<Refreshed>;
  /** Whether it stands now; never cached, so that a revocation counts at once. */
  isAlive(sid: string, wallet: string): Promise<boolean>;
  list(p: { wallet?: string | undefined; after: SessionKey | null; limit: number }): Promise<Session[]>;
  /** Returns how many ended by this. */
  revoke(
    which: { sid: string; wallet?: string } | { wallet: string },
    because: "signed_out" | "admin",
    db?: Queryable,
  ): Promise<number>;
  counts(): Promise<{ alive: number; wallets: number; ended: number; usedNonces: number }>;
}

const COLUMNS = `sid, wallet, domain, user_agent AS "userAgent", created_at AS "createdAt",
  last_used_at AS "lastUsedAt", expires_at AS "expiresAt", revoked_at AS "revokedAt",
  revoked_because AS "revokedBecause"`;

export function createSessions(options: { pool: Pool; key: SigningKey; now(): number }): Sessions {
  const { pool, key, now } = options;

  async function transaction<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    const client = await pool.connect();
    try {
      return await withTransaction(client, () => work(client));
    } finally {
      client.release();
    }
  }

  return {
    start: ({ wallet, domain, userAgent, nonce, nonceExpiresAtMs }) =>
      transaction(async (db) => {
        const at = new Date(now());
        // Held to the end, so that two sign-ins of one wallet count each other.
        await db.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [wallet]);
        const used = await db.query(
          "INSERT INTO auth_used_nonces (nonce, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING",
          [nonce, new Date(nonceExpiresAtMs)],
        );
        if (used.rowCount === 0) return null;
        const sid = randomUUID();
        const familyKey = makeFamilyKey();
        const token = firstRefreshToken(sid, familyKey);
        const { rows } = await db.query(
          `INSERT INTO auth_sessions (sid, wallet, domain, user_agent, created_at, last_used_at, expires_at,
                                      generation, refresh_hash, family_key)
           VALUES ($1, $2, $3, $4, $5, $5, $6, 0, $7, $8) RETURNING ${COLUMNS}`,
          [
            sid,
            wallet,
            domain,
            userAgent.slice(0, MAX_USER_AGENT),
            at,
            new Date(at.getTime() + IDLE_MS),
            hashOf(token),
            familyKey,
          ],
        );
        await makeRoom(db, wallet, at);
        await sweep(db, at);
        return { session: rows[0] as Session, refreshToken: token.text };
      }),

    async refresh(text) {
      const token = readRefreshToken(text);
      if (!token) return { ok: false, reused: false };
      return transaction(async (db): Promise<Refreshed> => {
        const at = new Date(now());
        const { rows } = await db.query(
          `SELECT ${COLUMNS}, generation, refresh_hash, family_key FROM auth_sessions
           WHERE sid = $1 AND revoked_at IS NULL AND expires_at > $2 FOR UPDATE`,
          [token.sid, at],
        );
        const row = rows[0];
        if (!row || !isOfFamily(token, row.family_key)) return { ok: false, reused: false };
        const next = nextRefreshToken(token, row.family_key, key);
        const isCurrent = timingSafeEqual(hashOf(token), row.refresh_hash);
        if (isCurrent) {
          const expiresAtMs = Math.min(at.getTime() + IDLE_MS, row.createdAt.getTime() + LIFE_MS);
          const updated = await db.query(
            `UPDATE auth_sessions SET generation = $2, refresh_hash = $3, last_used_at = $4, expires_at = $5
             WHERE sid = $1 RETURNING ${COLUMNS}`,
            [token.sid, next.generation, hashOf(next), at, new Date(expiresAtMs)],
          );
          return { ok: true, session: updated.rows[0], refreshToken: next.text };
        }
        const wasLast = token.generation === row.generation - 1;
        const isRetry = wasLast && at.getTime() - row.lastUsedAt.getTime() <= RETRY_MS;
        if (isRetry && timingSafeEqual(hashOf(next), row.refresh_hash)) {
          return { ok: true, session: row, refreshToken: next.text };
        }
        // As new as the one that counts and yet another: the service's key has changed, nobody has a copy.
        if (token.generation >= row.generation || isRetry) return { ok: false, reused: false };
        await db.query("UPDATE auth_sessions SET revoked_at = $2, revoked_because = 'reuse' WHERE sid = $1", [
          token.sid,
          at,
        ]);
        return { ok: false, reused: true };
      });
    },

    async isAlive(sid, wallet) {
      const { rowCount } = await pool.query(
        "SELECT FROM auth_sessions WHERE sid = $1 AND wallet = $2 AND revoked_at IS NULL AND expires_at > $3",
        [sid, wallet, new Date(now())],
      );
      return rowCount === 1;
    },

    async list({ wallet, after, limit }) {
      const { rows } = await pool.query(
        `SELECT ${COLUMNS} FROM auth_sessions
         WHERE ($1::text IS NULL OR wallet = $1) AND ($2::timestamptz IS NULL OR (created_at, sid) < ($2, $3::uuid))
         ORDER BY created_at DESC, sid DESC LIMIT $4`,
        [wallet ?? null, after?.createdAt ?? null, after?.sid ?? null, limit],
      );
      return rows;
    },

    async revoke(which, because, db = pool) {
      const { rowCount } = await db.query(
        `UPDATE auth_sessions SET revoked_at = $3, revoked_because = $4
         WHERE ($1::uuid IS NULL OR sid = $1) AND ($2::text IS NULL OR wallet = $2)
           AND ($1::uuid IS NOT NULL OR $2::text IS NOT NULL) AND revoked_at IS NULL AND expires_at > $3`,
        ["sid" in which ? which.sid : null, which.wallet ?? null, new Date(now()), because],
      );
      return rowCount ?? 0;
    },

    async counts() {
      const { rows } = await pool.query(
        `SELECT count(*) FILTER (WHERE alive)::int AS alive,
                count(DISTINCT wallet) FILTER (WHERE alive)::int AS wallets,
                count(*) FILTER (WHERE NOT alive)::int AS ended,
                (SELECT count(*)::int FROM auth_used_nonces) AS "usedNonces"
         FROM (SELECT wallet, revoked_at IS NULL AND expires_at > $1 AS alive FROM auth_sessions) s`,
        [new Date(now())],
      );
      return rows[0];
    },
  };
}

/** What one wallet can fill is bounded: the oldest sessions end, and of those that ended the oldest go. */
async function makeRoom(db: Queryable, wallet: string, at: Date): Promise<void> {
  await db.query(
    `UPDATE auth_sessions SET revoked_at = $2, revoked_because = 'too_many' WHERE sid IN (
       SELECT sid FROM auth_sessions WHERE wallet = $1 AND revoked_at IS NULL AND expires_at > $2
       ORDER BY created_at DESC, sid DESC OFFSET $3)`,
    [wallet, at, MAX_SESSIONS],
  );
  await db.query(
    `DELETE FROM auth_sessions WHERE sid IN (
       SELECT sid FROM auth_sessions WHERE wallet = $1 AND (revoked_at IS NOT NULL OR expires_at <= $2)
       ORDER BY created_at DESC, sid DESC OFFSET $3)`,
    [wallet, at, MAX_ENDED],
  );
}

/** What nobody can use any more; sign-ins are what fills the tables, so they empty them too. */
async function sweep(db: Queryable, at: Date): Promise<void> {
  await db.query(
    `DELETE FROM auth_used_nonces WHERE nonce IN (
       SELECT nonce FROM auth_used_nonces WHERE expires_at < $1 LIMIT 100 FOR UPDATE SKIP LOCKED)`,
    [at],
  );
  await db.query(
    `DELETE FROM auth_sessions WHERE sid IN (
       SELECT sid FROM auth_sessions WHERE expires_at < $1 LIMIT 100 FOR UPDATE SKIP LOCKED)`,
    [new Date(at.getTime() - LIFE_MS)],
  );
}
