/**
 * The read API's contract: what the indexer takes and answers, and every client parses. Amounts are decimal strings.
 * It doesn't know SQL or Express.
 */
import { z } from "zod";
import { zAddress, zDecimal, zHex } from "../primitives.ts";
import { zAdminStatus, zAuditEntry } from "./admin-answers.ts";
import { zJwks, zNonce, zRevoked, zSession, zSessions, zTokens } from "./auth.ts";
import { zJobAnswer, zJobCases, zTickAnswer } from "./job-answers.ts";
import { zAssets, zMarket, zStatsAnswer, zStatsHistory } from "./market-answers.ts";
import { zHealth, zJobEvent } from "./models.ts";
import { zMe, zStoredAttestation, zTelemetry } from "./private-answers.ts";
import { zProviderAnswer, zProviderStats } from "./provider-answers.ts";
import { zQuote, zQuoteDetail } from "./quote-answers.ts";
import { zReceipt } from "./receipt.ts";
import { zLedgerEntry, zWallet } from "./wallet-answers.ts";

export * from "./admin-answers.ts";
export * from "./auth.ts";
export * from "./job-answers.ts";
export * from "./live.ts";
export * from "./live-state.ts";
export * from "./market-answers.ts";
export * from "./models.ts";
export * from "./private-answers.ts";
export * from "./provider-answers.ts";
export * from "./public-config.ts";
export * from "./queries.ts";
export * from "./quote-answers.ts";
export * from "./rates.ts";
export * from "./receipt.ts";
export * from "./wallet-answers.ts";

/** Every 4xx and 5xx body of every service. `field` names the input at fault. */
export const zApiError = z
  .object({
    error: z.object({
      code: z.string().describe("Stays the same; programs go by it."),
      message: z.string().describe("What is wrong and what to do, for a person."),
      field: z.string().optional().describe("The input at fault."),
      requestId: z.string().optional().describe("As in the x-request-id header; the log knows it."),
    }),
  })
  .meta({ id: "Error" });
export type ApiErrorDto = z.output<typeof zApiError>;

/** `nextCursor` is opaque; null on the last page. */
export const zPage = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().describe("Opaque; null on the last page."),
  });

/** What each route answers with 200: path -> schema. All GET but where it says POST, all under the indexer's base URL. */
export const API_ROUTES = {
  "/api/v1/health": zHealth,
  "/api/v1/stats": zStatsAnswer,
  "/api/v1/stats/history": zStatsHistory,
  "/api/v1/assets": zAssets,
  "/api/v1/market": zMarket,
  "/api/v1/events": zPage(zJobEvent),
  "/api/v1/providers": zPage(zProviderAnswer),
  "/api/v1/providers/:address": zProviderAnswer,
  "/api/v1/providers/:address/jobs": zPage(zJobAnswer),
  "/api/v1/providers/:address/stats": zProviderStats,
  "/api/v1/jobs": zPage(zJobAnswer),
  "/api/v1/jobs/:address": zJobAnswer,
  "/api/v1/jobs/:address/ticks": zPage(zTickAnswer),
  "/api/v1/jobs/:address/events": zPage(zJobEvent),
  "/api/v1/jobs/:address/receipt": zReceipt,
  "/api/v1/jobs/:address/case": zJobCases,
  /** Running streams, newest first: the same shape as jobs. */
  "/api/v1/streams": zPage(zJobAnswer),
  "/api/v1/quotes": zPage(zQuote),
  "/api/v1/quotes/:address": zQuoteDetail,
  "/api/v1/wallets/:address": zWallet,
  "/api/v1/wallets/:address/ledger": zPage(zLedgerEntry),
  /** POST */
  "/api/v1/auth/nonce": zNonce,
  /** POST */
  "/api/v1/auth/sign-in": zTokens,
  /** POST */
  "/api/v1/auth/refresh": zTokens,
  /** POST */
  "/api/v1/auth/sign-out": zRevoked,
  "/api/v1/auth/sessions": zSessions,
  "/api/v1/auth/jwks.json": zJwks,
  "/api/v1/me": zMe,
  "/api/v1/providers/:address/telemetry": zPage(zTelemetry),
  "/api/v1/jobs/:address/attestations": zPage(zStoredAttestation),
  "/api/v1/admin/status": zAdminStatus,
  "/api/v1/admin/sessions": zPage(zSession),
  /** POST */
  "/api/v1/admin/sessions/revoke": zRevoked,
  "/api/v1/admin/audit": zPage(zAuditEntry),
} as const;
export type ApiRoute = keyof typeof API_ROUTES;
export type ApiAnswer<R extends ApiRoute> = z.output<(typeof API_ROUTES)[R]>;

export { zAddress, zDecimal, zHex };
