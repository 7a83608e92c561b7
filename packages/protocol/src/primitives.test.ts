import { describe, expect, it } from "vitest";
import {
  fromHex,
  normalizeAddress,
  toHex,
  zAddress,
  zDecimal,
  zHash32,
  zHex,
  zU64,
  zU128,
} from "./primitives.ts";

describe("addresses", () => {
  it.each(["0xA", "0xa", "0x0a", `0x${"0".repeat(63)}A`, "a"])("%s has one spelling", (address) => {
    expect(normalizeAddress(address)).toBe(`0x${"0".repeat(63)}a`);
  });

  it.each(["", "0x", "a", "0xg", `0x${"1".repeat(65)}`, " 0x1", "0x1 ", "0x1\n"])(
    "%j is no address on a wire",
    (text) => {
      expect(zAddress.safeParse(text).success).toBe(false);
    },
  );
});

describe("integers", () => {
  it("keep every digit", () => {
    expect(zU64.parse("18446744073709551615")).toBe(18446744073709551615n);
    expect(zDecimal.parse("18446744073709551616")).toBe("18446744073709551616");
  });

  it("of the chain end at 2^64 - 1", () => {
    expect(zU64.safeParse("18446744073709551616").success).toBe(false);
    expect(zU64.safeParse("1".repeat(39)).success).toBe(false);
  });

  it("of twice that width end at 2^128 - 1", () => {
    expect(zU128.parse("340282366920938463463374607431768211455")).toBe((1n << 128n) - 1n);
    expect(zU128.safeParse("340282366920938463463374607431768211456").success).toBe(false);
  });

  it.each(["", "-1", "1.0", "1e3", "0x1", " 1", "1\n", 1, null])("%j is refused", (value) => {
    expect(zU64.safeParse(value).success).toBe(false);
    expect(zU128.safeParse(value).success).toBe(false);
  });
});

describe("hex", () => {
  it("comes back as it was", () => {
    const bytes = Uint8Array.of(0, 1, 15, 16, 127, 128, 255);
    expect(toHex(bytes)).toBe("0x00010f107f80ff");
    expect(fromHex(toHex(bytes))).toEqual(bytes);
    expect(fromHex("0x")).toEqual(new Uint8Array());
    expect(fromHex("FF")).toEqual(Uint8Array.of(255));
  });

  it.each([
    "0x1",
    "0xzz",
    "xyz!",
    "0x0 ",
    "0x0/",
    "0x0:",
    "0x@0",
    "0x0G",
    "0x`0",
    "0x0g",
    "0x0Ａ",
    "0x0\u0130",
  ])("%j is refused", (text) => {
    expect(() => fromHex(text)).toThrow(RangeError);
    expect(zHex.safeParse(text).success).toBe(false);
  });

  it("of a hash has 32 bytes", () => {
    expect(zHash32.safeParse(`0x${"ab".repeat(32)}`).success).toBe(true);
    expect(zHash32.safeParse(`0x${"ab".repeat(31)}`).success).toBe(false);
    expect(zHash32.safeParse(`0x${"AB".repeat(32)}`).success).toBe(false);
  });
});
