/**
 * Serves the table of routes: each path, old names too, parses its parameters by the table and answers by its handler.
 * It doesn't know any route.
 */
import { type Request, type Response, Router } from "express";
import { ApiError } from "../errors.ts";
import { nextPageLink, toCsv, wantsCsv } from "./csv.ts";
import { type Mount, mountsOf } from "./table/index.ts";
import { isText, type Reply, type RouteTable } from "./table/types.ts";
import { parseInput } from "./validate.ts";

type AnyHandler = (request: { params: never; query: never }) => Promise<Reply>;

/** Throws when the table and the handlers aren't about the same paths: the service then doesn't start. */
export function mountRoutes(table: RouteTable, handlers: Readonly<Record<string, AnyHandler>>): Router {
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
    router.get(mount.path, (request, response) => answer(mount, handler, request, response));
  }
  return router;
}

async function answer(mount: Mount, handler: AnyHandler, request: Request, response: Response) {
  const { entry, alias } = mount;
  const params = parseInput(entry.params, request.params);
  const query = parseInput(entry.query, withFixed(request.query, alias?.fixed));
  const reply = await handler({ params, query } as { params: never; query: never });
  response.status(reply.status ?? 200).set(reply.headers ?? {});
  if (alias) response.append("link", `<${canonical(mount, request)}>; rel="canonical"`);
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
      const name = mount.route
        .split("/")
        .filter((part) => /^[a-z]+$/.test(part))
        .at(-1);
      response.attachment(`${name}.csv`).type("text/csv").send(toCsv(entry.csv, reply.body));
      return;
    }
  }
  response.json(reply.body);
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
