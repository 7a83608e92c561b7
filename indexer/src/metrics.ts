/**
 * The service's Prometheus figures, in a registry of its own.
 * It doesn't know where the numbers come from.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  const prefix = "computestream_indexer_";
  return {
    registry,
    cursorVersion: new Gauge({
      name: `${prefix}cursor_version`,
      help: "Last ledger version in the mirror",
      registers,
    }),
    chainVersion: new Gauge({
      name: `${prefix}chain_version`,
      help: "Ledger version of the node",
      registers,
    }),
    lagVersions: new Gauge({
      name: `${prefix}lag_versions`,
      help: "Ledger versions not yet in the mirror",
      registers,
    }),
    lagSeconds: new Gauge({
      name: `${prefix}lag_seconds`,
      help: "Chain time between the last mirrored transaction and the node's head",
      registers,
    }),
    batchTransactions: new Gauge({
      name: `${prefix}batch_transactions`,
      help: "Transactions in the last batch",
      registers,
    }),
    batchEvents: new Gauge({
      name: `${prefix}batch_events`,
      help: "Events in the last batch",
      registers,
    }),
    eventsPerSecond: new Gauge({
      name: `${prefix}events_per_second`,
      help: "Events of the last batch that had any, by the time it took to write",
      registers,
    }),
    gaps: new Counter({
      name: `${prefix}gaps_total`,
      help: "Versions missing in what a node gave; indexing stops at each",
      registers,
    }),
    writer: new Gauge({
      name: `${prefix}writer`,
      help: "1 while this instance writes the mirror",
      registers,
    }),
    events: new Counter({
      name: `${prefix}events_total`,
      help: "Events written",
      labelNames: ["module", "name"] as const,
      registers,
    }),
    batchSeconds: new Histogram({
      name: `${prefix}batch_seconds`,
      help: "Time to write one batch",
      buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    retries: new Counter({
      name: `${prefix}retries_total`,
      help: "Failed steps tried again, by the failure's code",
      labelNames: ["reason"] as const,
      registers,
    }),
    conservationViolations: new Counter({
      name: `${prefix}conservation_violations_total`,
      help: "Jobs seen whose money doesn't add up; anything but 0 is an alarm",
      registers,
    }),
    requestSeconds: new Histogram({
      name: `${prefix}http_request_seconds`,
      help: "Time to answer an API request",
      labelNames: ["route", "status"] as const,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    }),
    limitRefusals: new Counter({
      name: `${prefix}limit_refusals_total`,
      help: "Requests refused by a rate limit, by its class and whose limit it was",
      labelNames: ["class", "of"] as const,
      registers,
    }),
    cacheAnswers: new Counter({
      name: `${prefix}cache_answers_total`,
      help: "Answers that may be kept, by route and by where they came from: memory, patient, shared, read",
      labelNames: ["route", "source"] as const,
      registers,
    }),
    cacheBytes: new Gauge({
      name: `${prefix}cache_bytes`,
      help: "Memory that kept answers take",
      registers,
    }),
    redisUp: new Gauge({
      name: `${prefix}redis_up`,
      help: "1 while Redis can be used, 0 while it can't; no value without one",
      registers,
    }),
    wsConnections: new Gauge({
      name: `${prefix}ws_connections`,
      help: "Open WebSocket connections",
      registers,
    }),
    wsDropped: new Counter({
      name: `${prefix}ws_dropped_total`,
      help: "WebSocket connections closed by us",
      labelNames: ["code"] as const,
      registers,
    }),
    sseConnections: new Gauge({
      name: `${prefix}sse_connections`,
      help: "Open connections to /api/v1/live",
      registers,
    }),
    sseDropped: new Counter({
      name: `${prefix}sse_dropped_total`,
      help: "Connections to /api/v1/live ended by us",
      labelNames: ["code"] as const,
      registers,
    }),
    liveRefused: new Counter({
      name: `${prefix}live_refused_total`,
      help: "Live connections, of either kind, that weren't taken",
      labelNames: ["code"] as const,
      registers,
    }),
    liveRoundSeconds: new Histogram({
      name: `${prefix}live_round_seconds`,
      help: "Time to read what changed and hand it to who listens",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
  };
}
