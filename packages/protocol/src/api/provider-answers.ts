/**
 * What the read API answers about providers beside their plain facts: rates per second, and their record over time.
 * It doesn't know routes or how a figure is counted.
 */
import { z } from "zod";
import { zDecimal } from "../primitives.ts";
import { zAsset, zProvider } from "./models.ts";
import { zRate } from "./rates.ts";

export const zProviderAnswer = zProvider
  .extend({
    pricePerSecond: zRate.describe("pricePerHour per second, exact."),
    gpuPricePerSecond: zRate.describe("gpuPricePerHour per second, exact."),
    unbonding: zDecimal.describe("Stake that is leaving; it can still be slashed."),
    unlocksAt: z.number().describe("Unix seconds from which it may be withdrawn; 0 = nothing is leaving."),
    slashed: zDecimal.describe("Stake that proven faults have cost in all."),
    boundStake: zDecimal.describe(
      "What its jobs rely on: stake can't leave below it while one runs or before liableUntil.",
    ),
    liableUntil: z.number().describe("Unix seconds until which jobs that have ended may still cost stake."),
    online: z
      .boolean()
      .optional()
      .describe(
        "A sign of life in the last 60 seconds: a heartbeat of its node or on chain, a settlement of a stream that runs.",
      ),
  })
  .meta({
    id: "Provider",
    description: "One machine. Prices, stake and earnings are base units of asset; times are unix seconds.",
  });
export type ProviderAnswer = z.output<typeof zProviderAnswer>;

export const zProviderStats = z
  .object({
    provider: z.string(),
    asset: zAsset,
    jobs: z
      .object({
        total: z.number().int().describe("Jobs that name this provider, whatever became of them."),
        waiting: z.number().int().describe("Pending or accepted."),
        running: z.number().int(),
        ended: z.number().int().describe("Ended, with money still to settle."),
        settled: z.number().int(),
        completed: z.number().int().describe("As its record on chain counts them."),
        failed: z.number().int().describe("As its record on chain counts them."),
        expired: z.number().int().describe("As its record on chain counts them."),
      })
      .describe("Counts of jobs now."),
    secondsServed: z.number().describe("Seconds of settled jobs, from its record on chain."),
    secondsBilled: z.number().describe("Seconds billed in all its jobs up to now, settled or not."),
    earned: zDecimal.describe(
      "Net of fees, from settled jobs in any asset, as its record on chain tells it.",
    ),
    paid: zDecimal.describe("Net of fees, what all its jobs in this asset have paid it up to now."),
    slots: z.number(),
    slotsBusy: z.number(),
    bucketSecs: z.number().int().describe("Length of a bucket."),
    buckets: z
      .array(
        z.object({
          timestamp: z
            .number()
            .int()
            .describe("Unix second at which the bucket begins; a multiple of bucketSecs."),
          settlements: z.number().int().describe("Settlements that paid something in this asset."),
          seconds: z.number().describe("Seconds billed, counted where they were settled."),
          paid: zDecimal.describe("Net of fees, in this asset."),
          fees: zDecimal,
          utilisationBps: z
            .number()
            .int()
            .describe("seconds / (slots now * bucketSecs) in basis points, rounded down, at most 10000."),
        }),
      )
      .describe("Oldest first, without gaps."),
  })
  .meta({
    id: "ProviderStats",
    description: "A provider's counts, seconds and earnings, in all and over time.",
  });
export type ProviderStatsDto = z.output<typeof zProviderStats>;
