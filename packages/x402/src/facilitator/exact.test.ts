/** Which transfers the `exact` facilitator takes, with a sponsor that has nothing against any. */
import {
  ChainId,
  Ed25519Account,
  generateTransactionPayloadWithABI,
  RawTransaction,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { normalizeAddress } from "@computestream/protocol";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { describe, expect, it } from "vitest";
import { encodePayment } from "../encoding.ts";
import { transferPayload } from "../transfer.ts";
import { createExactFacilitator } from "./exact.ts";
import type { Quotes } from "./quotes.ts";
import type { Sponsor } from "./sponsor.ts";

const payer = Ed25519Account.generate();
const feePayer = Ed25519Account.generate();
const address = (account: Ed25519Account) => normalizeAddress(account.accountAddress.toString());
const sponsor: Sponsor = {
  address: address(feePayer),
  check: async () => null,
  simulate: async () => null,
  resume: async () => null,
  settle: async () => ({ state: "committed", hash: "0x01", events: [] }),
};
const noQuotes: Quotes = { payable: async () => ({ reason: "quote_unknown", message: "There is none." }) };

const terms = (extra: object = {}): PaymentRequirements => ({
  scheme: "exact",
  network: "movement:250",
  amount: "1000",
  asset: normalizeAddress("0xa"),
  payTo: normalizeAddress("0xb"),
  maxTimeoutSeconds: 60,
  extra: { paymentFlow: "upfront", feePayer: sponsor.address, ...extra },
});

function payment(accepted: PaymentRequirements, amount = 1_000n, to = "0xb"): PaymentPayload {
  const data = transferPayload("0xa", to, amount);
  if (!data.abi) throw new Error("no ABI");
  const transaction = new SimpleTransaction(
    new RawTransaction(
      payer.accountAddress,
      0n,
      generateTransactionPayloadWithABI({ ...data, abi: data.abi }),
      1_000n,
      100n,
      99n,
      new ChainId(250),
    ),
    feePayer.accountAddress,
  );
  const authenticator = payer.signTransactionWithAuthenticator(transaction);
  return {
    x402Version: 2,
    accepted,
    payload: { transaction: encodePayment({ transaction, authenticator }) },
  };
}

describe("the exact facilitator", () => {
  it("takes transfers to anyone where it is to, byte by byte what was asked for", async () => {
    const open = createExactFacilitator({ network: "movement:250", sponsor, quotes: null });
    const reason = async (payload: PaymentPayload) => (await open.verify(payload, terms())).invalidReason;
    expect(await open.verify(payment(terms()), terms())).toEqual({ isValid: true, payer: address(payer) });
    expect(await open.settle(payment(terms()), terms())).toMatchObject({ success: true, amount: "1000" });
    expect(await reason(payment(terms(), 999n))).toBe("invalid_exact_movement_payload_amount_mismatch");
    expect(await reason(payment(terms(), 1_000n, "0xc"))).toBe(
      "invalid_exact_movement_payload_recipient_mismatch",
    );
  });

  it("refuses amounts that no transfer can have", async () => {
    const open = createExactFacilitator({ network: "movement:250", sponsor, quotes: null });
    for (const amount of ["1e3", "-1", "", "01", `${2n ** 64n}`]) {
      const wanted = { ...terms(), amount };
      expect(await open.verify(payment(wanted), wanted)).toMatchObject({
        isValid: false,
        invalidReason: "accepted_mismatch",
      });
    }
  });

  it("takes none without a quote where only quotes are paid, and no quote where it knows none", async () => {
    const quote = {
      id: "0".repeat(32),
      payer: address(payer),
      clerk: address(payer),
      redeemBy: "1",
      nonce: "0x01",
      orderHash: `0x${"00".repeat(32)}`,
      url: "http://127.0.0.1/",
    };
    for (const [quotes, wanted] of [
      [noQuotes, terms()],
      [noQuotes, terms({ quote })],
      [null, terms({ quote })],
    ] as const) {
      const facilitator = createExactFacilitator({ network: "movement:250", sponsor, quotes });
      expect(await facilitator.verify(payment(wanted), wanted)).toMatchObject({
        isValid: false,
        invalidReason: "quote_unknown",
      });
    }
  });
});
