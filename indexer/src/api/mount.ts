/**
 * Serves the table of routes: each path, old names too, parses its parameters by the table and answers by its handler.
 * It doesn't know any route.
 */
import express, { type Request, type Response, Router } from "express";
import type { Caller } from "../auth/access-token.ts";
import { ApiError } from "../errors.ts";
import { nextPageLink, toCsv, wantsCsv } from "./csv.ts";
import { jsonTextOf } from "./json-text.ts";
import { csvName, type ServeKept } from "./kept-answers.ts";
import { type Mount, mountsOf } from "./table/index.ts";
import {
  allowedMethods,
  isText,
  methodOf,
  type Reply,
  type RouteEntry,
  type RouteTable,
} from "./table/types.ts";
import { parseInput } from "./validate.ts";

type AnyHandler = (request: never) => Promise<Reply>;

/** Throws `ApiError` unless the caller may use the route at all. */
export type Authorize = (entry: RouteEntry, caller: Caller | null) => Promise<void>;

/** What a sign-in needs, and some. */
const MAX_BODY_BYTES = 8 * 1024;
const MAX_USER_AGENT = 300;

/** What routes with `security` answer when nobody looks who calls: nothing. */
const refuseSecured: Authorize = async ({ security }) => {
  if (security) throw new Error("a route with security needs an authorize");
};

/** Throws when the table and the handlers aren't about the same paths: the service then doesn't start. */
export function mountRoutes(
  table: RouteTable,
  handlers: Readonly<Record<string, AnyHandler>>,
  authorize: Authorize = refuseSecured,
  serveKept: ServeKept = async () => false,
): Router {
  const unanswered = Object.keys(table).filter((path) => !(path in handlers));
  const undocumented = Object.keys(handlers).filter((path) => !(path in table));
  if (unanswered.length + undocumented.length > 0) {
    throw new Error(
      `routes without a handler: ${unanswered.join(", ") || "none"}; handlers without an entry in api/table: ` +
        `${undocumented.join(", ") || "none"}: write what is missing`,
    );
  }
  const mounts = mountsOf(table);
  const twice = mounts.find(({ path }, i) => mounts.findIndex((m) => m.path === path) !== i);
  if (twice) throw new Error(`${twice.path} is in api/table twice: rename one`);
  const router = Router({ caseSensitive: true });
  // Those without parameters first: /jobs/history is no job's address.
  const parameters = (path: string) => path.split(":").length;
  for (const mount of mounts.sort((a, b) => parameters(a.path) - parameters(b.path))) {
    const handler = handlers[mount.route] as AnyHandler;
    const allow = allowedMethods(mount.entry);
    const route = router.route(mount.path);
    if (methodOf(mount.entry) === "GET") {
      route.get((request, response) => answer(mount, handler, authorize, serveKept, request, response));
    } else {
      // Who may call is asked before the body is read.
      route.post(
        async (_request, response, next) => {
          await authorize(mount.entry, callerOf(response));
          next();
        },
        requireJson,
        express.json({ limit: MAX_BODY_BYTES, inflate: false, type: () => true }),
        (request, response) => answer(mount, handler, authorize, serveKept, request, response),
      );
    }
    route.all((_request, response) => {
      response.set("allow", allow);
      throw new ApiError(405, "METHOD_NOT_ALLOWED", `this route knows ${allow}`);
    });
  }
  return router;
}

function callerOf(response: Response): Caller | null {
  return response.locals.caller ?? null;
}

function requireJson(request: Request, _response: Response, next: () => void): void {
  const type = request.get("content-type") ?? "";
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw new ApiError(415, "UNSUPPORTED_MEDIA_TYPE", "send the body as content-type: application/json");
  }
  next();
}

async function answer(
  mount: Mount,
  handler: AnyHandler,
  authorize: Authorize,
  serveKept: ServeKept,
  request: Request,
  response: Response,
) {
  const { entry, alias } = mount;
  const caller = callerOf(response);
  if (methodOf(entry) === "GET") await authorize(entry, caller);
  const params = parseInput(entry.params, request.params);
  const query = parseInput(entry.query, withFixed(request.query, alias?.fixed));
  const body = entry.body && parseInput(entry.body, request.body ?? {}, "body");
  const asker = {
    origin: request.get("origin"),
    userAgent: (request.get("user-agent") ?? "").slice(0, MAX_USER_AGENT),
  };
  const produce = () => handler({ params, query, body, caller, asker } as never);
  if (alias) response.append("link", `<${canonical(mount, request)}>; rel="canonical"`);
  if (await serveKept(mount, { params, query }, produce, request, response)) return;
  const reply = await produce();
  response.status(reply.status ?? 200).set(reply.headers ?? {});
  // Tokens, or what is private to one caller: nothing between us may keep it.
  if (caller !== null || methodOf(entry) === "POST") response.set("cache-control", "private, no-store");
  if (reply.stream && request.method !== "HEAD") return reply.stream(request, response);
  if (isText(entry.answer)) {
    if (!response.get("content-type")) response.type(entry.answer.contentType);
    response.send(reply.body as string);
    return;
  }
  if (entry.csv) {
    response.vary("Accept");
    if (wantsCsv(request, query)) {
      const link = nextPageLink(request, reply.body);
      if (link) response.append("link", link);
      response
        .attachment(`${csvName(mount.route)}.csv`)
        .type("text/csv")
        .send(toCsv(entry.csv, reply.body));
      return;
    }
  }
  response.type("json").send(jsonTextOf(reply.body));
}

function withFixed(query: Request["query"], fixed: Readonly<Record<string, string>> = {}): object {
  const given = Object.keys(fixed).find((name) => name in query);
  if (given !== undefined) {
    throw new ApiError(
      400,
      "UNKNOWN_PARAMETER",
      `${given}: this old name of the route sets it itself`,
      given,
    );
  }
  return { ...query, ...fixed };
}

function canonical(mount: Mount, request: Request): string {
  const path = mount.route.replace(":address", encodeURIComponent(String(request.params.address)));
  const fixed = new URLSearchParams(mount.alias?.fixed).toString();
  return fixed === "" ? path : `${path}?${fixed}`;
}
