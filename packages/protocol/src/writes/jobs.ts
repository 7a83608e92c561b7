/**
 * Writes of a job's way: ordering, running, ending, settling.
 * It doesn't know who may take which step when: the chain refuses with a named code.
 */
import { z } from "zod";
import { zCountersignedUsage } from "../attestation.ts";
import { zAddress, zU64 } from "../primitives.ts";
import {
  zJobField,
  zJobOrder,
  zJobOrders,
  zMaybeUsage,
  zOpenJobOrder,
  zOpenJobOrders,
  zOutputFields,
} from "./fields.ts";
import { write } from "./write.ts";

type WireUsage = z.output<typeof zMaybeUsage>;
const usageOf = (job: string, usage: WireUsage) => usage && { job, ...usage };

export const JOB_WRITES = {
  "jobs/create": write({
    summary: "Order a job from one provider; the deposit is taken into escrow",
    calls: "job_orders::create_job",
    signer: "buyer",
    body: zJobOrder,
    build: (payloads, body) => payloads.createJob(body),
    aliases: [
      { method: "POST", path: "/api/v1/jobs/create" },
      { method: "POST", path: "/api/v1/jobs/submit" },
      { method: "POST", path: "/api/v1/submit" },
    ],
  }),
  "jobs/create-many": write({
    summary: "Order several jobs from one provider, all or none",
    calls: "job_orders::create_jobs",
    signer: "buyer",
    body: zJobOrders,
    build: (payloads, body) => payloads.createJobs(body),
  }),
  "jobs/create-open": write({
    summary: "Order a job from the first provider that fits",
    calls: "job_orders::create_open_job",
    signer: "buyer",
    body: zOpenJobOrder,
    build: (payloads, body) => payloads.createOpenJob(body),
  }),
  "jobs/create-open-many": write({
    summary: "Order several jobs from the first providers that fit, all or none",
    calls: "job_orders::create_open_jobs",
    signer: "buyer",
    body: zOpenJobOrders,
    build: (payloads, body) => payloads.createOpenJobs(body),
  }),
  "jobs/claim": write({
    summary: "Accept a pending job",
    calls: "job_registry::accept",
    signer: "operator",
    body: zJobField.extend({
      provider: zAddress,
      gpuMask: zU64.prefault("0").describe("As many bits as the job has GPUs; bit i = GPU i."),
    }),
    build: (payloads, { provider, job, gpuMask }) => payloads.accept(provider, job, gpuMask),
    aliases: [{ method: "POST", path: "/api/v1/jobs/:job/claim" }],
  }),
  "jobs/start": write({
    summary: "Open the job's payment stream",
    calls: "job_registry::start",
    signer: "operator",
    body: zJobField,
    build: (payloads, { job }) => payloads.start(job),
  }),
  "jobs/top-up": write({
    summary: "Add time and money to a job",
    calls: "job_registry::extend",
    signer: "buyer",
    body: zJobField.extend({ addedSecs: zU64.prefault("0"), addedDeposit: zU64.prefault("0") }),
    build: (payloads, { job, addedSecs, addedDeposit }) => payloads.extend(job, addedSecs, addedDeposit),
    aliases: [{ method: "POST", path: "/api/v1/escrow/deposit" }],
  }),
  "jobs/rate": write({
    summary: "Change what a running job's seconds cost from now on",
    calls: "job_registry::change_rate",
    signer: "buyer",
    body: zJobField.extend({ ratePerHour: zU64 }),
    build: (payloads, { job, ratePerHour }) => payloads.changeRate(job, ratePerHour),
  }),
  "jobs/complete": write({
    summary: "End a job that did what it should",
    calls: "job_registry::complete",
    signer: "operator",
    body: zOutputFields,
    build: (payloads, { job, usage, ...output }) => payloads.complete(job, output, usageOf(job, usage)),
    aliases: [{ method: "POST", path: "/api/v1/jobs/:job/complete" }],
  }),
  "jobs/fail": write({
    summary: "End a job that didn't",
    calls: "job_registry::fail",
    signer: "operator",
    body: zOutputFields.extend({ reason: z.string().max(1_024) }),
    build: (payloads, { job, reason, usage, ...output }) =>
      payloads.fail(job, reason, output, usageOf(job, usage)),
    aliases: [{ method: "POST", path: "/api/v1/jobs/:job/fail" }],
  }),
  "jobs/cancel": write({
    summary: "Take back a job that hasn't started",
    calls: "job_registry::cancel",
    signer: "buyer",
    body: zJobField,
    build: (payloads, { job }) => payloads.cancel(job),
    aliases: [{ method: "POST", path: "/api/v1/jobs/:job/cancel" }],
  }),
  "jobs/terminate": write({
    summary: "End a running job early; what isn't earned goes back",
    calls: "job_registry::terminate",
    signer: "buyer",
    body: zJobField.extend({ usage: zMaybeUsage }),
    build: (payloads, { job, usage }) => payloads.terminate(job, usageOf(job, usage)),
    aliases: [{ method: "POST", path: "/api/v1/jobs/:job/terminate" }],
  }),
  "jobs/confirm": write({
    summary: "Release what is held back",
    calls: "job_registry::confirm",
    signer: "buyer",
    body: zJobField,
    build: (payloads, { job }) => payloads.confirm(job),
  }),
  "jobs/confirm-signed": write({
    summary: "Bring the seconds that the buyer has countersigned",
    calls: "job_registry::confirm_signed",
    signer: "anyone",
    body: zCountersignedUsage.omit({ signature: true }).strict(),
    build: (payloads, body) => payloads.confirmSigned(body),
  }),
  "jobs/flag-stalled": write({
    summary: "Say that a job makes no progress",
    calls: "job_registry::flag_stalled",
    signer: "anyone",
    body: zJobField,
    build: (payloads, { job }) => payloads.flagStalled(job),
  }),
  "jobs/expire": write({
    summary: "End a job whose window has passed",
    calls: "job_registry::expire",
    signer: "anyone",
    body: zJobField,
    build: (payloads, { job }) => payloads.expire(job),
  }),
  "jobs/finalize": write({
    summary: "Settle a job whose challenge window has passed",
    calls: "job_registry::finalize",
    signer: "anyone",
    body: zJobField,
    build: (payloads, { job }) => payloads.finalize(job),
  }),
  "jobs/reclaim": write({
    summary: "Remove what a settled job takes on chain",
    calls: "job_registry::reclaim",
    signer: "anyone",
    body: zJobField,
    build: (payloads, { job }) => payloads.reclaim(job),
  }),
} as const;
