/**
 * Payments that a relayer process refuses, each with its reason in upstream's wire form: replayed, tampered with, expired,
 * on another network, too many at once, or of a sponsor that is drained.
 */
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { startRedis } from "@computestream/dev-env/parts";
import { transferPayload } from "@computestream/x402";
import type { PaymentPayload } from "@x402/core/types";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { address } from "./world.ts";
import { type Forge, FUNDS, pay, reasonOf, startX402World, type X402World } from "./x402-world.ts";

let x: X402World;

beforeAll(async () => {
  x = await startX402World();
});
afterAll(() => x?.close());

describe("refusals", () => {
  it("names what is wrong with a payment", async () => {
    const payer = await x.newAccount();
    const quote = await x.quoteFor(payer);
    const accepted = await x.termsOf(quote, "exact");
    const other = await x.newAccount();
    const { asset, payTo } = accepted;
    const transfer = (to: string, amount: bigint) => ({ call: transferPayload(asset, to, amount) });
    const exact = (fault: string) => `invalid_exact_movement_payload_${fault}`;
    const forged = (sign: Forge["sign"]) => x.payment(payer, accepted, { sign: sign as never });
    const cases: Array<[string, PaymentPayload]> = [
      [exact("amount_mismatch"), await x.payment(payer, accepted, transfer(payTo, 59_999n))],
      [exact("recipient_mismatch"), await x.payment(payer, accepted, transfer(address(x.sponsor), 60_000n))],
      [exact("sender_mismatch"), await x.payment(other, accepted)],
      [exact("chain_id_mismatch"), await x.payment(payer, accepted, { chainId: 250 })],
      [exact("gas_too_high"), await x.payment(payer, accepted, { maxGasAmount: 100_001 })],
      [exact("gas_unit_price_too_high"), await x.payment(payer, accepted, { gasUnitPrice: 501n })],
      [exact("fee_payer_mismatch"), await x.payment(payer, accepted, { feePayer: address(other) })],
      [exact("expired"), await x.payment(payer, accepted, { expireInSecs: 0 })],
      [exact("expires_too_late"), await x.payment(payer, accepted, { expireInSecs: 120 })],
      [exact("sequence_number"), await x.payment(payer, accepted, { sequenceNumber: 7n })],
      [exact("signature"), await forged((tx) => other.signTransactionWithAuthenticator(tx)).then(swapKey)],
      [
        exact("sender_authenticator_mismatch"),
        await forged((tx) => other.signTransactionWithAuthenticator(tx)),
      ],
      [
        exact("wrong_function"),
        await x.payment(payer, accepted, { call: x.world.client.payloads.setPaused(true) }),
      ],
      [
        exact("wrong_function"),
        await x.payment(payer, accepted, { call: x.world.client.payloads.cancel(x.provider.address) }),
      ],
      [exact("malformed"), { x402Version: 2, accepted, payload: { transaction: "AAAA" } }],
      ["amount_mismatch", await x.payment(payer, { ...accepted, amount: "1" })],
      ["network_mismatch", await x.payment(payer, { ...accepted, network: "movement:250" })],
      ["recipient_mismatch", await x.payment(payer, { ...accepted, payTo: address(x.sponsor) })],
    ];
    for (const [reason, payload] of cases) {
      expect(await reasonOf(await pay(quote.payUrl, payload)), reason).toBe(reason);
    }
    // The quote is as good as new after all this.
    expect((await pay(quote.payUrl, await x.payment(payer, accepted))).status).toBe(201);

    async function swapKey(payload: PaymentPayload): Promise<PaymentPayload> {
      const { transaction } = payload.payload as { transaction: string };
      const envelope = JSON.parse(atob(transaction)) as { senderAuthenticator: number[] };
      // The payer's key beside the other's signature: variant, length, key.
      envelope.senderAuthenticator.splice(2, 32, ...payer.publicKey.toUint8Array());
      return { ...payload, payload: { transaction: btoa(JSON.stringify(envelope)) } };
    }
  });

  it("says what isn't a payment at all", async () => {
    const quote = await x.quoteFor(await x.newAccount());
    const response = await fetch(quote.payUrl, {
      method: "POST",
      headers: { "PAYMENT-SIGNATURE": "not a payment" },
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: "BAD_PAYMENT" } });
  });

  it("keeps no quote that is larger than an order can be", async () => {
    const base = {
      payer: address(await x.newAccount()),
      provider: x.provider.address,
      image: `busybox@sha256:${"0".repeat(64)}`,
      spec: "{}",
      maxDurationSecs: "60",
    };
    const ask = async (fields: object) => {
      const body = JSON.stringify({ ...base, ...fields });
      const response = await fetch(`${x.relayer.url}/api/v1/x402/quotes`, { method: "POST", body });
      const { error } = (await response.json()) as { error?: { code: string; field?: string } };
      return [response.status, error?.code, error?.field];
    };
    expect(await ask({ buyerKey: `0x${"11".repeat(33)}` })).toEqual([400, "BAD_INPUT", "buyerKey"]);
    expect(await ask({ buyerKey: `0x${"11".repeat(200_000)}` })).toEqual([413, "BODY_TOO_LARGE", "body"]);
    // 4,096 letters of three bytes each fit no header.
    expect(await ask({ spec: "計".repeat(4_096) })).toEqual([400, "BAD_INPUT", "spec"]);
    expect(await ask({ spec: "計".repeat(1_365) })).toEqual([201, undefined, undefined]);
  });

  it("one address that asks too often is told when to come again", async () => {
    const strict = await x.world.startRelayer(x.redis.url, { ...x.sponsorEnv, X402_REQUESTS_PER_SEC: "0.1" });
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
    await x.world.chain.fund(address(payer), 59_999n);
    const quote = await x.quoteFor(payer);
    const refused = await pay(quote.payUrl, await x.payment(payer, await x.termsOf(quote, "exact")));
    expect(await reasonOf(refused)).toBe("invalid_exact_movement_payload_insufficient_balance");
  });

  it("a sponsor that can't pay, or has paid enough for today, says so", async () => {
    const poor = await x.sponsorKey("poor", 1_000n);
    const store = await startRedis();
    try {
      const drained = await x.world.startRelayer(store.url, {
        ...x.sponsorEnv,
        SPONSOR_KEY_FILE: poor.keyFile,
      });
      const payer = await x.newAccount();
      const quote = await x.quoteFor(payer, 60, drained);
      const bare = { feePayer: address(poor.account) };
      const broke = await pay(quote.payUrl, await x.payment(payer, await x.termsOf(quote, "exact"), bare));
      expect(await reasonOf(broke)).toBe("sponsor_out_of_funds");
      await drained.process.close();

      const frugal = await x.world.startRelayer(store.url, { ...x.sponsorEnv, SPONSOR_WALLET_DAILY: "1" });
      const first = await x.quoteFor(payer, 60, frugal);
      expect((await pay(first.payUrl, await x.payment(payer, await x.termsOf(first, "exact")))).status).toBe(
        201,
      );
      const second = await x.quoteFor(payer, 60, frugal);
      const over = await pay(second.payUrl, await x.payment(payer, await x.termsOf(second, "exact")));
      expect(await reasonOf(over)).toBe("sponsor_limit_reached");
      await frugal.process.close();
    } finally {
      await store.close();
    }
  });

  it("refuses a replay, also after a restart and on another replica", async () => {
    const payer = await x.newAccount();
    const quote = await x.quoteFor(payer);
    const accepted = await x.termsOf(quote, "exact");
    const payload = await x.payment(payer, accepted);
    expect((await pay(quote.payUrl, payload)).status).toBe(201);
    expect(await reasonOf(await pay(quote.payUrl, payload))).toBe("duplicate_settlement");
    // Another payment of the paid quote.
    expect(await reasonOf(await pay(quote.payUrl, await x.payment(payer, accepted)))).toBe(
      "quote_already_paid",
    );
    // The same payment for another quote.
    const other = await x.quoteFor(payer);
    const reused = { ...payload, accepted: await x.termsOf(other, "exact") };
    expect(await reasonOf(await pay(other.payUrl, reused))).toBe("duplicate_settlement");

    const replica = await x.world.startRelayer(x.redis.url, {
      ...x.sponsorEnv,
      PUBLIC_URL: x.relayer.url,
    });
    try {
      expect(await reasonOf(await pay(quote.payUrl.replace(x.relayer.url, replica.url), payload))).toBe(
        "duplicate_settlement",
      );
    } finally {
      await replica.process.close();
    }
  });

  it("of ten identical payments at once one is settled, and it makes one job", async () => {
    const payer = await x.newAccount();
    const quote = await x.quoteFor(payer);
    const payload = await x.payment(payer, await x.termsOf(quote, "exact"));
    const responses = await Promise.all(Array.from({ length: 10 }, () => pay(quote.payUrl, payload)));
    const created = responses.filter(({ status }) => status === 201);
    expect(created).toHaveLength(1);
    const refused = responses.filter(({ status }) => status !== 201);
    expect(await Promise.all(refused.map(reasonOf))).toEqual(Array(9).fill("duplicate_settlement"));
    expect(await x.world.client.balance(address(payer))).toBe(FUNDS - 60_000n);
  });

  // Last: the chain's clock stays ahead from here on.
  it("refuses an expired quote, and the payer's own refund needs nobody", async () => {
    const payer = await x.newAccount();
    const quote = await x.quoteFor(payer);
    const accepted = await x.termsOf(quote, "exact");
    await x.world.execute(payer, transferPayload(accepted.asset, quote.payTo, 5n));
    await x.world.chain.passSecs(300);
    const late = await pay(quote.payUrl, await x.payment(payer, accepted));
    expect(await reasonOf(late)).toBe("quote_expired");
    expect((await fetch(quote.payUrl, { method: "POST" })).status).toBe(410);
    const terms = { ...quote.terms, redeemBy: BigInt(quote.terms.redeemBy) };
    await x.world.execute(payer, x.world.client.payloads.refundQuote(accepted.asset, terms));
    expect(await x.world.client.balance(quote.payTo)).toBe(0n);
  });
});
