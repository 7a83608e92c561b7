/** The process is killed and started again on the same folder: nothing that was visible is lost or changed. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { clientHelpers, connect, MOVE, postJson, request } from "./helpers.ts";

const CLI = fileURLToPath(new URL("../src/cli.ts", import.meta.url));
let dir: string;
let running: ChildProcess | null = null;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "devnet-restart-"));
});
afterEach(async () => {
  if (running) await stop("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

interface Started {
  nodeUrl: string;
  faucetUrl: string;
}

function run(...args: string[]): ChildProcess {
  return spawn(process.execPath, ["--import", "tsx", CLI, "--data-dir", dir, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function start(port = 0): Promise<Started> {
  const child = run("--port", String(port), "--faucet-port", "0");
  running = child;
  let output = "";
  return new Promise((resolve, reject) => {
    child.stdout?.on("data", (chunk) => {
      output += chunk;
      for (const line of output.split("\n")) {
        if (line.includes('"msg":"ready"')) resolve(JSON.parse(line) as Started);
      }
    });
    child.once("exit", (code) => reject(new Error(`exited with ${code}: ${output}`)));
  });
}

async function stop(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
  const child = running;
  running = null;
  if (!child || child.exitCode !== null) return child?.exitCode ?? null;
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code));
    child.kill(signal);
  });
}

/** Everything a client can read: ledger, transactions, resources of the accounts. */
async function picture(nodeUrl: string, accounts: string[]) {
  const get = async (path: string) => (await request(`${nodeUrl}${path}`)).body;
  const { ledger_version, chain_id } = await get("");
  const transactions: unknown[] = [];
  for (let start = 0; start <= Number(ledger_version); start += 100)
    transactions.push(...(await get(`/transactions?start=${start}&limit=100`)));
  const resources = await Promise.all(accounts.map((a) => get(`/accounts/${a}/resources`)));
  return { ledger_version, chain_id, transactions, resources };
}

describe("after SIGKILL", () => {
  it("the ledger and the state are what they were, and the chain goes on", async () => {
    const first = await start();
    const port = Number(new URL(first.nodeUrl).port);
    const aptos = connect(first);
    const client = clientHelpers(aptos, first.nodeUrl);
    const publisher = await client.newAccount(100n * MOVE);
    await client.publishCounter(publisher);
    const counter = `${publisher.accountAddress}::counter`;
    const bump = (by: number) =>
      client.execute(publisher, { function: `${counter}::bump`, functionArguments: [by, "x"] } as never);
    await bump(3);
    expect((await bump(5000)).success).toBe(false);
    await postJson(`${new URL(first.nodeUrl).origin}/dev/advance_time`, { seconds: 1_000_000 });
    const accounts = [publisher.accountAddress.toString(), "0x1", "0xa"];
    const before = await picture(first.nodeUrl, accounts);
    const timeBefore = BigInt((await client.get("")).body.ledger_timestamp);
    await stop("SIGKILL");

    // The same port: the SDK knows this network by its name and keeps its address.
    const second = await start(port);
    expect(await picture(second.nodeUrl, accounts)).toEqual(before);
    expect(BigInt((await client.get("")).body.ledger_timestamp)).toBeGreaterThanOrEqual(timeBefore);
    expect((await bump(4)).success).toBe(true);
    const value = await aptos.view({
      payload: { function: `${counter}::value`, functionArguments: [publisher.accountAddress] } as never,
    });
    expect(value).toEqual(["7"]);
    expect(await stop("SIGTERM")).toBe(0);
  });

  it("while transactions pour in, everything that was committed is still there", async () => {
    const first = await start();
    const port = Number(new URL(first.nodeUrl).port);
    const seen = new Map<string, string>();
    const address = (i: number) => `0x${(0xabc000 + i).toString(16).padStart(64, "0")}`;
    let stopped = false;
    const pouring = Array.from({ length: 4 }, async (_, lane) => {
      for (let i = lane; !stopped; i += 4) {
        const body = { address: address(i), amount: 1 };
        const reply = await postJson(`${first.faucetUrl}/fund`, body).catch(() => null);
        if (reply?.status === 200) seen.set(address(i), reply.body.txn_hashes[0]);
      }
    });
    while (seen.size < 40) await new Promise((resolve) => setTimeout(resolve, 5));
    await stop("SIGKILL");
    stopped = true;
    await Promise.all(pouring);
    const second = await start(port);
    for (const hash of seen.values()) {
      const found = await request(`${second.nodeUrl}/transactions/by_hash/${hash}`);
      expect(found.body).toMatchObject({ type: "user_transaction", success: true });
    }
  });
});

describe("a data folder", () => {
  const failure = async (...args: string[]) => {
    const child = run(...args);
    let text = "";
    child.stderr?.on("data", (chunk) => {
      text += chunk;
    });
    const code = await new Promise((resolve) => child.once("close", resolve));
    return { code, text };
  };

  it("of another chain id, in use, or behind a taken port is refused with the remedy and exit 1", async () => {
    const { nodeUrl } = await start();
    const port = new URL(nodeUrl).port;
    const inUse = await failure("--port", "0");
    expect(inUse.code).toBe(1);
    expect(inUse.text).toContain("is in use by process");
    const other = mkdtempSync(join(tmpdir(), "devnet-other-"));
    try {
      const taken = await failure("--data-dir", other, "--port", port);
      expect(taken.code).toBe(1);
      expect(taken.text).toContain(`port ${port} is taken`);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
    await stop("SIGTERM");
    const mismatch = await failure("--port", "0", "--chain-id", "77");
    expect(mismatch.code).toBe(1);
    expect(mismatch.text).toContain("holds chain 4, not 77: start with --chain-id 4");
  });
});
