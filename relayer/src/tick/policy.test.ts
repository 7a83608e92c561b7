import type { SignedUsage } from "@computestream/protocol";
import type { StreamView } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { pressesAt, reasonToSettle, type SettlementPolicy } from "./policy.ts";

const MOVE = "0xa";
/** Started at 1000 with 7,200 units an hour (2 a second) and funds for 100 seconds. */
const stream = (over: Partial<StreamView> = {}): StreamView =>
  ({
    asset: MOVE,
    ratePerHour: 7_200n,
    heldRatePerHour: 7_200n,
    deposited: 200n,
    maxDurationSecs: 100n,
    fundedSecs: 100n,
    holdbackSecs: 0n,
    startedAt: 1000n,
    endedAt: 0n,
    proveUntil: 0n,
    seq: 0n,
    secondsAttested: 0n,
    secondsConfirmed: 0n,
    secondsBilled: 0n,
    acc: 0n,
    paid: 0n,
    lastProgressAt: 1000n,
    stalledAt: 0n,
    sealed: false,
    closed: false,
    ...over,
  }) as StreamView;
const usage = (seconds: bigint): SignedUsage =>
  ({ seq: seconds, secondsCum: seconds, tLast: 1000n + seconds }) as SignedUsage;

const PATIENT: SettlementPolicy = {
  minIntervalSecs: 2n,
  gasMultiple: 3n,
  exposureMax: 60n,
  maxAgeSecs: 40n,
};

function reason(
  seconds: bigint,
  p: { over?: Partial<StreamView>; policy?: Partial<SettlementPolicy>; flush?: boolean; now?: bigint } = {},
) {
  const now = p.now ?? 1000n + seconds;
  return reasonToSettle(
    stream(p.over),
    usage(seconds),
    { nowSecs: now, chainSecs: now },
    { policy: { ...PATIENT, ...p.policy }, cost: { entry: 9n, asset: MOVE }, flush: p.flush ?? false },
  );
}

describe("reasonToSettle", () => {
  it("waits until what is due is worth its gas that many times", () => {
    // 9 a settlement, three times that is 27: 13 seconds are 26, 14 are 28.
    expect(reason(13n)).toBe(null);
    expect(reason(14n)).toBe("worth");
    expect(reason(1n, { policy: { gasMultiple: 0n, minIntervalSecs: 1n } })).toBe("worth");
  });
  it("doesn't wait for an asset that gas isn't paid in to be worth anything, but for its age", () => {
    expect(reason(29n, { over: { asset: "0xb" } })).toBe(null);
    expect(reason(39n, { over: { asset: "0xb" }, policy: { exposureMax: null } })).toBe(null);
    expect(reason(40n, { over: { asset: "0xb" }, policy: { exposureMax: null } })).toBe("age");
  });
  it("keeps the provider's risk below its cap", () => {
    expect(reason(29n, { policy: { gasMultiple: 1_000n } })).toBe(null);
    expect(reason(30n, { policy: { gasMultiple: 1_000n } })).toBe("exposure");
  });
  it("settles at most as often as it may", () => {
    expect(reason(14n, { over: { lastProgressAt: 1013n } })).toBe(null);
    expect(reason(15n, { over: { lastProgressAt: 1013n } })).toBe("worth");
  });
  it("doesn't wait with what ends, was flagged, or has used up its deposit", () => {
    expect(reason(1n, { over: { endedAt: 1001n, proveUntil: 1031n } })).toBe("ended");
    expect(reason(1n, { over: { stalledAt: 1001n } })).toBe("stalled");
    expect(reason(100n, { over: { lastProgressAt: 1099n } })).toBe("exhausted");
  });
  it("settles whatever is due when everything is flushed", () => {
    expect(reason(1n, { flush: true })).toBe("flush");
  });
  it("shows the chain seconds that pay nothing yet before they look like silence", () => {
    expect(reason(19n, { over: { holdbackSecs: 50n } })).toBe(null);
    expect(reason(20n, { over: { holdbackSecs: 50n } })).toBe("keep_alive");
  });
  it("has nothing to do for what the chain has, or what it can't take any more", () => {
    expect(reason(5n, { over: { seq: 5n, secondsAttested: 5n } })).toBe(null);
    expect(reason(5n, { over: { endedAt: 1005n, proveUntil: 1010n }, now: 1010n })).toBe(null);
    expect(reason(5n, { over: { sealed: true }, flush: true })).toBe(null);
  });
});

it("serves what ends first, then what was settled longest ago", () => {
  const inOrder = [
    stream({ endedAt: 1005n }),
    stream({ stalledAt: 1004n }),
    stream({ lastProgressAt: 1001n }),
    stream({ lastProgressAt: 1003n }),
  ].map((view) => pressesAt(view, PATIENT));
  expect([...inOrder].sort((a, b) => Number(a - b))).toEqual(inOrder);
});
