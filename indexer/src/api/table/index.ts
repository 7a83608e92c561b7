/**
 * The one table of routes: what is mounted, parsed, documented and tested comes from here.
 * It doesn't know how a route is answered.
 */
import { ADMIN_ROUTES } from "./admin.ts";
import { AUTH_ROUTES } from "./auth.ts";
import { JOB_ROUTES } from "./jobs.ts";
import { LIVE_ROUTES } from "./live.ts";
import { MARKET_ROUTES } from "./market.ts";
import { PRIVATE_ROUTES } from "./private.ts";
import { PROVIDER_ROUTES } from "./providers.ts";
import { QUOTE_ROUTES } from "./quotes.ts";
import { SERVICE_ROUTES } from "./service.ts";
import type { Alias, RouteEntry } from "./types.ts";
import { WALLET_ROUTES } from "./wallets.ts";

export const ROUTES = {
  ...MARKET_ROUTES,
  ...PROVIDER_ROUTES,
  ...JOB_ROUTES,
  ...QUOTE_ROUTES,
  ...WALLET_ROUTES,
  ...AUTH_ROUTES,
  ...LIVE_ROUTES,
  ...PRIVATE_ROUTES,
  ...ADMIN_ROUTES,
  ...SERVICE_ROUTES,
} as const;

export interface Mount {
  path: string;
  /** Key of the table. */
  route: keyof typeof ROUTES;
  entry: RouteEntry;
  /** Null under the route's own name. */
  alias: Alias | null;
}

/** Every path under which something is served. */
export function mountsOf(table: Readonly<Record<string, RouteEntry>> = ROUTES): Mount[] {
  return Object.entries(table).flatMap(([path, entry]) => {
    const route = path as keyof typeof ROUTES;
    const aliases = (entry.aliases ?? []).map((alias) => ({ path: alias.path, route, entry, alias }));
    return [{ path, route, entry, alias: null }, ...aliases];
  });
}
