import { expect, it } from "vitest";
import { signedUsageToJson } from "./attestation.ts";
import { readAttestationText } from "./attestation-text.ts";
import { zNodeMessage } from "./hub.ts";

const usage = {
  job: `0x${"a1".repeat(32)}`,
  seq: 7n,
  secondsCum: 123_456_789_012_345n,
  tLast: 9_999_999_999_999_999_999n,
  logRoot: `0x${"5a".repeat(32)}`,
  signature: `0x${"0f".repeat(64)}`,
};
const text = JSON.stringify({ type: "attestation", usage: signedUsageToJson(usage) });
const slow = (message: string) => zNodeMessage.safeParse(JSON.parse(message));

it("reads what a node writes as the schema does", () => {
  expect(readAttestationText(text)).toEqual(usage);
  expect(slow(text).data).toEqual({ type: "attestation", usage });
});

it.each([
  ["another spelling of an address", text.replace(usage.job, "0xA1"), true],
  ["white space", text.replace(",", ", "), true],
  ["another order", text.replace('"type":"attestation",', "").replace(/}$/, ',"type":"attestation"}'), true],
  ["more digits than surely fit", text.replace('"7"', `"${2n ** 64n - 1n}"`), true],
  ["a field twice", text.replace('"seq":"7"', '"seq":"8","seq":"7"'), true],
  ["a number beyond a u64", text.replace('"7"', `"${2n ** 64n}"`), false],
  ["a signature too short", text.replace("0f0f", "0f"), false],
  ["upper-case bytes", text.replace("0f0f", "0F0F"), false],
  ["no digits", text.replace('"7"', '""'), false],
  ["a number", text.replace('"7"', "7"), false],
])("leaves %s to the schema", (_what, message, isTaken) => {
  expect(readAttestationText(message)).toBe(null);
  expect(slow(message).success).toBe(isTaken);
});

it("leaves other messages to the schema", () => {
  expect(readAttestationText('{"type":"hello"}')).toBe(null);
  expect(readAttestationText(`${text}\n`)).toBe(null);
  expect(readAttestationText("")).toBe(null);
});
