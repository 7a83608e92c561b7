/** The API as browsers, other clients and careless callers see it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDevnet } from "../src/index.ts";
import { MOVE, postJson, startTestDevnet } from "./helpers.ts";

let devnet: Awaited<ReturnType<typeof startTestDevnet>>;
beforeAll(async () => {
  devnet = await startTestDevnet({ faucetPort: 0 });
});
afterAll(() => devnet.close());

describe("every answer", () => {
  it("carries the ledger's seven headers, errors too", async () => {
    for (const path of ["", "/accounts/0x1", "/nowhere", "/transactions/by_version/999999"]) {
      const { headers } = await devnet.get(path);
      expect(headers.get("x-aptos-chain-id")).toBe("4");
      for (const name of [
        "x-aptos-ledger-version",
        "x-aptos-ledger-oldest-version",
        "x-aptos-ledger-timestampusec",
        "x-aptos-epoch",
        "x-aptos-block-height",
        "x-aptos-oldest-block-height",
      ])
        expect(headers.get(name)).toMatch(/^\d+$/);
    }
  });

  it("lets a page with credentials read it, by naming its origin", async () => {
    const origin = "http://localhost:3000";
    const preflight = await fetch(`${devnet.nodeUrl}/transactions`, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-aptos-client",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-credentials")).toBe("true");
    expect(preflight.headers.get("access-control-allow-headers")).toBe("content-type,x-aptos-client");
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    for (const path of ["", "/nowhere"]) {
      const { headers } = await devnet.get(path, { headers: { origin } });
      expect(headers.get("access-control-allow-origin")).toBe(origin);
      expect(headers.get("access-control-expose-headers")).toContain("x-aptos-cursor");
    }
  });
});

describe("reading", () => {
  it("describes the ledger", async () => {
    const { body } = await devnet.get("");
    expect(body).toMatchObject({ chain_id: 4, oldest_ledger_version: "0", oldest_block_height: "0" });
    expect(body.block_height).toBe(body.ledger_version);
    expect((await devnet.get("/-/healthy")).body).toEqual({ message: "aptos-node:ok" });
    expect((await devnet.get("/estimate_gas_price")).body.gas_estimate).toBe(100);
    expect((await devnet.get("/transactions/by_version/0")).body.type).toBe("genesis_transaction");
  });

  it.each([
    ["/nowhere", 404, "web_framework_error"],
    ["/accounts/0xzz", 400, "web_framework_error"],
    ["/accounts/0x123456", 404, "account_not_found"],
    ["/accounts/0x1/resource/0x1::no::Such", 404, "resource_not_found"],
    ["/accounts/0x1/resource/nonsense", 400, "invalid_input"],
    ["/accounts/0x1/module/nosuch", 404, "module_not_found"],
    ["/accounts/0x1?ledger_version=999999", 404, "version_not_found"],
    ["/transactions/by_hash/0x12", 400, "web_framework_error"],
    [`/transactions/by_hash/0x${"ab".repeat(32)}`, 404, "transaction_not_found"],
    [`/transactions/wait_by_hash/0x${"ab".repeat(32)}`, 404, "transaction_not_found"],
    ["/transactions/by_version/999999", 404, "transaction_not_found"],
    ["/transactions?limit=0", 400, "invalid_input"],
    ["/transactions?start=x", 400, "web_framework_error"],
    ["/blocks/by_height/999999", 404, "block_not_found"],
    ["/accounts/0x1/balance/nothing", 400, "invalid_input"],
    ["/view", 405, "web_framework_error"],
    ["/accounts/%E0%A4%A", 400, "web_framework_error"],
  ])("answers %s with %d %s", async (path, status, error_code) => {
    const reply = await devnet.get(path);
    expect(reply).toMatchObject({ status, body: { error_code, vm_error_code: null } });
    expect(reply.body.message).not.toBe("");
  });

  it("pages through modules by a cursor that is there only while there is more", async () => {
    const all = (await devnet.get("/accounts/0x1/modules")).body as Array<{ abi: { name: string } }>;
    expect(all.length).toBeGreaterThan(10);
    const names: string[] = [];
    let cursor: string | null = "";
    do {
      const { body, headers } = await devnet.get(
        `/accounts/0x1/modules?limit=7${cursor ? `&start=${cursor}` : ""}`,
      );
      expect(body.length).toBeLessThanOrEqual(7);
      names.push(...body.map((m: { abi: { name: string } }) => m.abi.name));
      cursor = headers.get("x-aptos-cursor");
    } while (cursor);
    expect(names).toEqual(all.map((m) => m.abi.name));
  });

  it("lists transactions in version order, at most 100, and nothing beyond the head", async () => {
    for (let i = 0; i < 3; i++) await devnet.newAccount();
    const { body } = await devnet.get("/transactions?start=1&limit=1000");
    expect(body.map((t: { version: string }) => t.version)).toEqual(
      body.map((_: unknown, i: number) => String(i + 1)),
    );
    const stamps = body.map((t: { timestamp: string }) => BigInt(t.timestamp));
    for (let i = 1; i < stamps.length; i++) expect(stamps[i]).toBeGreaterThan(stamps[i - 1]);
    expect((await devnet.get("/transactions?start=999999")).body).toEqual([]);
  });

  it("refuses a body that is too large", async () => {
    const reply = await devnet.get("/transactions", {
      method: "POST",
      headers: { "content-type": "application/x.aptos.signed_transaction+bcs" },
      body: new Uint8Array(8 * 1024 * 1024 + 1),
    });
    expect(reply).toMatchObject({ status: 413, body: { error_code: "web_framework_error" } });
    expect((await devnet.get("")).status).toBe(200);
  });

  it("answers the indexer's status query, and says that there is no indexer for others", async () => {
    const status = await postJson(`${devnet.nodeUrl}/graphql`, {
      query: "query getProcessorStatus { processor_status { last_success_version } }",
      variables: { where_condition: { processor: { _eq: "fungible_asset_processor" } } },
    });
    const head = Number((await devnet.get("")).body.ledger_version);
    expect(status.body.data.processor_status).toEqual([
      expect.objectContaining({ last_success_version: head, processor: "fungible_asset_processor" }),
    ]);
    const other = await postJson(`${devnet.nodeUrl}/graphql`, { query: "{ ledger_infos { chain_id } }" });
    expect(other.body.errors[0].message).toContain("no indexer");
  });
});

describe("the faucet", () => {
  const address = `0x${"c0ffee".padStart(64, "0")}`;
  it.each([
    [{ address: "nobody", amount: 1 }, "address: "],
    [{ amount: 1 }, "address: "],
    [{ address, amount: -1 }, "amount: "],
    [{ address, amount: 1.5 }, "amount: "],
    [{ address, amount: "1e5" }, "amount: "],
    [{ address, amount: "99999999999999999999" }, "amount: must not be above"],
    ["no json", "failed to parse JSON"],
  ])("refuses %j", async (body, message) => {
    const reply = await postJson(`${devnet.faucetUrl}/fund`, body);
    expect(reply.status).toBe(400);
    expect(reply.body.message).toContain(message);
    expect((await devnet.get(`/accounts/${address}`)).status).toBe(404);
  });

  it("serves many at once, each exactly what it asked for", async () => {
    const addresses = Array.from(
      { length: 20 },
      (_, i) => `0x${(0xd00d0000 + i).toString(16).padStart(64, "0")}`,
    );
    const replies = await Promise.all(
      addresses.map((a, i) => postJson(`${devnet.faucetUrl}/fund`, { address: a, amount: 1000 + i })),
    );
    expect(replies.every((r) => r.status === 200 && r.body.txn_hashes.length === 1)).toBe(true);
    const balances = await Promise.all(
      addresses.map(
        async (a) => (await devnet.get(`/accounts/${a}/balance/0x1::aptos_coin::AptosCoin`)).body,
      ),
    );
    expect(balances).toEqual(addresses.map((_, i) => 1000 + i));
  });

  it("creates an account for an amount of 0, and is on the node's port too", async () => {
    const origin = new URL(devnet.nodeUrl).origin;
    expect(devnet.faucetUrl).not.toBe(origin);
    const reply = await postJson(`${origin}/fund`, { address, amount: 0 });
    expect(reply.status).toBe(200);
    expect((await devnet.get(`/accounts/${address}`)).body.sequence_number).toBe("0");
  });
});

describe("time", () => {
  const nowView = async () => {
    const reply = await postJson(`${devnet.nodeUrl}/view`, { function: "0x1::timestamp::now_seconds" });
    return Number(reply.body[0]);
  };

  it("is the wall clock for views, and can be moved on", async () => {
    const before = await nowView();
    expect(Math.abs(before - Date.now() / 1000)).toBeLessThan(5);
    const origin = new URL(devnet.nodeUrl).origin;
    const moved = await postJson(`${origin}/dev/advance_time`, { seconds: 86_400 });
    expect(moved.status).toBe(200);
    expect(await nowView()).toBeGreaterThanOrEqual(before + 86_400);
    expect((await postJson(`${origin}/dev/advance_time`, { seconds: -1 })).status).toBe(400);
    // Transactions see it as well.
    await devnet.newAccount(MOVE);
    const [funded] = (await devnet.get(`/transactions?limit=1`)).body;
    expect(Number(funded.timestamp) / 1e6).toBeGreaterThanOrEqual(before + 86_400);
  });

  it("stands still when it is manual", async () => {
    const manual = await startDevnet({ manualTime: true });
    try {
      const read = async () => {
        const r = await postJson(`${manual.nodeUrl}/view`, { function: "0x1::timestamp::now_microseconds" });
        return BigInt(r.body[0]);
      };
      const start = await read();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await read()).toBe(start);
      await postJson(`${new URL(manual.nodeUrl).origin}/dev/advance_time`, { seconds: 10 });
      expect(await read()).toBe(start + 10_000_000n);
    } finally {
      await manual.close();
    }
  });
});

describe("starting", () => {
  it("refuses a taken port in one sentence with the remedy", async () => {
    const port = Number(new URL(devnet.nodeUrl).port);
    await expect(startDevnet({ port })).rejects.toThrow(
      `port ${port} is taken: stop what listens there, or choose another with --port`,
    );
  });
  it("refuses a real network's chain id and a public address", async () => {
    await expect(startDevnet({ chainId: 126 })).rejects.toThrow("Movement mainnet");
    await expect(startDevnet({ host: "0.0.0.0" })).rejects.toThrow("--public");
  });
  it("has no developer endpoints on a public address", async () => {
    const open = await startDevnet({ host: "0.0.0.0", public: true });
    try {
      const port = new URL(open.nodeUrl).port;
      const reply = await postJson(`http://127.0.0.1:${port}/dev/advance_time`, { seconds: 1 });
      expect(reply.status).toBe(404);
    } finally {
      await open.close();
    }
  });
});
