/**
 * The relayer's Prometheus metrics.
 * It doesn't measure by itself: parts report what happened, and gauges read at scrape time what is cheap to read.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "relayer_" });
  const registers = [registry];
  return {
    registry,
    openStreams: new Gauge({
      name: "relayer_open_streams",
      help: "Jobs with an attestation whose stream is open.",
      registers,
    }),
    behindSecondsMax: new Gauge({
      name: "relayer_behind_seconds_max",
      help: "Most seconds that one stream has attested and not yet proven on chain, at the last tick.",
      registers,
    }),
    settlements: new Counter({
      name: "relayer_settlements_total",
      help: "Stream settlements committed.",
      registers,
    }),
    settledUnits: new Counter({
      name: "relayer_settled_base_units_total",
      help: "Gross base units moved by settlements (a float: for rates, not for accounts).",
      registers,
    }),
    settlementGas: new Counter({
      name: "relayer_settlement_gas_total",
      help: "Gas units used by transactions that settle streams.",
      registers,
    }),
    settlementFailures: new Counter({
      name: "relayer_settlement_failures_total",
      help: "Settling transactions that failed on chain, by reason.",
      labelNames: ["reason"],
      registers,
    }),
    settleReasons: new Counter({
      name: "relayer_settle_reasons_total",
      help: "Streams put into a batch, by why then.",
      labelNames: ["reason"],
      registers,
    }),
    batchEntries: new Histogram({
      name: "relayer_batch_entries",
      help: "Settlements in a transaction.",
      buckets: [1, 10, 25, 50, 100, 200, 300, 400],
      registers,
    }),
    transactions: new Counter({
      name: "relayer_transactions_total",
      help: "Transactions by kind and result.",
      labelNames: ["kind", "result"],
      registers,
    }),
    sponsored: new Counter({
      name: "relayer_sponsored_transactions_total",
      help: "Transactions whose gas was paid for others, by purpose and result.",
      labelNames: ["purpose", "result"],
      registers,
    }),
    relayed: new Counter({
      name: "relayer_relayed_transactions_total",
      help: "Transactions that were handed in signed and sent at their senders' cost, by result.",
      labelNames: ["result"],
      registers,
    }),
    quotes: new Counter({
      name: "relayer_paid_quotes_total",
      help: "Paid quotes by what became of them.",
      labelNames: ["state"],
      registers,
    }),
    quotesWaiting: new Gauge({
      name: "relayer_paid_quotes_waiting",
      help: "Paid quotes that have neither a job nor their money back.",
      labelNames: ["account"],
      registers,
    }),
    sponsorRefusals: new Counter({
      name: "relayer_sponsor_refusals_total",
      help: "Transactions that weren't sponsored because a limit of the day was reached, by limit.",
      labelNames: ["limit"],
      registers,
    }),
    sponsorBalance: new Gauge({
      name: "relayer_sponsor_balance_base_units",
      help: "What is left to pay the gas of others with.",
      labelNames: ["account"],
      registers,
    }),
    rejected: new Counter({
      name: "relayer_attestations_rejected_total",
      help: "Attestations refused, by reason.",
      labelNames: ["reason"],
      registers,
    }),
    accepted: new Counter({
      name: "relayer_attestations_accepted_total",
      help: "Attestations taken.",
      registers,
    }),
    superseded: new Counter({
      name: "relayer_double_submits_total",
      help: "Transactions whose number another transaction used: somebody else signs with this key.",
      registers,
    }),
    shards: new Gauge({
      name: "relayer_shards_held",
      help: "Of 64 shards of the streams, those that this instance settles.",
      registers,
    }),
    inFlight: new Gauge({
      name: "relayer_transactions_in_flight",
      help: "Transactions sent or being signed, without a known result.",
      registers,
    }),
    waiting: new Gauge({
      name: "relayer_attestations_waiting",
      help: "Jobs whose newest attestation has yet to be verified.",
      registers,
    }),
    seriesRows: new Counter({
      name: "relayer_series_rows_total",
      help: "Rows of the time series, by table and what became of them.",
      labelNames: ["table", "result"],
      registers,
    }),
    seriesWaiting: new Gauge({
      name: "relayer_series_waiting",
      help: "Rows that wait for the database.",
      registers,
    }),
    evidence: new Counter({
      name: "relayer_evidence_total",
      help: "Contradictions of providers kept as evidence.",
      registers,
    }),
    tickMs: new Histogram({
      name: "relayer_tick_duration_ms",
      help: "Duration of a tick.",
      buckets: [10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000],
      registers,
    }),
    queueDepth: new Gauge({
      name: "relayer_queue_depth",
      help: "Jobs of the work queue by state.",
      labelNames: ["state"],
      registers,
    }),
    deadLetters: new Gauge({
      name: "relayer_dead_letters",
      help: "Attestations the chain would not take.",
      registers,
    }),
    balance: new Gauge({
      name: "relayer_balance_base_units",
      help: "What is left to pay gas with.",
      registers,
    }),
    isSubmitter: new Gauge({
      name: "relayer_is_submitter",
      help: "1 while this instance may submit.",
      registers,
    }),
    sessions: new Gauge({
      name: "relayer_sessions",
      help: "Open sockets by kind.",
      labelNames: ["kind"],
      registers,
    }),
  };
}
