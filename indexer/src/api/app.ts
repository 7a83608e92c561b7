/**
 * The HTTP application: middleware, routes, one error mapper. It never listens.
 * It doesn't know where the context comes from.
 */
import express, { type Express } from "express";
import type { Context } from "../context.ts";
import { ApiError } from "../errors.ts";
import { createErrorMapper } from "./error-mapper.ts";
import { cors, readOnly, requestId, safeHeaders, timing } from "./middleware.ts";
import { healthRoutes } from "./routes/health.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { providerRoutes } from "./routes/providers.ts";
import { statsRoutes } from "./routes/stats.ts";
import { streamRoutes } from "./routes/streams.ts";

export function createApp(context: Context): Express {
  const app = express();
  app.disable("x-powered-by");
  app.use(requestId, timing(context.metrics), safeHeaders, cors(context.corsOrigins), readOnly);
  app.use(healthRoutes(context));
  app.use(statsRoutes(context));
  app.use(providerRoutes(context));
  app.use(jobRoutes(context));
  app.use(streamRoutes(context));
  app.use(() => {
    throw new ApiError(404, "ROUTE_NOT_FOUND", "there is no such route; the API is under /api/v1");
  });
  app.use(createErrorMapper(context.log));
  return app;
}
