import { describe, expect, it } from "vitest";
import { type JudgedJob, jobStages, type StagedJob, verdict } from "./stages.ts";

const still = { isOpen: false, held: "0", case: null } as const;
const openCase = {
  kind: "Arbitration",
  bond: "1",
  deadline: 9,
  openedAt: 1,
  chunkIndex: null,
  arbiter: "0x1",
  reason: "",
} as const;

const job = (change: Partial<StagedJob>): StagedJob => ({
  state: "Pending",
  outcome: null,
  startedAt: 0,
  outputSha256: null,
  ...still,
  ...change,
});
const told = (change: Partial<JudgedJob>) =>
  verdict({
    state: "Settled",
    outcome: null,
    exitCode: 0,
    reason: "",
    startedAt: 5,
    fault: null,
    sealed: false,
    ...still,
    ...change,
  });
const states = (...args: Parameters<typeof jobStages>) => jobStages(...args).map((s) => s.state);

describe("jobStages", () => {
  it("follows the chain's states", () => {
    expect(states(job({}), null)).toEqual(["done", "current", "todo", "todo", "todo", "todo"]);
    expect(states(job({ state: "Accepted" }), null)[2]).toBe("current");
    expect(states(job({ state: "Running", startedAt: 5 }), null)[3]).toBe("current");
  });

  it("tells a refusal while the job still waits on chain", () => {
    const stage = jobStages(job({}), { phase: "failed", detail: "IMAGE_NOT_ALLOWED: x" })[1];
    expect(stage).toMatchObject({ state: "failed", label: "Refused" });
    expect(stage?.detail).toMatch(/doesn't allow this image/);
  });

  it("says what a machine without room waits for", () => {
    const detail = "Waiting for a free core on the machine";
    const stage = jobStages(job({}), { phase: "pulling", detail })[1];
    expect(stage).toMatchObject({ state: "current", label: "Waiting for the machine", detail });
  });

  it("shows the pull's percentage while preparing", () => {
    const stage = jobStages(job({ state: "Accepted" }), { phase: "pulling", percent: 40 })[2];
    expect(stage).toMatchObject({ label: "Fetching the image", percent: 40, state: "current" });
  });

  it("moves to the output while the node packs and uploads", () => {
    const running = job({ state: "Running", startedAt: 5 });
    expect(states(running, { phase: "uploading" })).toEqual([
      "done",
      "done",
      "done",
      "done",
      "current",
      "todo",
    ]);
  });

  it("is all done when a completed job has settled", () => {
    expect(new Set(states(job({ state: "Settled", outcome: "Completed", startedAt: 5 }), null))).toEqual(
      new Set(["done"]),
    );
  });

  it("marks where a failure happened and what never came", () => {
    const failed = job({ state: "Settled", outcome: "Failed", startedAt: 5 });
    expect(states(failed, null)).toEqual(["done", "done", "done", "failed", "skipped", "done"]);
    expect(states({ ...failed, outputSha256: "0xab" }, null)[4]).toBe("done");
    const cancelled = job({ state: "Settled", outcome: "Cancelled" });
    expect(states(cancelled, null)).toEqual(["done", "skipped", "skipped", "skipped", "skipped", "done"]);
  });

  it("keeps a terminated job open until it settles", () => {
    expect(states(job({ state: "Terminated", startedAt: 5 }), null)[5]).toBe("current");
  });
});

describe("jobStages of a job that waits", () => {
  const waiting = job({ state: "Completed", startedAt: 5, outputSha256: "0xab" });
  const last = (change: Partial<StagedJob>) => jobStages({ ...waiting, ...change }, null)[5];

  it("tells money held back from a case and from mere settling", () => {
    expect(last({ held: "9" })).toMatchObject({
      state: "current",
      label: "Waiting for release",
    });
    expect(last({ held: "9", state: "Expired" })?.label).toBe("Waiting for release");
    expect(last({ held: "9", case: openCase })?.label).toBe("In dispute");
    expect(last({})?.label).toBe("Settling");
  });

  it("says that an open order waits for anyone", () => {
    expect(jobStages(job({ isOpen: true }), null)[1]?.label).toBe("Waiting for a machine");
    expect(told({ state: "Pending", startedAt: 0, isOpen: true }).sentence).toMatch(
      /first machine that fits/,
    );
  });
});

describe("verdict", () => {
  it("tells a failure with its reason and exit code", () => {
    const failed = told({ outcome: "Failed", exitCode: 137, reason: "out of memory" });
    expect(failed.sentence).toBe("out of memory. Exit code 137.");
    expect(failed.tone).toBe("bad");
    const exit = told({ outcome: "Failed", exitCode: 3, reason: "EXIT_CODE_3" });
    expect(exit.sentence.match(/exit code/gi)).toHaveLength(1);
  });

  it("says that a failure before the start cost nothing", () => {
    const failed = told({ outcome: "Failed", reason: "image not allowed", startedAt: 0 });
    expect(failed.sentence).toMatch(/everything came back/);
  });

  it("says what a job that has ended still waits for", () => {
    const held = { held: "9", sealed: true };
    expect(told({ state: "Completed", ...held })).toMatchObject({
      tone: "busy",
      label: "Completed · held",
      sentence: "Completed; the pay that is held back waits for the buyer.",
    });
    expect(told({ state: "Failed", reason: "EXIT_CODE_3", ...held }).sentence).toMatch(
      /exit code 3.* waits for the buyer/,
    );
    expect(told({ state: "Terminated", ...held }).sentence).toMatch(/waits for the buyer/);
    expect(told({ state: "Terminated", ...held, sealed: false })).toMatchObject({ label: "Stopped" });
    expect(told({ state: "Terminated", ...held, sealed: false }).sentence).toMatch(/being proven/);
    expect(told({ state: "Expired", ...held })).toMatchObject({ tone: "bad", label: "Expired · held" });
    expect(told({ state: "Expired", ...held }).sentence).toMatch(
      /no new second in time.* waits for the buyer/,
    );
    expect(told({ outcome: "Expired" }).sentence).toMatch(/Proven seconds were paid/);
    expect(told({ state: "Completed", ...held, case: openCase }).label).toBe("Completed · in dispute");
    expect(told({ state: "Completed", ...held, case: openCase }).sentence).toMatch(/case .* is open/);
  });

  it("names a proven fault once the job is settled", () => {
    expect(told({ outcome: "Completed", fault: "OutputWithheld" })).toMatchObject({
      tone: "bad",
      label: "Settled · fault",
    });
    expect(told({ outcome: "Completed", fault: "OutputWithheld" }).sentence).toMatch(/challenged piece/);
    expect(told({ outcome: "Failed", reason: "FAULT_PROVEN", fault: "Equivocation" }).sentence).toMatch(
      /two different proofs/,
    );
  });
});
