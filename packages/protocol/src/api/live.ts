/**
 * The messages of the read API's live feed, by WebSocket at /api/v1/ws and as server-sent events at /api/v1/live.
 * It doesn't know sockets or when something changed; docs/live.md tells client authors how they follow each other.
 */
import { z } from "zod";
import { zTick } from "./models.ts";
import { zLedgerEntry } from "./wallet-answers.ts";

export const LIVE_TOPIC_KINDS = ["network", "providers", "provider", "job", "stream", "wallet"] as const;
export type LiveTopicKind = (typeof LIVE_TOPIC_KINDS)[number];

/** `network`, `providers`, `provider:<address>`, `job:<address>`, `stream:<job>`, `wallet:<address>`. */
export const zTopic = z
  .string()
  .regex(
    /^(network|providers|(job|stream|provider|wallet):0x[0-9a-fA-F]{1,64})$/,
    "must be network, providers, job:<address>, stream:<address>, provider:<address> or wallet:<address>",
  );

/** `<mirror>-<ledger version>`: opaque to clients, who give it back as they got it. */
export const zLiveCursor = z
  .string()
  .regex(/^[0-9a-f]{12}-\d{1,19}$/, "must be the cursor of a message received before");

export const MAX_TOPICS_PER_MESSAGE = 50;
const zTopics = z.array(zTopic).min(1).max(MAX_TOPICS_PER_MESSAGE);

export const zWsClientMessage = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("subscribe"),
    topics: zTopics,
    /** The last cursor received: of each topic, or one for all. Left out: a snapshot without what was missed. */
    since: z.union([zLiveCursor, z.record(z.string().max(80), zLiveCursor)]).optional(),
  }),
  z.object({ type: z.literal("unsubscribe"), topics: zTopics }),
  z.object({ type: z.literal("pong") }),
]);
export type WsClientMessage = z.output<typeof zWsClientMessage>;

/** Why what was missed can't be told one by one. */
export const RESET_REASONS = ["TOO_FAR_BEHIND", "MIRROR_REPLACED", "CURSOR_AHEAD"] as const;
export type ResetReason = (typeof RESET_REASONS)[number];

/** Which list of a topic's data is told by its changes: `field` of the data, or the data itself when null. */
export const zListChange = z.object({
  field: z.string().nullable(),
  /** The field by which its items are known. */
  key: z.string(),
  /** Keys of items that are gone. */
  drop: z.array(z.union([z.string(), z.number()])).optional(),
  /** Items that take the place of those with the same key, or come last. */
  put: z.array(z.record(z.string(), z.unknown())).optional(),
  /** All keys in their order, where dropping and putting doesn't already give it. */
  order: z.array(z.union([z.string(), z.number()])).optional(),
});
export type ListChange = z.output<typeof zListChange>;

/** What happened on the topic since the message before, oldest first: settlements, or a wallet's ledger lines. */
const happened = { ticks: z.array(zTick).optional(), entries: z.array(zLedgerEntry).optional() };

/** The topic's whole state, and, where `since` was given, what happened after it. */
export const zSnapshotMessage = z.object({
  type: z.literal("snapshot"),
  topic: z.string(),
  cursor: z.string(),
  /** network: Stats, providers: Provider[], job: Job or null, stream: StreamState or null, provider: Provider or null, wallet: Wallet. */
  data: z.unknown(),
  /** none: no `since`. complete: nothing is missing. reset: begin anew, `reason` says why. */
  resume: z.enum(["none", "complete", "reset"]),
  reason: z.enum(RESET_REASONS).optional(),
  ...happened,
});

/** What changed since the topic's message before. `data` replaces the state; without it `set` and `list` change it. */
export const zUpdateMessage = z.object({
  type: z.literal("update"),
  topic: z.string(),
  cursor: z.string(),
  data: z.unknown().optional(),
  /** Fields of the data that are other than before, whole. */
  set: z.record(z.string(), z.unknown()).optional(),
  list: zListChange.optional(),
  ...happened,
});

export const zLiveError = z.object({
  type: z.literal("error"),
  code: z.string(),
  message: z.string(),
  /** What of the client's message is wrong. */
  field: z.string().optional(),
});

export const zWsServerMessage = z.discriminatedUnion("type", [
  zSnapshotMessage,
  zUpdateMessage,
  z.object({ type: z.literal("ping") }),
  zLiveError,
]);
export type WsServerMessage = z.output<typeof zWsServerMessage>;
export type SnapshotMessage = z.output<typeof zSnapshotMessage>;
export type UpdateMessage = z.output<typeof zUpdateMessage>;
export type TopicMessage = SnapshotMessage | UpdateMessage;

/** The state that `stream:<job>` tells: the job's money and meter without its terms. */
export const STREAM_FIELDS = [
  ...[
    "job",
    "state",
    "asset",
    "ratePerHour",
    "deposited",
    "paidToProvider",
    "fees",
    "keeperFees",
    "refunded",
  ],
  ...[
    "balance",
    "held",
    "acc",
    "secondsAttested",
    "secondsConfirmed",
    "secondsBilled",
    "fundedSecs",
    "sealed",
  ],
] as const;

export const MAX_EVENT_STREAM_TOPICS = 20;
const TOPIC_PATTERN = "(network|providers|(job|stream|provider|wallet):0x[0-9a-fA-F]{1,64})";
const MORE = MAX_EVENT_STREAM_TOPICS - 1;

/** What /api/v1/live takes. */
export const zLiveQuery = z
  .object({
    topics: z
      .string()
      .regex(
        new RegExp(`^${TOPIC_PATTERN}(,${TOPIC_PATTERN}){0,${MORE}}$`),
        `must be 1 to ${MAX_EVENT_STREAM_TOPICS} of network, providers, job:<address>, stream:<address>, provider:<address>, wallet:<address>, with commas between`,
      )
      .default("network")
      .describe("With commas between: network, providers, job:…, stream:<job>, provider:…, wallet:…"),
    since: z
      .string()
      .regex(
        new RegExp(`^(?=.)([0-9a-f]{12}-\\d{1,19})?(,([0-9a-f]{12}-\\d{1,19})?){0,${MORE}}$`),
        "must be the id of an event received before",
      )
      .optional()
      .describe(
        "The last id received: what happened after it comes too. A browser's Last-Event-ID does the same.",
      ),
  })
  .strict();
