/**
 * Routing, bodies, CORS and errors over node:http.
 * It doesn't know the chain: handlers answer with a status and a body.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";

export interface Request {
  params: Record<string, string>;
  query: URLSearchParams;
  contentType: string;
  body: Buffer;
}

export interface Reply {
  status: number;
  /** JSON text. */
  body: string | Buffer;
  headers?: Record<string, string>;
}

export type Handler = (request: Request) => Reply | Promise<Reply>;

export interface Route {
  method: "GET" | "POST";
  /** `/v1/accounts/:address/resource/:type` */
  path: string;
  handler: Handler;
}

/** A failure in the fullnode's form. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly vmErrorCode: number | null;
  constructor(status: number, code: string, message: string, vmErrorCode: number | null = null) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.vmErrorCode = vmErrorCode;
  }
}

export const invalidInput = (message: string): ApiError => new ApiError(400, "invalid_input", message);

export function json(value: unknown, status = 200): Reply {
  return { status, body: JSON.stringify(value) };
}

export interface HttpOptions {
  routes: Route[];
  /** Added to every answer, errors included. */
  headers: () => Record<string, string>;
  /** Turns a domain error into an `ApiError`; null for what it doesn't know. */
  mapError: (error: unknown) => ApiError | null;
  onError: (message: string, error: unknown) => void;
}

export const MAX_BODY_BYTES = 8 * 1024 * 1024;
/** What a browser may read of an answer. */
const EXPOSED_HEADERS = [
  "x-aptos-chain-id",
  "x-aptos-ledger-version",
  "x-aptos-ledger-oldest-version",
  "x-aptos-ledger-timestampusec",
  "x-aptos-epoch",
  "x-aptos-block-height",
  "x-aptos-oldest-block-height",
  "x-aptos-gas-used",
  "x-aptos-cursor",
].join(", ");

interface Compiled {
  method: string;
  segments: string[];
  handler: Handler;
}

export function createHttpServer(options: HttpOptions): Server {
  const bySize = new Map<number, Compiled[]>();
  for (const { method, path, handler } of options.routes) {
    const segments = split(path);
    const same = bySize.get(segments.length) ?? [];
    same.push({ method, segments, handler });
    bySize.set(segments.length, same);
  }

  function match(method: string, path: string): { handler: Handler; params: Record<string, string> } {
    const parts = split(path);
    let allowed = false;
    for (const route of bySize.get(parts.length) ?? []) {
      const params = matchSegments(route.segments, parts);
      if (!params) continue;
      if (route.method === method) return { handler: route.handler, params };
      allowed = true;
    }
    if (allowed) throw new ApiError(405, "web_framework_error", `method ${method} is not allowed here`);
    throw new ApiError(404, "web_framework_error", `no such route: ${method} ${path.slice(0, 200)}`);
  }

  async function answer(request: IncomingMessage): Promise<Reply> {
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    const { handler, params } = match(request.method ?? "GET", path);
    return handler({
      params,
      query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
      contentType: (request.headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "",
      body: request.method === "POST" ? await readBody(request) : Buffer.alloc(0),
    });
  }

  function failure(error: unknown): Reply {
    let known = error instanceof ApiError ? error : options.mapError(error);
    if (!known) {
      options.onError("request failed", error);
      known = new ApiError(500, "internal_error", "internal error; the devnet's log has the cause");
    }
    return json(
      { message: known.message, error_code: known.code, vm_error_code: known.vmErrorCode },
      known.status,
    );
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cors = corsHeaders(request);
    if (request.method === "OPTIONS") {
      response.writeHead(204, { ...cors, ...preflightHeaders(request) }).end();
      return;
    }
    let reply: Reply;
    try {
      reply = await answer(request);
    } catch (error) {
      // The client went away while it sent its body: nobody is left to answer.
      if (request.socket.destroyed) return;
      reply = failure(error);
      // What wasn't read of a refused body would be taken for the next request.
      if (!request.complete) response.shouldKeepAlive = false;
    }
    const body = typeof reply.body === "string" ? Buffer.from(reply.body) : reply.body;
    response
      .writeHead(reply.status, {
        "content-type": "application/json",
        "content-length": body.length,
        ...options.headers(),
        ...cors,
        ...reply.headers,
      })
      .end(body);
  }

  const server = createServer((request, response) => void serve(request, response));
  server.keepAliveTimeout = 30_000;
  return server;
}

function split(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}

function matchSegments(segments: string[], parts: string[]): Record<string, string> | null {
  let params: Record<string, string> | null = null;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i] as string;
    const part = parts[i] as string;
    if (!segment.startsWith(":")) {
      if (segment !== part) return null;
      continue;
    }
    params ??= {};
    try {
      params[segment.slice(1)] = decodeURIComponent(part);
    } catch {
      throw new ApiError(
        400,
        "web_framework_error",
        `path segment ${part.slice(0, 80)} is not valid URL encoding`,
      );
    }
  }
  return params ?? {};
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  // Not destroyed when it is left early: the refusal still has to go out on its connection.
  const chunksOf: AsyncIterable<Buffer> = {
    [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }),
  };
  for await (const chunk of chunksOf) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES)
      throw new ApiError(413, "web_framework_error", `payload is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
}

/** Clients send credentials, so the answer must name their origin: a wildcard would be refused by browsers. */
function corsHeaders(request: IncomingMessage): Record<string, string> {
  const origin = request.headers.origin;
  if (!origin) return {};
  return {
    "access-control-allow-origin": origin,
    "access-control-allow-credentials": "true",
    "access-control-expose-headers": EXPOSED_HEADERS,
    vary: "Origin",
  };
}

function preflightHeaders(request: IncomingMessage): Record<string, string> {
  return {
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "content-type",
    "access-control-max-age": "7200",
  };
}
