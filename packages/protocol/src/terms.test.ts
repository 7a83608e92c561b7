import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { normalizeAddress } from "./primitives.ts";
import { encodeTerms, type JobTerms, NO_REQUIREMENTS, termsHash } from "./terms.ts";

const JOB = normalizeAddress("0x1");
const terms: JobTerms = {
  buyer: normalizeAddress("0x2"),
  provider: normalizeAddress("0x3"),
  asset: normalizeAddress("0xa"),
  image: "a:1",
  spec: "{}",
  gpus: 2n,
  requirements: {
    gpuModel: "H100",
    vramGb: 80n,
    cpuCores: 8n,
    ramGb: 256n,
    diskGb: 1_000n,
    region: "eu",
    sandbox: "é",
    minStake: 5n,
  },
  ratePerHour: 3_600n,
  maxDurationSecs: 60n,
  deposit: 61n,
  holdbackSecs: 10n,
  priority: 7,
  buyerKey: `0x${"44".repeat(32)}`,
};

const address = (digit: string) => "0".repeat(63) + digit;
/** In the order of the struct `Terms`, little-endian. */
const EXPECTED = [
  address("1"),
  address("2"),
  address("3"),
  address("a"),
  "03613a31", // "a:1"
  "027b7d", // "{}"
  "0448313030", // "H100"
  "0200000000000000",
  "5000000000000000", // 80
  "0800000000000000",
  "0001000000000000", // 256
  "e803000000000000", // 1000
  "026575", // "eu"
  "02c3a9", // "é"
  "0500000000000000",
  "100e000000000000", // 3600
  "3c00000000000000",
  "3d00000000000000",
  "0a00000000000000",
  "07",
  `20${"44".repeat(32)}`,
].join("");

describe("the terms of a job", () => {
  it("are BCS, byte for byte", () => {
    expect(Buffer.from(encodeTerms(JOB, terms)).toString("hex")).toBe(EXPECTED);
  });

  it("are hashed as another SHA3-256 does", () => {
    const hash = createHash("sha3-256").update(Buffer.from(EXPECTED, "hex")).digest("hex");
    expect(termsHash(JOB, terms)).toBe(`0x${hash}`);
  });

  it("count a long text's bytes in as many length bytes as it takes", () => {
    const at = 128 + 4;
    const lengths = (spec: string) => [...encodeTerms(JOB, { ...terms, spec })].slice(at, at + 3);
    // 127 fits seven bits; 128 = 0b1_0000000; 4096 = 0b100000_0000000.
    expect(lengths("x".repeat(127))).toEqual([0x7f, 0x78, 0x78]);
    expect(lengths("x".repeat(128))).toEqual([0x80, 0x01, 0x78]);
    expect(lengths("x".repeat(4_096))).toEqual([0x80, 0x20, 0x78]);
    // Bytes, not characters.
    expect(lengths("é".repeat(100))).toEqual([0xc8, 0x01, 0xc3]);
  });

  it("without requirements and a buyer's key are zeros and empty texts", () => {
    const plain = encodeTerms(JOB, { ...terms, gpus: 0n, requirements: NO_REQUIREMENTS, buyerKey: "0x" });
    const middle = `00${"0".repeat(16 * 5)}0000${"0".repeat(16)}`;
    const rest = "100e0000000000003c000000000000003d000000000000000a000000000000000700";
    expect(Buffer.from(plain).toString("hex").slice(256)).toBe(`03613a31027b7d${middle}${rest}`);
  });

  it.each<[string, Partial<JobTerms>]>([
    ["another buyer", { buyer: normalizeAddress("0x4") }],
    ["another provider", { provider: normalizeAddress("0x4") }],
    ["another image", { image: "a:2" }],
    ["other GPUs", { gpus: 1n }],
    ["another requirement", { requirements: { ...terms.requirements, minStake: 6n } }],
    ["another rate", { ratePerHour: 3_601n }],
    ["another holdback", { holdbackSecs: 0n }],
    ["no buyer's key", { buyerKey: "0x" }],
  ])("have another hash with %s", (_, change) => {
    expect(termsHash(JOB, { ...terms, ...change })).not.toBe(termsHash(JOB, terms));
  });

  it.each<[string, Partial<JobTerms>]>([
    ["a short address", { provider: "0x3" }],
    ["a priority that is no u8", { priority: 256 }],
    ["a negative number", { deposit: -1n }],
    ["a number that is no u64", { deposit: 2n ** 64n }],
  ])("with %s are refused", (_, change) => {
    expect(() => termsHash(JOB, { ...terms, ...change })).toThrow(RangeError);
  });
});
