import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildPackages, type Chain, createChain } from "./chain.ts";
import { canonical, compareEvents, differences } from "./compare.ts";
import { actionsOf } from "./coverage.ts";
import { createRunner, type Runner } from "./runner.ts";
import { searchChunk } from "./search.ts";
import { createWorld, type World } from "./world.ts";

const HISTORIES = 200;
const SEED = 20_260_101;

let chain: Chain;
let world: World;
let runner: Runner;

beforeAll(async () => {
  chain = createChain(await buildPackages());
  world = createWorld(chain);
  runner = createRunner(chain, world);
}, 120_000);

afterAll(() => chain?.close());

describe("random histories", () => {
  it("end on the chain as in the model, with every invariant kept at every step", () => {
    const { failure, coverage, histories } = searchChunk(runner, world, { seed: SEED, histories: HISTORIES });
    expect(failure && { message: failure.message, trace: failure.trace }).toBeNull();
    expect(histories).toBe(HISTORIES);
    // They would also agree about nothing: the common ways must have been gone.
    const actions = actionsOf(coverage);
    for (const action of ["create_job", "accept", "start", "process_payment", "process_payments", "complete"])
      expect(actions[action]?.success, action).toBeGreaterThan(10);
  }, 120_000);
});

describe("a fault", () => {
  it("is found, shrunk to few steps, and found again by its path", () => {
    // A chain that loses a base unit of what a settlement says it paid.
    let lies = false;
    const lying: Chain = {
      ...chain,
      call(at, who, fn, args) {
        const result = chain.call(at, who, fn, args);
        if (!lies || !result.ok || fn !== "process_payment") return result;
        const events = result.events.map((event) =>
          event.name === "StreamSettled" && event.data.amount !== "0"
            ? { ...event, data: { ...event.data, amount: String(BigInt(event.data.amount as string) - 1n) } }
            : event,
        );
        return { ...result, events };
      },
    };
    const faulty = createRunner(lying, createWorld(lying));
    lies = true;
    const { failure } = searchChunk(faulty, world, { seed: 5, histories: 100, maxShrinks: 200 });
    expect(failure?.check).toBe("events");
    expect(failure?.message).toContain("StreamSettled: amount");
    // Half of what a history has on average; a settlement can't come before its order, acceptance and start.
    expect(failure?.trace.length).toBeLessThan(12);
    const again = searchChunk(faulty, world, {
      ...{ seed: failure?.seed ?? 0, path: failure?.path ?? "", histories: 100, maxShrinks: 0 },
    });
    expect(again.failure?.message).toBe(failure?.message);
  }, 120_000);
});

describe("comparing", () => {
  it("names each field that differs, whatever form an integer or object takes", () => {
    const chainSays = canonical({ job: { inner: "0xa" }, state: 3, amount: "7", list: [1, "2"] });
    const modelSays = canonical({ job: `0x${"a".padStart(64, "0")}`, state: 3n, amount: 8n, list: [1n, 2n] });
    expect(differences(chainSays, modelSays)).toEqual(['amount: chain "7", model "8"']);
  });

  it("doesn't mind the order of events, but a missing one", () => {
    const a = { type: "m::A", data: { n: "1" } };
    const b = { type: "m::B", data: { n: "2" } };
    expect(() => compareEvents([a, b], [b, a])).not.toThrow();
    expect(() => compareEvents([a], [a, b])).toThrow("model alone has m::B");
    expect(() => compareEvents([a, a], [a])).toThrow("chain alone has m::A");
  });
});
