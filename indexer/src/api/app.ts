/**
 * The HTTP application: middleware, the table's routes, one error mapper. It never listens.
 * It doesn't know where the context comes from.
 */
import express, { type Express } from "express";
import type { Context } from "../context.ts";
import { ApiError } from "../errors.ts";
import { bearer, createAuthorize } from "./bearer.ts";
import { createErrorMapper } from "./error-mapper.ts";
import { createServeKept } from "./kept-answers.ts";
import { cors, requestId, safeHeaders, timing } from "./middleware.ts";
import { mountRoutes } from "./mount.ts";
import { createRateLimits } from "./rate-limit.ts";
import { adminHandlers } from "./routes/admin.ts";
import { authHandlers } from "./routes/auth.ts";
import { docsHandlers } from "./routes/docs.ts";
import { healthHandlers } from "./routes/health.ts";
import { jobHandlers } from "./routes/jobs.ts";
import { liveHandlers } from "./routes/live.ts";
import { marketHandlers } from "./routes/market.ts";
import { privateHandlers } from "./routes/private.ts";
import { providerHandlers } from "./routes/providers.ts";
import { quoteHandlers } from "./routes/quotes.ts";
import { walletHandlers } from "./routes/wallets.ts";
import { ROUTES } from "./table/index.ts";
import type { Handlers } from "./table/types.ts";

/** Throws when a route of the table has no handler, or a handler no route. */
export function createApp(context: Context): Express {
  const handlers: Handlers<typeof ROUTES> = {
    ...marketHandlers(context),
    ...providerHandlers(context),
    ...jobHandlers(context),
    ...quoteHandlers(context),
    ...walletHandlers(context),
    ...authHandlers(context),
    ...liveHandlers(context),
    ...privateHandlers(context),
    ...adminHandlers(context),
    ...healthHandlers(context),
    ...docsHandlers(),
  };
  const limits = createRateLimits(context);
  const app = express();
  app.disable("x-powered-by");
  app.use(requestId, timing(context), safeHeaders, cors(context.corsOrigins), limits.byAddress);
  app.use(bearer(context), limits.byWallet);
  app.use(mountRoutes(ROUTES, handlers, createAuthorize(context), createServeKept(context)));
  app.use(() => {
    throw new ApiError(404, "ROUTE_NOT_FOUND", "there is no such route: /api/v1/docs lists all");
  });
  app.use(createErrorMapper(context.log));
  return app;
}
