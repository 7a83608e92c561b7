/**
 * GET /api/v1/streams: the jobs whose stream runs now, the last started first.
 * It doesn't know SQL.
 */
import { zJobsQuery } from "@computestream/protocol/api";
import { Router } from "express";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { listRunningStreams } from "../../db/queries/jobs.ts";
import { jobDto } from "../dto.ts";
import { decodeCursor, toPage, zVersion } from "../pagination.ts";
import { parseQuery } from "../validate.ts";

const zStreamsQuery = zJobsQuery.pick({ limit: true, cursor: true }).strict();
const zStreamKey = z.object({ version: zVersion, job: z.string().regex(/^0x[0-9a-f]{64}$/) }).strict();

export function streamRoutes({ pool, deployment }: Context): Router {
  const router = Router();
  router.get("/api/v1/streams", async (request, response) => {
    const { limit, cursor } = parseQuery(zStreamsQuery, request.query);
    const rows = await listRunningStreams(pool, {
      after: decodeCursor(zStreamKey, cursor),
      limit: limit + 1,
    });
    response.json(
      toPage(
        rows,
        limit,
        // A case is opened only about a job that has ended.
        (row) => jobDto(row, null, deployment.asset),
        (row) => ({ version: String(row.started_version), job: row.job }),
      ),
    );
  });
  return router;
}
