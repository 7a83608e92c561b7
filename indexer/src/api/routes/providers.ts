/**
 * Answers the routes about providers.
 * It doesn't know SQL or paths' parameters: the table does.
 */
import { providerStatusCode } from "@computestream/protocol";
import type { ProviderAnswer } from "@computestream/protocol/api";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { paidToProvider, providerHistory } from "../../db/queries/history.ts";
import { countJobs } from "../../db/queries/jobs.ts";
import { type FigureSort, figureOf, findProviders, type ProviderKey } from "../../db/queries/providers.ts";
import type { ProviderRow } from "../../db/tables.ts";
import { ApiError } from "../../errors.ts";
import { providerDto } from "../dto.ts";
import { withJsonText } from "../json-text.ts";
import { decodeCursor, toPage, zIndex, zVersion } from "../pagination.ts";
import { resolveRange } from "../range.ts";
import type { PROVIDER_ROUTES } from "../table/providers.ts";
import type { Handlers } from "../table/types.ts";
import { readJobPage } from "./jobs.ts";

const MAX_BPS = 10_000;

/** Made once, as schemas are dear to make. */
const KEYS: Record<ProviderKey["sort"], z.ZodType<ProviderKey>> = {
  newest: z.object({ sort: z.literal("newest"), version: zVersion, index: zIndex }).strict(),
  price: figureKey("price"),
  score: figureKey("score"),
  stake: figureKey("stake"),
  vram: figureKey("vram"),
  served: figureKey("served"),
};

function figureKey(sort: FigureSort): z.ZodType<ProviderKey> {
  const value = z.string().regex(/^\d{1,20}$/);
  const provider = z.string().regex(/^0x[0-9a-f]{64}$/);
  return z.object({ sort: z.literal(sort), value, provider }).strict();
}

function keyOf(sort: ProviderKey["sort"], row: ProviderRow): ProviderKey {
  if (sort === "newest") {
    return { sort, version: row.registered_version.toString(), index: row.registered_index };
  }
  return { sort, value: figureOf(sort, row).toString(), provider: row.provider };
}

interface KnownAnswer {
  answer: Readonly<ProviderAnswer>;
  /** Of the assets' descriptions in it. */
  revision: number;
}

export function providerHandlers({
  pool,
  providers,
  active,
  assets,
}: Context): Handlers<typeof PROVIDER_ROUTES> {
  async function requireProvider(address: string): Promise<ProviderRow> {
    const [row] = await findProviders(pool, [address]);
    if (!row) {
      throw new ApiError(404, "PROVIDER_NOT_FOUND", `there is no provider at ${address}`, "address");
    }
    return row;
  }

  /** Lists show the same rows again and again. */
  const answers = new WeakMap<ProviderRow, KnownAnswer[]>();
  function answerOf(row: ProviderRow, online: boolean): Readonly<ProviderAnswer> {
    const { revision } = assets;
    const known = (answers.get(row) ?? []).filter((one) => one.revision === revision);
    const found = known.find(({ answer }) => answer.online === online);
    if (found) return found.answer;
    const answer = withJsonText({ ...providerDto(row, assets), online });
    answers.set(row, [...known, { answer, revision }]);
    return answer;
  }

  return {
    "/api/v1/providers": async ({ query: { sort, limit, cursor, status, ...filter } }) => {
      const rows = await providers.list({
        filter: { ...filter, status: status && providerStatusCode(status) },
        sort,
        after: decodeCursor(KEYS[sort], cursor),
        limit: limit + 1,
      });
      const online = await active.online(rows.slice(0, limit));
      const body = toPage(
        rows,
        limit,
        (row) => answerOf(row, online.has(row.provider)),
        (row) => keyOf(sort, row),
      );
      return { body };
    },

    "/api/v1/providers/:address": async ({ params }) => {
      const row = await requireProvider(params.address);
      const online = await active.online([row]);
      return { body: { ...providerDto(row, assets), online: online.has(row.provider) } };
    },

    "/api/v1/providers/:address/jobs": async ({ params, query }) => {
      const body = await readJobPage(pool, assets, { ...query, provider: params.address });
      if (body.items.length === 0) await requireProvider(params.address);
      return { body };
    },

    "/api/v1/providers/:address/stats": async ({ params, query }) => {
      const [row, range] = await Promise.all([requireProvider(params.address), resolveRange(pool, query)]);
      const of = { provider: row.provider, asset: row.asset };
      const [{ secondsBilled, ...counts }, buckets, paid] = await Promise.all([
        countJobs(pool, { party: "provider", address: row.provider }),
        providerHistory(pool, range, of),
        paidToProvider(pool, of),
      ]);
      const slotSecs = Number(row.slots) * range.bucketSecs;
      return {
        body: {
          provider: row.provider,
          asset: assets.describe(row.asset),
          jobs: {
            ...counts,
            completed: Number(row.jobs_completed),
            failed: Number(row.jobs_failed),
            expired: Number(row.jobs_expired),
          },
          secondsServed: Number(row.seconds_served),
          secondsBilled,
          earned: row.earned.toString(),
          paid,
          slots: Number(row.slots),
          slotsBusy: Number(row.slots_busy),
          bucketSecs: range.bucketSecs,
          buckets: buckets.map((bucket) => ({
            ...bucket,
            utilisationBps:
              slotSecs === 0 ? 0 : Math.min(MAX_BPS, Math.floor((bucket.seconds * MAX_BPS) / slotSecs)),
          })),
        },
      };
    },
  };
}
