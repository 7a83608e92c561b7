import { describe, expect, it } from "vitest";
import { jobStages, type StagedJob, verdict } from "./stages.ts";

const job = (change: Partial<StagedJob>): StagedJob => ({
  state: "Pending",
  outcome: null,
  startedAt: 0,
  outputSha256: null,
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

it("tells a failure with its reason and exit code", () => {
  const told = verdict({
    state: "Settled",
    outcome: "Failed",
    exitCode: 137,
    reason: "out of memory",
    startedAt: 5,
  });
  expect(told.sentence).toBe("out of memory. Exit code 137.");
  const exit = {
    state: "Settled",
    outcome: "Failed",
    exitCode: 3,
    reason: "EXIT_CODE_3",
    startedAt: 5,
  } as const;
  expect(verdict(exit).sentence.match(/exit code/gi)).toHaveLength(1);
  expect(told.tone).toBe("bad");
});

it("says that a failure before the start cost nothing", () => {
  const told = verdict({
    state: "Settled",
    outcome: "Failed",
    exitCode: 0,
    reason: "image not allowed",
    startedAt: 0,
  });
  expect(told.sentence).toMatch(/everything came back/);
});
