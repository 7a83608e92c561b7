/**
 * How often one address may ask: a token bucket for each, on this instance.
 * It doesn't know what is asked for, nor who asks: `response.locals.address` says.
 */
import type { RequestHandler } from "express";
import { AppError } from "../errors.ts";
import { createTokenBucket, type TokenBucket } from "../hub/rate-limit.ts";

/** At once, by how many a second are allowed. */
const BURST = 6;
const ADDRESSES_MAX = 10_000;

export function limitByAddress(perSec: number): RequestHandler {
  const buckets = new Map<string, TokenBucket>();
  return (_request, response, next) => {
    const address = String(response.locals.address);
    const now = performance.now();
    const bucket = buckets.get(address) ?? createTokenBucket(perSec, perSec * BURST, now);
    if (!buckets.has(address) && buckets.size >= ADDRESSES_MAX)
      buckets.delete(buckets.keys().next().value as string);
    buckets.set(address, bucket);
    const waitMs = bucket.spend(0, now);
    if (waitMs > 0) {
      response.setHeader("Retry-After", String(Math.ceil(waitMs / 1000)));
      throw new AppError(429, "RATE_LIMITED", `Too many requests; try again in ${Math.ceil(waitMs)} ms.`);
    }
    bucket.spend(1, now);
    next();
  };
}
