import { AccountAddress, generateTransactionPayloadWithABI } from "@aptos-labs/ts-sdk";
import { describe, expect, it } from "vitest";
import type { PayableUsage } from "./args.ts";
import { encodedPayload, encodeProcessPayments } from "./encoded-call.ts";
import { createPayloads } from "./payloads.ts";

const PACKAGE = AccountAddress.from(`0x${"c5".repeat(32)}`).toStringLong();
const usage = (n: number): PayableUsage => ({
  job: `0x${n.toString(16).padStart(64, "0")}`,
  seq: BigInt(n),
  secondsCum: 0xffff_ffff_ffff_ffffn,
  tLast: 1_800_000_000n,
  logRoot: `0x${"5a".repeat(32)}`,
  signature: `0x${n.toString(16).padStart(128, "f")}`,
});
const signed = (n: number): PayableUsage => ({ ...usage(n), countersignature: `0x${"0c".repeat(64)}` });

describe("encodeProcessPayments", () => {
  it.each<[string, PayableUsage[]]>([
    ["none", []],
    ["one", [usage(1)]],
    ["some that the buyer signed", [usage(1), signed(2), usage(3)]],
    ["more than a length byte counts", Array.from({ length: 300 }, (_, n) => usage(n))],
  ])("is byte for byte what the ABI makes of the payload: %s", (_, usages) => {
    const { abi, ...payload } = createPayloads(PACKAGE).processPayments(usages);
    if (!abi) throw new Error("a payload without its ABI");
    expect(encodedPayload(encodeProcessPayments(PACKAGE, usages)).bcsToBytes()).toEqual(
      generateTransactionPayloadWithABI({ ...payload, abi }).bcsToBytes(),
    );
  });
});
