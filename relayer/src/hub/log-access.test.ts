import { fromHex, logAccessMessage } from "@computestream/protocol";
import { describe, expect, it } from "vitest";
import { publicKeyOf, signBytes } from "../../test/keys.ts";
import {
  authenticationKeyOf,
  checkLogAccess,
  type LogAccessContext,
  type SignedOpenMessage as OpenMessage,
} from "./log-access.ts";

const address = (byte: string) => `0x${byte.repeat(32)}`;
const JOB = address("11");
const PACKAGE = address("33");
const PROVIDER = address("22");
const NOW = 1_000_000;
const key = new Uint8Array(32).fill(7);
const publicKey = publicKeyOf(key);
const buyer = authenticationKeyOf(publicKey);

function open(over: Partial<OpenMessage> = {}, text?: (message: string) => string): OpenMessage {
  const expiresAt = over.expiresAt ?? NOW + 300;
  const message = logAccessMessage({ chainId: 4, packageAddress: PACKAGE, job: over.job ?? JOB, expiresAt });
  const fullMessage = over.fullMessage ?? (text ?? ((m) => `APTOS\nmessage: ${m}\nnonce: 1`))(message);
  const signature = signBytes(new TextEncoder().encode(fullMessage), key);
  return { type: "open", job: JOB, expiresAt, address: buyer, publicKey, fullMessage, signature, ...over };
}

function context(over: { owner?: string; operator?: string; buyer?: string; key?: string | null } = {}) {
  return {
    chainId: 4,
    packageAddress: PACKAGE,
    authenticationKey: async () => over.key ?? null,
    views: {
      nowSecs: () => BigInt(NOW),
      job: async (job: string) => (job === JOB ? { buyer: over.buyer ?? buyer, provider: PROVIDER } : null),
      provider: async () => ({
        owner: over.owner ?? address("aa"),
        operator: over.operator ?? address("bb"),
      }),
    },
  } as unknown as LogAccessContext;
}

const code = (message: OpenMessage, where = context()) =>
  checkLogAccess(message, where).then(
    () => "allowed",
    (error: { code: string }) => error.code,
  );

describe("log access", () => {
  it("knows the authentication key of a published test vector", () => {
    // From the SDK's own test data: a legacy Ed25519 account's key and address.
    expect(authenticationKeyOf("0xde19e5d1880cac87d57484ce9ed2e84cf0f9599f12e7cc3a52e4e7657a763f2c")).toBe(
      "0x978c213990c4833df71548df7ce49d54c759d6b6d932de22b24d56060b7af2aa",
    );
    expect(fromHex(publicKey)).toHaveLength(32);
  });
  it("lets the buyer and the provider's owner and operator read", async () => {
    expect(await code(open())).toBe("allowed");
    expect(await code(open(), context({ buyer: address("cc"), owner: buyer }))).toBe("allowed");
    expect(await code(open(), context({ buyer: address("cc"), operator: buyer }))).toBe("allowed");
    expect(await code(open(), context({ buyer: address("cc") }))).toBe("NOT_A_PARTY");
  });
  it("refuses what is expired, too long, for another job, chain or package", async () => {
    expect(await code(open({ expiresAt: NOW }))).toBe("ACCESS_EXPIRED");
    expect(await code(open({ expiresAt: NOW + 600 }))).toBe("allowed");
    expect(await code(open({ expiresAt: NOW + 601 }))).toBe("ACCESS_TOO_LONG");
    const signed = open();
    expect(await code({ ...signed, job: address("12") })).toBe("WRONG_TEXT");
    expect(await code(signed, { ...context(), chainId: 5 })).toBe("WRONG_TEXT");
    expect(await code(signed, { ...context(), packageAddress: address("34") })).toBe("WRONG_TEXT");
  });
  it("doesn't take the head of a longer number for the expiry", async () => {
    const signed = open({}, (message) => `${message}9`);
    expect(await code(signed)).toBe("WRONG_TEXT");
  });
  it("refuses a signature over another text, and one by another key", async () => {
    const signed = open();
    expect(await code({ ...signed, fullMessage: `${signed.fullMessage} ` })).toBe("BAD_SIGNATURE");
    const other = new Uint8Array(32).fill(9);
    expect(await code({ ...signed, publicKey: publicKeyOf(other) })).toBe("BAD_SIGNATURE");
  });
  it("refuses somebody else's address", async () => {
    expect(await code(open({ address: address("cc") }), context({ buyer: address("cc") }))).toBe(
      "KEY_NOT_OF_ADDRESS",
    );
  });
  it("follows a rotated key: the account's current one opens, its first one no longer does", async () => {
    const rotated = open({ address: address("cc") });
    expect(await code(rotated, context({ buyer: address("cc"), key: buyer }))).toBe("allowed");
    expect(await code(open(), context({ key: address("dd") }))).toBe("KEY_NOT_OF_ADDRESS");
  });
  it("says that a job is unknown only to who has signed well", async () => {
    expect(await code(open({ job: address("12") }))).toBe("JOB_UNKNOWN");
  });
});
