import { describe, expect, it } from "vitest";
import { nextUsage, parseTimeNs, takenSecs, wholeSecs } from "./meter.ts";

const S = 1_000_000_000n;

describe("times", () => {
  it("reads Docker's nanoseconds exactly", () => {
    // 2026-11-21T10:06:15Z is 1,795,255,575 seconds after the epoch.
    expect(parseTimeNs("2026-11-21T10:06:15.989206683Z")).toBe(1_795_255_575_989_206_683n);
    expect(parseTimeNs("2026-11-21T10:06:15Z")).toBe(1_795_255_575_000_000_000n);
    expect(parseTimeNs("2026-11-21T12:06:15.5+02:00")).toBe(1_795_255_575_500_000_000n);
  });
  it("takes Docker's zero time and anything else for never", () => {
    expect(parseTimeNs("0001-01-01T00:00:00Z")).toBeNull();
    expect(parseTimeNs("")).toBeNull();
    expect(parseTimeNs("yesterday")).toBeNull();
  });
  it("counts whole seconds only", () => {
    expect(wholeSecs(5n * S, 6n * S - 1n)).toBe(0n);
    expect(wholeSecs(5n * S + 999n, 8n * S + 999n)).toBe(3n);
    expect(wholeSecs(5n * S, 4n * S)).toBe(0n);
  });
});

describe("the next attestation", () => {
  const base = {
    startedAt: 1_000n,
    endedAt: 0n,
    capSecs: 60n,
    ranSecs: 7n,
    nowSecs: 1_008n,
    chainNow: 1_008n,
    signed: null,
    chain: { seq: 0n, secondsAttested: 0n },
    seqFloor: 0n,
  };

  it("tells the seconds run so far, beginning with seq 1", () => {
    expect(nextUsage(base)).toEqual({ seq: 1n, secondsCum: 7n, tLast: 1_008n });
  });
  it("is capped by what is funded", () => {
    expect(nextUsage({ ...base, ranSecs: 61n, nowSecs: 1_070n, chainNow: 1_070n }).secondsCum).toBe(60n);
  });
  it("goes on above the journal's seq", () => {
    const signed = { seq: 41n, secondsCum: 6n, tLast: 1_007n };
    expect(nextUsage({ ...base, signed }).seq).toBe(42n);
  });
  it("goes on above the chain's seq when the journal was lost", () => {
    const chain = { seq: 90n, secondsAttested: 5n };
    expect(nextUsage({ ...base, chain }).seq).toBe(91n);
    expect(nextUsage({ ...base, chain, signed: { seq: 95n, secondsCum: 5n, tLast: 1_006n } }).seq).toBe(96n);
  });
  it("goes on above whatever may have been signed and forgotten", () => {
    expect(nextUsage({ ...base, chain: { seq: 90n, secondsAttested: 5n }, seqFloor: 1_080n }).seq).toBe(
      1_081n,
    );
  });
  it("never falls, whatever the clock says", () => {
    const signed = { seq: 41n, secondsCum: 30n, tLast: 1_031n };
    expect(nextUsage({ ...base, signed, ranSecs: 2n, nowSecs: 990n })).toEqual({
      seq: 42n,
      secondsCum: 30n,
      tLast: 1_031n,
    });
    expect(nextUsage({ ...base, ranSecs: 2n, chain: { seq: 1n, secondsAttested: 9n } }).secondsCum).toBe(9n);
  });
  it("goes by the chain's clock where this machine's is ahead of it", () => {
    expect(nextUsage({ ...base, nowSecs: 9_999n }).tLast).toBe(1_008n);
    // Until the chain's is known there is only this one.
    expect(nextUsage({ ...base, nowSecs: 9_999n, chainNow: 0n }).tLast).toBe(9_999n);
  });
  it("leaves out seconds that can't have passed by the chain's clock, which forgives half a minute", () => {
    // Stepped by a minute while the job ran: 1,008 + 30 - 1,000.
    expect(nextUsage({ ...base, ranSecs: 60n, nowSecs: 1_068n })).toEqual({
      seq: 1n,
      secondsCum: 38n,
      tLast: 1_038n,
    });
    expect(takenSecs(1_000n, 1_008n)).toBe(38n);
    expect(takenSecs(1_000n, 900n)).toBe(0n);
    expect(takenSecs(1_000n, 0n)).toBeNull();
  });
  it("comes back from a time that was signed ahead of the chain's", () => {
    const signed = { seq: 3n, secondsCum: 6n, tLast: 4_600n };
    expect(nextUsage({ ...base, signed })).toEqual({ seq: 4n, secondsCum: 7n, tLast: 1_008n });
    expect(nextUsage({ ...base, signed: { ...signed, tLast: 1_038n } }).tLast).toBe(1_038n);
  });
  it("lies late enough for its seconds when the host's clock is behind the chain's", () => {
    expect(nextUsage({ ...base, nowSecs: 500n }).tLast).toBe(1_007n);
  });
  it("ends where the chain ended the job", () => {
    const ended = { ...base, ranSecs: 20n, endedAt: 1_012n, nowSecs: 1_030n, chainNow: 1_030n };
    expect(nextUsage(ended)).toEqual({
      seq: 1n,
      secondsCum: 12n,
      tLast: 1_012n,
    });
  });
});
