/** A stock x402 client with our plugin pays a relayer process on the real modules: what it gets, and what is refused. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AccountAddress,
  type AccountAuthenticator,
  Ed25519Account,
  type InputEntryFunctionData,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { encodeJobSpec, maxCost } from "@computestream/protocol";
import { encodePayment, networkOf, transferPayload } from "@computestream/x402";
import { createExactClient, registerMovement, signerOf } from "@computestream/x402/client";
import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import { parsePaymentPayload, parsePaymentRequired } from "@x402/core/schemas";
import type { PaymentPayload, PaymentRequired, PaymentRequirements } from "@x402/core/types";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createIntentStore } from "../src/store/intents.ts";
import { connectRedis, createKeys } from "../src/store/redis.ts";
import { address, type Provider, type RelayerProcess, startWorld, type World } from "./world.ts";

// 3_600_000 base units an hour: 1,000 a second.
const RATE = 3_600_000n;
const FUNDS = 10_000_000_000n;
const IMAGE = `busybox@sha256:${"0".repeat(64)}`;

let world: World;
let redis: RedisPart;
let relayer: RelayerProcess;
let provider: Provider;
let sponsor: Ed25519Account;
let network: string;
let sponsorEnv: Record<string, string>;

async function newAccount(): Promise<Ed25519Account> {
  const account = Ed25519Account.generate();
  await world.chain.fund(address(account), FUNDS);
  return account;
}

async function sponsorKey(
  name: string,
  funds: bigint,
): Promise<{ account: Ed25519Account; keyFile: string }> {
  const account = Ed25519Account.generate();
  await world.chain.fund(address(account), funds);
  const keyFile = join(world.home, `${name}.json`);
  writeFileSync(keyFile, JSON.stringify({ privateKey: account.privateKey.toHexString() }), { mode: 0o600 });
  return { account, keyFile };
}

beforeAll(async () => {
  world = await startWorld();
  redis = await startRedis();
  provider = await world.register(RATE);
  const key = await sponsorKey("sponsor", FUNDS);
  sponsor = key.account;
  // Many buyers at one address: how often they may ask is tested on its own.
  sponsorEnv = { SPONSOR_KEY_FILE: key.keyFile, X402_REQUESTS_PER_SEC: "1000" };
  relayer = await world.startRelayer(redis.url, sponsorEnv);
  network = networkOf(world.chain.deployment.chainId);
});
afterAll(async () => {
  await relayer?.process.close();
  await redis?.close();
  await world?.close();
});

interface QuoteAnswer {
  quote: string;
  state: string;
  amount: string;
  payTo: string;
  payUrl: string;
  statusUrl: string;
  terms: { payer: string; clerk: string; redeemBy: string; nonce: string; orderHash: string };
  payment: { transaction: string; scheme: string; result: string } | null;
  outcome: { state: string; job: string | null; code: string | null } | null;
}

async function quoteFor(
  payer: Ed25519Account,
  secs = 60,
  at = relayer,
  from = provider,
): Promise<QuoteAnswer> {
  const response = await fetch(`${at.url}/api/v1/x402/quotes`, {
    method: "POST",
    body: JSON.stringify({
      payer: address(payer),
      provider: from.address,
      image: IMAGE,
      spec: encodeJobSpec({ version: 1, title: "paid" }),
      maxDurationSecs: `${secs}`,
    }),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as QuoteAnswer;
}

const deployments = () => [{ ...world.chain.deployment, nodeUrl: world.chain.nodeUrl }];

/** Upstream's fetch with the plugin registered as its documentation says. */
function payingFetch(payer: Ed25519Account, schemes: "both" | "exact" = "both") {
  const options = { signer: signerOf(payer), deployments: deployments() };
  const client = new x402Client();
  if (schemes === "both") registerMovement(client, options);
  else client.register("movement:*", createExactClient(options));
  return wrapFetchWithPayment(fetch, client);
}

const receiptOf = (response: Response) =>
  decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");

async function askFor(url: string, init: RequestInit = {}): Promise<PaymentRequired> {
  const response = await fetch(url, { method: "POST", ...init });
  expect(response.status).toBe(402);
  return decodePaymentRequiredHeader(response.headers.get("PAYMENT-REQUIRED") ?? "");
}

async function termsOf(quote: QuoteAnswer, scheme: "exact" | "stream"): Promise<PaymentRequirements> {
  const { accepts } = await askFor(quote.payUrl);
  const found = accepts.find((offer) => offer.scheme === scheme);
  if (!found) throw new Error(`${scheme} isn't offered`);
  return found;
}

interface Forge {
  call?: InputEntryFunctionData;
  maxGasAmount?: number;
  gasUnitPrice?: bigint;
  expireInSecs?: number;
  feePayer?: string;
  chainId?: number;
  sequenceNumber?: bigint;
  sign?: (transaction: SimpleTransaction) => AccountAuthenticator;
}

/** A payment of these terms, right but for what is said. */
async function payment(
  payer: Ed25519Account,
  accepted: PaymentRequirements,
  forge: Forge = {},
): Promise<PaymentPayload> {
  const call = forge.call ?? transferPayload(accepted.asset, accepted.payTo, BigInt(accepted.amount));
  const { rawTransaction } = await world.client.build(address(payer), call, {
    maxGasAmount: forge.maxGasAmount ?? 100_000,
    expireInSecs: forge.expireInSecs ?? 50,
    ...(forge.sequenceNumber === undefined ? {} : { sequenceNumber: forge.sequenceNumber }),
  });
  if (forge.gasUnitPrice !== undefined) Object.assign(rawTransaction, { gas_unit_price: forge.gasUnitPrice });
  if (forge.chainId !== undefined) Object.assign(rawTransaction.chain_id, { chainId: forge.chainId });
  const transaction = new SimpleTransaction(
    rawTransaction,
    AccountAddress.from(forge.feePayer ?? address(sponsor)),
  );
  const authenticator = (forge.sign ?? ((unsigned) => payer.signTransactionWithAuthenticator(unsigned)))(
    transaction,
  );
  return {
    x402Version: 2,
    accepted,
    payload: { transaction: encodePayment({ transaction, authenticator }) },
  };
}

async function pay(url: string, payload: PaymentPayload): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(payload) },
  });
}

/** The reason of a refusal, wherever it stands. */
async function reasonOf(response: Response): Promise<string> {
  expect(response.status).toBe(402);
  return ((await response.json()) as { error: { code: string } }).error.code;
}

describe("exact", () => {
  it("a stock fetch pays for a job: the quote's money becomes the payer's job", async () => {
    const payer = await newAccount();
    const quote = await quoteFor(payer);
    // 60 s at 1,000 a second.
    expect(quote).toMatchObject({ state: "open", amount: "60000" });
    const response = await payingFetch(payer, "exact")(quote.payUrl, { method: "POST" });
    expect(response.status).toBe(201);
    const { job } = (await response.json()) as { job: string };
    const receipt = receiptOf(response);
    expect(receipt).toMatchObject({
      success: true,
      network,
      payer: address(payer),
      amount: "60000",
      extra: { quote: quote.quote, payTo: quote.payTo },
    });
    expect((await world.client.findByHash(receipt.transaction))?.success).toBe(true);
    expect(await world.client.getJob(job)).toMatchObject({
      state: "Pending",
      buyer: address(payer),
      provider: provider.address,
      deposit: 60_000n,
      ratePerHour: RATE,
    });
    // The payer paid the deposit and no gas.
    expect(await world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
    expect(await world.client.balance(quote.payTo)).toBe(0n);
    const status = (await (await fetch(quote.statusUrl)).json()) as QuoteAnswer;
    expect(status).toMatchObject({
      state: "created",
      payment: { transaction: receipt.transaction, scheme: "exact", result: "committed" },
      outcome: { job },
    });
    // It is the payer's: it can be cancelled for everything that was paid.
    await world.execute(payer, world.client.payloads.cancel(job));
    expect((await world.client.getJob(job))?.state).toBe("Settled");
  });

  it("the money goes back when no job can be made of it", async () => {
    const dear = await world.register(RATE);
    const payer = await newAccount();
    const quote = await quoteFor(payer, 60, relayer, dear);
    const accepted = await termsOf(quote, "exact");
    await world.execute(dear.account, world.client.payloads.updatePrice(dear.address, RATE + 1n, 0n));
    const response = await pay(quote.payUrl, await payment(payer, accepted));
    expect(response.status).toBe(409);
    expect(await response.json()).toMatchObject({
      error: { code: "E_PRICE_ABOVE_MAXIMUM" },
      state: "refunded",
    });
    expect(receiptOf(response)).toMatchObject({ success: true, amount: "60000" });
    expect(await world.client.balance(address(payer))).toBe(FUNDS);
    expect(await world.client.jobOfQuote(quote.payTo)).toBe(null);
  });

  it("of ten identical payments at once one is settled, and it makes one job", async () => {
    const payer = await newAccount();
    const quote = await quoteFor(payer);
    const payload = await payment(payer, await termsOf(quote, "exact"));
    const responses = await Promise.all(Array.from({ length: 10 }, () => pay(quote.payUrl, payload)));
    const created = responses.filter(({ status }) => status === 201);
    expect(created).toHaveLength(1);
    const refused = responses.filter(({ status }) => status !== 201);
    expect(await Promise.all(refused.map(reasonOf))).toEqual(Array(9).fill("duplicate_settlement"));
    expect(await world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
  });

  it("refuses a replay, also after a restart and on another replica", async () => {
    const payer = await newAccount();
    const quote = await quoteFor(payer);
    const accepted = await termsOf(quote, "exact");
    const payload = await payment(payer, accepted);
    expect((await pay(quote.payUrl, payload)).status).toBe(201);
    expect(await reasonOf(await pay(quote.payUrl, payload))).toBe("duplicate_settlement");
    // Another payment of the paid quote.
    expect(await reasonOf(await pay(quote.payUrl, await payment(payer, accepted)))).toBe(
      "quote_already_paid",
    );
    // The same payment for another quote.
    const other = await quoteFor(payer);
    const reused = { ...payload, accepted: await termsOf(other, "exact") };
    expect(await reasonOf(await pay(other.payUrl, reused))).toBe("duplicate_settlement");

    const replica = await world.startRelayer(redis.url, {
      ...sponsorEnv,
      PUBLIC_URL: relayer.url,
    });
    try {
      expect(await reasonOf(await pay(quote.payUrl.replace(relayer.url, replica.url), payload))).toBe(
        "duplicate_settlement",
      );
    } finally {
      await replica.process.close();
    }
  });
});

describe("stream", () => {
  it("a stock fetch locks the deposit with one signature, tops up and closes", async () => {
    const payer = await newAccount();
    const paying = payingFetch(payer);
    const quote = await quoteFor(payer);
    const opened = await paying(quote.payUrl, { method: "POST" });
    expect(opened.status).toBe(201);
    const { job } = (await opened.json()) as { job: string };
    // It was offered both, and took the one that is listed first.
    expect(receiptOf(opened)).toMatchObject({
      success: true,
      amount: "60000",
      extra: { action: "open", job, ratePerHour: "3600000", maxSeconds: "60" },
    });
    expect(await world.client.getJob(job)).toMatchObject({ buyer: address(payer), deposit: 60_000n });
    expect(await (await fetch(quote.statusUrl)).json()).toMatchObject({
      state: "created",
      payment: { scheme: "stream" },
      outcome: { job },
    });

    await world.execute(provider.account, world.client.payloads.accept(provider.address, job, 0n));
    await world.execute(provider.account, world.client.payloads.start(job));
    const url = `${relayer.url}/api/v1/x402/jobs/${job}`;
    const topped = await paying(`${url}/top-up`, {
      method: "POST",
      body: JSON.stringify({ addedSeconds: "30" }),
    });
    expect(topped.status).toBe(200);
    // 30 s at 1,000 a second.
    expect(receiptOf(topped)).toMatchObject({ amount: "30000", extra: { maxSeconds: "90" } });
    expect(await world.client.getStream(job)).toMatchObject({ deposited: 90_000n, maxDurationSecs: 90n });

    // A job that ran no whole second has nothing to prove and settles at once.
    const { startedAt = 0n } = (await world.client.getStream(job)) ?? {};
    await expect.poll(() => BigInt(Math.floor(Date.now() / 1000)) > startedAt + 1n).toBe(true);
    const closed = await paying(`${url}/close`, { method: "POST" });
    expect(closed.status).toBe(200);
    expect(receiptOf(closed)).toMatchObject({ success: true, amount: "0", extra: { action: "close" } });
    expect((await world.client.getJob(job))?.state).toBe("Terminated");
    // The payer paid deposits only: the gas was the sponsor's all the way.
    const stream = await world.client.getStream(job);
    const spent = FUNDS - (await world.client.balance(address(payer)));
    expect(spent).toBe(stream?.balance);
  });

  it("a client doesn't sign for a provider that takes another asset, or for another amount", async () => {
    const payer = await newAccount();
    const quote = await quoteFor(payer);
    const required = await askFor(quote.payUrl);
    const client = registerMovement(new x402Client(), {
      signer: signerOf(payer),
      deployments: deployments(),
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
    const exact = required.accepts.slice(1).map((offer) => ({ ...offer, payTo: address(sponsor) }));
    await expect(client.createPaymentPayload({ ...required, accepts: exact })).rejects.toThrow(
      "The money wouldn't go to the quote's address.",
    );
  });
});

describe("refusals", () => {
  it("names what is wrong with a payment", async () => {
    const payer = await newAccount();
    const quote = await quoteFor(payer);
    const accepted = await termsOf(quote, "exact");
    const other = await newAccount();
    const { asset, payTo } = accepted;
    const transfer = (to: string, amount: bigint) => ({ call: transferPayload(asset, to, amount) });
    const exact = (fault: string) => `invalid_exact_movement_payload_${fault}`;
    const forged = (sign: Forge["sign"]) => payment(payer, accepted, { sign: sign as never });
    const cases: Array<[string, PaymentPayload]> = [
      [exact("amount_mismatch"), await payment(payer, accepted, transfer(payTo, 59_999n))],
      [exact("recipient_mismatch"), await payment(payer, accepted, transfer(address(sponsor), 60_000n))],
      [exact("sender_mismatch"), await payment(other, accepted)],
      [exact("chain_id_mismatch"), await payment(payer, accepted, { chainId: 250 })],
      [exact("gas_too_high"), await payment(payer, accepted, { maxGasAmount: 100_001 })],
      [exact("gas_unit_price_too_high"), await payment(payer, accepted, { gasUnitPrice: 501n })],
      [exact("fee_payer_mismatch"), await payment(payer, accepted, { feePayer: address(other) })],
      [exact("expired"), await payment(payer, accepted, { expireInSecs: 0 })],
      [exact("expires_too_late"), await payment(payer, accepted, { expireInSecs: 120 })],
      [exact("sequence_number"), await payment(payer, accepted, { sequenceNumber: 7n })],
      [exact("signature"), await forged((tx) => other.signTransactionWithAuthenticator(tx)).then(swapKey)],
      [
        exact("sender_authenticator_mismatch"),
        await forged((tx) => other.signTransactionWithAuthenticator(tx)),
      ],
      [
        exact("wrong_function"),
        await payment(payer, accepted, { call: world.client.payloads.setPaused(true) }),
      ],
      [
        exact("wrong_function"),
        await payment(payer, accepted, { call: world.client.payloads.cancel(provider.address) }),
      ],
      [exact("malformed"), { x402Version: 2, accepted, payload: { transaction: "AAAA" } }],
      ["amount_mismatch", await payment(payer, { ...accepted, amount: "1" })],
      ["network_mismatch", await payment(payer, { ...accepted, network: "movement:250" })],
      ["recipient_mismatch", await payment(payer, { ...accepted, payTo: address(sponsor) })],
    ];
    for (const [reason, payload] of cases) {
      expect(await reasonOf(await pay(quote.payUrl, payload)), reason).toBe(reason);
    }
    // The quote is as good as new after all this.
    expect((await pay(quote.payUrl, await payment(payer, accepted))).status).toBe(201);

    async function swapKey(payload: PaymentPayload): Promise<PaymentPayload> {
      const { transaction } = payload.payload as { transaction: string };
      const envelope = JSON.parse(atob(transaction)) as { senderAuthenticator: number[] };
      // The payer's key beside the other's signature: variant, length, key.
      envelope.senderAuthenticator.splice(2, 32, ...payer.publicKey.toUint8Array());
      return { ...payload, payload: { transaction: btoa(JSON.stringify(envelope)) } };
    }
  });

  it("says what isn't a payment at all", async () => {
    const quote = await quoteFor(await newAccount());
    const response = await fetch(quote.payUrl, {
      method: "POST",
      headers: { "PAYMENT-SIGNATURE": "not a payment" },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "BAD_PAYMENT" } });
  });

  it("one address that asks too often is told when to come again", async () => {
    const strict = await world.startRelayer(redis.url, { ...sponsorEnv, X402_REQUESTS_PER_SEC: "0.1" });
    try {
      // Less than one at once, so that the first leaves a debt of seconds.
      const ask = () => fetch(`${strict.url}/api/v1/x402/quotes`, { method: "POST", body: "{}" });
      const answers = await Promise.all([ask(), ask(), ask()]);
      expect(answers.map(({ status }) => status).sort()).toEqual([400, 429, 429]);
      const refused = answers.find(({ status }) => status === 429);
      expect(Number(refused?.headers.get("retry-after"))).toBeGreaterThan(0);
    } finally {
      await strict.process.close();
    }
  });

  it("a payer without the money is told before anything is sent", async () => {
    const payer = Ed25519Account.generate();
    await world.chain.fund(address(payer), 59_999n);
    const quote = await quoteFor(payer);
    const refused = await pay(quote.payUrl, await payment(payer, await termsOf(quote, "exact")));
    expect(await reasonOf(refused)).toBe("invalid_exact_movement_payload_insufficient_balance");
  });

  it("a sponsor that can't pay, or has paid enough for today, says so", async () => {
    const poor = await sponsorKey("poor", 1_000n);
    const store = await startRedis();
    try {
      const drained = await world.startRelayer(store.url, { ...sponsorEnv, SPONSOR_KEY_FILE: poor.keyFile });
      const payer = await newAccount();
      const quote = await quoteFor(payer, 60, drained);
      const bare = { feePayer: address(poor.account) };
      const broke = await pay(quote.payUrl, await payment(payer, await termsOf(quote, "exact"), bare));
      expect(await reasonOf(broke)).toBe("sponsor_out_of_funds");
      await drained.process.close();

      const frugal = await world.startRelayer(store.url, { ...sponsorEnv, SPONSOR_WALLET_DAILY: "1" });
      const first = await quoteFor(payer, 60, frugal);
      expect((await pay(first.payUrl, await payment(payer, await termsOf(first, "exact")))).status).toBe(201);
      const second = await quoteFor(payer, 60, frugal);
      const over = await pay(second.payUrl, await payment(payer, await termsOf(second, "exact")));
      expect(await reasonOf(over)).toBe("sponsor_limit_reached");
      await frugal.process.close();
    } finally {
      await store.close();
    }
  });
});

describe("wire", () => {
  it("speaks upstream's schemas, and its manifest and facilitator tell what there is", async () => {
    const payer = await newAccount();
    const quote = await quoteFor(payer);
    const required = await askFor(quote.payUrl);
    expect(parsePaymentRequired(required)).toMatchObject({ success: true });
    expect(required.resource.url).toBe(quote.payUrl);
    expect(required.accepts.map(({ scheme, network: on, amount }) => [scheme, on, amount])).toEqual([
      ["stream", network, "60000"],
      ["exact", network, "60000"],
    ]);
    for (const { extra } of required.accepts)
      expect(extra).toMatchObject({ paymentFlow: "upfront", feePayer: address(sponsor) });
    const accepted = await termsOf(quote, "exact");
    const payload = await payment(payer, accepted);
    expect(parsePaymentPayload(payload)).toMatchObject({ success: true });

    const facilitator = `${relayer.url}/api/v1/x402/facilitator`;
    const supported = await (await fetch(`${facilitator}/supported`)).json();
    expect(supported).toEqual({
      kinds: ["exact", "stream"].map((scheme) => ({
        x402Version: 2,
        scheme,
        network,
        extra: { feePayer: address(sponsor) },
      })),
      extensions: [],
      signers: { "movement:*": [address(sponsor)] },
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
      const manifest = await (await fetch(relayer.url + path)).json();
      expect(manifest).toMatchObject({
        x402Version: 2,
        networks: [network],
        facilitator: { url: facilitator },
      });
    }
    expect(await (await fetch(`${facilitator}/discovery/resources?scheme=exact`)).json()).toMatchObject({
      items: [{ type: "http", x402Version: 2 }],
      pagination: { total: 1 },
    });
  });
});

describe("time and crashes", () => {
  it("a paid quote gets its job from the process that comes after the one that died", async () => {
    const store = await startRedis();
    const connections = await connectRedis(store.url, pino({ level: "silent" }));
    const keys = createKeys(world.chain.deployment);
    const intents = createIntentStore(connections.commands, keys, address(sponsor));
    try {
      // The right to submit is elsewhere, so that the job can't be made before the process dies.
      const elsewhere = await intents.acquire("elsewhere", 600_000);
      const first = await world.startRelayer(store.url, sponsorEnv);
      const payer = await newAccount();
      const quote = await quoteFor(payer, 60, first);
      const payload = await payment(payer, await termsOf(quote, "exact"));
      const answered = pay(quote.payUrl, payload).catch(() => null);
      await expect.poll(() => world.client.balance(quote.payTo), { timeout: 10_000 }).toBe(60_000n);
      await first.process.kill();
      await answered;
      if (elsewhere) await intents.release(elsewhere);

      const second = await world.startRelayer(store.url, sponsorEnv);
      const statusUrl = quote.statusUrl.replace(first.url, second.url);
      await expect
        .poll(async () => ((await (await fetch(statusUrl)).json()) as QuoteAnswer).state, { timeout: 20_000 })
        .toBe("created");
      expect(await world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
      await second.process.close();
    } finally {
      await connections.close();
      await store.close();
    }
  });

  // Last: the chain's clock stays ahead from here on.
  it("refuses an expired quote, and the payer's own refund needs nobody", async () => {
    const payer = await newAccount();
    const quote = await quoteFor(payer);
    const accepted = await termsOf(quote, "exact");
    await world.execute(payer, transferPayload(accepted.asset, quote.payTo, 5n));
    await world.chain.passSecs(300);
    const late = await pay(quote.payUrl, await payment(payer, accepted));
    expect(await reasonOf(late)).toBe("quote_expired");
    expect((await fetch(quote.payUrl, { method: "POST" })).status).toBe(410);
    const terms = { ...quote.terms, redeemBy: BigInt(quote.terms.redeemBy) };
    await world.execute(payer, world.client.payloads.refundQuote(accepted.asset, terms));
    expect(await world.client.balance(quote.payTo)).toBe(0n);
    expect(maxCost(RATE, 60n)).toBe(60_000n);
  });
});
