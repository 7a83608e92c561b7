import { Deserializer, MoveVector, parseTypeTag, Serializer, U64 } from "@aptos-labs/ts-sdk";
import { describe, expect, it } from "vitest";
import { BcsReader, BcsWriter } from "./bcs.ts";
import { formatAddress, parseAddress, parseHex } from "./bytes.ts";
import { readValue, type StructResolver, ValueError, valueBytes } from "./move-value.ts";
import { formatType, parseType, readTypeTag, substitute, typeTagBytes } from "./type-tag.ts";

describe("addresses", () => {
  it("shortens only the sixteen special ones", () => {
    expect(formatAddress(parseAddress("0xa") as Buffer)).toBe("0xa");
    expect(formatAddress(parseAddress("0x10") as Buffer)).toBe(`0x${"0".repeat(62)}10`);
  });
  it("refuses what isn't hex or too long", () => {
    expect(parseAddress("0x")).toBeNull();
    expect(parseAddress("xyz")).toBeNull();
    expect(parseAddress(`0x${"1".repeat(65)}`)).toBeNull();
    expect(parseHex("0x123")).toBeNull();
  });
});

describe("BCS", () => {
  it("writes what the SDK reads", () => {
    const bytes = new BcsWriter(1)
      .u64(2n ** 64n - 1n)
      .uleb(300)
      .str("naïve")
      .uint(2n ** 127n, 16)
      .finish();
    const sdk = new Deserializer(bytes);
    expect(sdk.deserializeU64()).toBe(18446744073709551615n);
    expect(sdk.deserializeUleb128AsU32()).toBe(300);
    expect(sdk.deserializeStr()).toBe("naïve");
    expect(sdk.deserializeU128()).toBe(170141183460469231731687303715884105728n);
  });
  it("reads what the SDK writes", () => {
    const sdk = new Serializer();
    sdk.serializeU256(2n ** 255n + 5n);
    sdk.serializeBytes(new Uint8Array([1, 2, 3]));
    const reader = new BcsReader(sdk.toUint8Array());
    expect(reader.uint(32)).toBe(
      57896044618658097711785492504343953926634992332820282019728792003956564819973n,
    );
    expect([...reader.bytes()]).toEqual([1, 2, 3]);
    reader.end();
  });
  it("refuses lengths beyond the input, non-minimal ULEB and what is left over", () => {
    expect(() => new BcsReader(new Uint8Array([5, 1])).bytes()).toThrow("unexpected end of input");
    expect(() => new BcsReader(new Uint8Array([0x80, 0x00])).uleb()).toThrow("not minimal");
    expect(() => new BcsReader(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x1f])).uleb()).toThrow("did not fit");
    expect(() => new BcsReader(new Uint8Array([1])).end()).toThrow("remaining input");
    expect(() => new BcsReader(new Uint8Array([2])).bool()).toThrow("expected boolean");
  });
});

describe("types", () => {
  const texts = [
    "u64",
    "vector<vector<u8>>",
    "0x1::coin::CoinStore<0x1::aptos_coin::AptosCoin>",
    "0x1::simple_map::SimpleMap<address, vector<0x1::string::String>>",
  ];
  it.each(texts)("encodes %s as the SDK does", (text) => {
    const sdk = parseTypeTag(text).bcsToBytes();
    expect(typeTagBytes(parseType(text))).toEqual(Buffer.from(sdk));
    expect(formatType(readTypeTag(new BcsReader(sdk)))).toBe(text);
  });
  it("pads long addresses in text", () => {
    expect(formatType(parseType("0xcafe::m::S"))).toBe(`0x${"0".repeat(60)}cafe::m::S`);
  });
  it("replaces type parameters", () => {
    const open = parseType("0x1::option::Option<vector<T1>>");
    expect(formatType(substitute(open, [parseType("u8"), parseType("bool")]))).toBe(
      "0x1::option::Option<vector<bool>>",
    );
  });
  it.each(["", "vector<>", "vector<u8", "0x1::coin", "0x1::a::B<u8>>", "u65", "0x1::a b::C", "1::a::B"])(
    "refuses %j",
    (text) => {
      expect(() => parseType(text)).toThrow("invalid type");
    },
  );
  it("refuses types nested without end", () => {
    expect(() => parseType(`${"vector<".repeat(20)}u8${">".repeat(20)}`)).toThrow();
    expect(() => readTypeTag(new BcsReader(new Uint8Array(40).fill(6)))).toThrow("too deeply");
  });
});

describe("values", () => {
  const layouts: Record<string, Array<[string, string]>> = {
    "0x1::option::Option": [["vec", "vector<T0>"]],
    "0x1::object::Object": [["inner", "address"]],
    [`0x${"0".repeat(60)}cafe::m::Pair`]: [
      ["amount", "u64"],
      ["note", "0x1::option::Option<0x1::string::String>"],
      ["raw", "vector<u8>"],
    ],
  };
  const resolve: StructResolver = (type) =>
    layouts[formatType({ ...type, typeArgs: [] })]?.map(([name, text]) => ({
      name,
      type: parseType(text),
    })) ?? null;
  const round = (value: unknown, text: string): unknown => {
    const bytes = valueBytes(value, parseType(text), resolve, "value");
    const reader = new BcsReader(bytes);
    const back = readValue(reader, parseType(text), resolve);
    reader.end();
    return back;
  };

  it("shows u64 and larger as strings, smaller integers as numbers, bytes as hex", () => {
    expect(round({ amount: "18446744073709551615", note: null, raw: "0x00ff" }, "0xcafe::m::Pair")).toEqual({
      amount: "18446744073709551615",
      note: { vec: [] },
      raw: "0x00ff",
    });
    expect(round([1, 65535], "vector<u16>")).toEqual([1, 65535]);
    expect(round("340282366920938463463374607431768211455", "u128")).toBe(
      "340282366920938463463374607431768211455",
    );
  });
  it("takes an option as the value, null or {vec}, and an object as its address", () => {
    expect(round("x", "0x1::option::Option<0x1::string::String>")).toEqual({ vec: ["x"] });
    expect(round({ vec: ["x"] }, "0x1::option::Option<0x1::string::String>")).toEqual({ vec: ["x"] });
    expect(round("0xa", "0x1::object::Object<0x1::fungible_asset::Metadata>")).toEqual({ inner: "0xa" });
  });
  it("writes the bytes that the SDK writes", () => {
    expect(valueBytes(["1", "2"], parseType("vector<u64>"), resolve, "v")).toEqual(
      Buffer.from(new MoveVector([new U64(1), new U64(2)]).bcsToBytes()),
    );
  });
  it("names what doesn't fit", () => {
    expect(() => valueBytes("256", parseType("u8"), resolve, "arguments[0]")).toThrow(
      'arguments[0]: expected u8, got "256"',
    );
    expect(() => valueBytes(-1, parseType("u64"), resolve, "a")).toThrow(ValueError);
    expect(() => valueBytes([true, 1], parseType("vector<bool>"), resolve, "a")).toThrow(
      "a[1]: expected bool",
    );
    expect(() => valueBytes({}, parseType("0x9::no::Such"), resolve, "a")).toThrow(ValueError);
  });
});
