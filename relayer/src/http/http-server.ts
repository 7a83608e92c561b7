/**
 * The HTTP server with the time and size that a request may take before its handler is asked at all.
 * It doesn't know routes; how long a WebSocket may be silent is the hub's to say.
 */
import { createServer, type RequestListener, type Server } from "node:http";

export interface ConnectionBounds {
  /** For the headers, from a request's first byte on. A connection that waits for a next request isn't meant. */
  headersTimeoutMs: number;
  /** For headers and body. */
  requestTimeoutMs: number;
  /**
   * How long an idle connection is kept: longer than proxies and load balancers keep theirs (60 s), since one that is
   * closed at this end as its next request sets out answers that with a reset.
   */
  keepAliveMs: number;
}

const BOUNDS: ConnectionBounds = { headersTimeoutMs: 10_000, requestTimeoutMs: 30_000, keepAliveMs: 65_000 };
/** The signed order of a payment travels in a header. */
const MAX_HEADER_BYTES = 65_536;

export function createHttpServer(listener: RequestListener, bounds: Partial<ConnectionBounds> = {}): Server {
  const { headersTimeoutMs, requestTimeoutMs, keepAliveMs } = { ...BOUNDS, ...bounds };
  return createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      maxHeaderSize: MAX_HEADER_BYTES,
      // Node looks so often; its own half minute would be added to both.
      connectionsCheckingInterval: Math.min(1_000, headersTimeoutMs),
    },
    listener,
  );
}
