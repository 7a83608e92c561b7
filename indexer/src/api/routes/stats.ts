/**
 * GET /api/v1/stats: the network's totals and its last two minutes of settlements.
 * It doesn't know SQL.
 */
import { Router } from "express";
import type { Context } from "../../context.ts";
import { readStats } from "../snapshots.ts";

export function statsRoutes({ pool, deployment }: Context): Router {
  const router = Router();
  router.get("/api/v1/stats", async (_request, response) => {
    response.json(await readStats(pool, deployment.asset));
  });
  return router;
}
