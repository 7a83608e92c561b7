/**
 * What the API takes from and answers to the market's admin.
 * It doesn't know who that is: the chain does.
 */
import { z } from "zod";
import { zAddress, zDecimal } from "../primitives.ts";

const count = () => z.number().int();

export const zAdminStatus = z
  .object({
    version: zDecimal.describe("Ledger version up to which the mirror goes."),
    chainVersion: zDecimal.nullable().describe("null while the node can't be read."),
    lagVersions: zDecimal.nullable(),
    indexing: z.object({
      role: z.enum(["starting", "writer", "standby", "stopped"]).describe("Of the instance that answers."),
      problem: z.object({ code: z.string(), message: z.string(), fatal: z.boolean() }).nullable(),
    }),
    sessions: z.object({
      alive: count(),
      wallets: count().describe("That have one of those."),
      ended: count().describe("Revoked or expired, and not swept away yet."),
      usedNonces: count(),
    }),
    database: z.object({
      bytes: count(),
      tables: z
        .array(
          z.object({
            name: z.string(),
            bytes: count().describe("With indexes and partitions."),
            rows: count().describe("As PostgreSQL last estimated."),
            partitions: count(),
            inDefault: count().describe("Estimated rows whose partition wasn't there in time."),
          }),
        )
        .describe("Largest first."),
    }),
    figures: z
      .record(z.string(), z.number())
      .describe("Counters and gauges of the instance that answers, as /metrics names them."),
  })
  .meta({ id: "AdminStatus", description: "How the service is, for whoever runs it." });

export const zRevokeRequest = z
  .object({
    wallet: zAddress,
    sid: z.uuid().optional().describe("Only this session of the wallet. Default: all."),
  })
  .strict();

export const zAuditEntry = z
  .object({
    id: zDecimal,
    occurredAt: z.number().int().describe("Unix seconds."),
    wallet: z.string().describe("The admin."),
    sid: z.string().describe("The admin's session."),
    action: z.enum(["sessions.list", "sessions.revoke"]),
    detail: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "AuditEntry", description: "One thing that an admin did." });
export type AuditEntryDto = z.output<typeof zAuditEntry>;
