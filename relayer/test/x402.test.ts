/** A stock x402 client with our plugin pays a relayer process on the real modules: what it gets. */

import { startRedis } from "@computestream/dev-env/parts";
import { registerMovement, signerOf } from "@computestream/x402/client";
import { parsePaymentPayload, parsePaymentRequired } from "@x402/core/schemas";
import type { PaymentRequirements } from "@x402/core/types";
import { x402Client } from "@x402/fetch";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIntentStore } from "../src/store/intents.ts";
import { connectRedis, createKeys } from "../src/store/redis.ts";
import { address } from "./world.ts";
import {
  askFor,
  FUNDS,
  pay,
  type QuoteAnswer,
  RATE,
  receiptOf,
  startX402World,
  type X402World,
} from "./x402-world.ts";

let x: X402World;

beforeAll(async () => {
  x = await startX402World();
});
afterAll(() => x?.close());

describe("exact", () => {
  it("a stock fetch pays for a job: the quote's money becomes the payer's job", async () => {
    const payer = await x.newAccount();
    const quote = await x.quoteFor(payer);
    // 60 s at 1,000 a second.
    expect(quote).toMatchObject({ state: "open", amount: "60000" });
    const response = await x.payingFetch(payer, "exact")(quote.payUrl, { method: "POST" });
    expect(response.status).toBe(201);
    const { job } = (await response.json()) as { job: string };
    const receipt = receiptOf(response);
    expect(receipt).toMatchObject({
      success: true,
      network: x.network,
      payer: address(payer),
      amount: "60000",
      extra: { quote: quote.quote, payTo: quote.payTo },
    });
    expect((await x.world.client.findByHash(receipt.transaction))?.success).toBe(true);
    expect(await x.world.client.getJob(job)).toMatchObject({
      state: "Pending",
      buyer: address(payer),
      provider: x.provider.address,
      deposit: 60_000n,
      ratePerHour: RATE,
    });
    // The payer paid the deposit and no gas.
    expect(await x.world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
    expect(await x.world.client.balance(quote.payTo)).toBe(0n);
    const status = (await (await fetch(quote.statusUrl)).json()) as QuoteAnswer;
    expect(status).toMatchObject({
      state: "created",
      payment: { transaction: receipt.transaction, scheme: "exact", result: "committed" },
      outcome: { job },
    });
    // It is the payer's: it can be cancelled for everything that was paid.
    await x.world.execute(payer, x.world.client.payloads.cancel(job));
    expect((await x.world.client.getJob(job))?.state).toBe("Settled");
  });

  it("the money goes back when no job can be made of it", async () => {
    const dear = await x.world.register(RATE);
    const payer = await x.newAccount();
    const quote = await x.quoteFor(payer, 60, x.relayer, dear);
    const accepted = await x.termsOf(quote, "exact");
    await x.world.execute(dear.account, x.world.client.payloads.updatePrice(dear.address, RATE + 1n, 0n));
    const response = await pay(quote.payUrl, await x.payment(payer, accepted));
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      error: { code: "E_PRICE_ABOVE_MAXIMUM" },
      state: "refunded",
    });
    expect(receiptOf(response)).toMatchObject({ success: true, amount: "60000" });
    expect(await x.world.client.balance(address(payer))).toBe(FUNDS);
    expect(await x.world.client.jobOfQuote(quote.payTo)).toBe(null);
  });
});

describe("stream", () => {
  it("a stock fetch locks the deposit with one signature, tops up and closes", async () => {
    const payer = await x.newAccount();
    const paying = x.payingFetch(payer);
    const quote = await x.quoteFor(payer);
    const opened = await paying(quote.payUrl, { method: "POST" });
    expect(opened.status).toBe(201);
    const { job } = (await opened.json()) as { job: string };
    // It was offered both, and took the one that is listed first.
    expect(receiptOf(opened)).toMatchObject({
      success: true,
      amount: "60000",
      extra: { action: "open", job, ratePerHour: "3600000", maxSeconds: "60" },
    });
    expect(await x.world.client.getJob(job)).toMatchObject({ buyer: address(payer), deposit: 60_000n });
    expect(await (await fetch(quote.statusUrl)).json()).toMatchObject({
      state: "created",
      payment: { scheme: "stream" },
      outcome: { job },
    });

    await x.world.execute(x.provider.account, x.world.client.payloads.accept(x.provider.address, job, 0n));
    await x.world.execute(x.provider.account, x.world.client.payloads.start(job));
    const url = `${x.relayer.url}/api/v1/x402/jobs/${job}`;
    const topped = await paying(`${url}/top-up`, {
      method: "POST",
      body: JSON.stringify({ addedSeconds: "30" }),
    });
    expect(topped.status).toBe(200);
    // 30 s at 1,000 a second.
    expect(receiptOf(topped)).toMatchObject({ amount: "30000", extra: { maxSeconds: "90" } });
    expect(await x.world.client.getStream(job)).toMatchObject({ deposited: 90_000n, maxDurationSecs: 90n });

    // A job that ran no whole second has nothing to prove and settles at once.
    const { startedAt = 0n } = (await x.world.client.getStream(job)) ?? {};
    await expect.poll(() => BigInt(Math.floor(Date.now() / 1000)) > startedAt + 1n).toBe(true);
    const closed = await paying(`${url}/close`, { method: "POST" });
    expect(closed.status).toBe(200);
    expect(receiptOf(closed)).toMatchObject({ success: true, amount: "0", extra: { action: "close" } });
    expect((await x.world.client.getJob(job))?.state).toBe("Terminated");
    // The payer paid deposits only: the gas was the sponsor's all the way.
    const stream = await x.world.client.getStream(job);
    const spent = FUNDS - (await x.world.client.balance(address(payer)));
    expect(spent).toBe(stream?.balance);
  });

  it("a client doesn't sign for a provider that takes another asset, or for another amount", async () => {
    const payer = await x.newAccount();
    const quote = await x.quoteFor(payer);
    const required = await askFor(quote.payUrl);
    const client = registerMovement(new x402Client(), {
      signer: signerOf(payer),
      deployments: x.deployments(),
    }).setSpendControls(false);
    const offering = (change: Partial<PaymentRequirements>) =>
      client.createPaymentPayload({
        ...required,
        accepts: required.accepts.slice(0, 1).map((offer) => ({ ...offer, ...change })),
      });
    await expect(offering({ amount: "59999" })).rejects.toThrow("The amount isn't the order's deposit.");
    await expect(offering({ asset: `0x${"ab".repeat(32)}` })).rejects.toThrow("another asset");
    await expect(offering({ payTo: `0x${"ab".repeat(32)}` })).rejects.toThrow("another provider");
    await expect(offering({ network: "movement:250" })).rejects.toThrow("No deployment is known");
    const exact = required.accepts.slice(1).map((offer) => ({ ...offer, payTo: address(x.sponsor) }));
    await expect(client.createPaymentPayload({ ...required, accepts: exact })).rejects.toThrow(
      "The money wouldn't go to the quote's address.",
    );
  });
});

describe("wire", () => {
  it("speaks upstream's schemas, and its manifest and facilitator tell what there is", async () => {
    const payer = await x.newAccount();
    const quote = await x.quoteFor(payer);
    const required = await askFor(quote.payUrl);
    expect(parsePaymentRequired(required)).toMatchObject({ success: true });
    expect(required.resource.url).toBe(quote.payUrl);
    expect(required.accepts.map(({ scheme, network: on, amount }) => [scheme, on, amount])).toEqual([
      ["stream", x.network, "60000"],
      ["exact", x.network, "60000"],
    ]);
    for (const { extra } of required.accepts)
      expect(extra).toMatchObject({ paymentFlow: "upfront", feePayer: address(x.sponsor) });
    const accepted = await x.termsOf(quote, "exact");
    const payload = await x.payment(payer, accepted);
    expect(parsePaymentPayload(payload)).toMatchObject({ success: true });

    const facilitator = `${x.relayer.url}/api/v1/x402/facilitator`;
    const supported = await (await fetch(`${facilitator}/supported`)).json();
    expect(supported).toEqual({
      kinds: ["exact", "stream"].map((scheme) => ({
        x402Version: 2,
        scheme,
        network: x.network,
        extra: { feePayer: address(x.sponsor) },
      })),
      extensions: [],
      signers: { "movement:*": [address(x.sponsor)] },
    });
    const post = async (verb: string, paymentPayload: unknown) =>
      (
        await fetch(`${facilitator}/${verb}`, {
          method: "POST",
          body: JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements: accepted }),
        })
      ).json();
    expect(await post("verify", payload)).toEqual({ isValid: true, payer: address(payer) });
    expect(await post("settle", payload)).toMatchObject({ success: true, payer: address(payer) });
    expect(await post("settle", payload)).toMatchObject({
      success: false,
      errorReason: "duplicate_settlement",
      transaction: "",
    });
    // Whoever settled it, the clerk makes the job.
    await expect
      .poll(async () => ((await (await fetch(quote.statusUrl)).json()) as QuoteAnswer).state, {
        timeout: 10_000,
      })
      .toBe("created");

    for (const path of ["/x402.json", "/.well-known/x402.json"]) {
      const manifest = await (await fetch(x.relayer.url + path)).json();
      expect(manifest).toMatchObject({
        x402Version: 2,
        networks: [x.network],
        facilitator: { url: facilitator },
      });
    }
    expect(await (await fetch(`${facilitator}/discovery/resources?scheme=exact`)).json()).toMatchObject({
      items: [{ type: "http", x402Version: 2, lastUpdated: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) }],
      pagination: { total: 1 },
    });
    // A filter that can't be met by any is never left out of account.
    for (const filter of [
      `payTo=${address(x.sponsor)}`,
      "extensions=bazaar",
      "type=mcp",
      "network=movement:1",
    ])
      expect(await (await fetch(`${facilitator}/discovery/resources?${filter}`)).json()).toMatchObject({
        items: [],
        pagination: { total: 0 },
      });
    const metrics = await (await fetch(`${x.relayer.url}/metrics`)).text();
    expect(metrics).toMatch(
      new RegExp(`relayer_sponsor_balance_base_units\\{account="${address(x.sponsor)}"\\} \\d+`),
    );
    expect(metrics).toMatch(/relayer_paid_quotes_waiting\{account="0x[0-9a-f]{64}"\} 0/);
  });
});

describe("time and crashes", () => {
  it("a paid quote gets its job from the process that comes after the one that died", async () => {
    const store = await startRedis();
    const connections = await connectRedis(store.url, pino({ level: "silent" }));
    const keys = createKeys(x.world.chain.deployment);
    const intents = createIntentStore(connections.commands, keys, address(x.sponsor));
    try {
      // The right to submit is elsewhere, so that the job can't be made before the process dies.
      const elsewhere = await intents.acquire("elsewhere", 600_000);
      const first = await x.world.startRelayer(store.url, x.sponsorEnv);
      const payer = await x.newAccount();
      const quote = await x.quoteFor(payer, 60, first);
      const payload = await x.payment(payer, await x.termsOf(quote, "exact"));
      const answered = pay(quote.payUrl, payload).catch(() => null);
      await expect.poll(() => x.world.client.balance(quote.payTo), { timeout: 10_000 }).toBe(60_000n);
      await first.process.kill();
      await answered;
      if (elsewhere) await intents.release(elsewhere);

      const second = await x.world.startRelayer(store.url, x.sponsorEnv);
      const statusUrl = quote.statusUrl.replace(first.url, second.url);
      await expect
        .poll(async () => ((await (await fetch(statusUrl)).json()) as QuoteAnswer).state, { timeout: 20_000 })
        .toBe("created");
      expect(await x.world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
      await second.process.close();
    } finally {
      await connections.close();
      await store.close();
    }
  });
});
