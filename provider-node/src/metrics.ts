/**
 * The node's Prometheus metrics, all in one registry of its own.
 * It doesn't know HTTP.
 */
import { Counter, collectDefaultMetrics, Gauge, Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    jobsAccepted: new Counter({ name: "node_jobs_accepted_total", help: "Jobs accepted.", registers }),
    jobsRefused: new Counter({
      name: "node_jobs_refused_total",
      help: "Jobs not accepted, by reason.",
      labelNames: ["code"],
      registers,
    }),
    jobsFinished: new Counter({
      name: "node_jobs_finished_total",
      help: "Jobs reported to the chain, by result.",
      labelNames: ["result"],
      registers,
    }),
    challengesAnswered: new Counter({
      name: "node_challenges_answered_total",
      help: "Chunks of outputs shown to buyers who asked for them on chain.",
      registers,
    }),
    jobsHeld: new Gauge({ name: "node_jobs_held", help: "Jobs that hold resources now.", registers }),
    attestations: new Counter({ name: "node_attestations_total", help: "Attestations signed.", registers }),
    transactions: new Counter({
      name: "node_transactions_total",
      help: "Transactions, by kind and result.",
      labelNames: ["kind", "result"],
      registers,
    }),
    hubConnected: new Gauge({
      name: "node_hub_connected",
      help: "1 while the hub session is open.",
      registers,
    }),
    runtimeUp: new Gauge({
      name: "node_runtime_up",
      help: "1 while the container engine answers.",
      registers,
    }),
    chainUp: new Gauge({ name: "node_chain_up", help: "1 while the chain can be followed.", registers }),
    chainCursor: new Gauge({ name: "node_chain_cursor", help: "Next ledger version to read.", registers }),
  };
}
