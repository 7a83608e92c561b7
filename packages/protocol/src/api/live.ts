/**
 * The messages of the read API's WebSocket at /api/v1/ws.
 * It doesn't know sockets or when something changed.
 */
import { z } from "zod";
import { zDecimal } from "../primitives.ts";
import { zTick } from "./models.ts";

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
