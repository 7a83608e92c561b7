import { describe, expect, it } from "vitest";
import { createLogger } from "../logger.ts";
import { type Answer, createAnswers } from "./answers.ts";
import { createFreshness, type Tag } from "./freshness.ts";
import type { SharedAnswers } from "./shared-answers.ts";

const NONE: SharedAnswers = { get: async () => null, put() {} };
const LIST = { maxAgeMs: 10_000, patienceMs: 1_000 };
const THING = { maxAgeMs: 300_000, patienceMs: 0 };

/** A mirror at a version, whose every commit changes jobs, and a clock that stands still. */
function world(options: { maxBytes?: number; bodyBytes?: number } = {}) {
  const state = { mirror: "m1", version: 100n };
  const clock = { ms: 1_000 };
  const freshness = createFreshness({
    readState: async () => ({ ...state }),
    readChanges: async () => ({ jobs: ["0x1"], providers: [], market: false, any: true }),
    log: createLogger("silent"),
  });
  const answers = createAnswers({
    maxBytes: options.maxBytes ?? 1_000_000,
    freshness,
    shared: NONE,
    readState: async () => ({ ...state }),
    now: () => clock.ms,
  });
  let reads = 0;
  const read = async (): Promise<Answer> => {
    reads += 1;
    const text = `${state.version}`;
    await new Promise((resolve) => setTimeout(resolve, 5));
    return {
      body: Buffer.alloc(options.bodyBytes ?? 3, text),
      etag: `"${text}"`,
      contentType: "",
      nextCursor: null,
    };
  };
  return {
    state,
    clock,
    freshness,
    answers,
    get reads() {
      return reads;
    },
    get: (rule = LIST, tags: Tag[] = ["jobs"], key = "k") => answers.get({ key, rule, tags }, read),
    fails: (rule = LIST) =>
      answers.get({ key: "k", rule, tags: ["jobs"] }, async () => {
        reads += 1;
        throw new Error("no database");
      }),
    async commit() {
      state.version += 1n;
      freshness.heard();
      await freshness.settled(state.version - 1n);
    },
  };
}

describe("an answer", () => {
  it("is read once for a thousand who ask at the same time", async () => {
    const w = world();
    const all = await Promise.all(Array.from({ length: 1_000 }, () => w.get()));
    expect([w.reads, new Set(all.map(({ version }) => version))]).toEqual([1, new Set([100n])]);
    await w.get();
    expect(w.reads).toBe(1);
  });

  it("isn't one that began to be read before it was asked for, once something has changed", async () => {
    const w = world();
    await w.commit();
    const early = w.get(THING);
    await new Promise((resolve) => setTimeout(resolve, 2));
    w.clock.ms += 1;
    await w.commit();
    const [before, after] = await Promise.all([early, w.get(THING)]);
    expect([before.version, after.version, w.reads]).toEqual([101n, 102n, 2]);
  });

  it("is of now while nothing that it depends on changes, and says so", async () => {
    const w = world();
    w.freshness.heard();
    await w.get(THING, ["market"]);
    await w.commit();
    const { version, source } = await w.get(THING, ["market"]);
    expect([version, source, w.reads]).toEqual([101n, "memory", 1]);
  });

  it("is read anew at each change of a thing, however many there are", async () => {
    const w = world();
    w.freshness.heard();
    for (let i = 0; i < 20; i += 1) {
      await w.commit();
      expect((await w.get(THING)).version).toBe(w.state.version);
    }
    expect(w.reads).toBe(20);
  });

  it("of a list is read anew five times in a row, then once a second, and never older than that", async () => {
    const w = world();
    w.freshness.heard();
    const sources: string[] = [];
    for (let i = 0; i < 8; i += 1) {
      await w.commit();
      w.clock.ms += 10;
      sources.push((await w.get()).source);
    }
    expect(sources).toEqual([...Array(5).fill("read"), ...Array(3).fill("patient")]);
    const last = (await w.get()).version;
    expect(last).toBe(105n);
    // The first was read at 1,010: a second later one more is due.
    w.clock.ms = 2_009;
    expect((await w.get()).source).toBe("patient");
    w.clock.ms = 2_010;
    expect(await w.get()).toMatchObject({ source: "read", version: 108n });
    await w.commit();
    expect((await w.get()).source).toBe("patient");
    // After a quiet time the next change is seen at once again.
    w.clock.ms += 20_000;
    await w.get();
    await w.commit();
    expect((await w.get()).source).toBe("read");
  });

  it("isn't kept longer than its rule says, nor than a second while commits can't be heard", async () => {
    const w = world();
    w.freshness.heard();
    await w.get(LIST, ["market"]);
    w.clock.ms += 9_999;
    expect((await w.get(LIST, ["market"])).source).toBe("memory");
    w.clock.ms += 1;
    expect((await w.get(LIST, ["market"])).source).toBe("read");
    w.freshness.deaf();
    w.clock.ms += 999;
    expect((await w.get(LIST, ["market"])).source).toBe("memory");
    w.clock.ms += 1;
    expect((await w.get(LIST, ["market"])).source).toBe("read");
  });

  it("that failed isn't kept, and everybody who waited is told", async () => {
    const w = world();
    const both = await Promise.allSettled([w.fails(), w.fails()]);
    expect(both.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect((await w.get()).source).toBe("read");
    expect(w.reads).toBe(2);
  });

  it("of other tables is not this one's", async () => {
    const w = world();
    w.freshness.heard();
    await w.get(THING, ["market"]);
    w.state.mirror = "m2";
    w.freshness.heard();
    expect((await w.get(THING, ["market"])).source).toBe("read");
  });

  it("takes no more room than there is", async () => {
    const w = world({ maxBytes: 100_000, bodyBytes: 1_000 });
    for (let i = 0; i < 500; i += 1) await w.get(THING, ["market"], `k${i}`);
    expect(w.answers.bytes).toBeLessThanOrEqual(100_000);
    expect(w.answers.bytes).toBeGreaterThan(50_000);
  });

  it("from another instance is refused when it is older than one that was dropped for room", async () => {
    const state = { mirror: "m1", version: 100n };
    const freshness = createFreshness({
      readState: async () => ({ ...state }),
      readChanges: async () => ({ jobs: [], providers: [], market: false, any: false }),
      log: createLogger("silent"),
    });
    const body = Buffer.alloc(1_000);
    const old = { body, etag: '"old"', contentType: "", nextCursor: null, version: 100n, leftMs: 60_000 };
    let offered: typeof old | null = null;
    const answers = createAnswers({
      maxBytes: 20_000,
      freshness,
      shared: { get: async () => offered, put() {} },
      readState: async () => ({ ...state }),
      now: () => 0,
    });
    const get = (key: string) =>
      answers.get({ key, rule: THING, tags: ["market"] }, async () => ({ ...old, etag: '"new"' }));
    freshness.heard();
    await freshness.settled(0n);
    state.version = 105n;
    freshness.heard();
    await freshness.settled(100n);
    expect((await get("k")).version).toBe(105n);
    for (let i = 0; i < 30; i += 1) await get(`other${i}`);
    offered = old;
    // Nothing has changed since, so it would be as true; but its version would go back.
    expect(await get("k")).toMatchObject({ version: 105n, source: "read" });
    offered = { ...old, version: 105n };
    expect(await get("fresh")).toMatchObject({ version: 105n, source: "shared" });
  });
});
