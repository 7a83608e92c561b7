/**
 * The `extra` of both schemes' requirements and the `payload` of their payments, as they stand on the wire.
 * It doesn't know how they are signed or settled.
 */
import { fromHex, type QuotedOrder, zAddress, zHash32, zHex, zU64 } from "@computestream/protocol";
import { z } from "zod";

/** Money moves before anything is served: a quote's, or a deposit's, which no handler can make undone. */
export const UPFRONT = "upfront";

const MAX_U64 = 0xffff_ffff_ffff_ffffn;
/** A decimal integer that fits the chain's numbers, as the string it is on the wire. */
export const zAmount = z
  .string()
  .regex(/^(0|[1-9]\d{0,19})$/, { error: "must be a decimal integer", abort: true })
  .refine((text) => BigInt(text) <= MAX_U64, "must fit 64 bits");

/** An order in JSON: amounts as decimal strings. */
export const zOrder = z
  .object({
    provider: zAddress,
    image: z.string().min(1).max(512),
    spec: z.string().min(1).max(4096),
    gpus: zU64,
    maxDurationSecs: zU64,
    maxRatePerHour: zU64,
    deposit: zU64,
    holdbackSecs: zU64,
    priority: z.number().int().min(1).max(10),
    buyerKey: zHex.refine((key) => [0, 32].includes(fromHex(key).length), "must be 0x or 32 bytes"),
  })
  .transform((order): QuotedOrder => order);

export type OrderJson = { [K in keyof QuotedOrder]: QuotedOrder[K] extends bigint ? string : QuotedOrder[K] };

export function orderToJson(order: QuotedOrder): OrderJson {
  return {
    provider: order.provider,
    image: order.image,
    spec: order.spec,
    gpus: `${order.gpus}`,
    maxDurationSecs: `${order.maxDurationSecs}`,
    maxRatePerHour: `${order.maxRatePerHour}`,
    deposit: `${order.deposit}`,
    holdbackSecs: `${order.holdbackSecs}`,
    priority: order.priority,
    buyerKey: order.buyerKey,
  };
}

/** What the address in `payTo` is made of, and where the order behind the hash can be read. */
export const zQuoteTerms = z.object({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  payer: zAddress,
  clerk: zAddress,
  redeemBy: zU64,
  nonce: zHex,
  orderHash: zHash32,
  /** Answers `{"order": …}`. */
  url: z.url(),
});

export const zExactExtra = z.object({
  paymentFlow: z.literal(UPFRONT).optional(),
  feePayer: zAddress,
  /** Absent when the money is just sent to somebody. */
  quote: zQuoteTerms.optional(),
});

const zStreamBase = z.object({ paymentFlow: z.literal(UPFRONT), feePayer: zAddress });

/** One signature orders the job and locks its whole deposit. */
export const zOpenExtra = zStreamBase.extend({
  action: z.literal("open"),
  quote: zQuoteTerms,
  ratePerHour: zAmount,
  maxSeconds: zAmount,
});
/** Adds seconds and what they cost to a running job. */
export const zTopUpExtra = zStreamBase.extend({
  action: z.literal("topUp"),
  job: zAddress,
  addedSeconds: zAmount,
});
/** Ends a job: what isn't earned goes back. The amount is 0. */
export const zCloseExtra = zStreamBase.extend({
  action: z.literal("close"),
  job: zAddress,
  /** `terminate` of a running job, `cancel` of one that hasn't started. */
  function: z.enum(["terminate", "cancel"]),
});
export const zStreamExtra = z.discriminatedUnion("action", [zOpenExtra, zTopUpExtra, zCloseExtra]);
export type StreamExtra = z.output<typeof zStreamExtra>;

export const zStreamPayload = z.object({
  action: z.enum(["open", "topUp", "close"]),
  transaction: z.string().min(1),
});
