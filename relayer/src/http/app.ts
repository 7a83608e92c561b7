/**
 * The relayer's HTTP interface: attestations in, newest attestation and progress out, health and metrics.
 * It doesn't listen and doesn't know Redis or the chain beyond its context.
 */
import { randomUUID } from "node:crypto";
import {
  type SignedUsage,
  signedUsageToJson,
  zAddress,
  zPostAttestations,
  zPostCountersignatures,
} from "@computestream/protocol";
import express, { type Express, type RequestHandler, type Router } from "express";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { createTokenBucket, type TokenBucket } from "../hub/rate-limit.ts";
import type { CountersignatureIntake } from "../intake/countersignatures.ts";
import type { Intake } from "../intake/intake.ts";
import type { Rejection } from "../intake/rules.ts";
import type { Logger } from "../logger.ts";
import type { AttestationStore } from "../store/attestations.ts";
import type { JobStatusStore } from "../store/job-status.ts";
import { addressOf } from "./client-address.ts";
import { createErrorMapper } from "./error-mapper.ts";
import type { Health } from "./health.ts";

export interface AppContext {
  corsOrigins: string[];
  intake: Pick<Intake, "take" | "freshen">;
  countersignatures: CountersignatureIntake;
  attestations: Pick<AttestationStore, "newest">;
  status: Pick<JobStatusStore, "get">;
  health: Health;
  metrics: () => Promise<{ contentType: string; text: string }>;
  logger: Logger;
  x402?: Router;
  transactions?: Router;
  commands?: Router;
  /** Proxies of ours before this server. */
  trustProxy?: number;
  /** Attestations a second that one address may post. */
  postsPerSec?: number;
}

const zJobParams = z.object({ job: zAddress });

export function createApp(context: AppContext): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(identify(context.trustProxy ?? 0));
  app.use(cors(context.corsOrigins));

  app.get("/api/v1/health", async (_request, response) => {
    const report = await context.health.report();
    const serving = report.checks.redis.ok && report.checks.chain.ok;
    response.status(serving ? 200 : 503).json(report);
  });
  app.get("/ready", async (_request, response) => {
    const { checks } = await context.health.report();
    const ready = checks.redis.ok && checks.chain.ok;
    response.status(ready ? 200 : 503).json({ ready });
  });
  app.get("/metrics", async (_request, response) => {
    const { contentType, text } = await context.metrics();
    response.type(contentType).send(text);
  });

  app.post(
    "/api/v1/attestations",
    express.json({ limit: "512kb", type: () => true }),
    limitByAddress(context.postsPerSec ?? 500, "attestations"),
    async (request, response) => {
      const { attestations } = zPostAttestations.parse(request.body);
      const answer = await takeEach("attestations", attestations, (usage) =>
        context.intake.take(usage, null),
      );
      response.json(answer);
    },
  );
  app.post(
    "/api/v1/countersignatures",
    express.json({ limit: "128kb", type: () => true }),
    limitByAddress(context.postsPerSec ?? 500, "countersignatures"),
    async (request, response) => {
      const { countersignatures } = zPostCountersignatures.parse(request.body);
      response.json(
        await takeEach("countersignatures", countersignatures, (one) => context.countersignatures.take(one)),
      );
    },
  );
  app.get("/api/v1/jobs/:job/status", async (request, response) => {
    const { job } = zJobParams.parse(request.params);
    const status = await context.status.get(job);
    if (!status) throw new AppError(404, "NO_STATUS", "No progress of this job is known.", { field: "job" });
    response.json(status);
  });
  app.get("/api/v1/jobs/:job/attestation", async (request, response) => {
    const { job } = zJobParams.parse(request.params);
    await context.intake.freshen([job]);
    const usage: SignedUsage | null = await context.attestations.newest(job);
    if (!usage)
      throw new AppError(404, "NO_ATTESTATION", "No attestation of this job is known.", { field: "job" });
    response.json(signedUsageToJson(usage));
  });
  if (context.x402) app.use(context.x402);
  if (context.transactions) app.use(context.transactions);
  if (context.commands) app.use(context.commands);
  app.use((request) => {
    throw new AppError(404, "NOT_FOUND", `There is no ${request.method} ${request.path}.`);
  });
  app.use(createErrorMapper(context.logger));
  return app;
}

/** In order: a later entry of the same job must not overtake an earlier one. All refused is the first one's refusal. */
async function takeEach<T extends { job: string; seq: bigint }>(
  field: string,
  entries: T[],
  take: (entry: T) => Promise<Rejection | null>,
) {
  const rejected: Array<{ index: number; job: string; seq: string; code: string; message: string }> = [];
  for (const [index, entry] of entries.entries()) {
    const rejection = await take(entry);
    if (rejection) rejected.push({ index, job: entry.job, seq: `${entry.seq}`, ...rejection });
  }
  const [first] = rejected;
  if (first && rejected.length === entries.length) {
    throw new AppError(422, first.code, first.message, { field: `${field}[${first.index}]` });
  }
  return { accepted: entries.length - rejected.length, rejected };
}

function identify(proxies: number): RequestHandler {
  return (request, response, next) => {
    response.locals.requestId = randomUUID();
    response.locals.address = addressOf(request, proxies);
    response.setHeader("X-Request-Id", response.locals.requestId);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Cache-Control", "no-store");
    next();
  };
}

function cors(origins: string[]): RequestHandler {
  return (request, response, next) => {
    const { origin } = request.headers;
    response.vary("Origin");
    if (origin !== undefined && origins.includes(origin)) {
      response.setHeader("Access-Control-Allow-Origin", origin);
      response.setHeader("Access-Control-Allow-Methods", "GET, POST, PATCH");
      // Stock x402 clients send the last of these with a request, though it is an answer's.
      const headers = "content-type, payment-signature, access-control-expose-headers";
      response.setHeader("Access-Control-Allow-Headers", headers);
      response.setHeader("Access-Control-Expose-Headers", "PAYMENT-REQUIRED, PAYMENT-RESPONSE");
      response.setHeader("Access-Control-Max-Age", "600");
    }
    if (request.method === "OPTIONS") response.status(204).end();
    else next();
  };
}

/** Each attestation costs a signature check: posting is paid by the address it comes from. */
function limitByAddress(ratePerSec: number, field: "attestations" | "countersignatures"): RequestHandler {
  const buckets = new Map<string, TokenBucket>();
  return (request, response, next) => {
    const address = String(response.locals.address);
    const bucket = buckets.get(address) ?? createTokenBucket(ratePerSec, ratePerSec * 4, performance.now());
    if (!buckets.has(address) && buckets.size >= 10_000)
      buckets.delete(buckets.keys().next().value as string);
    buckets.set(address, bucket);
    const list = (request.body as Record<string, unknown> | undefined)?.[field];
    const count = Array.isArray(list) ? list.length : 1;
    const waitMs = bucket.spend(0, performance.now());
    if (waitMs > 0) {
      response.setHeader("Retry-After", String(Math.ceil(waitMs / 1000)));
      throw new AppError(429, "RATE_LIMITED", `Too many ${field}; try again in ${waitMs} ms.`);
    }
    bucket.spend(count, performance.now());
    next();
  };
}
