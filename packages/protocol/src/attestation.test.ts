import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { describe, expect, it } from "vitest";
import {
  countersign,
  countersignedUsageToJson,
  encodeUsage,
  type SignedUsage,
  signedUsageToJson,
  signUsage,
  type UsageV1,
  verifyCountersignature,
  verifyUsage,
  zCountersignedUsage,
  zSignedUsage,
} from "./attestation.ts";
import { fromHex, normalizeAddress, toHex } from "./primitives.ts";

const usage: UsageV1 = {
  chainId: 250,
  packageAddress: normalizeAddress("0xcafe"),
  job: normalizeAddress("0x1"),
  termsHash: `0x${"11".repeat(32)}`,
  seq: 1n,
  secondsCum: 300n,
  tLast: 1_700_000_001n,
  logRoot: `0x${"22".repeat(32)}`,
};

// RFC 8032, section 7.1, test 1.
const SEED = fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
const PUBLIC_KEY = fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");

const nodeKey = createPrivateKey({
  key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), SEED]),
  format: "der",
  type: "pkcs8",
});

describe("encodeUsage", () => {
  it("is BCS, byte for byte", () => {
    const expected = [
      "17", // 23 bytes of domain
      "636f6d7075746573747265616d3a3a75736167652e7631", // computestream::usage.v1
      "fa", // chain 250
      `${"00".repeat(30)}cafe`, // package
      `${"00".repeat(31)}01`, // job
      `20${"11".repeat(32)}`, // terms hash with its length
      "0100000000000000", // seq 1
      "2c01000000000000", // 300 = 0x12c, little-endian
      "01f1536500000000", // 1_700_000_001 = 0x6553f101
      `20${"22".repeat(32)}`, // log root with its length
    ].join("");
    expect(toHex(encodeUsage(usage))).toBe(`0x${expected}`);
  });

  it("takes the whole u64 range and no more", () => {
    const max = 0xffff_ffff_ffff_ffffn;
    expect(toHex(encodeUsage({ ...usage, seq: max }))).toContain("ffffffffffffffff2c01");
    expect(() => encodeUsage({ ...usage, seq: max + 1n })).toThrow(RangeError);
    expect(() => encodeUsage({ ...usage, secondsCum: -1n })).toThrow(RangeError);
  });

  it.each([
    ["chainId", 256],
    ["chainId", 1.5],
    ["job", "0x1"],
    ["packageAddress", "0xcafe"],
    ["termsHash", "0x11"],
    ["logRoot", `0x${"22".repeat(33)}`],
  ])("refuses %s = %s", (field, value) => {
    expect(() => encodeUsage({ ...usage, [field]: value })).toThrow(RangeError);
  });
});

describe("signatures", () => {
  it("are those that another Ed25519 implementation makes", () => {
    expect(signUsage(usage, SEED).signature).toBe(toHex(sign(null, encodeUsage(usage), nodeKey)));
  });

  it("verify there and here", () => {
    const { signature } = signUsage(usage, SEED);
    expect(verify(null, encodeUsage(usage), createPublicKey(nodeKey), fromHex(signature))).toBe(true);
    expect(verifyUsage(usage, signature, PUBLIC_KEY)).toBe(true);
  });

  it.each<[keyof UsageV1, UsageV1[keyof UsageV1]]>([
    ["chainId", 126],
    ["packageAddress", normalizeAddress("0xcaff")],
    ["job", normalizeAddress("0x2")],
    ["termsHash", `0x${"11".repeat(31)}12`],
    ["seq", 2n],
    ["secondsCum", 301n],
    ["tLast", 1_700_000_002n],
    ["logRoot", `0x${"22".repeat(31)}23`],
  ])("bind %s", (field, other) => {
    const { signature } = signUsage(usage, SEED);
    expect(verifyUsage({ ...usage, [field]: other }, signature, PUBLIC_KEY)).toBe(false);
  });

  it("don't verify under another key, when changed, cut short or not hex", () => {
    const { signature } = signUsage(usage, SEED);
    const otherKey = Uint8Array.from(PUBLIC_KEY, (byte, i) => (i === 0 ? byte ^ 1 : byte));
    expect(verifyUsage(usage, signature, otherKey)).toBe(false);
    expect(
      verifyUsage(
        usage,
        signature.replace(/.$/, (d) => (d === "0" ? "1" : "0")),
        PUBLIC_KEY,
      ),
    ).toBe(false);
    expect(verifyUsage(usage, signature.slice(0, -2), PUBLIC_KEY)).toBe(false);
    expect(verifyUsage(usage, "0x", PUBLIC_KEY)).toBe(false);
    expect(verifyUsage(usage, "not hex", PUBLIC_KEY)).toBe(false);
    expect(verifyUsage(usage, signature, new Uint8Array(31))).toBe(false);
  });

  it("aren't malleable: S + L is refused", () => {
    const L = 2n ** 252n + 27742317777372353535851937790883648493n;
    const bytes = fromHex(signUsage(usage, SEED).signature);
    const s = bytes.subarray(32).reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n) + L;
    for (let i = 0; i < 32; i++) bytes[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
    expect(verifyUsage(usage, toHex(bytes), PUBLIC_KEY)).toBe(false);
  });

  it("aren't taken from a key of small order, under which one signature fits every message", () => {
    const identity = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
    const forged = toHex(Uint8Array.from([...identity, ...new Uint8Array(32)]));
    expect(verifyUsage(usage, forged, identity)).toBe(false);
  });

  describe("that the key's owner bends", () => {
    const { Point } = ed25519;
    const read = (bytes: Uint8Array) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
    const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP[1] as string);

    /** Signs with the nonce point r*B + `added`: the equation holds but for `added`, which the cofactor wipes out. */
    function bent(r: bigint, added: typeof torsion): string {
      const { scalar } = ed25519.utils.getExtendedPublicKey(SEED);
      const R = Point.BASE.multiplyUnsafe(r).add(added).toBytes();
      const k = read(sha512(Uint8Array.from([...R, ...PUBLIC_KEY, ...encodeUsage(usage)])));
      const s = (r + k * scalar) % Point.Fn.ORDER;
      return toHex(
        Uint8Array.from([
          ...R,
          ...Array.from({ length: 32 }, (_, i) => Number((s >> BigInt(8 * i)) & 0xffn)),
        ]),
      );
    }

    it("pass when not bent at all", () => {
      expect(verifyUsage(usage, bent(12345n, Point.ZERO), PUBLIC_KEY)).toBe(true);
    });

    it("fail as on chain when the nonce point is off by a point of small order, though noble takes them", () => {
      const signature = bent(12345n, torsion);
      expect(ed25519.verify(fromHex(signature), encodeUsage(usage), PUBLIC_KEY, { zip215: false })).toBe(
        true,
      );
      expect(verifyUsage(usage, signature, PUBLIC_KEY)).toBe(false);
    });

    it("fail as on chain when the nonce point is of small order itself", () => {
      expect(verifyUsage(usage, bent(0n, Point.ZERO), PUBLIC_KEY)).toBe(false);
    });
  });
});

describe("a countersignature", () => {
  // RFC 8032, section 7.1, test 2.
  const BUYER_SEED = fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const BUYER_KEY = fromHex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");

  it("is the buyer's over the provider's bytes", () => {
    const countersignature = countersign(usage, BUYER_SEED);
    const buyerKey = createPublicKey({
      key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), BUYER_KEY]),
      format: "der",
      type: "spki",
    });
    expect(verify(null, encodeUsage(usage), buyerKey, fromHex(countersignature))).toBe(true);
    expect(verifyCountersignature(usage, countersignature, BUYER_KEY)).toBe(true);
  });

  it("isn't the provider's signature, nor one of other seconds, nor of a job without a buyer's key", () => {
    const countersignature = countersign(usage, BUYER_SEED);
    expect(verifyCountersignature(usage, signUsage(usage, SEED).signature, BUYER_KEY)).toBe(false);
    expect(verifyCountersignature({ ...usage, secondsCum: 301n }, countersignature, BUYER_KEY)).toBe(false);
    expect(verifyCountersignature(usage, countersignature, new Uint8Array())).toBe(false);
  });

  it("travels beside the signature, and is never taken along unasked", () => {
    const signed = { ...signUsage(usage, SEED), countersignature: countersign(usage, BUYER_SEED) };
    const wire = JSON.parse(JSON.stringify(countersignedUsageToJson(signed)));
    expect(zCountersignedUsage.parse(wire)).toEqual(signed);
    expect(zSignedUsage.parse(wire)).toEqual(signUsage(usage, SEED));
    expect(zCountersignedUsage.safeParse(signedUsageToJson(signed)).success).toBe(false);
    expect(zCountersignedUsage.safeParse({ ...wire, countersignature: "0x00" }).success).toBe(false);
  });
});

describe("the JSON form", () => {
  const signed: SignedUsage = signUsage(usage, SEED);

  it("comes back as it was", () => {
    expect(zSignedUsage.parse(JSON.parse(JSON.stringify(signedUsageToJson(signed))))).toEqual(signed);
  });

  it.each([
    ["seq", 1],
    ["seq", "-1"],
    ["secondsCum", "1.5"],
    ["logRoot", "0x22"],
    ["signature", "0x00"],
    ["signature", signed.signature.toUpperCase()],
    ["job", "1"],
  ])("refuses %s = %s and names the field", (field, value) => {
    const result = zSignedUsage.safeParse({ ...signedUsageToJson(signed), [field]: value });
    expect(result.error?.issues[0]?.path).toEqual([field]);
  });
});
