/**
 * x402 over HTTP: quotes for nothing, their jobs, top-ups and endings for a payment, manifests for everyone.
 * It doesn't keep money or state: payments settle first, then the chain's answer is told.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { zAddress, zU64 } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import { orderToJson } from "@computestream/x402";
import { STREAM_PURPOSE } from "@computestream/x402/facilitator";
import express, { type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { AppError } from "../errors.ts";
import type { QuoteOutcome, QuoteStore, StoredQuote } from "../store/quotes.ts";
import type { SponsoredStore } from "../store/sponsored.ts";
import { createFacilitatorRoutes } from "./facilitator-routes.ts";
import { manifestOf } from "./manifest.ts";
import { type Offers, PATHS } from "./offers.ts";
import type { Paywall } from "./paywall.ts";
import { type Quoting, zQuoteRequest } from "./quoting.ts";
import type { Schemes } from "./server.ts";

const zQuoteParams = z.object({ quote: z.string().regex(/^[0-9a-f]{32}$/, "must be a quote's id") });
const zJobParams = z.object({ job: zAddress });
const zTopUp = z.strictObject({
  addedSeconds: zU64.refine((secs) => secs > 0n, "must be at least 1"),
});

/** How long a payer waits for the job of a quote it paid, before it is told where to ask for it. */
const OUTCOME_WAIT_MS = 15_000;
const OUTCOME_POLL_MS = 50;

export function createX402Routes(options: {
  chain: Pick<ChainClient, "deployment" | "findByHash" | "ledger">;
  schemes: Schemes;
  offers: Offers;
  paywall: Paywall;
  quoting: Quoting;
  quotes: QuoteStore;
  sponsored: Pick<SponsoredStore, "holderOf">;
  network: `movement:${number}`;
  feePayer: string;
  publicUrl: () => string;
  limit: RequestHandler;
}): Router {
  const { chain, offers, paywall, quoting, quotes, sponsored, publicUrl, network, feePayer } = options;
  const router = Router();
  const json = express.json({ limit: "512kb", type: () => true });
  const smallJson = express.json({ limit: "32kb", type: () => true });

  const manifest: RequestHandler = (_request, response) => {
    response.json(manifestOf({ deployment: chain.deployment, network, publicUrl: publicUrl(), feePayer }));
  };
  router.get("/x402.json", manifest);
  router.get("/.well-known/x402.json", manifest);
  router.use(
    PATHS.facilitator,
    options.limit,
    json,
    createFacilitatorRoutes({ facilitator: options.schemes.facilitator, network, publicUrl }),
  );

  async function quoteOf(params: unknown): Promise<StoredQuote> {
    const { quote: id } = zQuoteParams.parse(params);
    const quote = await quotes.get(id);
    if (!quote) throw new AppError(404, "QUOTE_UNKNOWN", "There is no such quote.", { field: "quote" });
    return quote;
  }

  /** A job that its payer made itself is known from the payment. */
  async function outcomeOf(quote: StoredQuote): Promise<QuoteOutcome | null> {
    const known = await quotes.outcome(quote.id);
    if (known) return known;
    const payment = await sponsored.holderOf(quote.id);
    if (payment?.record.purpose !== STREAM_PURPOSE || payment.result?.result !== "committed") return null;
    const made = await chain.findByHash(payment.record.hash);
    const job = made?.events.find((event) => event.name === "JobCreated")?.data.job;
    if (!made || job === undefined) return null;
    const outcome: QuoteOutcome = {
      state: "created",
      job,
      transaction: made.hash,
      code: null,
      message: null,
    };
    await quotes.finish(quote.id, outcome);
    return outcome;
  }

  async function describe(quote: StoredQuote) {
    const [outcome, payment, { timestampUsecs }] = await Promise.all([
      outcomeOf(quote),
      sponsored.holderOf(quote.id),
      chain.ledger(),
    ]);
    const nowMs = Math.max(Date.now(), Number(timestampUsecs / 1000n));
    const isOver = BigInt(Math.floor(nowMs / 1000)) >= quote.expiresAt;
    const state = outcome?.state ?? (payment ? "paying" : isOver ? "expired" : "open");
    return {
      quote: quote.id,
      state,
      network,
      amount: `${quote.order.deposit}`,
      asset: quote.asset,
      payTo: quote.address,
      ratePerHour: `${quote.order.maxRatePerHour}`,
      expiresAt: `${quote.expiresAt}`,
      payUrl: `${publicUrl()}${PATHS.quotes}/${quote.id}/job`,
      statusUrl: `${publicUrl()}${PATHS.quotes}/${quote.id}`,
      order: orderToJson(quote.order),
      // With these the payer can refund a payment on chain without asking anyone.
      terms: { ...quote.terms, redeemBy: `${quote.terms.redeemBy}` },
      payment: payment && {
        transaction: payment.record.hash,
        scheme: payment.record.purpose === STREAM_PURPOSE ? "stream" : "exact",
        result: payment.result?.result ?? "pending",
      },
      outcome,
    };
  }

  router.post(PATHS.quotes, options.limit, smallJson, async (request, response) => {
    const quote = await quoting.make(zQuoteRequest.parse(request.body), String(response.locals.address));
    response.status(201).json(await describe(quote));
  });
  router.get(`${PATHS.quotes}/:quote`, options.limit, async (request, response) => {
    response.json(await describe(await quoteOf(request.params)));
  });

  router.post(`${PATHS.quotes}/:quote/job`, options.limit, async (request, response) => {
    const quote = await quoteOf(request.params);
    if (request.get("PAYMENT-SIGNATURE") === undefined) {
      const standing = await quoting.payable(quote.id);
      if ("reason" in standing)
        throw new AppError(410, standing.reason.toUpperCase(), standing.message, { field: "quote" });
    }
    const paid = await paywall.collect(request, response, await offers.job(quote));
    if (paid) await tell(response, quote);
  });

  async function tell(response: Response, quote: StoredQuote): Promise<void> {
    const statusUrl = `${publicUrl()}${PATHS.quotes}/${quote.id}`;
    const deadline = performance.now() + OUTCOME_WAIT_MS;
    let outcome = await outcomeOf(quote);
    while (!outcome && performance.now() < deadline) {
      await sleep(OUTCOME_POLL_MS);
      outcome = await outcomeOf(quote);
    }
    if (!outcome) {
      response.status(202).json({ quote: quote.id, state: "paying", job: null, statusUrl });
    } else if (outcome.state === "created") {
      const { job, transaction } = outcome;
      response.status(201).json({ quote: quote.id, state: "created", job, transaction, statusUrl });
    } else {
      const { code, message, transaction } = outcome;
      response.status(409).json({
        error: {
          code: code ?? "NOT_CREATED",
          message: `The job wasn't made and the money went back to the payer: ${message ?? "no reason is known"}`,
          requestId: String(response.locals.requestId ?? ""),
        },
        quote: quote.id,
        state: "refunded",
        transaction,
        statusUrl,
      });
    }
  }

  router.post(`${PATHS.jobs}/:job/top-up`, options.limit, smallJson, async (request, response) => {
    const { job } = zJobParams.parse(request.params);
    const { addedSeconds } = zTopUp.parse(request.body);
    const paid = await paywall.collect(request, response, await offers.topUp(job, addedSeconds));
    if (paid) response.json({ job, transaction: paid.settled.transaction, ...paid.settled.extra });
  });
  router.post(`${PATHS.jobs}/:job/close`, options.limit, async (request, response) => {
    const { job } = zJobParams.parse(request.params);
    const paid = await paywall.collect(request, response, await offers.close(job));
    if (paid) response.json({ job, transaction: paid.settled.transaction, ...paid.settled.extra });
  });
  return router;
}
