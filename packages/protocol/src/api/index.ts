/**
 * The read API's contract: what the indexer answers and every client parses. Amounts are decimal strings.
 * It doesn't know SQL or Express.
 */
import { z } from "zod";
import { JOB_STATES } from "../job-state.ts";
import { zAddress, zDecimal, zHex } from "../primitives.ts";

export const zAsset = z.object({ address: z.string(), symbol: z.string(), decimals: z.number().int() });

export const zProvider = z.object({
  provider: z.string(),
  owner: z.string(),
  operator: z.string(),
  name: z.string(),
  gpuModel: z.string(),
  gpuCount: z.number(),
  vramGb: z.number(),
  cpuCores: z.number(),
  ramGb: z.number(),
  diskGb: z.number(),
  region: z.string(),
  sandbox: z.string(),
  slots: z.number(),
  slotsBusy: z.number(),
  pricePerHour: zDecimal,
  asset: zAsset,
  stake: zDecimal,
  available: z.boolean(),
  registeredAt: z.number(),
  lastHeartbeatAt: z.number(),
  jobsCompleted: z.number(),
  jobsFailed: z.number(),
  jobsExpired: z.number(),
  secondsServed: z.number(),
  earned: zDecimal,
});
export type ProviderDto = z.output<typeof zProvider>;

export const zJobState = z.enum(JOB_STATES);

/** Unix seconds; 0 = not yet. */
export const zJob = z.object({
  job: z.string(),
  buyer: z.string(),
  provider: z.string(),
  asset: zAsset,
  image: z.string(),
  spec: z.string(),
  title: z.string(),
  ratePerHour: zDecimal,
  maxDurationSecs: z.number(),
  state: zJobState,
  /** The terminal state a settled job came through; null before. */
  outcome: zJobState.nullable(),
  createdAt: z.number(),
  acceptBy: z.number(),
  startedAt: z.number(),
  endedAt: z.number(),
  settledAt: z.number(),
  stalledAt: z.number(),
  exitCode: z.number().nullable(),
  reason: z.string(),
  outputUris: z.array(z.string()),
  outputSha256: z.string().nullable(),
  outputRoot: z.string().nullable(),
  /** Money, all gross unless said; deposited = paidToProvider + fees + refunded + balance. */
  deposited: zDecimal,
  paidToProvider: zDecimal,
  fees: zDecimal,
  refunded: zDecimal,
  balance: zDecimal,
  feeBps: z.number(),
  secondsAttested: z.number(),
  secondsBilled: z.number(),
  createdTx: z.string(),
});
export type JobDto = z.output<typeof zJob>;

/** One settlement of one stream; the points of the payment chart. */
export const zTick = z.object({
  version: z.string(),
  index: z.number(),
  txHash: z.string(),
  job: z.string(),
  seq: zDecimal,
  secondsAttested: z.number(),
  secondsBilled: z.number(),
  amount: zDecimal,
  fee: zDecimal,
  paid: zDecimal,
  balance: zDecimal,
  timestamp: z.number(),
});
export type TickDto = z.output<typeof zTick>;

/** One line of a job's history: any protocol event that names the job. */
export const zJobEvent = z.object({
  version: z.string(),
  index: z.number(),
  txHash: z.string(),
  module: z.string(),
  name: z.string(),
  data: z.record(z.string(), z.unknown()),
  timestamp: z.number(),
});
export type JobEventDto = z.output<typeof zJobEvent>;

export const zStats = z.object({
  providers: z.number(),
  providersAvailable: z.number(),
  slots: z.number(),
  slotsBusy: z.number(),
  jobs: z.number(),
  jobsRunning: z.number(),
  jobsSettled: z.number(),
  secondsBilled: z.number(),
  /** Gross money that has left escrow towards providers and fees, and what is locked now. */
  volumeSettled: zDecimal,
  escrowLocked: zDecimal,
  /** Sum of the running streams' rates. */
  ratePerHourRunning: zDecimal,
  asset: zAsset,
  /** Network settlement per bucket, oldest first. */
  recent: z.array(z.object({ timestamp: z.number(), amount: zDecimal, settlements: z.number() })),
});
export type StatsDto = z.output<typeof zStats>;

export const zHealth = z.object({
  ok: z.boolean(),
  chainId: z.number(),
  packageAddress: z.string(),
  version: zDecimal,
  chainVersion: zDecimal.nullable(),
  lagVersions: zDecimal.nullable(),
  timeseries: z.enum(["timescaledb", "postgresql"]),
  checks: z.record(z.string(), z.object({ ok: z.boolean(), message: z.string().optional() })),
});
export type HealthDto = z.output<typeof zHealth>;

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
    gpu: z.string().max(80).optional(),
    region: z.string().max(40).optional(),
    maxPricePerHour: zDecimal.optional(),
    owner: zAddress.optional(),
    sort: z.enum(["price", "newest"]).default("price"),
    limit: zLimit,
    cursor: z.string().max(200).optional(),
  })
  .strict();

export const zJobsQuery = z
  .object({
    buyer: zAddress.optional(),
    provider: zAddress.optional(),
    state: zJobState.optional(),
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

// ---- WebSocket at /api/v1/ws -------------------------------------------------------------------

/** `network`, `providers`, `job:<address>`, `provider:<address>`. */
export const zTopic = z
  .string()
  .regex(
    /^(network|providers|(job|provider):0x[0-9a-fA-F]{1,64})$/,
    "must be network, providers, job:<address> or provider:<address>",
  );

export const zWsClientMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("subscribe"), topics: z.array(zTopic).min(1).max(50) }),
  z.object({ type: z.literal("unsubscribe"), topics: z.array(zTopic).min(1).max(50) }),
  z.object({ type: z.literal("pong") }),
]);
export type WsClientMessage = z.output<typeof zWsClientMessage>;

/**
 * After subscribe: one `snapshot` (network -> StatsDto, providers -> ProviderDto[], job -> JobDto|null, provider ->
 * ProviderDto|null), then an `update` with the new snapshot-shaped `data` after each committed version that touched the
 * topic; `tick` carries each settlement on `job:` and `network`.
 */
export const zWsServerMessage = z.discriminatedUnion("type", [
  z.object({ type: z.literal("snapshot"), topic: z.string(), version: zDecimal, data: z.unknown() }),
  z.object({ type: z.literal("update"), topic: z.string(), version: zDecimal, data: z.unknown() }),
  z.object({ type: z.literal("tick"), topic: z.string(), version: zDecimal, tick: zTick }),
  z.object({ type: z.literal("ping") }),
  z.object({ type: z.literal("error"), code: z.string(), message: z.string() }),
]);
export type WsServerMessage = z.output<typeof zWsServerMessage>;

// ---- Web runtime configuration ------------------------------------------------------------------

/** What the browser needs to know, served by the web server at /config.json. */
export const zPublicConfig = z.object({
  network: z.enum(["devnet", "testnet", "mainnet"]),
  chainId: z.number(),
  nodeUrl: z.string(),
  faucetUrl: z.string().nullable(),
  packageAddress: z.string(),
  asset: zAsset,
  indexerUrl: z.string(),
  relayerUrl: z.string(),
  s3GatewayUrl: z.string().nullable(),
  ipfsGatewayUrl: z.string().nullable(),
  devWallet: z.boolean(),
  /** Image the job wizard starts with; null = empty field. */
  demoImage: z.string().nullable(),
});
export type PublicConfig = z.output<typeof zPublicConfig>;

export { zAddress, zDecimal, zHex };
