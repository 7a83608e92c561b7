/** The shared wire form: what is read back, what is no payment, what is another call. */
import {
  AccountAddress,
  ChainId,
  Ed25519Account,
  generateTransactionPayloadWithABI,
  RawTransaction,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { normalizeAddress } from "@computestream/protocol";
import { createPayloads } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { callFrom, callOf, firstDifference } from "./call.ts";
import { decodePayment, encodePayment } from "./encoding.ts";
import { chainIdOf, networkOf } from "./networks.ts";
import { orderToJson, zOrder, zStreamExtra } from "./terms.ts";
import { transferPayload } from "./transfer.ts";

const payer = Ed25519Account.generate();
const sponsor = Ed25519Account.generate();

function signed() {
  const data = transferPayload("0xa", "0xb", 5n);
  if (!data.abi) throw new Error("no ABI");
  const transaction = new SimpleTransaction(
    new RawTransaction(
      payer.accountAddress,
      3n,
      generateTransactionPayloadWithABI({ ...data, abi: data.abi }),
      1_000n,
      100n,
      99n,
      new ChainId(250),
    ),
    sponsor.accountAddress,
  );
  return { transaction, authenticator: payer.signTransactionWithAuthenticator(transaction) };
}

const envelope = (text: string) => JSON.parse(atob(text)) as Record<string, number[]>;
const wrap = (value: unknown) => btoa(JSON.stringify(value));

describe("a payment on the wire", () => {
  it("is base64 of JSON with the bytes of transaction and authenticator, as the reference code's", () => {
    const payment = signed();
    const text = encodePayment(payment);
    expect(envelope(text)).toEqual({
      transaction: [...payment.transaction.bcsToBytes()],
      senderAuthenticator: [...payment.authenticator.bcsToBytes()],
    });
    const read = decodePayment(text);
    expect(read?.transaction.bcsToBytes()).toEqual(payment.transaction.bcsToBytes());
    expect(read?.authenticator.bcsToBytes()).toEqual(payment.authenticator.bcsToBytes());
  });

  it("is nothing else: no other base64, no byte too many or too few, no number that is none", () => {
    const good = envelope(encodePayment(signed()));
    const transaction = good.transaction ?? [];
    for (const text of [
      "",
      "*",
      btoa("{"),
      wrap({ transaction }),
      wrap({ ...good, transaction: [...transaction, 0] }),
      wrap({ ...good, transaction: transaction.slice(0, -1) }),
      wrap({ ...good, senderAuthenticator: [...(good.senderAuthenticator ?? []), 0] }),
      wrap({ ...good, transaction: [256, ...transaction.slice(1)] }),
      wrap({ ...good, transaction: [0.5, ...transaction.slice(1)] }),
      "A".repeat(400_004),
    ])
      expect(decodePayment(text)).toBe(null);
  });
});

describe("a call", () => {
  it("is the same only with the same function, types and bytes", () => {
    const wanted = callFrom(transferPayload("0xa", "0xb", 5n));
    expect(wanted.function).toBe(`${normalizeAddress("0x1")}::primary_fungible_store::transfer`);
    const sent = callOf(signed().transaction.rawTransaction.payload);
    if (!sent) throw new Error("no call");
    expect(firstDifference(sent, wanted)).toBe(-1);
    expect(firstDifference(sent, callFrom(transferPayload("0xc", "0xb", 5n)))).toBe(0);
    expect(firstDifference(sent, callFrom(transferPayload("0xa", "0xc", 5n)))).toBe(1);
    expect(firstDifference(sent, callFrom(transferPayload("0xa", "0xb", 6n)))).toBe(2);
    expect(firstDifference(sent, { ...wanted, typeArguments: ["0x1::a::B"] })).toBe(null);
    expect(firstDifference(sent, callFrom(createPayloads(normalizeAddress("0xcafe")).cancel("0xb")))).toBe(
      null,
    );
  });
});

describe("seconds to add", () => {
  it("fit the chain's numbers", () => {
    const extra = (addedSeconds: string) => ({
      paymentFlow: "upfront",
      feePayer: normalizeAddress("0x5"),
      action: "topUp",
      job: normalizeAddress("0x6"),
      addedSeconds,
    });
    expect(zStreamExtra.safeParse(extra(`${2n ** 64n - 1n}`)).success).toBe(true);
    expect(zStreamExtra.safeParse(extra(`${2n ** 64n}`)).success).toBe(false);
  });
});

describe("networks", () => {
  it("are chain ids in Movement's namespace", () => {
    expect(networkOf(126)).toBe("movement:126");
    expect(chainIdOf("movement:250")).toBe(250);
    for (const other of ["aptos:126", "movement:0", "movement:256", "movement:01", "movement:", "eip155:1"])
      expect(chainIdOf(other)).toBe(null);
    expect(() => networkOf(256)).toThrow("not a chain id: 256");
  });
});

describe("terms", () => {
  it("an order survives JSON", () => {
    const order = {
      provider: AccountAddress.from("0x9").toStringLong(),
      image: "busybox",
      spec: "{}",
      gpus: 2n,
      maxDurationSecs: 60n,
      maxRatePerHour: 0xffff_ffff_ffff_ffffn,
      deposit: 1n,
      holdbackSecs: 0n,
      priority: 5,
      buyerKey: "0x",
    };
    expect(zOrder.parse(JSON.parse(JSON.stringify(orderToJson(order))))).toEqual(order);
    expect(zOrder.safeParse({ ...orderToJson(order), buyerKey: "0x00" }).success).toBe(false);
  });

  it("an ending names one of the two ways a job ends", () => {
    const close = { paymentFlow: "upfront", feePayer: "0x1", action: "close", job: "0x2" };
    expect(zStreamExtra.safeParse({ ...close, function: "terminate" }).success).toBe(true);
    expect(zStreamExtra.safeParse({ ...close, function: "reclaim" }).success).toBe(false);
  });
});
