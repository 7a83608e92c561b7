import { ChainError } from "@computestream/protocol/client";
import { EventDecodeError } from "@computestream/protocol/events";
import { describe, expect, it } from "vitest";
import {
  createHandWrittenChain,
  deploymentOf,
  type HandWrittenChain,
} from "../../test/hand-written-chain.ts";
import { type StreamOptions, streamTransactions } from "./stream.ts";

function options(overrides: Partial<StreamOptions> = {}): StreamOptions {
  return {
    nextVersion: 0n,
    lastHash: null,
    pollIntervalMs: 5,
    signal: new AbortController().signal,
    ...overrides,
  };
}

async function versions(chain: HandWrittenChain, overrides: Partial<StreamOptions>): Promise<bigint[]> {
  const seen: bigint[] = [];
  for await (const batch of streamTransactions(chain, options(overrides))) {
    seen.push(...batch.map((record) => record.version));
  }
  return seen;
}

function chainOf(transactions: number): HandWrittenChain {
  const chain = createHandWrittenChain();
  while (chain.head < BigInt(transactions - 1)) chain.append(1);
  return chain;
}

const count = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => BigInt(from + i));

describe("streamTransactions", () => {
  it("gives every version once, in order, over several pages", async () => {
    expect(await versions(chainOf(950), { untilVersion: 949n })).toEqual(count(0, 949));
    expect(await versions(chainOf(950), { nextVersion: 123n, untilVersion: 600n })).toEqual(count(123, 600));
  });

  it("goes on with what a node gives when that is less than asked for", async () => {
    const chain = chainOf(300);
    const source: HandWrittenChain = {
      ...chain,
      transactions: (start, limit) => chain.transactions(start, Math.min(limit, 7)),
    };
    expect(await versions(source, { untilVersion: 299n })).toEqual(count(0, 299));
  });

  it("waits at the head for what comes, and ends when told to", async () => {
    const chain = chainOf(3);
    const stop = new AbortController();
    const seen: bigint[] = [];
    for await (const batch of streamTransactions(chain, options({ signal: stop.signal }))) {
      seen.push(...batch.map((record) => record.version));
      if (seen.length < 6) chain.append(2);
      else stop.abort();
    }
    expect(seen).toEqual(count(0, 5));
  });

  it("survives an unreachable node and tells of it", async () => {
    const chain = chainOf(50);
    chain.failNext(3);
    const told: string[] = [];
    expect(
      await versions(chain, {
        untilVersion: 49n,
        onRetry: (error) => told.push((error as ChainError).failure.code),
      }),
    ).toEqual(count(0, 49));
    expect(told).toEqual(["NODE_UNREACHABLE", "NODE_UNREACHABLE", "NODE_UNREACHABLE"]);
  });

  it("refuses another chain id", async () => {
    const chain = chainOf(3);
    const other: HandWrittenChain = { ...chain, deployment: deploymentOf({ chainId: 126 }) };
    await expect(versions(other, { untilVersion: 2n })).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
  });

  it("refuses to go on after a failure when the node's history became another", async () => {
    const chain = chainOf(10);
    const seen: bigint[] = [];
    const stream = async () => {
      for await (const batch of streamTransactions(chain, options())) {
        seen.push(...batch.map((record) => record.version));
        chain.reset("second");
        while (chain.head < 20n) chain.append(1);
        chain.failNext(1);
      }
    };
    await expect(stream()).rejects.toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(seen).toEqual(count(0, 9));
  });

  it("refuses a gap", async () => {
    const chain = chainOf(30);
    const gappy: HandWrittenChain = {
      ...chain,
      transactions: async (start, limit) =>
        (await chain.transactions(start, limit)).filter((r) => r.version !== 4n),
    };
    await expect(versions(gappy, { untilVersion: 29n })).rejects.toMatchObject({ code: "CHAIN_GAP" });
  });

  it("throws what trying again can't help, and tries again what a proxy may refuse for a while", async () => {
    const chain = chainOf(3);
    const unknown = new EventDecodeError("0x1::market::Later", new Error("unknown event"));
    const newer: HandWrittenChain = { ...chain, transactions: () => Promise.reject(unknown) };
    await expect(versions(newer, { untilVersion: 2n })).rejects.toBe(unknown);

    let refusals = 2;
    const proxied: HandWrittenChain = {
      ...chain,
      transactions: (start, limit) =>
        refusals-- > 0
          ? Promise.reject(new ChainError({ code: "NODE_REFUSED", module: null, message: "404" }))
          : chain.transactions(start, limit),
    };
    expect(await versions(proxied, { untilVersion: 2n })).toEqual(count(0, 2));
  });

  it("asks for several pages at once while far behind, in order all the same, and never for more than allowed", async () => {
    const chain = chainOf(3_000);
    let open = 0;
    let most = 0;
    const source: HandWrittenChain = {
      ...chain,
      async transactions(start, limit) {
        most = Math.max(most, ++open);
        // Later pages answer first.
        await new Promise((resolve) => setTimeout(resolve, 5 - Number((start / 100n) % 5n)));
        open -= 1;
        return chain.transactions(start, limit);
      },
    };
    expect(await versions(source, { untilVersion: 2_999n, parallelPages: 6 })).toEqual(count(0, 2_999));
    expect(most).toBe(6);
  });

  it("stays away for as long as a node asks that wants fewer requests", async () => {
    const chain = chainOf(250);
    let refusals = 1;
    const source: HandWrittenChain = {
      ...chain,
      transactions(start, limit) {
        if (start < 100n || refusals-- <= 0) return chain.transactions(start, limit);
        const error = new ChainError(
          { code: "NODE_RATE_LIMITED", module: null, message: "429" },
          { retryable: true },
        );
        return Promise.reject(Object.assign(error, { retryAfterMs: 333 }));
      },
    };
    const told: number[] = [];
    const seen = await versions(source, {
      untilVersion: 249n,
      onRetry: (_error, _attempt, delayMs) => told.push(delayMs),
    });
    expect(seen).toEqual(count(0, 249));
    expect(told).toEqual([333]);
  });

  it("gives batches no larger than they may be", async () => {
    const chain = chainOf(500);
    const sizes: number[] = [];
    const limit = () => ({ transactions: 30, events: 1_000 });
    for await (const batch of streamTransactions(chain, options({ untilVersion: 499n, batchLimit: limit }))) {
      sizes.push(batch.length);
    }
    expect(Math.max(...sizes)).toBe(30);
    expect(sizes.reduce((a, b) => a + b)).toBe(500);
  });
});
