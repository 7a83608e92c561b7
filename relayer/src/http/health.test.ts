import { ChainError } from "@computestream/protocol/client";
import { expect, it } from "vitest";
import { createHealth } from "./health.ts";

const health = (ledger: () => Promise<never>) =>
  createHealth({
    chainId: 4,
    packageAddress: "0x1",
    relayer: "0x2",
    redis: { ping: async () => "PONG" },
    client: { ledger },
    balance: async () => 5n,
    lowBalance: 6n,
    isSubmitter: () => true,
    sinceLastTickMs: () => 90_000,
    tickLateMs: 15_000,
  });

it("says what is wrong to anyone, and nothing of the node's address, which may carry a key", async () => {
  const url = "https://node.example/v1/s3cret";
  const report = await health(async () => {
    throw new ChainError(
      { code: "NODE_UNREACHABLE", module: null, message: `No answer from the node at ${url}.` },
      { retryable: true },
    );
  }).report();
  expect(report.ok).toBe(false);
  expect(report.checks).toEqual({
    redis: { ok: true },
    chain: { ok: false, message: "the chain's node is not reachable: NODE_UNREACHABLE" },
    balance: { ok: false, message: "only 5 base units are left to pay gas; fund 0x2" },
    tick: { ok: false, message: "no tick has ended well for 90 s" },
  });
});

it("says when whoever pays the gas of others can't any more", async () => {
  const report = await createHealth({
    chainId: 4,
    packageAddress: "0x1",
    relayer: "0x2",
    redis: { ping: async () => "PONG" },
    client: { ledger: async () => ({ chainId: 4, version: 1n, timestampUsecs: 1n }) },
    balance: async () => 6n,
    lowBalance: 6n,
    isSubmitter: () => false,
    sinceLastTickMs: () => null,
    tickLateMs: 1,
    sponsor: { address: "0x3", balance: async () => 5n },
  }).report();
  expect(report.ok).toBe(false);
  expect(report.checks).toMatchObject({
    balance: { ok: true },
    sponsor: { ok: false, message: "only 5 base units are left to pay gas; fund 0x3" },
  });
});
