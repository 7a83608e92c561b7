/**
 * Payments whose submission was heard by the node and by nobody else: told as pending in upstream's words, then served once,
 * by whichever process is asked.
 */
import type { Ed25519Account } from "@aptos-labs/ts-sdk";
import type { PaymentPayload } from "@x402/core/types";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type FaultyNode, startFaultyNode } from "./faulty-node.ts";
import { address, type RelayerProcess } from "./world.ts";
import {
  FUNDS,
  pay,
  type QuoteAnswer,
  reasonOf,
  receiptOf,
  startX402World,
  type X402World,
} from "./x402-world.ts";

/** All replicas sell under one name. */
const PUBLIC_URL = "http://relayer.example";

let x: X402World;
let node: FaultyNode;
/** From the next submission on nothing is heard of the node, and it hears nothing more. */
let fallsSilent = false;
let isSilent = false;
const started: RelayerProcess[] = [];

beforeAll(async () => {
  x = await startX402World();
});
afterAll(() => x?.close());

beforeEach(async () => {
  fallsSilent = isSilent = false;
  node = await startFaultyNode(x.world.chain.nodeUrl, {
    fateOf({ method, url }) {
      if (isSilent) return "refuse";
      if (!fallsSilent || method !== "POST" || !url?.endsWith("/transactions")) return "pass";
      isSilent = true;
      return "unheard";
    },
  });
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((relayer) => relayer.process.close()));
  await node.close();
});

async function start(nodeUrl = x.world.chain.nodeUrl): Promise<RelayerProcess> {
  const env = { ...x.sponsorEnv, NODE_URL: nodeUrl, PUBLIC_URL };
  const relayer = await x.world.startRelayer(x.redis.url, env);
  started.push(relayer);
  return relayer;
}

/** A quote, its payment, and how to bring that to one of the replicas. */
async function signed(payer: Ed25519Account, at: RelayerProcess) {
  const quote = await x.quoteFor(payer, 60, at);
  const urlAt = (relayer: RelayerProcess) => quote.payUrl.replace(PUBLIC_URL, relayer.url);
  const payload: PaymentPayload = await x.payment(payer, await x.termsOf({ payUrl: urlAt(at) }, "exact"));
  const statusAt = async (relayer: RelayerProcess) =>
    (await (await fetch(quote.statusUrl.replace(PUBLIC_URL, relayer.url))).json()) as QuoteAnswer;
  return { quote, bring: (relayer: RelayerProcess) => pay(urlAt(relayer), payload), statusAt };
}

/** Upstream: not final, and with the hash of what was sent, by which it can be followed. */
async function expectPending(response: Response, payer: Ed25519Account): Promise<string> {
  const receipt = receiptOf(response);
  expect(receipt).toMatchObject({
    success: false,
    errorReason: "settlement_pending",
    network: x.network,
    payer: address(payer),
    transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/),
  });
  expect(await reasonOf(response)).toBe("settlement_pending");
  return receipt.transaction;
}

/** What all answers to one payment come to: pending while it is followed, a duplicate beside or after the one served. */
async function expectServedOnce(responses: Response[], transaction: string): Promise<string> {
  const served = responses.filter(({ status }) => status === 201);
  expect(served).toHaveLength(1);
  const refused = responses.filter(({ status }) => status !== 201);
  for (const reason of await Promise.all(refused.map(reasonOf)))
    expect(["duplicate_settlement", "settlement_pending"]).toContain(reason);
  const [response] = served as [Response];
  expect(receiptOf(response)).toMatchObject({ success: true, transaction, amount: "60000" });
  return ((await response.json()) as { job: string }).job;
}

async function untilServed(answers: Response[], bring: () => Promise<Response>): Promise<void> {
  while (!answers.some(({ status }) => status === 201) && answers.length < 20) answers.push(await bring());
}

describe("a payment whose outcome isn't known", () => {
  it("is pending, stays it while nothing is known, and is served once by the processes that come after", async () => {
    const first = await start(node.url);
    const payer = await x.newAccount();
    const { quote, bring, statusAt } = await signed(payer, first);
    fallsSilent = true;
    const transaction = await expectPending(await bring(first), payer);
    // The node acted on it all the same.
    await expect.poll(() => x.world.client.balance(quote.payTo)).toBe(60_000n);
    expect(await expectPending(await bring(first), payer)).toBe(transaction);
    await first.process.kill();

    const [second, third] = [await start(), await start()];
    const replicas = [second, third, second, third];
    const answers = await Promise.all(replicas.map(bring));
    // Whoever comes while another is at it isn't served; one of them, or a later one, is.
    await untilServed(answers, () => bring(second));
    const job = await expectServedOnce(answers, transaction);
    expect(await x.world.client.getJob(job)).toMatchObject({ buyer: address(payer), deposit: 60_000n });
    expect(await statusAt(third)).toMatchObject({ state: "created", outcome: { job } });
    expect(await reasonOf(await bring(third))).toBe("duplicate_settlement");
    expect(await x.world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
  }, 120_000);

  it("is served once by another replica, which the node does answer, and by the first when it is back", async () => {
    const [deaf, other] = [await start(node.url), await start()];
    const payer = await x.newAccount();
    const { quote, bring } = await signed(payer, deaf);
    fallsSilent = true;
    const transaction = await expectPending(await bring(deaf), payer);
    const answers = [await bring(other)];
    node.heal();
    await untilServed(answers, () => bring(deaf));
    const job = await expectServedOnce(answers, transaction);
    expect(await reasonOf(await bring(other))).toBe("duplicate_settlement");
    expect(await x.world.client.jobOfQuote(quote.payTo)).toBe(job);
    expect(await x.world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
  }, 120_000);

  it("is found under its quote by who stops asking", async () => {
    const deaf = await start(node.url);
    const payer = await x.newAccount();
    const { bring, statusAt } = await signed(payer, deaf);
    fallsSilent = true;
    const transaction = await expectPending(await bring(deaf), payer);
    node.heal();
    await expect
      .poll(() => statusAt(deaf), { timeout: 20_000 })
      .toMatchObject({
        state: "created",
        payment: { transaction, result: "committed" },
      });
    expect(await x.world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
  }, 120_000);
});
