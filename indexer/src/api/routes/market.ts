/**
 * Answers the routes about the network: totals, history, parameters, assets, events, running streams.
 * It doesn't know SQL or paths' parameters: the table does.
 */
import type { MarketDto } from "@computestream/protocol/api";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { listEvents } from "../../db/queries/events.ts";
import { networkHistory } from "../../db/queries/history.ts";
import { listRunningStreams } from "../../db/queries/jobs.ts";
import { listAssets, readMarket } from "../../db/queries/market.ts";
import type { MarketRow } from "../../db/tables.ts";
import { ApiError } from "../../errors.ts";
import { jobDto, jobEventDto } from "../dto.ts";
import { decodeCursor, positionOf, toPage, zPositionKey, zVersion } from "../pagination.ts";
import { resolveRange } from "../range.ts";
import { readStats } from "../snapshots.ts";
import type { MARKET_ROUTES } from "../table/market.ts";
import type { Handlers } from "../table/types.ts";

const zStreamKey = z.object({ version: zVersion, job: z.string().regex(/^0x[0-9a-f]{64}$/) }).strict();

export function marketHandlers({ pool, assets }: Context): Handlers<typeof MARKET_ROUTES> {
  const asset = assets.market;
  return {
    "/api/v1/stats": async () => ({ body: await readStats(pool, assets) }),

    "/api/v1/stats/history": async ({ query }) => {
      const range = await resolveRange(pool, query);
      const buckets = await networkHistory(pool, range, asset.address);
      return { body: { asset, bucketSecs: range.bucketSecs, buckets } };
    },

    "/api/v1/assets": async () => {
      const uses = await listAssets(pool, asset.address);
      const items = uses.map(({ asset: address, ...use }) => ({
        asset: assets.describe(address),
        isDefault: address === asset.address,
        ...use,
      }));
      return { body: { items } };
    },

    "/api/v1/market": async () => {
      const market = await readMarket(pool);
      if (!market) {
        throw new ApiError(
          404,
          "MARKET_NOT_FOUND",
          "the mirror hasn't seen the market's parameters yet: see /api/v1/health for how far it is",
        );
      }
      return { body: { ...parametersDto(market), asset } };
    },

    "/api/v1/events": async ({ query: { limit, cursor, order, ...filter } }) => {
      const after = decodeCursor(zPositionKey, cursor);
      const rows = await listEvents(pool, { filter, order, after, limit: limit + 1 });
      return { body: toPage(rows, limit, jobEventDto, positionOf) };
    },

    "/api/v1/streams": async ({ query: { limit, cursor } }) => {
      const rows = await listRunningStreams(pool, {
        after: decodeCursor(zStreamKey, cursor),
        limit: limit + 1,
      });
      const body = toPage(
        rows,
        limit,
        // A case is opened only about a job that has ended.
        (row) => jobDto(row, null, assets),
        (row) => ({ version: String(row.started_version), job: row.job }),
      );
      return { body };
    },
  };
}

function parametersDto(row: MarketRow): Omit<MarketDto, "asset"> {
  return {
    paused: row.paused,
    feeBps: Number(row.fee_bps),
    keeperShareBps: Number(row.keeper_share_bps),
    treasury: row.treasury,
    minStake: row.min_stake.toString(),
    unbondingSecs: Number(row.unbonding_secs),
    slashBps: Number(row.slash_bps),
    reporterRewardBps: Number(row.reporter_reward_bps),
    acceptWindowSecs: Number(row.accept_window_secs),
    startWindowSecs: Number(row.start_window_secs),
    stallAfterSecs: Number(row.stall_after_secs),
    stallGraceSecs: Number(row.stall_grace_secs),
    claimWindowSecs: Number(row.claim_window_secs),
    minDurationSecs: Number(row.min_duration_secs),
    maxDurationSecs: Number(row.max_duration_secs),
    maxHoldbackSecs: Number(row.max_holdback_secs),
    arbiter: row.arbiter,
    challengeWindowSecs: Number(row.challenge_window_secs),
    answerWindowSecs: Number(row.answer_window_secs),
    arbitrationWindowSecs: Number(row.arbitration_window_secs),
    bondBps: Number(row.bond_bps),
    changedAtVersion: row.last_version.toString(),
  };
}
