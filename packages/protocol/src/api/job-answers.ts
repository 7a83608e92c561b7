/**
 * What the read API answers about jobs beside their plain facts: rates per second, settlements with their asset, cases.
 * It doesn't know routes; the receipt has a file of its own.
 */
import { z } from "zod";
import { CASE_KINDS, FAULTS } from "../dispute.ts";
import { zDecimal } from "../primitives.ts";
import { zAsset, zCase, zJob, zTick } from "./models.ts";
import { zRate } from "./rates.ts";

export const zJobAnswer = zJob
  .extend({
    ratePerSecond: zRate.describe("ratePerHour per second, exact."),
    payee: z.string().nullable().describe("Whom its stream pays; null until it starts."),
    treasury: z
      .string()
      .nullable()
      .describe("Who gets its fees, fixed when it was made; null if the mirror began later."),
  })
  .meta({
    id: "Job",
    description:
      "One job. Amounts are base units of asset, times unix seconds, 0 = not yet. deposited = paidToProvider + fees + refunded + balance, always.",
  });
export type JobAnswer = z.output<typeof zJobAnswer>;

export const zTickAnswer = zTick.extend({ asset: zAsset }).meta({
  id: "Settlement",
  description:
    "One settlement of one stream. amount is 0 where nothing new is earned, or all of it is held back; paid and acc are cumulative.",
});
export type TickAnswer = z.output<typeof zTickAnswer>;

export const zClosedCase = z
  .object({
    kind: z.enum(CASE_KINDS),
    bond: zDecimal,
    deadline: z.number(),
    openedAt: z.number(),
    chunkIndex: zDecimal.nullable().describe("Of an output challenge."),
    arbiter: z.string().nullable().describe("Of an arbitration."),
    reason: z.string(),
    unreleased: zDecimal.nullable().describe("What was held back when an arbitration was opened."),
    outcome: z.enum(["answered", "lost", "ruled", "defaulted"]).nullable().describe("Null while it is open."),
    award: zDecimal.nullable().describe("What an arbitration gave to the provider, gross of the fee."),
    bondToProvider: z.boolean().nullable().describe("Who got the bond; null while it is open."),
    closedAt: z.number().nullable(),
  })
  .meta({ id: "CaseRecord", description: "A case, open or closed; amounts are of the job's asset." });
export type CaseRecordDto = z.output<typeof zClosedCase>;

export const zJobCases = z
  .object({
    job: z.string(),
    asset: zAsset.describe("Of bonds, awards and what was held back."),
    open: zCase.nullable().describe("The open case, or null."),
    cases: z.array(zClosedCase).describe("Every case ever opened on the job, newest first."),
    fault: z
      .object({
        fault: z.enum(FAULTS),
        reporter: z.string(),
        slashed: zDecimal,
        reward: zDecimal.describe("The part of slashed that the reporter got."),
        stakeAsset: zAsset.describe("Of slashed and reward: the provider's stake."),
        provenAt: z.number(),
        version: z.string(),
        txHash: z.string(),
      })
      .nullable()
      .describe("The proven fault, or null."),
  })
  .meta({ id: "JobCases", description: "What was disputed about a job, and how it ended." });
export type JobCasesDto = z.output<typeof zJobCases>;
