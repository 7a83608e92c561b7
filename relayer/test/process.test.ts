/** The relayer as a process on a real chain: how it starts, what it says of itself, sockets with real accounts. */

import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { hubHelloMessage, logAccessMessage, signedUsageToJson, toHex } from "@computestream/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { address, startWorld, type World } from "./world.ts";

const LONG = { timeout: 30_000, interval: 100 };
let world: World;
let redis: RedisPart;

beforeAll(async () => {
  [world, redis] = await Promise.all([startWorld(), startRedis()]);
});
afterAll(async () => {
  await world?.close();
  await redis?.close();
});

/** What a relayer that can't start says before it ends. */
async function failure(env: Record<string, string>): Promise<string> {
  const started = await world.startRelayer(redis.url, env).then(
    () => "",
    (error: Error) => error.message,
  );
  expect(started).toContain("ended before it was ready (exit 1)");
  return started;
}

describe("start", () => {
  it.each([
    [
      "Redis is absent",
      { REDIS_URL: "redis://127.0.0.1:1" },
      /Redis at redis:\/\/127\.0\.0\.1:1 can't be reached .* Start it/,
    ],
    [
      "the key file is absent",
      { KEY_FILE: "/nowhere/key.json" },
      /KEY_FILE \/nowhere\/key\.json can't be read\. Write/,
    ],
    ["a setting is wrong", { BATCH_SIZE: "many" }, /BATCH_SIZE is not valid: .* Set it to/],
  ])("ends with one sentence and a remedy when %s", async (_what, env, sentence) => {
    expect(await failure(env)).toMatch(sentence);
  });

  it("ends with a remedy when its port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    expect(await failure({ PORT: String(port) })).toMatch(
      /can't listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)\. Stop what/,
    );
    await new Promise((resolve) => other.close(resolve));
  });
});

describe("running", () => {
  it("raises the alarm when it can't pay for gas, settles nothing, and goes on once it is funded", async () => {
    const poor = Ed25519Account.generate();
    const keyFile = join(world.home, "poor.json");
    writeFileSync(keyFile, JSON.stringify({ privateKey: poor.privateKey.toHexString() }), { mode: 0o600 });
    const relayer = await world.startRelayer(redis.url, { KEY_FILE: keyFile });
    const balance = async () => {
      const response = await fetch(`${relayer.url}/api/v1/health`);
      const body = (await response.json()) as {
        ok: boolean;
        checks: { balance: { ok: boolean; message?: string } };
      };
      return { status: response.status, ok: body.ok, message: body.checks.balance.message };
    };
    expect(await balance()).toEqual({
      status: 200,
      ok: false,
      message: `only 0 base units are left to pay gas; fund ${address(poor)}`,
    });
    const provider = await world.register(3_600_000n);
    const job = await world.job(provider, 60n);
    await world.reachSecond(job, 2n);
    const usage = world.attest(provider, job, 2n);
    await fetch(`${relayer.url}/api/v1/attestations`, {
      method: "POST",
      body: JSON.stringify({ attestations: [signedUsageToJson(usage)] }),
    });
    const refused = async () =>
      /relayer_transactions_total\{kind="settle",result="refused"\} [1-9]/.test(
        await (await fetch(`${relayer.url}/metrics`)).text(),
      );
    await expect.poll(refused, LONG).toBe(true);
    await world.chain.fund(address(poor), 10_000_000_000n);
    // 1000 a second, two seconds.
    await expect.poll(async () => (await world.client.getStream(job.job))?.paid, LONG).toBe(2000n);
    await expect.poll(async () => (await balance()).ok, LONG).toBe(true);
    await relayer.process.close();
    expect((await relayer.process.exited).code).toBe(0);
  });

  it("carries a provider's session and its buyer's reading, each proven with the chain's keys", async () => {
    const relayer = await world.startRelayer(redis.url);
    const provider = await world.register(3_600_000n);
    const job = await world.job(provider, 60n);
    const { chainId, packageAddress } = world.chain.deployment;
    const connect = (path: string) => {
      const ws = new WebSocket(relayer.url.replace("http", "ws") + path);
      const messages: Array<Record<string, unknown>> = [];
      ws.on("message", (data) => messages.push(JSON.parse(data.toString())));
      const sawn = (match: object) =>
        expect.poll(() => messages, LONG).toContainEqual(expect.objectContaining(match));
      return { ws, messages, sawn, send: (message: object) => ws.send(JSON.stringify(message)) };
    };

    const node = connect("/hub");
    await node.sawn({ type: "challenge", chainId, packageAddress });
    const nonce = String(node.messages[0]?.nonce);
    const hello = hubHelloMessage({ chainId, packageAddress, provider: provider.address, nonce });
    node.send({
      type: "hello",
      provider: provider.address,
      signature: toHex(provider.account.sign(hello).toUint8Array()),
    });
    await node.sawn({ type: "welcome", provider: provider.address });
    await world.reachSecond(job, 1n);
    node.send({ type: "attestation", usage: signedUsageToJson(world.attest(provider, job, 1n)) });
    await node.sawn({ type: "ack", job: job.job, seq: "1" });
    node.send({ type: "log", job: job.job, offset: 0, stream: "stdout", at: 1, text: "hello" });

    const read = (account: Ed25519Account) => {
      const reader = connect("/logs");
      const expiresAt = Math.floor(Date.now() / 1000) + 300;
      const text = logAccessMessage({ chainId, packageAddress, job: job.job, expiresAt });
      const fullMessage = `APTOS\nmessage: ${text}\nnonce: 7`;
      reader.ws.once("open", () =>
        reader.send({
          type: "open",
          job: job.job,
          expiresAt,
          address: address(account),
          publicKey: toHex(account.publicKey.toUint8Array()),
          fullMessage,
          signature: toHex(account.sign(new TextEncoder().encode(fullMessage)).toUint8Array()),
        }),
      );
      return reader;
    };
    const buyer = read(world.buyer);
    await buyer.sawn({ type: "log", offset: 0, text: "hello" });
    await read(provider.account).sawn({ type: "log", offset: 0, text: "hello" });
    await read(Ed25519Account.generate()).sawn({ type: "error", code: "NOT_A_PARTY" });

    const closed = new Promise<number>((resolve) => node.ws.once("close", (code) => resolve(code)));
    await relayer.process.close();
    expect(await closed).toBe(1012);
    expect((await relayer.process.exited).code).toBe(0);
  });
});
