/**
 * The table's part for the market's admin.
 * It doesn't answer anything: routes/admin.ts does.
 */
import {
  API_ROUTES,
  zAdminSessionsQuery,
  zNewestQuery,
  zNoQuery,
  zRevokeRequest,
} from "@computestream/protocol/api";
import type { RouteTable } from "./types.ts";

const common = { tag: "admin", security: "admin", params: zNoQuery, exampleQuery: "" } as const;

export const ADMIN_ROUTES = {
  "/api/v1/admin/status": {
    ...common,
    limit: "expensive",
    summary: "How the service is: mirror, sessions, sizes, figures",
    query: zNoQuery,
    answer: API_ROUTES["/api/v1/admin/status"],
    errors: [],
  },
  "/api/v1/admin/sessions": {
    ...common,
    limit: "discovery",
    summary: "Sessions, newest first; of one wallet or of all",
    description: "Written down in the audit.",
    query: zAdminSessionsQuery,
    answer: API_ROUTES["/api/v1/admin/sessions"],
    errors: ["INVALID_CURSOR"],
    exampleQuery: "?limit=20",
  },
  "/api/v1/admin/sessions/revoke": {
    ...common,
    method: "POST",
    summary: "Ends a wallet's sessions, or one of them, at once",
    description: "Written down in the audit.",
    query: zNoQuery,
    body: zRevokeRequest,
    answer: API_ROUTES["/api/v1/admin/sessions/revoke"],
    errors: [],
  },
  "/api/v1/admin/audit": {
    ...common,
    limit: "discovery",
    summary: "What admins did, newest first",
    description: "It only grows: the database refuses to change or remove a line.",
    query: zNewestQuery,
    answer: API_ROUTES["/api/v1/admin/audit"],
    errors: ["INVALID_CURSOR"],
  },
} as const satisfies RouteTable;
