/**
 * `indexer.decode_*`: how fast a node's pages become records, against the same by the zod schemas alone.
 * It doesn't measure the network or the database: the pages are in this process's memory, as the texts that come in.
 */
import { EVENT_SCHEMAS } from "@computestream/protocol/events";
import type { z } from "zod";
import { busyMarket } from "../indexer/test/busy-market.ts";
import { createHandWrittenChain, PACKAGE, type RawEvent } from "../indexer/test/hand-written-chain.ts";
import {
  type Committed,
  readCommittedPage,
  zCommittedPage,
} from "../packages/protocol/src/client/committed.ts";
import { decodeEvent } from "../packages/protocol/src/events.ts";
import type { Figure } from "./figure.ts";

const TRANSACTIONS = 20_000;
const PAGE = 100;
const ROUNDS = 5;

export async function indexerDecode(): Promise<Figure[]> {
  const { pages, events } = pagesOf(TRANSACTIONS);
  const perSecond = (way: Way) => {
    const secs = Array.from({ length: ROUNDS }, () => secondsOf(pages, way));
    return Math.round(events / Math.min(...secs));
  };
  const compiled = perSecond({
    page: readCommittedPage,
    event: (type, data) => decodeEvent(PACKAGE, type, data),
  });
  const schemas = perSecond({ page: (body) => zCommittedPage.parse(body), event: bySchema });
  return [
    { name: "indexer.decode_events_per_s", value: compiled, unit: "events/s", baseline: schemas },
    { name: "indexer.decode_vs_schemas", value: compiled / schemas, unit: "x", baseline: schemas },
  ];
}

interface Way {
  page(body: unknown): Committed[];
  event(type: string, data: unknown): unknown;
}

function secondsOf(pages: string[], way: Way): number {
  const startedAt = performance.now();
  for (const page of pages) {
    for (const { events } of way.page(JSON.parse(page))) {
      for (const { type, data } of events) way.event(type, data);
    }
  }
  return (performance.now() - startedAt) / 1000;
}

function bySchema(type: string, data: unknown): unknown {
  const [address, module, name] = type.split("::");
  if (address !== PACKAGE) return null;
  const schemas = EVENT_SCHEMAS[module as keyof typeof EVENT_SCHEMAS] as Record<string, z.ZodType>;
  return schemas[name ?? ""]?.parse(data);
}

/** As the node writes them: each transaction ends with an event that isn't ours. */
function pagesOf(count: number): { pages: string[]; events: number } {
  const chain = createHandWrittenChain();
  const transactions: unknown[] = [];
  let events = 0;
  const append = (atSecs: number, told: RawEvent[] = []) => {
    events += told.length;
    transactions.push(transactionOf(transactions.length, atSecs, told));
    return BigInt(transactions.length);
  };
  busyMarket({ ...chain, append }, count);
  const pages: string[] = [];
  for (let i = 0; i < transactions.length; i += PAGE) {
    pages.push(JSON.stringify(transactions.slice(i, i + PAGE)));
  }
  return { pages, events };
}

function transactionOf(version: number, atSecs: number, told: RawEvent[]): unknown {
  const event = (type: string, data: object) => ({
    guid: { creation_number: "0", account_address: "0x0" },
    sequence_number: "0",
    type,
    data,
  });
  return {
    type: "user_transaction",
    version: String(version),
    hash: `0x${version.toString(16).padStart(64, "0")}`,
    success: true,
    vm_status: "Executed successfully",
    gas_used: "120",
    gas_unit_price: "100",
    timestamp: `${atSecs}000000`,
    sender: PACKAGE,
    events: [
      ...told.map(([type, data]) => event(`${PACKAGE}::${type}`, { ...data, timestamp: String(atSecs) })),
      event("0x1::transaction_fee::FeeStatement", { total_charge_gas_units: "120" }),
    ],
  };
}
