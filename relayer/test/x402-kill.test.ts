/**
 * Payments through two replicas behind a node that fails, one of which is killed on the way: each payer gets one job for
 * one deposit, whatever it was told meanwhile. X402_KILL_PAYERS and X402_KILL_SEED scale it.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AccountAddress, Ed25519Account, SimpleTransaction } from "@aptos-labs/ts-sdk";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { encodeJobSpec } from "@computestream/protocol";
import { encodePayment, transferPayload } from "@computestream/x402";
import { decodePaymentRequiredHeader, encodePaymentSignatureHeader } from "@x402/core/http";
import type { PaymentPayload } from "@x402/core/types";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FaultyNode, randomOf, startFaultyNode } from "./faulty-node.ts";
import { address, type Provider, type RelayerProcess, startWorld, type World } from "./world.ts";

const PAYERS = Number(process.env.X402_KILL_PAYERS ?? 10);
const SEED = Number(process.env.X402_KILL_SEED ?? 20_261_122);
const FUNDS = 10_000_000_000n;
/** 1,000 a second. */
const RATE = 3_600_000n;
const random = randomOf(SEED);

let world: World;
let redis: RedisPart;
let node: FaultyNode;
let provider: Provider;
let sponsor: Ed25519Account;
const replicas: RelayerProcess[] = [];

const start = (env: Record<string, string>) =>
  world.startRelayer(redis.url, { ...env, NODE_URL: node.url, PUBLIC_URL: "http://relayer.example" });
let env: Record<string, string>;

beforeAll(async () => {
  world = await startWorld();
  redis = await startRedis();
  provider = await world.register(RATE);
  sponsor = Ed25519Account.generate();
  await world.chain.fund(address(sponsor), FUNDS);
  const keyFile = join(world.home, "sponsor.json");
  writeFileSync(keyFile, JSON.stringify({ privateKey: sponsor.privateKey.toHexString() }), { mode: 0o600 });
  env = { SPONSOR_KEY_FILE: keyFile, X402_REQUESTS_PER_SEC: "1000" };
  node = await startFaultyNode(world.chain.nodeUrl, { refuse: 0.05, loseAnswer: 0.1, random });
  replicas.push(await start(env), await start(env));
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.process.close()));
  await node?.close();
  await redis?.close();
  await world?.close();
});

/** Asks replicas in turn until one answers with something that isn't about its own troubles. */
async function ask(path: string, init: RequestInit = {}): Promise<Response> {
  for (let turn = Math.floor(random() * 2); ; turn += 1) {
    const replica = replicas[turn % 2];
    const response = await fetch(`${replica?.url}${path}`, init).catch(() => null);
    if (response && response.status < 500 && response.status !== 429) return response;
    await sleep(200);
  }
}

const codeOf = async (response: Response) =>
  ((await response.json()) as { error?: { code: string } }).error?.code ?? null;

async function payFor(payer: Ed25519Account): Promise<{ quote: string; told: string[] }> {
  const made = await ask("/api/v1/x402/quotes", {
    method: "POST",
    body: JSON.stringify({
      payer: address(payer),
      provider: provider.address,
      image: `busybox@sha256:${"0".repeat(64)}`,
      spec: encodeJobSpec({ version: 1, title: "paid" }),
      maxDurationSecs: "60",
    }),
  });
  const { quote } = (await made.json()) as { quote: string };
  const path = `/api/v1/x402/quotes/${quote}/job`;
  const asked = await ask(path, { method: "POST" });
  const { accepts } = decodePaymentRequiredHeader(asked.headers.get("PAYMENT-REQUIRED") ?? "");
  const accepted = accepts.find(({ scheme }) => scheme === "exact");
  if (!accepted) throw new Error("exact isn't offered");
  const sign = async (): Promise<PaymentPayload> => {
    const call = transferPayload(accepted.asset, accepted.payTo, BigInt(accepted.amount));
    const { rawTransaction } = await world.client.build(address(payer), call, {
      maxGasAmount: 100_000,
      expireInSecs: 50,
    });
    const transaction = new SimpleTransaction(rawTransaction, AccountAddress.from(address(sponsor)));
    const authenticator = payer.signTransactionWithAuthenticator(transaction);
    return {
      x402Version: 2,
      accepted,
      payload: { transaction: encodePayment({ transaction, authenticator }) },
    };
  };
  const told: string[] = [];
  for (let payload = await sign(); ; ) {
    const headers = { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(payload) };
    const response = await ask(path, { method: "POST", headers });
    if (response.status === 201 || response.status === 202) {
      told.push("settled");
      return { quote, told };
    }
    const code = (await codeOf(response)) ?? "";
    told.push(code);
    // Settled, or being settled, by a request whose answer was lost: the quote says what became of it.
    if (code === "duplicate_settlement" || code === "quote_already_paid") return { quote, told };
    if (code.endsWith("_expired")) payload = await sign();
    await sleep(300);
  }
}

it("each payer gets one job for one deposit, though answers are lost and a replica dies", async () => {
  const payers = await Promise.all(
    Array.from({ length: PAYERS }, async () => {
      const payer = Ed25519Account.generate();
      await world.chain.fund(address(payer), FUNDS);
      return payer;
    }),
  );
  const paying = Promise.all(payers.map(payFor));
  await sleep(400);
  await replicas[0]?.process.kill();
  replicas[0] = await start(env);
  const paid = await paying;
  const stateOf = async (quote: string) =>
    ((await (await ask(`/api/v1/x402/quotes/${quote}`)).json()) as { state: string }).state;
  for (const { quote, told } of paid)
    await expect
      .poll(() => stateOf(quote), { timeout: 60_000, interval: 250, message: told.join() })
      .toBe("created");

  const created = new Map<string, number>();
  for (let from = 0n; ; ) {
    const page = await world.client.transactions(from, 100);
    for (const { events } of page)
      for (const { event } of events)
        if (event.name === "JobCreated")
          created.set(event.data.buyer, (created.get(event.data.buyer) ?? 0) + 1);
    const last = page.at(-1);
    if (!last) break;
    from = last.version + 1n;
  }
  for (const payer of payers) {
    expect(created.get(address(payer))).toBe(1);
    expect(await world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
  }
  expect(node.told.refused).toBeGreaterThan(0);
  expect(node.told.unheard).toBeGreaterThan(0);
});
