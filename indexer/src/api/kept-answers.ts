/**
 * Answers public routes from what is kept, as bytes with an ETag that were made once; 304 to who has them already.
 * It doesn't decide how long anything is kept (cache/rules.ts) nor what a route answers.
 */
import { createHash } from "node:crypto";
import type { Request, Response } from "express";
import type { Answer } from "../cache/answers.ts";
import { CACHE_RULES } from "../cache/rules.ts";
import type { Context } from "../context.ts";
import { nextPageLink, toCsv, wantsCsv } from "./csv.ts";
import { jsonTextOf } from "./json-text.ts";
import type { Mount } from "./table/index.ts";
import type { Reply } from "./table/types.ts";

export type ServeKept = (
  mount: Mount,
  parsed: { params: unknown; query: unknown },
  produce: () => Promise<Reply>,
  request: Request,
  response: Response,
) => Promise<boolean>;

/** False for what isn't kept: nothing was answered then. */
export function createServeKept(context: Pick<Context, "answers" | "assets" | "metrics">): ServeKept {
  return async (mount, parsed, produce, request, response) => {
    const { answers, assets, metrics } = context;
    const rule = CACHE_RULES[mount.route];
    // What a token may have had a part in is nobody else's.
    if (!answers || !rule || request.headers.authorization !== undefined) return false;
    const { entry } = mount;
    const asCsv = entry.csv !== undefined && wantsCsv(request, parsed.query);
    // An answer that describes an asset otherwise is another one.
    const key = `${assets.describedBy} ${canonicalRequest(mount.route, parsed, asCsv)}`;
    const read = async (): Promise<Answer> => {
      const { body } = await produce();
      const [text, type] = entry.csv && asCsv ? [toCsv(entry.csv, body), "csv"] : [jsonTextOf(body), "json"];
      return answerOf(text, type as "csv" | "json", body);
    };
    const { answer, version, source } = await answers.get(
      { key, rule, tags: rule.tags(parsed.params as object, parsed.query as object) },
      read,
    );
    metrics.cacheAnswers.inc({ route: mount.route, source });
    if (source === "read") metrics.cacheBytes.set(answers.bytes);
    send(mount, answer, version, asCsv, request, response);
    return true;
  };
}

function answerOf(text: string, type: "csv" | "json", source: unknown): Answer {
  const body = Buffer.from(text);
  const hash = createHash("sha256").update(body).digest("base64url").slice(0, 27);
  return {
    body,
    etag: `"${hash}"`,
    contentType: type === "csv" ? "text/csv; charset=utf-8" : "application/json; charset=utf-8",
    nextCursor: (source as { nextCursor?: string | null }).nextCursor ?? null,
  };
}

/** The same for everything that is the same question: other names, order, spelling and defaults don't matter. */
export function canonicalRequest(
  route: string,
  { params, query }: { params: unknown; query: unknown },
  asCsv: boolean,
): string {
  const { format: _, ...asked } = query as Record<string, unknown>;
  const parts = Object.entries({ ...(params as object), ...asked })
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `${route} ${asCsv ? "csv" : "json"} ${JSON.stringify(parts)}`;
}

function send(
  mount: Mount,
  answer: Answer,
  version: bigint | null,
  asCsv: boolean,
  request: Request,
  response: Response,
): void {
  response.setHeader("etag", answer.etag);
  if (version !== null) response.setHeader("x-ledger-version", (version < 0n ? 0n : version).toString());
  if (mount.entry.csv) response.vary("Accept");
  if (matches(request.headers["if-none-match"], answer.etag)) {
    response.statusCode = 304;
    response.end();
    return;
  }
  response.setHeader("content-type", answer.contentType);
  if (asCsv) {
    const link = nextPageLink(request, answer);
    if (link) response.append("link", link);
    response.setHeader("content-disposition", `attachment; filename="${csvName(mount.route)}.csv"`);
  }
  response.setHeader("content-length", answer.body.length);
  response.end(request.method === "HEAD" ? undefined : answer.body);
}

/** If-None-Match goes by the weak comparison (RFC 9110, 13.1.2). */
export function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === "*") return true;
  return header.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}

export function csvName(route: string): string {
  return (
    route
      .split("/")
      .filter((part) => /^[a-z]+$/.test(part))
      .at(-1) ?? "answer"
  );
}
