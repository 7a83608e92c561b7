import { describe, expect, it } from "vitest";
import { canBeProven, openSteps, type StepsJob, waitOf } from "./steps.ts";

const BUYER = "0xb";
const asset = { address: "0xa", symbol: "MOVE", decimals: 8 };
/** Ran from 100 to 150; 50 s billed, 30 of them held until 4000; the output has a root. */
const completed: StepsJob & { asset: typeof asset } = {
  buyer: BUYER,
  asset,
  state: "Completed",
  startedAt: 100,
  endedAt: 150,
  claimUntil: 150,
  challengeUntil: 4_000,
  sealed: true,
  held: "3000000",
  holdbackSecs: 30,
  secondsBilled: 50,
  fundedSecs: 60,
  outputRoot: `0x${"01".repeat(32)}`,
  outputSize: 20_000,
  case: null,
};
const opened = (kind: "OutputChallenge" | "Arbitration") => ({
  kind,
  bond: "1",
  deadline: 5_000,
  openedAt: 200,
  chunkIndex: kind === "OutputChallenge" ? "1" : null,
  arbiter: null,
  reason: "",
});

describe("openSteps", () => {
  it("lets the buyer confirm, challenge or ask until the window is over", () => {
    expect(openSteps(completed, BUYER, 3_999)).toEqual(["confirm", "challenge", "arbitrate"]);
    expect(openSteps(completed, BUYER, 4_000)).toEqual(["confirm", "finalize"]);
  });

  it("lets anybody else finish once the window is over, and nobody without a wallet", () => {
    expect(openSteps(completed, "0xc", 3_999)).toEqual([]);
    expect(openSteps(completed, "0xc", 4_000)).toEqual(["finalize"]);
    expect(openSteps(completed, null, 4_000)).toEqual([]);
  });

  it("offers no challenge of an output that has no root or no bytes", () => {
    expect(openSteps({ ...completed, outputRoot: null }, BUYER, 200)).toEqual(["confirm", "arbitrate"]);
    expect(openSteps({ ...completed, outputSize: 0 }, BUYER, 200)).toEqual(["confirm", "arbitrate"]);
  });

  it("extends only what runs, and confirms it only where money may be held", () => {
    const running = { ...completed, state: "Running" as const, sealed: false, endedAt: 0, challengeUntil: 0 };
    expect(openSteps(running, BUYER, 130)).toEqual(["extend", "confirm"]);
    expect(openSteps({ ...running, holdbackSecs: 0 }, BUYER, 130)).toEqual(["extend"]);
    expect(openSteps(running, "0xc", 130)).toEqual([]);
  });

  it("waits for the last proofs of a stopped job before anything but a confirmation", () => {
    const stopped = {
      ...completed,
      state: "Terminated" as const,
      sealed: false,
      claimUntil: 165,
      secondsBilled: 48,
    };
    expect(openSteps(stopped, BUYER, 164)).toEqual(["confirm"]);
    expect(openSteps(stopped, BUYER, 165)).toEqual(["confirm", "challenge", "arbitrate"]);
    // Every second that ran is proven: there is nothing to wait for.
    expect(openSteps({ ...stopped, secondsBilled: 50 }, BUYER, 151)).toContain("arbitrate");
  });

  it("leaves a stopped job of which nothing is proven to its proofs, and then to anyone", () => {
    const unproven = {
      ...completed,
      state: "Terminated" as const,
      sealed: false,
      held: "0",
      claimUntil: 165,
      secondsBilled: 0,
    };
    expect(openSteps(unproven, BUYER, 164)).toEqual([]);
    expect(openSteps(unproven, BUYER, 165)).toEqual(["finalize"]);
  });

  it("treats an expired job as a failed one: no output, but money that waits", () => {
    const expired = { ...completed, state: "Expired" as const, outputRoot: null, outputSize: null };
    expect(openSteps(expired, BUYER, 3_999)).toEqual(["confirm", "arbitrate"]);
    expect(openSteps(expired, "0xc", 3_999)).toEqual([]);
    expect(openSteps(expired, "0xc", 4_000)).toEqual(["finalize"]);
  });

  it("settles a stopped job that holds nothing back as soon as its proofs are over", () => {
    const stopped = {
      ...completed,
      state: "Terminated" as const,
      sealed: false,
      held: "0",
      holdbackSecs: 0,
      challengeUntil: 0,
      claimUntil: 165,
      secondsBilled: 48,
    };
    expect(openSteps(stopped, "0xc", 164)).toEqual([]);
    expect(openSteps(stopped, "0xc", 165)).toEqual(["finalize"]);
  });

  it("lets anyone finish a job that only a frozen escrow keeps from settling", () => {
    const frozen = { ...completed, state: "Cancelled" as const, held: "0", claimUntil: 0, challengeUntil: 0 };
    expect(openSteps(frozen, "0xc", 200)).toEqual(["finalize"]);
    expect(waitOf(frozen, 200)).toMatchObject({ kind: "anyone" });
  });

  it("stops everything while a case is open, until anyone may close it", () => {
    const disputed = { ...completed, case: opened("Arbitration") };
    expect(openSteps(disputed, BUYER, 4_999)).toEqual([]);
    expect(openSteps(disputed, "0xc", 5_000)).toEqual(["resolve"]);
    const decided = { ...disputed, case: { ...disputed.case, arbiter: "0xarb" } };
    expect(openSteps(decided, "0xarb", 4_999)).toEqual(["rule"]);
    expect(openSteps(decided, "0xarb", 5_000)).toEqual(["resolve"]);
    expect(openSteps(decided, BUYER, 4_999)).toEqual([]);
  });

  it("has none before the start and after the settlement", () => {
    for (const state of ["Pending", "Accepted", "Settled"] as const) {
      expect(openSteps({ ...completed, state }, BUYER, 9_999)).toEqual([]);
    }
  });
});

describe("waitOf", () => {
  it("tells how much waits for the buyer and until when", () => {
    expect(waitOf(completed, 200)).toMatchObject({
      kind: "buyer",
      title: "0.03 MOVE held back for the buyer",
      until: 4_000,
    });
    expect(waitOf(completed, 4_000)).toMatchObject({ kind: "anyone", until: null });
  });

  it("names only the ways that are open", () => {
    expect(waitOf(completed, 200)?.sentence).toMatch(/release it now, challenge the output or ask/);
    const expired = { ...completed, state: "Expired" as const, outputRoot: null };
    expect(waitOf(expired, 200)).toMatchObject({ kind: "buyer", title: "0.03 MOVE held back for the buyer" });
    expect(waitOf(expired, 200)?.sentence).toMatch(
      /expired\. The buyer may release it now or ask the arbiter/,
    );
    expect(waitOf(expired, 4_000)).toMatchObject({ kind: "anyone" });
  });

  it("puts an open case first and says when its time is over", () => {
    const challenged = { ...completed, case: opened("OutputChallenge") };
    expect(waitOf(challenged, 200)).toMatchObject({ kind: "case", until: 5_000 });
    expect(waitOf(challenged, 200)?.title).toMatch(/piece 1/);
    expect(waitOf(challenged, 5_000)?.sentence).toMatch(/didn't show it in time/);
    const asked = { ...completed, case: opened("Arbitration") };
    expect(waitOf(asked, 200)?.sentence).toMatch(/splits what is held/);
    expect(waitOf(asked, 5_000)?.sentence).toMatch(/machine gets all that is held/);
  });

  it("is nothing for a job that goes on or is settled", () => {
    expect(waitOf({ ...completed, state: "Running" }, 200)).toBeNull();
    expect(waitOf({ ...completed, state: "Settled" }, 200)).toBeNull();
  });
});

it("takes seconds beyond the funded ones as never provable", () => {
  const stopped = { ...completed, sealed: false, claimUntil: 165 };
  expect(canBeProven({ ...stopped, secondsBilled: 40, fundedSecs: 40 }, 151)).toBe(false);
  expect(canBeProven({ ...stopped, secondsBilled: 39, fundedSecs: 40 }, 151)).toBe(true);
});
