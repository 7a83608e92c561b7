/** The address worked out here against the SDK's own serialiser and object addresses. */
import { AccountAddress, createObjectAddress, Serializer } from "@aptos-labs/ts-sdk";
import { sha3_256 } from "@noble/hashes/sha3.js";
import { describe, expect, it } from "vitest";
import { fromHex, normalizeAddress, toHex } from "./primitives.ts";
import { orderHash, type QuotedOrder, quoteAddress } from "./quote.ts";

const PACKAGE = normalizeAddress("0xcafe");
const PAYER = normalizeAddress("0xb0b");
const CLERK = normalizeAddress("0x6e5");
const order: QuotedOrder = {
  provider: normalizeAddress("0x9"),
  image: "busybox",
  spec: '{"a":"ä"}',
  gpus: 1n,
  maxDurationSecs: 100n,
  maxRatePerHour: 3_600_000n,
  deposit: 100_000n,
  holdbackSecs: 7n,
  priority: 3,
  buyerKey: "0x",
};

function sdkHash(): Uint8Array {
  const s = new Serializer();
  AccountAddress.from(order.provider).serialize(s);
  s.serializeStr("busybox");
  s.serializeStr('{"a":"ä"}');
  for (const value of [1n, 100n, 3_600_000n, 100_000n, 7n]) s.serializeU64(value);
  s.serializeU8(3);
  s.serializeBytes(new Uint8Array());
  return sha3_256(s.toUint8Array());
}

describe("a quote's address", () => {
  it("hashes the order as the chain does", () => {
    expect(orderHash(order)).toBe(toHex(sdkHash()));
    expect(orderHash({ ...order, deposit: 100_001n })).not.toBe(orderHash(order));
  });

  it("is that of the named object of the package's factory", () => {
    const s = new Serializer();
    AccountAddress.from(PAYER).serialize(s);
    AccountAddress.from(CLERK).serialize(s);
    s.serializeU64(1_000_300n);
    s.serializeBytes(Uint8Array.of(1, 2));
    s.serializeBytes(sdkHash());
    const factory = createObjectAddress(AccountAddress.from(PACKAGE), "computestream::quotes");
    const quote = { payer: PAYER, clerk: CLERK, redeemBy: 1_000_300n, nonce: "0x0102" };
    expect(quoteAddress(PACKAGE, { ...quote, orderHash: orderHash(order) })).toBe(
      createObjectAddress(factory, s.toUint8Array()).toStringLong(),
    );
  });

  it("refuses an order hash of another length than the chain's", () => {
    const quote = { payer: PAYER, clerk: CLERK, redeemBy: 1n, nonce: "0x", orderHash: "0x01" };
    expect(() => quoteAddress(PACKAGE, quote)).toThrow("orderHash must be 32 bytes, not 1");
    expect(fromHex(orderHash(order))).toHaveLength(32);
  });
});
