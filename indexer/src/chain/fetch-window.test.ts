import { ChainError } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { createFetchWindow, retryAfterMs } from "./fetch-window.ts";

const failure = (code: string) =>
  new ChainError({ code, module: null, message: "by the test" }, { retryable: true });

describe("createFetchWindow", () => {
  it("grows by one a window of pages, up to its limit", () => {
    const window = createFetchWindow({ start: 2, max: 4 });
    const sizes = Array.from({ length: 9 }, () => {
      window.succeeded();
      return window.size;
    });
    // 2 pages make it 3, 3 more make it 4, and there it stays.
    expect(sizes).toEqual([2, 3, 3, 3, 4, 4, 4, 4, 4]);
  });

  it("halves after a failure, and starts over when the node asks for fewer requests", () => {
    const window = createFetchWindow({ start: 9, max: 16 });
    window.failed(failure("NODE_UNREACHABLE"));
    expect(window.size).toBe(4);
    window.failed(failure("NODE_RATE_LIMITED"));
    expect(window.size).toBe(1);
    window.failed(failure("NODE_ERROR"));
    expect(window.size).toBe(1);
  });
});

describe("retryAfterMs", () => {
  it("is the node's wish within reason, and 0 without one", () => {
    expect(retryAfterMs(Object.assign(failure("NODE_RATE_LIMITED"), { retryAfterMs: 3_000 }))).toBe(3_000);
    expect(retryAfterMs(Object.assign(failure("NODE_RATE_LIMITED"), { retryAfterMs: 1e9 }))).toBe(120_000);
    expect(retryAfterMs(failure("NODE_RATE_LIMITED"))).toBe(0);
    expect(retryAfterMs({ retryAfterMs: Number.NaN })).toBe(0);
    expect(retryAfterMs(null)).toBe(0);
  });
});
