/** An owner's commands to its node: a relayer process, a node process, a real chain and Redis; containers are simulated. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { AuthenticationKey, Ed25519Account } from "@aptos-labs/ts-sdk";
import { type ManagedProcess, type RedisPart, startProcess, startRedis } from "@computestream/dev-env/parts";
import { type Command, type CommandState, signCommand } from "@computestream/protocol";
import { signMessageWith } from "@computestream/protocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addressOf, type Market, type MarketNode, RATE, startMarket } from "./market-world.ts";

const TSX = createRequire(import.meta.url).resolve("tsx");
const RELAYER = fileURLToPath(new URL("../../relayer/src/index.ts", import.meta.url));
const OWNER_COMMAND = fileURLToPath(new URL("../src/owner-command.ts", import.meta.url));

let market: Market;
let redis: RedisPart;
let relayers: Array<{ url: string; process: ManagedProcess }>;
let node: MarketNode;
let home: string;
let lastNumber = 0;

async function startRelayer(): Promise<{ url: string; process: ManagedProcess }> {
  const account = Ed25519Account.generate();
  await market.chain.fund(addressOf(account), 10_000_000_000n);
  const keyFile = join(home, `relayer-${relayers.length}.json`);
  writeFileSync(keyFile, JSON.stringify({ privateKey: account.privateKey.toHexString() }), { mode: 0o600 });
  let url = "";
  const process_ = await startProcess({
    name: "relayer",
    command: process.execPath,
    args: ["--import", TSX, RELAYER],
    env: {
      PATH: process.env.PATH,
      PORT: "0",
      DEPLOYMENT_FILE: join(home, "deployment.json"),
      NODE_URL: market.chain.nodeUrl,
      REDIS_URL: redis.url,
      KEY_FILE: keyFile,
    },
    logFile: join(home, `relayer-${relayers.length}.log`),
    readyLine(line) {
      if (!line.includes('"msg":"ready"')) return false;
      url = (JSON.parse(line) as { url: string }).url;
      return true;
    },
  });
  return { url, process: process_ };
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "commands-test-"));
  [market, redis] = await Promise.all([startMarket(), startRedis()]);
  writeFileSync(join(home, "deployment.json"), JSON.stringify(market.chain.deployment));
  relayers = [];
  relayers.push(await startRelayer());
  relayers.push(await startRelayer());
  node = await market.startNode({}, { RELAYER_URL: relayers[0]?.url as string });
});
afterAll(async () => {
  await market?.close();
  await Promise.all((relayers ?? []).map((relayer) => relayer.process.close()));
  await redis?.close();
  rmSync(home, { recursive: true, force: true });
});

const urlOf = (relayer: number) => `${relayers[relayer]?.url}/api/v1/providers/${node.provider}/commands`;

interface Given {
  by?: Ed25519Account;
  /** Whose key signs in that one's name. */
  key?: Ed25519Account;
  number?: number;
  expiresIn?: number;
}

async function signed(command: Command, { by = node.owner, key = by, number, expiresIn = 60 }: Given = {}) {
  lastNumber = number ?? Math.max(Date.now(), lastNumber + 1);
  const { chainId, packageAddress } = market.chain.deployment;
  const terms = { chainId, packageAddress, provider: node.provider, command, number: lastNumber };
  const expiresAt = Math.floor(Date.now() / 1000) + expiresIn;
  const from = { owner: addressOf(by), domain: "market.example" };
  return signCommand({ ...terms, expiresAt, ...from }, signMessageWith(key));
}

async function send(body: object, relayer = 0, waitMs = 5_000) {
  const response = await fetch(`${urlOf(relayer)}?waitMs=${waitMs}`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as CommandState & { error?: { code: string; field?: string } };
  return { status: response.status, ...answer };
}
const stateOf = async (id: string, relayer = 0) =>
  (await (await fetch(`${urlOf(relayer)}/${id}`)).json()) as CommandState;
const onChain = async () => (await market.client.getProvider(node.provider))?.status;
const mode = async () =>
  ((await (await fetch(`${node.process.url}/health`)).json()) as { mode: string }).mode;
const isConnected = async () =>
  ((await (await fetch(`${node.process.url}/health`)).json()) as { hub: boolean }).hub;

describe("a command of the owner", () => {
  it("to drain lets the running job end, takes no new one, and says so on chain", async () => {
    await expect.poll(isConnected).toBe(true);
    const { job } = await market.order(node, { env: { SIM_SECONDS: "4.2" }, secs: 12n });
    await market.until(job, (view) => view.state === "Running");
    const drained = await send(await signed({ kind: "drain" }));
    expect(drained).toMatchObject({ status: 200, state: "done", code: null, kind: "drain" });
    expect(drained.transaction).toMatch(/^0x[0-9a-f]{64}$/);
    expect(await onChain()).toBe("Draining");
    expect(await mode()).toBe("draining");
    await expect(market.order(node, { env: { SIM_SECONDS: "1" } })).rejects.toThrow(
      /^E_PROVIDER_UNAVAILABLE/,
    );
    // The four whole seconds that it ran are paid.
    expect(await market.settled(job)).toMatchObject({ outcome: "Completed" });
    expect(await market.stream(job)).toMatchObject({ secondsBilled: 4n, paid: (RATE * 4n) / 3_600n });
  });

  it("to resume, through another relayer than the node's, lets it work again", async () => {
    const resumed = await send(await signed({ kind: "resume" }), 1);
    expect(resumed).toMatchObject({ status: 200, state: "done" });
    expect([await onChain(), await mode()]).toEqual(["Active", "open"]);
    const { job } = await market.order(node, { env: { SIM_SECONDS: "0.5" } });
    expect((await market.settled(job)).outcome).toBe("Completed");
  });

  it("stands over a crash of the node, and isn't taken twice", async () => {
    const command = await signed({ kind: "maintenance" });
    expect((await send(command)).state).toBe("done");
    expect(await onChain()).toBe("Maintenance");
    await node.process.kill();
    await node.process.restart();
    expect(await mode()).toBe("maintenance");
    // The same again is the same command; one with its number is another, and too late.
    expect(await send(command)).toMatchObject({ state: "done" });
    const late = await signed({ kind: "resume" }, { number: command.number });
    await expect.poll(isConnected).toBe(true);
    expect(await send(late)).toMatchObject({ state: "refused", code: "COMMAND_OVERTAKEN" });
    expect([await onChain(), await mode()]).toEqual(["Maintenance", "maintenance"]);
    expect((await send(await signed({ kind: "resume" }))).state).toBe("done");
    expect(await onChain()).toBe("Active");
  });

  it("that comes while the node is away is kept for it, in order, and expires in time", async () => {
    await node.process.kill();
    const first = await send(await signed({ kind: "drain" }), 0, 0);
    expect(first).toMatchObject({ status: 202, state: "kept" });
    const short = await send(await signed({ kind: "maintenance" }, { expiresIn: 2 }), 0, 0);
    const last = await send(await signed({ kind: "resume" }), 1, 0);
    await sleep(2_500);
    expect((await stateOf(short.id)).state).toBe("expired");
    await node.process.restart();
    await expect.poll(async () => (await stateOf(last.id)).state, { timeout: 15_000 }).toBe("done");
    expect((await stateOf(first.id, 1)).state).toBe("done");
    expect((await stateOf(short.id)).state).toBe("expired");
    expect([await onChain(), await mode()]).toEqual(["Active", "open"]);
  });

  it("to change the price is refused by name where only the owner's wallet can", async () => {
    const priced = await send(await signed({ kind: "price", pricePerHour: 1n, gpuPricePerHour: 0n }));
    expect(priced).toMatchObject({ status: 200, state: "refused", code: "PRICE_NEEDS_OWNER" });
    expect((await market.client.getProvider(node.provider))?.pricePerHour).toBe(RATE);
  });

  it("to change the price is done where the owner's key is the node's own", async () => {
    const operator = Ed25519Account.generate();
    await market.chain.fund(addressOf(operator), 1_000_000_000n);
    const own = await market.startNode({}, { RELAYER_URL: relayers[0]?.url as string }, operator);
    const other = node;
    node = own;
    try {
      await expect.poll(isConnected).toBe(true);
      const price = { kind: "price", pricePerHour: 777n, gpuPricePerHour: 5n } as const;
      expect(await send(await signed(price, { by: operator }))).toMatchObject({ state: "done" });
      expect(await market.client.getProvider(own.provider)).toMatchObject({
        pricePerHour: 777n,
        gpuPricePerHour: 5n,
      });
    } finally {
      node = other;
      await own.process.terminate();
    }
  });
});

describe("the hub", () => {
  it("refuses what isn't the owner's, by name, and keeps nothing of it", async () => {
    const thief = Ed25519Account.generate();
    const refusal = async (body: object) => {
      const { status, error } = await send(body, 0, 0);
      return `${status} ${error?.code}`;
    };
    const good = await signed({ kind: "drain" });
    expect(await refusal(await signed({ kind: "drain" }, { by: thief }))).toBe("403 NOT_THE_OWNER");
    expect(await refusal({ ...good, command: { kind: "resume" } })).toBe("403 WRONG_TEXT");
    expect(await refusal({ ...good, signature: `0x${"00".repeat(64)}` })).toBe("403 BAD_SIGNATURE");
    expect(await refusal({ ...good, command: { kind: "explode" } })).toBe("400 BAD_INPUT");
    expect(await refusal(await signed({ kind: "drain" }, { expiresIn: -1 }))).toBe("403 COMMAND_EXPIRED");
    expect(await refusal(await signed({ kind: "drain" }, { expiresIn: 90_000 }))).toBe(
      "403 COMMAND_TOO_LONG",
    );
    const unknown = await fetch(`${urlOf(0)}/0x${"ab".repeat(32)}`);
    expect(unknown.status).toBe(404);
    expect(await mode()).toBe("open");
  });
});

describe("the owner's command line", () => {
  async function run(args: string[]) {
    const keyFile = join(home, "owner.json");
    writeFileSync(keyFile, JSON.stringify({ privateKey: node.owner.privateKey.toHexString() }), {
      mode: 0o600,
    });
    const env = {
      PATH: process.env.PATH,
      DEPLOYMENT_FILE: join(home, "deployment.json"),
      KEY_FILE: keyFile,
      PROVIDER_ADDRESS: node.provider,
      RELAYER_URL: relayers[0]?.url,
    };
    return promisify(execFile)(process.execPath, ["--import", TSX, OWNER_COMMAND, ...args], { env });
  }

  it("gives commands and tells their states", async () => {
    const { stdout } = await run(["maintenance"]);
    expect(stdout).toMatch(/^0x[0-9a-f]{64} maintenance: done, transaction 0x/);
    expect(await onChain()).toBe("Maintenance");
    const [id = ""] = stdout.split(" ");
    expect((await run(["state", id])).stdout).toBe(stdout);
    expect((await run(["resume"])).stdout).toContain("resume: done");
    await expect(run(["price", "12"])).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining("PRICE_NEEDS_OWNER"),
    });
    await expect(run(["explode"])).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining("usage"),
    });
  });
});

// Last: from here on the owner's first key is nobody's.
it("after a rotation on chain only the owner's new key commands", async () => {
  const second = Ed25519Account.generate();
  const { aptos } = market.client;
  const key = AuthenticationKey.fromPublicKey({ publicKey: second.publicKey });
  const transaction = await aptos.transaction.build.simple({
    sender: node.owner.accountAddress,
    data: {
      function: "0x1::account::rotate_authentication_key_call",
      functionArguments: [key.toUint8Array()],
    },
  });
  const { hash } = await aptos.signAndSubmitTransaction({ signer: node.owner, transaction });
  await aptos.waitForTransaction({ transactionHash: hash });
  const old = await send(await signed({ kind: "drain" }));
  expect([old.status, old.error?.code]).toEqual([403, "KEY_NOT_OF_ADDRESS"]);
  expect(await send(await signed({ kind: "drain" }, { key: second }))).toMatchObject({ state: "done" });
  expect(await mode()).toBe("draining");
});
