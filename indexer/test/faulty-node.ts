/**
 * A node's REST API over a hand-written chain, with faults that are switched on and off while it is read.
 * It doesn't know who reads it; what can't be asked of it answers 404.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TransactionRecord } from "@computestream/protocol/client";
import { type HandWrittenChain, PACKAGE } from "./hand-written-chain.ts";

/** A transaction as the node's JSON has it. */
export type RawTransaction = Record<string, unknown> & { version: string };

export interface Fault {
  /** Answers in the node's place; false lets the node answer. */
  answer?: (response: ServerResponse, path: string) => boolean;
  ledger?: (told: Record<string, unknown>) => Record<string, unknown>;
  page?: (transactions: RawTransaction[]) => RawTransaction[];
}

export interface FaultyNode {
  readonly url: string;
  /** When the last requests came, newest last. */
  readonly askedAtMs: number[];
  fault: Fault;
  /** What it serves from now on. */
  chain: HandWrittenChain;
  close(): Promise<void>;
}

export async function startFaultyNode(chain: HandWrittenChain): Promise<FaultyNode> {
  const json = (response: ServerResponse, body: unknown) =>
    response.setHeader("content-type", "application/json").end(JSON.stringify(body));

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://node");
    node.askedAtMs.push(performance.now());
    if (node.fault.answer?.(response, pathname)) return;
    if (pathname === "/v1") {
      const { chainId, version, timestampUsecs } = await node.chain.ledger();
      const told = {
        chain_id: chainId,
        ledger_version: String(version),
        ledger_timestamp: String(timestampUsecs),
      };
      json(response, node.fault.ledger?.(told) ?? told);
    } else if (pathname === "/v1/transactions") {
      const records = await node.chain.transactions(
        BigInt(searchParams.get("start") ?? 0),
        Number(searchParams.get("limit") ?? 25),
      );
      const page = records.map(toJson);
      json(response, node.fault.page?.(page) ?? page);
    } else {
      response.statusCode = 404;
      json(response, { message: "no such path", error_code: "web_framework_error" });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const node: FaultyNode = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    askedAtMs: [],
    fault: {},
    chain,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return node;
}

function toJson(record: TransactionRecord): RawTransaction {
  const timestamp = String(record.timestampUsecs / 1_000_000n);
  return {
    type: "user_transaction",
    version: String(record.version),
    hash: record.hash,
    success: record.success,
    vm_status: "Executed successfully",
    gas_used: String(record.gasUsed),
    gas_unit_price: String(record.gasUnitPrice),
    timestamp: String(record.timestampUsecs),
    sender: record.sender,
    events: record.events.map(({ event, raw }) => ({
      type: `${PACKAGE}::${event.module}::${event.name}`,
      data: { ...raw, timestamp },
    })),
  };
}
