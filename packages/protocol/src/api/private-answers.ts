/**
 * What the API answers to the signed-in alone: who they are, a machine's telemetry, a job's raw attestations.
 * It doesn't know who may read what: the indexer's handlers do.
 */
import { z } from "zod";
import { zDecimal } from "../primitives.ts";

const count = () => z.number().int();
const zMillis = z.number().int().describe("Unix milliseconds of the relayer's clock.");

export const zMe = z
  .object({
    wallet: z.string(),
    sid: z.string(),
    domain: z.string().describe("The site that the session was made on."),
    chainId: z.number().int(),
    accessExpiresAt: z.number().int().describe("Unix seconds."),
    roles: z.object({
      buyer: z.object({
        jobs: count(),
        running: z
          .array(z.object({ job: z.string(), provider: z.string() }))
          .describe("At most 100, newest first; each opens its provider's telemetry."),
      }),
      provider: z.object({
        owned: z.array(z.string()).describe("At most 100, newest first; /providers?owner= has all."),
        operated: z.array(z.string()).describe("At most 100, newest first."),
      }),
      arbiter: z.object({
        ofMarket: z.boolean().describe("The arbiter of new jobs."),
        openCases: z
          .array(z.string())
          .describe("Jobs whose open case it decides; at most 100, newest first."),
      }),
      admin: z.boolean().nullable().describe("null while the chain can't be asked."),
    }),
  })
  .meta({ id: "Me", description: "Whose token it is, and what that wallet is in this market." });

const zFigures = z.array(z.number()).describe("One for each GPU.");
const zFigure = z.number().nullable();

export const zTelemetry = z
  .object({
    at: zMillis,
    status: z.enum(["online", "busy", "maintenance"]).describe("The node's own word."),
    jobsRunning: count(),
    cpuPercent: zFigure,
    ramUsedMb: zFigure,
    ramTotalMb: zFigure,
    diskUsedMb: zFigure,
    diskTotalMb: zFigure,
    cpuCelsius: zFigure,
    gpuPercent: zFigures,
    gpuCelsius: zFigures,
    gpuWatts: zFigures,
    vramUsedMb: zFigures,
    vramTotalMb: zFigures,
    nodeVersion: z.string(),
  })
  .meta({ id: "Telemetry", description: "What a provider node told of its machine." });
export type TelemetryDto = z.output<typeof zTelemetry>;

export const zStoredAttestation = z
  .object({
    at: zMillis,
    provider: z.string(),
    seq: zDecimal,
    secondsCum: zDecimal,
    tLast: z.number().int().describe("Unix seconds of the chain's clock: the newest second told."),
    logRoot: z.string(),
    signature: z.string(),
    countersignature: z.string().nullable(),
  })
  .meta({
    id: "StoredAttestation",
    description: "A signed attestation as the relayer took it, settled or not.",
  });
export type StoredAttestationDto = z.output<typeof zStoredAttestation>;
