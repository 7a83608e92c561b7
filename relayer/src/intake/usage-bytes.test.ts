import { encodeUsage } from "@computestream/protocol";
import { expect, it } from "vitest";
import { createUsageEncoder } from "./usage-bytes.ts";

const hash = (byte: string) => `0x${byte.repeat(32)}`;

it("makes the bytes that are signed, also of a second usage of a job and of new terms", () => {
  const chain = { chainId: 4, packageAddress: hash("33") };
  const encode = createUsageEncoder(chain);
  const usage = { job: hash("11"), seq: 7n, secondsCum: 6n, tLast: 2n ** 64n - 1n, logRoot: hash("5a") };
  for (const [over, termsHash] of [
    [{}, hash("44")],
    [{ seq: 8n, logRoot: hash("5b") }, hash("44")],
    [{}, hash("45")],
    [{ job: hash("12") }, hash("44")],
  ] as const) {
    const signed = { ...usage, ...over };
    expect(Buffer.from(encode({ ...signed, signature: "0x" }, termsHash))).toEqual(
      Buffer.from(encodeUsage({ ...chain, ...signed, termsHash })),
    );
  }
});
