/**
 * Makes quotes: a provider's price now, what the job costs at most, and the address that binds both to the payer.
 * It doesn't take money, and a quote costs nobody anything until it is paid.
 */
import { randomBytes } from "node:crypto";
import { maxCost, orderHash, priceOf, quoteAddress, zAddress, zHex, zU64 } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import type { Quote, Quotes } from "@computestream/x402/facilitator";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { QuoteStore, StoredQuote } from "../store/quotes.ts";
import type { SponsoredStore } from "../store/sponsored.ts";

/** A `stream` payment carries the specification in its header, several characters for each byte. */
const SPEC_MAX_BYTES = 4_096;
const fitsHeader = (spec: string) => Buffer.byteLength(spec) <= SPEC_MAX_BYTES;

export const zQuoteRequest = z.strictObject({
  /** Who pays, and so who the job's buyer is. */
  payer: zAddress,
  provider: zAddress,
  image: z.string().min(1).max(512),
  /** Made by `encodeJobSpec`. */
  spec: z.string().min(1).max(SPEC_MAX_BYTES).refine(fitsHeader, "must be at most 4,096 bytes"),
  gpus: zU64.default(0n),
  maxDurationSecs: zU64,
  /** Refuses a dearer provider; default: its price now. */
  maxRatePerHour: zU64.optional(),
  holdbackSecs: zU64.default(0n),
  priority: z.number().int().min(1).max(10).default(5),
  buyerKey: zHex
    .refine((key) => key.length === 2 || key.length === 66, "must be 0x or 32 bytes")
    .default("0x"),
});

/** How long a price stands, and how much longer the job may be made of what was paid by then. */
export const QUOTE_SECS = 300n;
const REDEEM_GRACE_SECS = 180n;
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

export interface Quoting extends Quotes {
  /** Throws `AppError` naming what can't be ordered. */
  make(request: z.output<typeof zQuoteRequest>, from: string): Promise<StoredQuote>;
}

export function createQuoting(options: {
  client: Pick<ChainClient, "getProvider" | "ledger" | "deployment" | "assets">;
  store: Pick<QuoteStore, "put" | "get" | "outcome">;
  sponsored: Pick<SponsoredStore, "holderOf">;
  /** May send a quote's money back to its payer. */
  clerk: string;
}): Quoting {
  const { client, store, sponsored } = options;

  async function nowSecs(): Promise<bigint> {
    const { timestampUsecs } = await client.ledger();
    const here = BigInt(Math.floor(Date.now() / 1000));
    const there = timestampUsecs / 1_000_000n;
    return there > here ? there : here;
  }

  return {
    async make(request, from) {
      const [provider, assets, now] = await Promise.all([
        client.getProvider(request.provider),
        client.assets(),
        nowSecs(),
      ]);
      const refuse = (field: string, code: string, message: string): never => {
        throw new AppError(422, code, message, { field });
      };
      if (!provider)
        throw new AppError(404, "NO_PROVIDER", "There is no such provider.", { field: "provider" });
      if (provider.status !== "Active")
        refuse("provider", "PROVIDER_UNAVAILABLE", "The provider takes no new jobs now.");
      if (!assets.includes(provider.asset))
        refuse("provider", "ASSET_NOT_ALLOWED", "The provider's asset isn't one of the market's.");
      if (request.gpus > provider.gpuCount)
        refuse("gpus", "NOT_ENOUGH_GPUS", `The provider has ${provider.gpuCount} GPUs.`);
      const rate = priceOf(provider, request.gpus);
      if (request.maxRatePerHour !== undefined && rate > request.maxRatePerHour)
        refuse("maxRatePerHour", "PRICE_ABOVE_MAXIMUM", `The provider's price is ${rate} an hour.`);
      const deposit = maxCost(rate, request.maxDurationSecs);
      if (deposit === 0n)
        refuse("maxDurationSecs", "NOTHING_TO_PAY", "This job costs nothing: order it on chain.");
      if (deposit > MAX_U64) refuse("maxDurationSecs", "PRICE_OVERFLOW", "This job costs too much to count.");

      const { payer, maxRatePerHour: _, ...rest } = request;
      const order = { ...rest, maxRatePerHour: rate, deposit };
      const id = randomBytes(16).toString("hex");
      const expiresAt = now + QUOTE_SECS;
      const terms = {
        payer,
        clerk: options.clerk,
        redeemBy: expiresAt + REDEEM_GRACE_SECS,
        nonce: `0x${id}`,
        orderHash: orderHash(order),
      };
      const address = quoteAddress(client.deployment.packageAddress, terms);
      const quote: StoredQuote = { id, terms, order, asset: provider.asset, address, expiresAt };
      const kept = await store.put(quote, { from, nowMs: Date.now() });
      if (kept === "too_many_of_address")
        throw new AppError(
          429,
          "TOO_MANY_QUOTES",
          "Too many quotes of this address are unpaid: pay one of them.",
          {
            retryAfterSecs: 60,
          },
        );
      if (kept === "too_many")
        throw new AppError(503, "TOO_MANY_QUOTES", "Too many quotes are unpaid: try again later.", {
          retryAfterSecs: 60,
        });
      return quote;
    },

    async payable(id) {
      const quote: (Quote & { expiresAt: bigint }) | null = await store.get(id);
      if (!quote) return { reason: "quote_unknown", message: "There is no such quote: ask for a new one." };
      if ((await store.outcome(id)) || (await sponsored.holderOf(id)))
        return { reason: "quote_already_paid", message: "The quote is paid, or being paid." };
      if ((await nowSecs()) >= quote.expiresAt)
        return { reason: "quote_expired", message: "The quote's five minutes are over: ask for a new one." };
      return quote;
    },
  };
}
