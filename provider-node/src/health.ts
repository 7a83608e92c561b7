/**
 * The node's own HTTP face: /health and /metrics for the operator and the orchestrator.
 * It doesn't listen, takes no commands and shows no secrets.
 */
import type { NodeMode } from "@computestream/protocol";
import express, { type Express } from "express";
import type { AgentHealth } from "./agent.ts";
import type { Metrics } from "./metrics.ts";

export function createHealthApp(ctx: {
  provider: string;
  runtime: string;
  metrics: Metrics;
  health(): AgentHealth;
  mode(): NodeMode;
}): Express {
  const app = express();
  app.disable("x-powered-by");
  app.get("/health", (_req, res) => {
    const { ok, ...parts } = ctx.health();
    res.status(ok ? 200 : 503).json({
      status: ok ? "ok" : "degraded",
      provider: ctx.provider,
      runtimeName: ctx.runtime,
      mode: ctx.mode(),
      ...parts,
    });
  });
  app.get("/metrics", async (_req, res) => {
    res.type(ctx.metrics.registry.contentType).send(await ctx.metrics.registry.metrics());
  });
  app.use((req, res) => {
    res
      .status(404)
      .json({ error: { code: "NOT_FOUND", message: `there is no ${req.path}; try /health or /metrics` } });
  });
  return app;
}
