/**
 * The read API's contract: what the indexer answers and every client parses. Amounts are decimal strings.
 * It doesn't know SQL or Express.
 */
import { z } from "zod";
import { zAddress, zDecimal, zHex } from "../primitives.ts";
import { PROVIDER_STATUSES } from "../provider-status.ts";
import { zHealth, zJob, zJobEvent, zJobState, zProvider, zStats, zTick } from "./models.ts";

export * from "./live.ts";
export * from "./models.ts";
export * from "./public-config.ts";

/** Every 4xx and 5xx body of every service. `field` names the input at fault. */
export const zApiError = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    requestId: z.string().optional(),
  }),
});
export type ApiErrorDto = z.output<typeof zApiError>;

const zLimit = z.coerce.number().int().min(1).max(200).default(50);
const zFlag = z.enum(["true", "false"]).transform((v) => v === "true");

export const zProvidersQuery = z
  .object({
    available: zFlag.optional(),
    status: z.enum(PROVIDER_STATUSES).optional(),
    gpu: z.string().max(80).optional(),
    region: z.string().max(40).optional(),
    maxPricePerHour: zDecimal.optional(),
    owner: zAddress.optional(),
    sort: z.enum(["price", "newest", "score"]).default("price"),
    limit: zLimit,
    cursor: z.string().max(200).optional(),
  })
  .strict();

export const zJobsQuery = z
  .object({
    buyer: zAddress.optional(),
    provider: zAddress.optional(),
    state: zJobState.optional(),
    /** true: only open jobs that nobody has taken yet; false: all others. */
    open: zFlag.optional(),
    limit: zLimit,
    cursor: z.string().max(200).optional(),
  })
  .strict();

export const zTicksQuery = z
  .object({
    limit: z.coerce.number().int().min(1).max(5000).default(1000),
    cursor: z.string().max(200).optional(),
  })
  .strict();

/** `nextCursor` is opaque; null on the last page. */
export const zPage = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: z.string().nullable() });

/** The routes of issue-independent clients: path -> answer schema. All GET, all under the indexer's base URL. */
export const API_ROUTES = {
  "/api/v1/health": zHealth,
  "/api/v1/stats": zStats,
  "/api/v1/providers": zPage(zProvider),
  "/api/v1/providers/:address": zProvider,
  "/api/v1/jobs": zPage(zJob),
  "/api/v1/jobs/:address": zJob,
  "/api/v1/jobs/:address/ticks": zPage(zTick),
  "/api/v1/jobs/:address/events": zPage(zJobEvent),
  /** Running streams, newest first: the same shape as jobs. */
  "/api/v1/streams": zPage(zJob),
} as const;

export { zAddress, zDecimal, zHex };
