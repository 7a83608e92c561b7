/**
 * What the read API answers about the market as a whole: its parameters, its assets, its history.
 * It doesn't know what a parameter does: docs/protocol.md does.
 */
import { z } from "zod";
import { zDecimal } from "../primitives.ts";
import { zAsset, zStats } from "./models.ts";
import { zRate } from "./rates.ts";

export const zStatsAnswer = zStats
  .extend({ ratePerSecondRunning: zRate.describe("ratePerHourRunning per second, exact.") })
  .meta({ id: "Stats", description: "The network's totals; its amounts count one asset only." });

export const zStatsHistory = z
  .object({
    asset: zAsset.describe("Of every amount: only jobs in it count for them."),
    bucketSecs: z.number().int().describe("Length of a bucket."),
    buckets: z
      .array(
        z.object({
          timestamp: z.number().int().describe("Unix second at which it begins; a multiple of bucketSecs."),
          settlements: z.number().int().describe("Those that paid something."),
          amount: zDecimal.describe("What left escrows towards providers and fees."),
          fees: zDecimal.describe("Of amount."),
          keeperFees: zDecimal.describe("Of fees."),
          jobsCreated: z.number().int().describe("In any asset."),
          jobsSettled: z.number().int().describe("In any asset."),
        }),
      )
      .describe("Oldest first, without gaps."),
  })
  .meta({ id: "StatsHistory", description: "The network's settlements and jobs over time." });
export type StatsHistoryDto = z.output<typeof zStatsHistory>;

export const zAssetAnswer = z
  .object({
    asset: zAsset,
    allowed: z
      .boolean()
      .nullable()
      .describe("Whether new providers and jobs may use it; null when the chain has never said."),
    isDefault: z.boolean().describe("The asset of this deployment."),
    providers: z.number().int(),
    jobs: z.number().int(),
    escrowLocked: zDecimal.describe("In escrows now."),
    volumeSettled: zDecimal.describe("What has left escrows towards providers and fees."),
    staked: zDecimal.describe("At stake now, without what is leaving."),
  })
  .meta({ id: "MarketAsset", description: "An asset of the market and what it is used for." });

export const zAssets = z.object({ items: z.array(zAssetAnswer) }).meta({ id: "MarketAssets" });
export type AssetsDto = z.output<typeof zAssets>;

const secs = () => z.number().describe("Seconds.");
const bps = () => z.number().describe("Basis points.");

export const zMarket = z
  .object({
    paused: z.boolean().describe("No registration, order or acceptance; everything else goes on."),
    asset: zAsset.describe(
      "Of minStake for a provider in this asset; in another it is as many base units of that.",
    ),
    feeBps: bps(),
    keeperShareBps: bps(),
    treasury: z.string(),
    minStake: zDecimal,
    unbondingSecs: secs(),
    slashBps: bps(),
    reporterRewardBps: bps(),
    acceptWindowSecs: secs(),
    startWindowSecs: secs(),
    stallAfterSecs: secs(),
    stallGraceSecs: secs(),
    claimWindowSecs: secs(),
    minDurationSecs: secs(),
    maxDurationSecs: secs(),
    maxHoldbackSecs: secs(),
    arbiter: z.string(),
    challengeWindowSecs: secs(),
    answerWindowSecs: secs(),
    arbitrationWindowSecs: secs(),
    bondBps: bps(),
    changedAtVersion: z.string().describe("Ledger version of the last change."),
  })
  .meta({ id: "Market", description: "The market's parameters now. A job keeps those it was made under." });
export type MarketDto = z.output<typeof zMarket>;
