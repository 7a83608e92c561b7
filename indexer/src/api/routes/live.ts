/**
 * Answers the route that never ends: what changes, as server-sent events.
 * It doesn't know topics' contents or who else listens: ws/ does.
 */
import type { Context } from "../../context.ts";
import { ApiError } from "../../errors.ts";
import { canonicalTopic } from "../../ws/topics.ts";
import type { LIVE_ROUTES } from "../table/live.ts";
import type { Handlers } from "../table/types.ts";

export function liveHandlers(context: Context): Handlers<typeof LIVE_ROUTES> {
  return {
    "/api/v1/live": async ({ query: { topics: names, since } }) => ({
      body: "",
      stream(request, response) {
        const topics = [...new Set(names.split(",").map(canonicalTopic))];
        const refusal = context.live.open(request, response, { topics, since });
        if (!refusal) return;
        response.set("retry-after", String(refusal.retryAfterSecs));
        throw new ApiError(refusal.status, refusal.code, refusal.message);
      },
    }),
  };
}
