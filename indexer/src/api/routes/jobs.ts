/**
 * Answers the routes about jobs.
 * It doesn't know SQL or paths' parameters: the table does.
 */
import { faultName, JOB_STATES } from "@computestream/protocol";
import type { JobAnswer, zJobsQuery } from "@computestream/protocol/api";
import type { z } from "zod";
import type { AssetBook } from "../../assets/book.ts";
import type { Context } from "../../context.ts";
import { readSnapshot } from "../../db/client.ts";
import { findFault, listCases } from "../../db/queries/cases.ts";
import { listEvents } from "../../db/queries/events.ts";
import { findJobs, listJobs } from "../../db/queries/jobs.ts";
import { findProviders } from "../../db/queries/providers.ts";
import { listTicks } from "../../db/queries/ticks.ts";
import type { Queryable } from "../../db/table.ts";
import type { JobRow } from "../../db/tables.ts";
import { ApiError } from "../../errors.ts";
import { caseDto, caseRecordDto, jobEventDto, tickAnswer } from "../dto.ts";
import { decodeCursor, positionOf, toPage, zPositionKey } from "../pagination.ts";
import { buildReceipt } from "../receipt.ts";
import { jobDtos } from "../snapshots.ts";
import type { JOB_ROUTES } from "../table/jobs.ts";
import type { Handlers } from "../table/types.ts";

/** Beyond so many rate changes, extensions and cases a receipt is refused: sums over a part of them would be wrong. */
const MAX_RECEIPT_STEPS = 10_000;

export async function readJobPage(
  db: Queryable,
  book: AssetBook,
  { limit, cursor, state, format: _, ...filter }: z.output<typeof zJobsQuery>,
): Promise<{ items: JobAnswer[]; nextCursor: string | null }> {
  const rows = await listJobs(db, {
    filter: { ...filter, state: state === undefined ? undefined : JOB_STATES.indexOf(state) },
    after: decodeCursor(zPositionKey, cursor),
    limit: limit + 1,
  });
  const toDto = await jobDtos(db, rows, book);
  const keyOf = (row: JobRow) => ({ version: row.created_version.toString(), index: row.created_index });
  return toPage(rows, limit, toDto, keyOf);
}

export function jobHandlers({ pool, deployment, assets }: Context): Handlers<typeof JOB_ROUTES> {
  async function requireJob(address: string, db: Queryable = pool): Promise<JobRow> {
    const [row] = await findJobs(db, [address]);
    if (!row) throw new ApiError(404, "JOB_NOT_FOUND", `there is no job at ${address}`, "address");
    return row;
  }

  return {
    "/api/v1/jobs": async ({ query }) => ({ body: await readJobPage(pool, assets, query) }),

    "/api/v1/jobs/:address": async ({ params }) => {
      const row = await requireJob(params.address);
      return { body: (await jobDtos(pool, [row], assets))(row) };
    },

    "/api/v1/jobs/:address/ticks": async ({ params, query: { limit, cursor } }) => {
      const job = await requireJob(params.address);
      const after = decodeCursor(zPositionKey, cursor);
      const rows = await listTicks(pool, { job, after, limit: limit + 1 });
      const of = assets.describe(job.asset);
      return { body: toPage(rows, limit, (row) => tickAnswer(row, of), positionOf) };
    },

    "/api/v1/jobs/:address/events": async ({ params, query: { limit, cursor } }) => {
      const rows = await listEvents(pool, {
        filter: { job: params.address },
        order: "oldest",
        after: decodeCursor(zPositionKey, cursor),
        limit: limit + 1,
      });
      if (rows.length === 0) await requireJob(params.address);
      return { body: toPage(rows, limit, jobEventDto, positionOf) };
    },

    "/api/v1/jobs/:address/receipt": async ({ params, query: { limit, cursor } }) => {
      const after = decodeCursor(zPositionKey, cursor);
      return readSnapshot(pool, async (db) => {
        const job = await requireJob(params.address, db);
        const ticks = await listTicks(db, { job, after, limit: limit + 1, oldestFirst: true });
        const events = await listEvents(db, {
          filter: { job: job.job, exceptNames: ["StreamSettled"] },
          order: "oldest",
          after: null,
          limit: MAX_RECEIPT_STEPS + 1,
        });
        if (events.length > MAX_RECEIPT_STEPS) {
          throw new ApiError(
            422,
            "RECEIPT_TOO_LONG",
            `the job has more than ${MAX_RECEIPT_STEPS} steps besides its settlements: read them page by page from /api/v1/jobs/:address/events`,
            "address",
          );
        }
        const page = toPage(ticks, limit, (tick) => tick, positionOf);
        return { body: buildReceipt({ job, deployment, assets, events, page }) };
      });
    },

    "/api/v1/jobs/:address/case": async ({ params }) => {
      const job = await requireJob(params.address);
      const cases = await listCases(pool, job.job);
      const fault = await findFault(pool, job.job);
      const [provider] = fault ? await findProviders(pool, [fault.provider]) : [];
      const open = cases.find((row) => row.closed_version === null);
      return {
        body: {
          job: job.job,
          asset: assets.describe(job.asset),
          open: open ? caseDto(open) : null,
          cases: cases.map(caseRecordDto),
          fault: fault && {
            fault: faultName(fault.fault),
            reporter: fault.reporter,
            slashed: fault.slashed.toString(),
            reward: fault.reward.toString(),
            stakeAsset: assets.describe(provider?.asset ?? job.asset),
            provenAt: Number(fault.proven_at),
            version: fault.version.toString(),
            txHash: fault.tx_hash,
          },
        },
      };
    },
  };
}
