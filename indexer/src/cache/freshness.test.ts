import { describe, expect, it } from "vitest";
import type { Changed } from "../db/queries/changes.ts";
import { createLogger } from "../logger.ts";
import { createFreshness } from "./freshness.ts";

const NOTHING: Changed = { jobs: [], providers: [], market: false, any: false };

/** A mirror of which a test says where it is and what its commits changed. */
function mirrorAt(version: bigint) {
  const state = { mirror: "m1", version };
  const changes = new Map<bigint, Partial<Changed>>();
  let failures = 0;
  const freshness = createFreshness({
    readState: async () => ({ ...state }),
    async readChanges(after, until) {
      if (failures > 0) {
        failures -= 1;
        throw new Error("the database is away");
      }
      const of = [...changes].filter(([at]) => at > after && at <= until).map(([, change]) => change);
      return {
        jobs: of.flatMap(({ jobs = [] }) => jobs),
        providers: of.flatMap(({ providers = [] }) => providers),
        market: of.some(({ market }) => market),
        any: of.length > 0,
      };
    },
    log: createLogger("silent"),
  });
  return {
    freshness,
    state,
    commit(change: Partial<Changed> = NOTHING) {
      state.version += 1n;
      changes.set(state.version, change);
      freshness.heard();
    },
    failNext(count: number) {
      failures = count;
    },
  };
}

describe("what was heard", () => {
  it("makes old what depends on it, from the moment it was heard of, and nothing else", async () => {
    const { freshness, commit } = mirrorAt(100n);
    freshness.heard();
    await freshness.settled(100n);
    expect([freshness.mirror, freshness.version, freshness.isListening]).toEqual(["m1", 100n, true]);
    commit({ jobs: ["0x1"] });
    const looked = freshness.settled(100n);
    expect(looked).not.toBeNull();
    await looked;
    expect(freshness.version).toBe(101n);
    const current = (tag: Parameters<typeof freshness.isCurrent>[0][number], version: bigint) =>
      freshness.isCurrent([tag], version);
    expect([current("job:0x1", 100n), current("jobs", 100n), current("events", 100n)]).toEqual([
      false,
      false,
      false,
    ]);
    expect([current("job:0x1", 101n), current("job:0x2", 100n), current("providers", 100n)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(freshness.isCurrent(["market", "job:0x1"], 100n)).toBe(false);
    // What was before the first look is anybody's guess.
    expect(current("market", 99n)).toBe(false);
    freshness.close();
  });

  it("counts as old everything that may have changed while the changes can't be read", async () => {
    const { freshness, commit, failNext } = mirrorAt(100n);
    freshness.heard();
    await freshness.settled(100n);
    failNext(1);
    commit({ providers: ["0xf1"] });
    await freshness.settled(100n);
    expect([freshness.isCurrent(["market"], 100n), freshness.isListening]).toEqual([false, false]);
    await expect.poll(() => freshness.isCurrent(["market"], 100n)).toBe(true);
    expect(freshness.isCurrent(["provider:0xf1"], 100n)).toBe(false);
    freshness.close();
  });

  it("counts everything as changed when more was missed than is worth looking up", async () => {
    const { freshness, state } = mirrorAt(100n);
    freshness.heard();
    await freshness.settled(100n);
    freshness.deaf();
    expect(freshness.isListening).toBe(false);
    state.version = 5_101n;
    freshness.heard();
    await freshness.settled(100n);
    expect([freshness.isListening, freshness.isCurrent(["market"], 5_100n)]).toEqual([true, false]);
    expect(freshness.isCurrent(["market"], 5_101n)).toBe(true);
    freshness.close();
  });

  it("starts over with other tables", async () => {
    const { freshness, state } = mirrorAt(100n);
    freshness.heard();
    await freshness.settled(100n);
    state.mirror = "m2";
    freshness.heard();
    await freshness.settled(100n);
    expect([freshness.mirror, freshness.isCurrent(["market"], 99n)]).toEqual(["m2", false]);
    freshness.close();
  });
});
