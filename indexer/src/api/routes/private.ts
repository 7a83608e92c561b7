/**
 * Answers what only some may read, and says who: whoever isn't named here is refused.
 * It doesn't know SQL. Who owns, buys and decides is the mirror's word at each request.
 */
import type { StoredAttestationDto, TelemetryDto } from "@computestream/protocol/api";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { findOpenCases } from "../../db/queries/cases.ts";
import { countJobs, findJobs } from "../../db/queries/jobs.ts";
import {
  type AttestationRow,
  listAttestations,
  listTelemetry,
  rolesOf,
  runningSince,
  type TelemetryRow,
} from "../../db/queries/private.ts";
import { findProviders } from "../../db/queries/providers.ts";
import type { JobRow } from "../../db/tables.ts";
import { ApiError } from "../../errors.ts";
import { decodeCursor, toPage } from "../pagination.ts";
import type { PRIVATE_ROUTES } from "../table/private.ts";
import type { Handlers } from "../table/types.ts";

const zUsecs = z.string().regex(/^\d{1,17}$/);
const zTelemetryKey = z.object({ atUsecs: zUsecs }).strict();
const zAttestationKey = z.object({ seq: z.string().regex(/^\d{1,20}$/), atUsecs: zUsecs }).strict();

export function privateHandlers({ pool, deployment, source }: Context): Handlers<typeof PRIVATE_ROUTES> {
  /** From which unix second on `wallet` may read a machine's telemetry. */
  async function telemetrySince(provider: string, owner: string, wallet: string): Promise<bigint> {
    if (owner === wallet) return 0n;
    // A buyer sees the machine at work on its job, and nothing of those before.
    const since = await runningSince(pool, provider, wallet);
    if (since === null) {
      throw notAllowed("the provider's owner and buyers whose job runs on it now may read its telemetry");
    }
    return since;
  }

  async function assertMayReadAttestations(job: JobRow, wallet: string): Promise<void> {
    if (job.buyer === wallet) return;
    const [provider] = await findProviders(pool, [job.provider]);
    if (provider?.owner === wallet) return;
    const [open] = await findOpenCases(pool, [job.job]);
    if (open && open.arbiter === wallet) return;
    throw notAllowed(
      "the job's buyer, its provider's owner and the arbiter of its open case may read its attestations",
    );
  }

  return {
    "/api/v1/me": async ({ caller }) => {
      const { wallet, sid, domain, expiresAt } = caller;
      const [roles, jobs, admin] = await Promise.all([
        rolesOf(pool, wallet),
        countJobs(pool, { party: "buyer", address: wallet }),
        source.admin().then(
          (address) => address === wallet,
          () => null,
        ),
      ]);
      return {
        body: {
          wallet,
          sid,
          domain,
          chainId: deployment.chainId,
          accessExpiresAt: expiresAt,
          roles: {
            buyer: { jobs: jobs.total, running: roles.running },
            provider: { owned: roles.owned, operated: roles.operated },
            arbiter: { ofMarket: roles.isMarketArbiter, openCases: roles.openCases },
            admin,
          },
        },
      };
    },

    "/api/v1/providers/:address/telemetry": async ({ params, query: { limit, cursor }, caller }) => {
      const [provider] = await findProviders(pool, [params.address]);
      if (!provider) {
        throw new ApiError(404, "PROVIDER_NOT_FOUND", `there is no provider at ${params.address}`, "address");
      }
      const sinceSecs = await telemetrySince(provider.provider, provider.owner, caller.wallet);
      const before = decodeCursor(zTelemetryKey, cursor)?.atUsecs ?? null;
      const rows = await listTelemetry(pool, {
        provider: provider.provider,
        sinceSecs,
        before,
        limit: limit + 1,
      });
      return { body: toPage(rows, limit, telemetryDto, ({ atUsecs }) => ({ atUsecs })) };
    },

    "/api/v1/jobs/:address/attestations": async ({ params, query: { limit, cursor }, caller }) => {
      const [job] = await findJobs(pool, [params.address]);
      if (!job) throw new ApiError(404, "JOB_NOT_FOUND", `there is no job at ${params.address}`, "address");
      await assertMayReadAttestations(job, caller.wallet);
      const after = decodeCursor(zAttestationKey, cursor);
      const rows = await listAttestations(pool, { job: job.job, after, limit: limit + 1 });
      return { body: toPage(rows, limit, attestationDto, ({ seq, atUsecs }) => ({ seq, atUsecs })) };
    },
  };
}

function notAllowed(who: string): ApiError {
  return new ApiError(403, "NOT_ALLOWED", `only ${who}`);
}

const millisOf = (usecs: string) => Number(BigInt(usecs) / 1000n);
const numberOrNull = (value: string | null) => (value === null ? null : Number(value));

function telemetryDto(row: TelemetryRow): TelemetryDto {
  return {
    at: millisOf(row.atUsecs),
    status: row.status,
    jobsRunning: row.jobs_running,
    cpuPercent: row.cpu_percent,
    ramUsedMb: numberOrNull(row.ram_used_mb),
    ramTotalMb: numberOrNull(row.ram_total_mb),
    diskUsedMb: numberOrNull(row.disk_used_mb),
    diskTotalMb: numberOrNull(row.disk_total_mb),
    cpuCelsius: row.cpu_celsius,
    gpuPercent: row.gpu_percent,
    gpuCelsius: row.gpu_celsius,
    gpuWatts: row.gpu_watts,
    vramUsedMb: row.vram_used_mb.map(Number),
    vramTotalMb: row.vram_total_mb.map(Number),
    nodeVersion: row.node_version,
  };
}

function attestationDto(row: AttestationRow): StoredAttestationDto {
  return {
    at: millisOf(row.atUsecs),
    provider: row.provider,
    seq: row.seq,
    secondsCum: row.seconds_cum,
    tLast: Number(row.t_last),
    logRoot: row.log_root,
    signature: row.signature,
    countersignature: row.countersignature,
  };
}
