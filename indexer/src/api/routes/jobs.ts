/**
 * GET /api/v1/jobs, one job, its ticks (newest first) and its events (oldest first).
 * It doesn't know SQL.
 */

import { JOB_STATES } from "@computestream/protocol";
import { zJobsQuery, zTicksQuery } from "@computestream/protocol/api";
import { Router } from "express";
import type { Context } from "../../context.ts";
import { listJobEvents, listJobs } from "../../db/queries/jobs.ts";
import { listTicks } from "../../db/queries/ticks.ts";
import { ApiError } from "../../errors.ts";
import { jobEventDto, tickDto } from "../dto.ts";
import { decodeCursor, toPage, zPositionKey } from "../pagination.ts";
import { jobDtos, readJobs } from "../snapshots.ts";
import { parseAddress, parseQuery } from "../validate.ts";

export function jobRoutes({ pool, deployment }: Context): Router {
  const router = Router();

  async function requireJob(address: string) {
    const job = (await readJobs(pool, deployment.asset, [address])).get(address);
    if (!job) throw new ApiError(404, "JOB_NOT_FOUND", `there is no job at ${address}`, "address");
    return job;
  }

  router.get("/api/v1/jobs", async (request, response) => {
    const { limit, cursor, state, ...filter } = parseQuery(zJobsQuery, request.query);
    const rows = await listJobs(pool, {
      filter: { ...filter, state: state === undefined ? undefined : JOB_STATES.indexOf(state) },
      after: decodeCursor(zPositionKey, cursor),
      limit: limit + 1,
    });
    const toDto = await jobDtos(pool, rows, deployment.asset);
    response.json(
      toPage(rows, limit, toDto, (row) => ({
        version: row.created_version.toString(),
        index: row.created_index,
      })),
    );
  });

  router.get("/api/v1/jobs/:address", async (request, response) => {
    response.json(await requireJob(parseAddress(request.params.address)));
  });

  router.get("/api/v1/jobs/:address/ticks", async (request, response) => {
    const job = parseAddress(request.params.address);
    const { limit, cursor } = parseQuery(zTicksQuery, request.query);
    const rows = await listTicks(pool, { job, after: decodeCursor(zPositionKey, cursor), limit: limit + 1 });
    if (rows.length === 0) await requireJob(job);
    response.json(
      toPage(rows, limit, tickDto, (row) => ({ version: row.version.toString(), index: row.event_index })),
    );
  });

  router.get("/api/v1/jobs/:address/events", async (request, response) => {
    const job = parseAddress(request.params.address);
    const { limit, cursor } = parseQuery(zTicksQuery, request.query);
    const rows = await listJobEvents(pool, {
      job,
      after: decodeCursor(zPositionKey, cursor),
      limit: limit + 1,
    });
    if (rows.length === 0) await requireJob(job);
    response.json(
      toPage(rows, limit, jobEventDto, (row) => ({
        version: row.version.toString(),
        index: row.event_index,
      })),
    );
  });

  return router;
}
