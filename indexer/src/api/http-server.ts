/**
 * The HTTP server with the time and size that a request may take before its handler is asked at all.
 * It doesn't know routes, nor what clients have a right to: limits/ does.
 */
import { createServer, type RequestListener, type Server } from "node:http";

export interface RequestBounds {
  /** For the headers, from the first byte on: whoever sends them byte by byte holds a connection for so long. */
  headersTimeoutMs: number;
  /** For headers and body: nothing here reads a body, so none is worth waiting for. */
  requestTimeoutMs: number;
  /** How long an idle connection is kept for a next request: longer than a proxy keeps its own (60 s). */
  keepAliveMs: number;
  /** Of the request line and the headers together. */
  maxHeaderBytes: number;
}

const BOUNDS: RequestBounds = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 20_000,
  keepAliveMs: 65_000,
  maxHeaderBytes: 16_384,
};

export function createHttpServer(listener: RequestListener, bounds: Partial<RequestBounds> = {}): Server {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveMs, maxHeaderBytes } = { ...BOUNDS, ...bounds };
  return createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: maxHeaderBytes,
      // Node looks at both so often; its own half minute would make them thirty seconds longer.
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    },
    listener,
  );
}
