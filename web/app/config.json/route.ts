/**
 * Serves the public configuration, so that one build runs in every environment.
 * It doesn't know where the values come from.
 */
import { loadConfig } from "../../lib/config.ts";

export const dynamic = "force-dynamic";

export function GET(): Response {
  return Response.json(loadConfig().public, { headers: { "Cache-Control": "no-store" } });
}
