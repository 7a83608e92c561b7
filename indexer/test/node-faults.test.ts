/**
 * What a node may do wrong, by HTTP, to the running service: each fault is named in /health and the metrics, nothing
 * wrong is written while it lasts, and what passes is made up for.
 */
import { createChainClient } from "@computestream/protocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { verifyMirror } from "../src/rebuild.ts";
import type { Service } from "../src/service.ts";
import { busyMarket } from "./busy-market.ts";
import { type Fault, type FaultyNode, startFaultyNode } from "./faulty-node.ts";
import {
  createHandWrittenChain,
  deploymentOf,
  type HandWrittenChain,
  PACKAGE,
} from "./hand-written-chain.ts";
import { T0 } from "./histories.ts";
import { run, serve, startDatabases, until, untilMirrored } from "./parts.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterAll(() => databases?.close());

interface Setting {
  databaseUrl: string;
  chain: HandWrittenChain;
  node: FaultyNode;
  service: Service;
  close(): Promise<void>;
}

/** A service at the head of a node that does nothing wrong yet. */
async function settle(): Promise<Setting> {
  const databaseUrl = await databases.database();
  const chain = createHandWrittenChain();
  busyMarket(chain, 150);
  const node = await startFaultyNode(chain);
  const deployment = deploymentOf({ nodeUrl: node.url });
  const service = await serve(databaseUrl, createChainClient({ deployment }));
  await untilMirrored(service.url, chain.head);
  return {
    ...{ databaseUrl, chain, node, service },
    async close() {
      await service.close();
      await node.close();
    },
  };
}

function goOn(chain: HandWrittenChain, transactions = 40): void {
  for (let n = 0; n < transactions; n += 1) {
    chain.append(T0 + 10_000 + n, [["provider_registry::ProviderHeartbeat", { provider: knownProvider }]]);
  }
}

const knownProvider = `0x${"f0000".padStart(64, "0")}`;

async function healthOf({ service }: Setting) {
  const response = await fetch(`${service.url}/api/v1/health`);
  const body = (await response.json()) as { checks: Record<string, { ok: boolean; message?: string }> };
  return { status: response.status, checks: body.checks };
}

/** What a counter of /metrics stands at. */
async function metricOf({ service }: Setting, name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  const line = text.split("\n").find((one) => one.startsWith(`computestream_indexer_${name} `));
  return Number(line?.split(" ").at(-1) ?? 0);
}

/** Every row is of a transaction before the cursor, and every one of those is there. */
async function expectWhole({ databaseUrl, chain }: Setting, atMost: bigint): Promise<bigint> {
  const [row] = await run(
    databaseUrl,
    "SELECT (SELECT next_version FROM chain_cursor) AS cursor, (SELECT count(*)::int FROM events) AS events",
  );
  const cursor = BigInt(row?.cursor as string);
  let events = 0;
  for (let from = 0n; from < cursor; from += 100n) {
    for (const record of await chain.transactions(from, 100)) {
      if (record.version < cursor) events += record.events.length;
    }
  }
  expect(row?.events).toBe(events);
  expect(cursor - 1n).toBeLessThanOrEqual(atMost);
  return cursor;
}

const status = (code: number, headers: Record<string, string> = {}, body = "{}"): Fault => ({
  answer: (response) => {
    response.writeHead(code, { "content-type": "application/json", ...headers }).end(body);
    return true;
  },
});
const body = (text: string, type = "application/json"): Fault => ({
  answer: (response, path) => {
    if (path !== "/v1/transactions") return false;
    response.writeHead(200, { "content-type": type }).end(text);
    return true;
  },
});

describe("a fault that may pass", () => {
  const FAULTS: Array<[name: string, code: string, fault: Fault]> = [
    [
      "an error of its own",
      "NODE_ERROR",
      status(500, {}, '{"message":"boom","error_code":"internal_error"}'),
    ],
    [
      "a proxy without it",
      "NODE_ERROR",
      status(502, { "content-type": "text/html" }, "<h1>Bad gateway</h1>"),
    ],
    ["being overloaded", "NODE_ERROR", status(503, { "retry-after": "1" })],
    ["too many requests", "NODE_RATE_LIMITED", status(429, { "retry-after": "1" })],
    ["a redirect", "NODE_ERROR", status(304)],
    ["a page that isn't JSON", "NODE_ANSWER_INVALID", body("<html>captive portal</html>", "text/html")],
    ["nothing where JSON was due", "NODE_ANSWER_INVALID", body("")],
    ["half of a JSON text", "NODE_ANSWER_INVALID", body('[{"type":"user_transaction","version":"15')],
    ["something else than a list", "NODE_ANSWER_UNEXPECTED", body('{"transactions":[]}')],
    ["a list of something else", "NODE_ANSWER_UNEXPECTED", body("[null]")],
    [
      "numbers where texts are due",
      "NODE_ANSWER_UNEXPECTED",
      { page: (page) => page.map((one) => ({ ...one, gas_used: 1 as unknown as string })) },
    ],
    [
      "a body that breaks off",
      "NODE_UNREACHABLE",
      {
        answer: (response) => {
          response.writeHead(200, { "content-type": "application/json", "content-length": "5000" });
          response.write('[{"type":');
          setTimeout(() => response.destroy(), 20);
          return true;
        },
      },
    ],
    [
      "a connection that breaks",
      "NODE_UNREACHABLE",
      {
        answer: (response) => {
          response.destroy();
          return true;
        },
      },
    ],
    [
      "a version behind the mirror's",
      "NODE_BEHIND",
      { ledger: (told) => ({ ...told, ledger_version: "7" }) },
    ],
  ];

  let setting: Setting;
  beforeAll(async () => {
    setting = await settle();
  }, 60_000);
  afterAll(() => setting?.close());

  it.each(FAULTS)("%s is told as %s, and made up for", async (_, code, fault) => {
    const { node, chain, service } = setting;
    const before = chain.head;
    const retried = await metricOf(setting, `retries_total{reason="${code}"}`);
    node.fault = fault;
    chain.append(T0 + 10_000, [["provider_registry::ProviderHeartbeat", { provider: knownProvider }]]);
    await until(async () => service.indexing.problem?.code === code, `${code}`);
    const health = await healthOf(setting);
    expect(health.status).toBe(503);
    expect(health.checks.indexing?.ok).toBe(false);
    expect(health.checks.indexing?.message).toContain(code);
    // The node's URL may carry an access key.
    expect(JSON.stringify(health)).not.toContain(node.url);
    expect(await metricOf(setting, `retries_total{reason="${code}"}`)).toBeGreaterThan(retried);
    await expectWhole(setting, before);

    node.fault = {};
    await untilMirrored(service.url, chain.head);
    await until(async () => (await healthOf(setting)).status === 200, "good health");
    expect(await expectWhole(setting, chain.head)).toBe(chain.head + 1n);
  });

  it("an answer that doesn't come is given up, and told meanwhile", async () => {
    const { node, chain, service } = setting;
    node.fault = { answer: () => true };
    chain.append(T0 + 10_000, [["provider_registry::ProviderHeartbeat", { provider: knownProvider }]]);
    await until(async () => service.indexing.problem?.code === "NODE_UNREACHABLE", "the time limit");
    expect((await healthOf(setting)).checks.chain?.ok).toBe(false);
    node.fault = {};
    await untilMirrored(service.url, chain.head);
  });

  it("a node that asks for a pause gets it", async () => {
    const { node, chain, service } = setting;
    node.fault = status(429, { "retry-after": "2" });
    await until(async () => service.indexing.problem?.code === "NODE_RATE_LIMITED", "the refusal");
    // Health asks too, on its own account.
    const last = node.askedAtMs.length;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(node.askedAtMs.length).toBe(last);
    node.fault = {};
    chain.append(T0 + 10_000);
    await untilMirrored(service.url, chain.head);
  });

  it("and after all of them the mirror equals one that saw none", async () => {
    const { databaseUrl, chain } = setting;
    const comparison = await verifyMirror({ databaseUrl, source: chain, fromVersion: 0n, schema: "rebuild" });
    expect(comparison).toMatchObject({ equal: true, unbalancedJobs: 0, version: String(chain.head) });
  });
});

describe("a fault that only a person can end", () => {
  const beyond = (version: string) => BigInt(version) > 165n;
  const FAULTS: Array<[name: string, code: string, fault: Fault]> = [
    ["a version left out", "CHAIN_GAP", { page: (page) => page.filter(({ version }) => version !== "180") }],
    [
      "a version told twice",
      "CHAIN_GAP",
      { page: (page) => page.flatMap((one) => (one.version === "180" ? [one, one] : [one])) },
    ],
    ["versions backwards", "CHAIN_GAP", { page: (page) => [...page].reverse() }],
    [
      "an earlier page",
      "CHAIN_GAP",
      { page: (page) => page.map((one) => ({ ...one, version: String(BigInt(one.version) - 3n) })) },
    ],
    ["another chain id", "CHAIN_MISMATCH", { ledger: (told) => ({ ...told, chain_id: 126 }) }],
    [
      "an event that nobody knows",
      "EVENT_UNKNOWN",
      {
        page: (page) =>
          page.map((one) =>
            beyond(one.version) ? { ...one, events: [{ type: `${PACKAGE}::job::JobSplit`, data: {} }] } : one,
          ),
      },
    ],
    [
      "an event with another field",
      "EVENT_UNKNOWN",
      {
        page: (page) =>
          page.map((one) =>
            beyond(one.version)
              ? {
                  ...one,
                  events: [{ type: `${PACKAGE}::job::JobReclaimed`, data: { job: "0x1", timestamp: "1" } }],
                }
              : one,
          ),
      },
    ],
  ];

  it.each(FAULTS)("%s stops the mirror as %s, with whole rows", async (_, code, fault) => {
    const setting = await settle();
    try {
      const { node, chain, service } = setting;
      node.fault = fault;
      goOn(chain);
      await until(async () => service.indexing.problem?.fatal, "a fatal problem");
      expect(service.indexing.problem?.code).toBe(code);
      const health = await healthOf(setting);
      expect([health.status, health.checks.indexing?.ok]).toEqual([503, false]);
      expect(await metricOf(setting, "gaps_total")).toBe(code === "CHAIN_GAP" ? 1 : 0);
      await expectWhole(setting, chain.head);
    } finally {
      await setting.close();
    }
  });

  it("a history that became another between two looks is noticed, though no request failed", async () => {
    const setting = await settle();
    try {
      const { databaseUrl, node, chain, service } = setting;
      const other = createHandWrittenChain(chain.deployment, "second");
      busyMarket(other, 400, 2);
      const before = await run(databaseUrl, "SELECT * FROM chain_cursor");
      node.chain = other;
      expect(await service.mustStop).toMatchObject({ code: "CHAIN_MISMATCH" });
      expect(await run(databaseUrl, "SELECT * FROM chain_cursor")).toEqual(before);
    } finally {
      await setting.close();
    }
  });
});
