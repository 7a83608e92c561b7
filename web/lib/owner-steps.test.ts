import type { Payloads } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import {
  type OwnedMachine,
  type OwnerContext,
  type OwnerStep,
  ownerSteps,
  ownerTerms,
} from "./owner-steps.ts";

const NOW = 1_800_000_000;
const machine: OwnedMachine = {
  provider: "0xf1",
  owner: "0xaa",
  operator: "0xab",
  status: "Active",
  asset: { address: "0xa", symbol: "MOVE", decimals: 8 },
  gpuCount: 2,
  pricePerHour: "100000000",
  gpuPricePerHour: "50000000",
  slotsBusy: 0,
  stake: "300000000",
  unbonding: "0",
  unlocksAt: 0,
  boundStake: "0",
  liableUntil: 0,
};
const context: OwnerContext = {
  machine,
  input: { status: "Maintenance", pricePerHour: "1.5", gpuPricePerHour: "0.5", amount: "2" },
  now: NOW,
  minStake: 200_000_000n,
  unbondingSecs: 86_400,
  spendable: 250_000_000n,
};
const terms = (step: OwnerStep, of: Partial<OwnedMachine> = {}, over: Partial<OwnerContext> = {}) =>
  ownerTerms(step, { ...context, ...over, machine: { ...machine, ...of } });
const typed = (input: Partial<OwnerContext["input"]>) => ({ input: { ...context.input, ...input } });
/** Which payload is built, with which arguments. */
const called = (of: ReturnType<typeof terms>): unknown =>
  of.call(
    new Proxy({} as Payloads, {
      get:
        (_, name) =>
        (...args: unknown[]) =>
          [name, ...args] as never,
    }),
  );

describe("what is open to whom", () => {
  it("everything to the owner, the status to the operator, nothing to others", () => {
    expect(ownerSteps(machine, "0xaa")).toEqual(["status", "price", "add-stake", "unstake"]);
    expect(ownerSteps({ ...machine, unbonding: "1" }, "0xaa")).toContain("withdraw");
    expect(ownerSteps({ ...machine, stake: "0" }, "0xaa")).not.toContain("unstake");
    expect(ownerSteps(machine, "0xab")).toEqual(["status"]);
    expect(ownerSteps(machine, "0xcc")).toEqual([]);
    expect(ownerSteps(machine, null)).toEqual([]);
  });
});

describe("availability", () => {
  it("changes to another status only, and opens with enough at stake only", () => {
    expect(called(terms("status"))).toEqual(["setStatus", "0xf1", "Maintenance"]);
    expect(terms("status").problem).toBeNull();
    expect(terms("status", { status: "Maintenance" }).problem).toBe("It is Maintenance already.");
    const opening = (stake: string) =>
      terms("status", { status: "Offline", stake }, typed({ status: "Active" })).problem;
    expect(opening("200000000")).toBeNull();
    // 2 MOVE less 1.99999999.
    expect(opening("199999999")).toBe("Opening takes 0.00000001 MOVE more at stake. Add that first.");
  });
});

describe("prices", () => {
  it("are exact, and another than now", () => {
    expect(called(terms("price"))).toEqual(["updatePrice", "0xf1", 150_000_000n, 50_000_000n]);
    expect(terms("price", {}, typed({ pricePerHour: "1" })).problem).toMatch(/already/);
    expect(terms("price", {}, typed({ pricePerHour: "1.000000001" })).problem).toMatch(/8 decimal places/);
    expect(terms("price", {}, typed({ gpuPricePerHour: "" })).problem).toMatch(/8 decimal places/);
  });
  it("of a machine without GPUs ask for none", () => {
    const cpu = terms("price", { gpuCount: 0, gpuPricePerHour: "0" }, typed({ gpuPricePerHour: "nonsense" }));
    expect(cpu.problem).toBeNull();
    expect(called(cpu)).toEqual(["updatePrice", "0xf1", 150_000_000n, 0n]);
  });
});

describe("stake", () => {
  it("is added from what the wallet can spare", () => {
    expect(called(terms("add-stake"))).toEqual(["addStake", "0xf1", 200_000_000n]);
    expect(terms("add-stake").lines.at(-1)?.value).toBe("5 MOVE");
    expect(terms("add-stake", {}, typed({ amount: "2.6" })).problem).toBe(
      "Your wallet can spare 2.5 MOVE. Add funds first.",
    );
    expect(terms("add-stake", {}, typed({ amount: "0" })).problem).toBe("Give more than nothing.");
    expect(terms("add-stake", {}, { ...typed({ amount: "99" }), spendable: null }).problem).toBeNull();
  });

  it("is taken out as far as there is some, and says when that closes the machine", () => {
    const one = terms("unstake", {}, typed({ amount: "1" }));
    expect(called(one)).toEqual(["requestUnstake", "0xf1", 100_000_000n]);
    // 3 less 1 is the 2 that the market asks; a base unit more is less than that.
    expect(one.sentence).not.toMatch(/takes no new jobs/);
    expect(terms("unstake", {}, typed({ amount: "1.00000001" })).sentence).toMatch(/takes no new jobs/);
    expect(terms("unstake", {}, typed({ amount: "3.1" })).problem).toBe("Only 3 MOVE is at stake.");
  });

  it("that leaves begins its wait again, and never sooner", () => {
    const leaving = { unbonding: "50000000", unlocksAt: NOW + 90_000 };
    const more = terms("unstake", leaving, typed({ amount: "1" }));
    expect(more.sentence).toMatch(/begins again/);
    expect(more.lines[0]?.value).toBe("1.5 MOVE");
    const at = (unlocksAt: number) =>
      terms("unstake", { ...leaving, unlocksAt }, typed({ amount: "1" })).lines.at(-1)?.value;
    expect(at(NOW + 90_000)).not.toBe(at(NOW));
    expect(at(NOW + 86_400)).toBe(at(NOW));
  });

  it("is withdrawn once it has waited and no job relies on it", () => {
    const waited = { unbonding: "100000000", unlocksAt: NOW };
    expect(terms("withdraw", waited).problem).toBeNull();
    expect(called(terms("withdraw", waited))).toEqual(["withdrawStake", "0xf1"]);
    expect(terms("withdraw", { ...waited, unlocksAt: NOW + 1 }).problem).toMatch(/can be withdrawn from/);
    const bound = { ...waited, boundStake: "300000001", liableUntil: NOW + 1 };
    expect(terms("withdraw", { ...bound, slotsBusy: 1, liableUntil: 0 }).problem).toMatch(
      /Jobs that run rely/,
    );
    expect(terms("withdraw", bound).problem).toMatch(/may still cost stake until/);
    expect(terms("withdraw", { ...bound, liableUntil: NOW }).problem).toBeNull();
    expect(terms("withdraw", { ...bound, boundStake: "300000000" }).problem).toBeNull();
  });
});
