/**
 * What the read API takes: the parameters of its paths and queries, each a text on the wire.
 * It doesn't know which route takes which: index.ts and the indexer's table do.
 */
import { z } from "zod";
import { EVENT_SCHEMAS, type ModuleName } from "../events.ts";
import { zAddress, zDecimal } from "../primitives.ts";
import { PROVIDER_STATUSES } from "../provider-status.ts";
import { zJobState } from "./models.ts";
import { QUOTE_STATES } from "./quote-answers.ts";

/** A whole number in plain digits; documented as one, though a query carries text. */
function zWhole(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,15}$/, `must be a whole number from ${minimum} to ${maximum}`)
    .transform(Number)
    .refine((n) => n >= minimum && n <= maximum, `must be from ${minimum} to ${maximum}`)
    .meta({ type: "integer", minimum, maximum });
}

const zLimit = zWhole(1, 200).default(50).meta({ description: "Items on a page.", default: 50 });
const zLongLimit = zWhole(1, 5000).default(1000).meta({ description: "Items on a page.", default: 1000 });
const zCursor = z.string().max(300).optional().describe("nextCursor of the page before.");
const zFlag = z.enum(["true", "false"]).transform((v) => v === "true");
const zWords = z.string().max(120).optional();
/** The year 9999 is the end of time. */
const zUnixSecs = zWhole(0, 253_402_300_799);
/** Texts, numbers and amounts of the chain: u64. */
const zLeast = zWhole(0, 999_999_999_999_999).optional();

export const FORMATS = ["json", "csv"] as const;
const zFormat = z
  .enum(FORMATS)
  .optional()
  .describe("csv gives one line an item instead of JSON; so does the header Accept: text/csv.");

export const PROVIDER_SORTS = ["price", "newest", "score", "stake", "vram", "served"] as const;
export const BUCKETS = ["minute", "hour", "day"] as const;

export const zAddressParams = z
  .object({ address: zAddress.describe("0x and up to 64 hex digits, any spelling.") })
  .strict();

export const zNoQuery = z.object({}).strict();

export const zProvidersQuery = z
  .object({
    available: zFlag.optional().describe("Whether it takes new jobs: its status is Active."),
    status: z.enum(PROVIDER_STATUSES).optional(),
    hasFreeCapacity: zFlag.optional().describe("Whether fewer slots are busy than it has."),
    q: zWords.describe("Words, each of which stands in the name, the GPU model or the region; any case."),
    gpu: z.string().max(80).optional().describe("Part of the GPU model, any case."),
    region: z.string().max(40).optional().describe("The whole region, any case."),
    sandbox: z.string().max(128).optional().describe("The whole sandbox profile, any case."),
    minVramGb: zLeast.describe("Of one GPU."),
    minGpus: zLeast,
    minScore: zWhole(0, 10_000).optional().describe("Basis points."),
    minStake: zDecimal.optional().describe("Base units of the provider's asset."),
    maxPricePerHour: zDecimal.optional().describe("Base units of the provider's asset, without GPUs."),
    owner: zAddress.optional(),
    asset: zAddress.optional().describe("Of its prices and stake."),
    sort: z
      .enum(PROVIDER_SORTS)
      .default("price")
      .describe("price rises; score, stake, vram and served (seconds) fall; newest is by registration."),
    limit: zLimit,
    cursor: zCursor,
  })
  .strict();

export const zJobsQuery = z
  .object({
    buyer: zAddress.optional(),
    provider: zAddress.optional(),
    state: zJobState.optional(),
    open: zFlag.optional().describe("true: only open jobs that nobody has taken yet; false: all others."),
    asset: zAddress.optional(),
    q: zWords.describe("Words, each of which stands in the title or the image; any case."),
    since: zUnixSecs.optional().describe("Made at this unix second or later."),
    until: zUnixSecs.optional().describe("Made before this unix second."),
    limit: zLimit,
    cursor: zCursor,
    format: zFormat,
  })
  .strict();

export const zProviderJobsQuery = zJobsQuery.omit({ provider: true, open: true }).strict();
export const zStreamsQuery = zJobsQuery.pick({ limit: true, cursor: true }).strict();

/** A job's events, oldest first. */
export const zHistoryQuery = z.object({ limit: zLongLimit, cursor: zCursor }).strict();
export const zTicksQuery = zHistoryQuery.extend({ format: zFormat }).strict();
/** The settlements of a receipt, oldest first. */
export const zReceiptQuery = zHistoryQuery;

export const zRangeQuery = z
  .object({
    from: zUnixSecs
      .optional()
      .describe("Unix second; rounded down to a bucket. Default: 60 buckets before to."),
    to: zUnixSecs.optional().describe("Unix second, itself included. Default: the mirror's newest."),
    bucket: z.enum(BUCKETS).default("hour").describe("In UTC. At most 1500 buckets fit one answer."),
  })
  .strict();

export const zQuotesQuery = z
  .object({
    payer: zAddress.optional(),
    job: zAddress.optional(),
    state: z.enum(QUOTE_STATES).optional(),
    limit: zLimit,
    cursor: zCursor,
    format: zFormat,
  })
  .strict();

export const zWalletQuery = z.object({ format: zFormat }).strict();
export const zLedgerQuery = z.object({ limit: zLongLimit, cursor: zCursor, format: zFormat }).strict();

const modules = Object.keys(EVENT_SCHEMAS) as [ModuleName, ...ModuleName[]];
const names = Object.values(EVENT_SCHEMAS).flatMap((schemas) => Object.keys(schemas));

export const zEventsQuery = z
  .object({
    module: z.enum(modules).optional(),
    name: z.enum(names as [string, ...string[]]).optional(),
    job: zAddress.optional(),
    provider: zAddress.optional(),
    order: z.enum(["newest", "oldest"]).default("newest").describe("Which comes first."),
    limit: zLimit,
    cursor: zCursor,
  })
  .strict();

/** Lists that are private: newest first. */
export const zNewestQuery = z.object({ limit: zLimit, cursor: zCursor }).strict();
export const zAdminSessionsQuery = zNewestQuery.extend({ wallet: zAddress.optional() }).strict();
