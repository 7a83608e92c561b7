/**
 * Answers the routes of signing in and sessions.
 * It doesn't know signatures or storage: auth/ does.
 */
import type { SessionDto } from "@computestream/protocol/api";
import type { Session } from "../../auth/sessions.ts";
import type { Context } from "../../context.ts";
import type { AUTH_ROUTES } from "../table/auth.ts";
import type { Handlers } from "../table/types.ts";

/** As many as a wallet can have, standing and ended. */
const SESSIONS_SHOWN = 50;

export function authHandlers(context: Context): Handlers<typeof AUTH_ROUTES> {
  return {
    "/api/v1/auth/nonce": async ({ body, asker }) => ({ body: context.auth.makeNonce(body, asker) }),

    "/api/v1/auth/sign-in": async ({ body, asker }) => ({ body: await context.auth.signIn(body, asker) }),

    "/api/v1/auth/refresh": async ({ body }) => ({ body: await context.auth.refresh(body.refreshToken) }),

    "/api/v1/auth/sign-out": async ({ body, caller: { sid, wallet } }) => {
      const which = body.all ? { wallet } : { sid, wallet };
      return { body: { revoked: await context.auth.sessions.revoke(which, "signed_out") } };
    },

    "/api/v1/auth/sessions": async ({ caller: { sid, wallet } }) => {
      const sessions = await context.auth.sessions.list({ wallet, after: null, limit: SESSIONS_SHOWN });
      return { body: { items: sessions.map((session) => sessionDto(session, sid)) } };
    },

    "/api/v1/auth/jwks.json": async () => ({
      body: context.auth.jwks,
      headers: { "cache-control": "public, max-age=300" },
    }),
  };
}

export function sessionDto(session: Session, currentSid: string): SessionDto {
  const secs = (date: Date) => Math.floor(date.getTime() / 1000);
  return {
    sid: session.sid,
    wallet: session.wallet,
    domain: session.domain,
    userAgent: session.userAgent,
    createdAt: secs(session.createdAt),
    lastUsedAt: secs(session.lastUsedAt),
    expiresAt: secs(session.expiresAt),
    revokedAt: session.revokedAt && secs(session.revokedAt),
    revokedBecause: session.revokedBecause,
    current: session.sid === currentSid,
  };
}
