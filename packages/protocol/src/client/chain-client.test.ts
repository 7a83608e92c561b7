/**
 * The client against a node that misbehaves on request: faults that a real node can't be made to show.
 * What a good node answers is the integration test's part (../../test).
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { Deserializer, Ed25519Account, Ed25519PrivateKey, SignedTransaction } from "@aptos-labs/ts-sdk";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Deployment } from "../deployment.ts";
import { normalizeAddress } from "../primitives.ts";
import { type ChainClient, createChainClient } from "./chain-client.ts";
import { ChainError } from "./errors.ts";

type Answer = { status: number; body: unknown; headers?: Record<string, string> } | "hang up";

const PACKAGE = normalizeAddress("0xcafe");
const HASH = `0x${"ab".repeat(32)}`;
let faultyNode: Server;
let answers: Record<string, Answer | Answer[]>;
let asked: string[];
let client: ChainClient;

function answerFor(route: string): Answer {
  const planned = answers[route];
  if (Array.isArray(planned)) return (planned.length > 1 ? planned.shift() : planned[0]) ?? "hang up";
  return planned ?? { status: 404, body: { message: "not found", error_code: "web_framework_error" } };
}

beforeAll(async () => {
  faultyNode = createServer((request, response) => {
    const route = `${request.method} ${request.url}`;
    asked.push(route);
    request.resume().on("end", () => {
      const answer = answerFor(route);
      if (answer === "hang up") return request.socket.destroy();
      response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers });
      response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => faultyNode.listen(0, "127.0.0.1", resolve));
  const { port } = faultyNode.address() as AddressInfo;
  const deployment: Deployment = {
    network: "devnet",
    chainId: 4,
    nodeUrl: `http://127.0.0.1:${port}/v1`,
    packageAddress: PACKAGE,
    asset: { address: normalizeAddress("0xa"), symbol: "MOVE", decimals: 8 },
    deployedAtVersion: "1",
    transactionHash: HASH,
    deployedAt: "2026-01-01T00:00:00Z",
    modules: {},
  };
  client = createChainClient({ deployment });
});

afterAll(() => new Promise<void>((resolve) => void faultyNode.close(() => resolve())));

beforeEach(() => {
  answers = {};
  asked = [];
});

const BY_HASH = `GET /v1/transactions/by_hash/${HASH}`;
const NOT_FOUND = {
  status: 404,
  body: { message: "Transaction not found", error_code: "transaction_not_found" },
};
const PENDING = { status: 200, body: { type: "pending_transaction", hash: HASH } };
const committed = (fields: object = {}) => ({
  status: 200,
  body: {
    type: "user_transaction",
    version: "12",
    hash: HASH,
    success: true,
    vm_status: "Executed successfully",
    gas_used: "5",
    gas_unit_price: "100",
    timestamp: "1700000000000000",
    sender: "0x1",
    events: [],
    ...fields,
  },
});

async function failureOf(promise: Promise<unknown>): Promise<{ code: string; retryable: boolean }> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ChainError)) throw new Error(`expected a ChainError, got ${String(error)}`);
  return { code: error.failure.code, retryable: error.retryable };
}

describe("findByHash", () => {
  it("is null while the node doesn't know the hash or hasn't committed it", async () => {
    answers = { [BY_HASH]: NOT_FOUND };
    expect(await client.findByHash(HASH)).toBeNull();
    answers = { [BY_HASH]: PENDING };
    expect(await client.findByHash(HASH)).toBeNull();
  });

  it.each<[string, Answer, string]>([
    ["the connection breaks", "hang up", "NODE_UNREACHABLE"],
    [
      "the node fails",
      { status: 500, body: { message: "boom", error_code: "internal_error" } },
      "NODE_ERROR",
    ],
    ["a proxy answers", { status: 502, body: "<html>Bad gateway</html>" }, "NODE_ERROR"],
    ["too many ask", { status: 429, body: "slow down" }, "NODE_RATE_LIMITED"],
    ["a proxy doesn't know the path", { status: 404, body: "<html>Not found</html>" }, "NODE_ANSWER_INVALID"],
    ["the answer isn't JSON", { status: 200, body: "<html>hello</html>" }, "NODE_ANSWER_INVALID"],
  ])("throws retryably, never null, when %s", async (_, answer, code) => {
    answers = { [BY_HASH]: answer };
    expect(await failureOf(client.findByHash(HASH))).toEqual({ code, retryable: true });
  });

  it.each([
    ["17", 17_000],
    ["Sat, 21 Nov 2026 19:00:00 GMT", 0],
    [undefined, 0],
  ])("passes on how long the node asks to be left alone: %s", async (wish, retryAfterMs) => {
    const headers = wish === undefined ? {} : { "retry-after": wish };
    answers = { [BY_HASH]: { status: 429, body: "slow down", headers } };
    await expect(client.findByHash(HASH)).rejects.toMatchObject({ retryAfterMs });
  });

  it("explains why a committed transaction failed", async () => {
    answers = {
      [BY_HASH]: committed({ success: false, vm_status: `Move abort in ${PACKAGE}::market: 0x1` }),
    };
    expect(await client.findByHash(HASH)).toMatchObject({
      success: false,
      version: 12n,
      gasUsed: 5n,
      failure: { code: "E_NOT_ADMIN", module: "market" },
    });
  });
});

describe("waitFor", () => {
  it("lets the node hold the question, and asks by hash where that isn't offered", async () => {
    answers = { [BY_HASH.replace("by_hash", "wait_by_hash")]: [PENDING, committed()] };
    expect(await client.waitFor(HASH)).toMatchObject({ success: true, version: 12n });
    answers = { [BY_HASH]: committed() };
    expect(await client.waitFor(HASH)).toMatchObject({ success: true, version: 12n });
  });

  it("waits through ignorance, queue and broken connections", async () => {
    answers = { [BY_HASH]: [NOT_FOUND, "hang up", PENDING, committed()] };
    expect(await client.waitFor(HASH)).toMatchObject({ success: true, version: 12n, failure: null });
  });

  it("says that the outcome is unknown, not that it failed", async () => {
    answers = { [BY_HASH]: NOT_FOUND };
    expect(await failureOf(client.waitFor(HASH, { timeoutMs: 30 }))).toEqual({
      code: "OUTCOME_UNKNOWN",
      retryable: true,
    });
  });
});

describe("submit", () => {
  const signed = { hash: HASH, bytes: Uint8Array.of(1, 2, 3) };
  const refused = {
    status: 400,
    body: {
      message: "Invalid transaction: Type: Validation Code: SEQUENCE_NUMBER_TOO_OLD",
      error_code: "vm_error",
      vm_error_code: 3,
    },
  };

  it("takes the refusal of a repeat for what it is when the node has the transaction", async () => {
    answers = { "POST /v1/transactions": refused, [BY_HASH]: committed() };
    await client.submit(signed);
    answers = { "POST /v1/transactions": refused, [BY_HASH]: PENDING };
    await client.submit(signed);
  });

  it("throws finally when the node refuses and doesn't know the transaction", async () => {
    answers = { "POST /v1/transactions": refused, [BY_HASH]: NOT_FOUND };
    expect(await failureOf(client.submit(signed))).toEqual({
      code: "SEQUENCE_NUMBER_TOO_OLD",
      retryable: false,
    });
  });

  it("throws retryably when it can't tell", async () => {
    answers = { "POST /v1/transactions": refused, [BY_HASH]: "hang up" };
    expect(await failureOf(client.submit(signed))).toEqual({ code: "NODE_UNREACHABLE", retryable: true });
    answers = {
      "POST /v1/transactions": { status: 507, body: { message: "full", error_code: "mempool_is_full" } },
    };
    expect((await failureOf(client.submit(signed))).retryable).toBe(true);
  });
});

describe("views", () => {
  const abort = (module: string, code: number) => ({
    status: 400,
    body: { message: `Move abort in ${PACKAGE}::${module}: 0x${code.toString(16)}`, error_code: "vm_error" },
  });

  it("are null only when the chain says that there is no such object", async () => {
    answers = { "POST /v1/view": abort("provider_registry", 1) };
    expect(await client.getProvider("0x1")).toBeNull();
    answers = { "POST /v1/view": abort("payment_stream", 1) };
    expect(await client.getStream("0x1")).toBeNull();
    expect(await client.quoteSettlement("0x1", 1n, 2n)).toBeNull();
  });

  it.each<[string, Answer, boolean]>([
    ["another abort", { status: 400, body: { message: "Move abort in 0x1::object: 0x60002" } }, false],
    [
      "a missing module",
      { status: 404, body: { message: "Module not found", error_code: "module_not_found" } },
      false,
    ],
    ["a broken connection", "hang up", true],
    ["a stopped node", { status: 503, body: { message: "stopping" } }, true],
    ["an answer of another shape", { status: 200, body: [{ job: "0x1" }] }, false],
  ])("throw on %s", async (_, answer, retryable) => {
    answers = { "POST /v1/view": answer };
    expect((await failureOf(client.getProvider("0x1"))).retryable).toBe(retryable);
  });
});

describe("transactions", () => {
  const page = "GET /v1/transactions?start=100&limit=100";

  it("is empty at the head of the chain", async () => {
    answers = {
      [page]: {
        status: 400,
        body: {
          message: "Given start value (100) is higher than the current ledger version, it must be < 99",
          error_code: "invalid_input",
        },
      },
    };
    expect(await client.transactions(100n, 500)).toEqual([]);
    answers = { [page]: { status: 200, body: [] } };
    expect(await client.transactions(100n, 100)).toEqual([]);
  });

  it("throws on pruned history instead of passing over it", async () => {
    answers = { [page]: { status: 410, body: { message: "pruned", error_code: "version_pruned" } } };
    expect((await failureOf(client.transactions(100n, 100))).retryable).toBe(false);
  });

  it("keeps an event's place among all events of its transaction", async () => {
    const heartbeat = {
      type: `0xcafe::provider_registry::ProviderHeartbeat`,
      data: { provider: "0x1", timestamp: "7" },
    };
    const events = [{ type: "0x1::transaction_fee::FeeStatement", data: {} }, heartbeat];
    answers = {
      [page]: {
        status: 200,
        body: [committed({ version: "100", events }).body, { ...committed().body, version: "101" }],
      },
    };
    const records = await client.transactions(100n, 100);
    expect(records.map((record) => record.version)).toEqual([100n, 101n]);
    expect(records[0]?.events).toEqual([
      {
        position: { version: 100n, index: 1, txHash: HASH },
        event: {
          module: "provider_registry",
          name: "ProviderHeartbeat",
          data: { provider: normalizeAddress("0x1"), timestamp: 7n },
        },
        raw: { provider: "0x1", timestamp: "7" },
      },
    ]);
  });
});

describe("build and sign", () => {
  const LEDGER_SECS = 4_000_000_000n;
  const ready = {
    "GET /v1": {
      status: 200,
      body: { chain_id: 4, ledger_version: "5", ledger_timestamp: `${LEDGER_SECS}000000` },
    },
    "GET /v1/estimate_gas_price": { status: 200, body: { gas_estimate: 100 } },
  };
  const account = new Ed25519Account({ privateKey: new Ed25519PrivateKey(new Uint8Array(32).fill(7)) });

  it("make an unknown account's first transaction without asking for an ABI, and bytes that decode to it", async () => {
    answers = {
      ...ready,
      [`GET /v1/accounts/${account.accountAddress}`]: {
        status: 404,
        body: { message: "Account not found", error_code: "account_not_found" },
      },
    };
    const signed = client.sign(
      account,
      await client.build(account.accountAddress, client.payloads.heartbeat("0x5")),
    );
    expect(signed.sequenceNumber).toBe(0n);
    expect(signed.hash).toMatch(/^0x[0-9a-f]{64}$/);
    const { raw_txn } = SignedTransaction.deserialize(new Deserializer(signed.bytes));
    expect(raw_txn.chain_id.chainId).toBe(4);
    expect(raw_txn.expiration_timestamp_secs).toBe(signed.expiresAt);
    // By the chain's clock, which is ahead of this machine's here.
    expect(signed.expiresAt).toBe(LEDGER_SECS + 20n);
    expect(asked.filter((route) => route.includes("module"))).toEqual([]);
  });

  it("don't take a failed read of the account for a new account", async () => {
    answers = {
      ...ready,
      [`GET /v1/accounts/${account.accountAddress}`]: { status: 503, body: { message: "starting" } },
    };
    const building = client.build(account.accountAddress, client.payloads.heartbeat("0x5"));
    expect((await failureOf(building)).retryable).toBe(true);
  });
});

describe("assertChain", () => {
  it("refuses another chain and names both", async () => {
    answers = {
      "GET /v1": { status: 200, body: { chain_id: 126, ledger_version: "5", ledger_timestamp: "6" } },
    };
    expect(await failureOf(client.assertChain())).toEqual({ code: "CHAIN_MISMATCH", retryable: false });
    await expect(client.assertChain()).rejects.toThrow(/chain 126.*chain 4/);
  });
});
