/**
 * The table's part on jobs.
 * It doesn't answer anything: routes/jobs.ts does.
 */
import {
  API_ROUTES,
  zAddressParams,
  zHistoryQuery,
  zJobsQuery,
  zNoQuery,
  zReceiptQuery,
  zTicksQuery,
} from "@computestream/protocol/api";
import { JOBS_CSV, TICKS_CSV } from "./columns.ts";
import type { RouteTable } from "./types.ts";

export const JOB_ROUTES = {
  "/api/v1/jobs": {
    summary: "Jobs by filter, newest first",
    limit: "discovery",
    tag: "jobs",
    params: zNoQuery,
    query: zJobsQuery,
    answer: API_ROUTES["/api/v1/jobs"],
    csv: JOBS_CSV,
    errors: ["INVALID_CURSOR"],
    aliases: [{ path: "/api/v1/jobs/history" }],
    exampleQuery: "?state=Running&limit=10",
  },
  "/api/v1/jobs/:address": {
    summary: "One job",
    tag: "jobs",
    params: zAddressParams,
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/jobs/:address"],
    errors: ["JOB_NOT_FOUND"],
    aliases: [{ path: "/api/v1/jobs/:address/status" }],
    exampleQuery: "",
  },
  "/api/v1/jobs/:address/ticks": {
    summary: "A job's settlements, newest first",
    limit: "discovery",
    tag: "jobs",
    params: zAddressParams,
    query: zTicksQuery,
    answer: API_ROUTES["/api/v1/jobs/:address/ticks"],
    csv: TICKS_CSV,
    errors: ["JOB_NOT_FOUND", "INVALID_CURSOR"],
    aliases: [{ path: "/api/v1/payments/stream/:address" }],
    exampleQuery: "?limit=60",
  },
  "/api/v1/jobs/:address/events": {
    summary: "A job's history: every event that names it, oldest first",
    limit: "discovery",
    tag: "jobs",
    params: zAddressParams,
    query: zHistoryQuery,
    answer: API_ROUTES["/api/v1/jobs/:address/events"],
    errors: ["JOB_NOT_FOUND", "INVALID_CURSOR"],
    exampleQuery: "",
  },
  "/api/v1/jobs/:address/receipt": {
    summary: "Everything needed to recompute a job's payments by hand",
    description:
      "Terms, rates, every deposit, settlement and refund with its transaction, the close, and the sums that must agree.",
    limit: "expensive",
    tag: "jobs",
    params: zAddressParams,
    query: zReceiptQuery,
    answer: API_ROUTES["/api/v1/jobs/:address/receipt"],
    errors: ["JOB_NOT_FOUND", "INVALID_CURSOR", "RECEIPT_TOO_LONG"],
    exampleQuery: "",
  },
  "/api/v1/jobs/:address/case": {
    summary: "What was disputed about a job: its open case, all cases, the proven fault",
    tag: "jobs",
    params: zAddressParams,
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/jobs/:address/case"],
    errors: ["JOB_NOT_FOUND"],
    exampleQuery: "",
  },
} as const satisfies RouteTable;
