import { decodeJobSpec } from "@computestream/protocol";
import { describe, expect, it } from "vitest";
import { EMPTY_STATE, type JournalState } from "./journal.ts";
import { conclude, decide, type Observation } from "./reconcile.ts";
import type { ContainerStatus } from "./runtime/container-runtime.ts";

const decoded = decodeJobSpec('{"version":1}');
if (!decoded.ok) throw new Error("the smallest spec decodes");

const container = (state: ContainerStatus["state"]): ContainerStatus => ({
  id: "c",
  job: "0x1",
  imageId: "sha256:1",
  state,
  startedAtNs: state === "created" ? null : 1n,
  finishedAtNs: state === "exited" ? 2n : null,
  exitCode: state === "exited" ? 0 : null,
  oomKilled: false,
});
const exited = { exitCode: 0, oomKilled: false, ranSecs: 3n, at: 1 };
const published = { uris: ["ipfs://x"], sha256: "0x", root: "0x", bytes: 1 };
const started = { startedAtNs: 1n, bootId: "b" };

type Over = Partial<Omit<Observation, "job" | "journal">> & {
  job?: Partial<Observation["job"]>;
  journal?: Partial<JournalState>;
};
const observe = ({ job, journal, ...over }: Over): Observation => ({
  job: {
    state: "Pending",
    createdAt: 1_000n,
    acceptBy: 1_120n,
    startBy: 1_700n,
    claimUntil: 0n,
    challengeUntil: 0n,
    ...job,
  },
  taken: false,
  openCase: null,
  held: false,
  final: false,
  verdict: { ok: true, spec: decoded.spec },
  image: { kind: "ready" },
  container: null,
  journal: { ...EMPTY_STATE, ...journal },
  chainNow: 1_010n,
  now: 1_010n,
  accepting: true,
  ranSecs: 0n,
  capSecs: 60n,
  proven: false,
  ...over,
});
const refused = { ok: false, code: "IMAGE_NOT_ALLOWED", reason: "no" } as const;

describe("a pending job", () => {
  it.each<[string, Over, object]>([
    [
      "is refused before anything is pulled",
      { verdict: refused, image: { kind: "unknown" } },
      { do: "refuse", code: "IMAGE_NOT_ALLOWED", reason: "no" },
    ],
    ["has its image pulled first", { image: { kind: "unknown" } }, { do: "pull" }],
    ["waits for the pull", { image: { kind: "pulling" } }, { do: "wait", why: "pulling" }],
    [
      "is accepted during a long pull, past half of the window",
      { image: { kind: "pulling" }, now: 1_061n },
      { do: "accept" },
    ],
    ["is accepted once the image is here", {}, { do: "accept" }],
    [
      "is refused when there is no image",
      { image: { kind: "failed", reason: "gone" } },
      { do: "refuse", code: "IMAGE_UNAVAILABLE", reason: "gone" },
    ],
    ["isn't accepted while draining", { accepting: false }, { do: "wait", why: "draining" }],
    [
      "is left when the window is over",
      { chainNow: 1_120n },
      { do: "forget", why: "the accept window is over" },
    ],
    ["isn't given up by the host's clock", { now: 9_999n }, { do: "accept" }],
    [
      "that another provider has taken is left",
      { taken: true },
      { do: "forget", why: "another provider was faster" },
    ],
    [
      "isn't looked at twice once refused",
      { journal: { refused: { code: "X", reason: "y" } } },
      { do: "forget", why: "refused" },
    ],
  ])("%s", (_name, over, step) => {
    expect(decide(observe(over))).toEqual(step);
  });
});

describe("an accepted job", () => {
  it.each<[string, Over, object]>([
    ["gets its container before the stream opens", {}, { do: "create" }],
    ["opens the stream when the container stands", { container: container("created") }, { do: "open" }],
    ["pulls again after a restart", { image: { kind: "unknown" } }, { do: "pull" }],
    [
      "fails when the image can't be had",
      { image: { kind: "failed", reason: "gone" } },
      { do: "give-up", reason: "IMAGE_UNAVAILABLE" },
    ],
    ["tells the chain that it failed", { journal: { failing: "IMAGE_UNAVAILABLE" } }, { do: "report" }],
    [
      "fails when the policy changed meanwhile",
      { verdict: refused },
      { do: "give-up", reason: "IMAGE_NOT_ALLOWED" },
    ],
    [
      "gives a job back that can't start any more",
      { container: container("created"), chainNow: 1_700n },
      { do: "give-up", reason: "START_WINDOW_OVER" },
    ],
    [
      "gives a job back whose image took too long",
      { image: { kind: "pulling" }, chainNow: 1_700n },
      { do: "give-up", reason: "START_WINDOW_OVER" },
    ],
  ])("%s", (_name, over, step) => {
    expect(decide(observe({ ...over, job: { state: "Accepted" } }))).toEqual(step);
  });
});

describe("a running job", () => {
  it.each<[string, Over, object]>([
    ["has its container started", { container: container("created") }, { do: "launch" }],
    ["is metered", { container: container("running"), ranSecs: 59n }, { do: "meter" }],
    [
      "is stopped at the funded second",
      { container: container("running"), ranSecs: 60n },
      { do: "stop", cause: "TIME_LIMIT" },
    ],
    [
      "goes on being stopped after a crash",
      { container: container("running"), journal: { stopping: "OUTPUT_TOO_LARGE" } },
      { do: "stop", cause: "OUTPUT_TOO_LARGE" },
    ],
    ["has its exit written down", { container: container("exited") }, { do: "record-exit" }],
    [
      "is published after its exit",
      { container: container("exited"), journal: { exited } },
      { do: "publish" },
    ],
    [
      "is published once",
      { container: container("exited"), journal: { exited, published } },
      { do: "report" },
    ],
    [
      "is reported without output when publishing was given up",
      { journal: { exited, failing: "PUBLISH_FAILED" } },
      { do: "report" },
    ],
    [
      "never runs twice: a container lost after its start ends it",
      { journal: { starting: true } },
      { do: "record-exit" },
    ],
    [
      "never runs twice: one that began before the node's memory of it and has no container ends",
      { journal: { late: true } },
      { do: "record-exit" },
    ],
    ["gets a new container when the old one never ran", { journal: { containerId: "c" } }, { do: "create" }],
    [
      "goes on although the policy changed",
      { container: container("running"), verdict: refused },
      { do: "meter" },
    ],
    ["goes on while draining", { container: container("running"), accepting: false }, { do: "meter" }],
  ])("%s", (_name, over, step) => {
    expect(decide(observe({ ...over, job: { state: "Running" } }))).toEqual(step);
  });
});

describe("a job that the chain has ended", () => {
  it.each(["Cancelled", "Terminated", "Expired", "Settled", "Failed", "Completed"] as const)(
    "%s: its container is stopped at once",
    (state) => {
      expect(
        decide(observe({ job: { state, claimUntil: 1_100n }, container: container("running") })),
      ).toEqual({
        do: "stop",
        cause: "CHAIN_ENDED",
      });
    },
  );
  it.each<[string, Over, object]>([
    [
      "has its exit written down",
      { container: container("exited"), journal: { started } },
      { do: "record-exit" },
    ],
    [
      "has its last seconds proven",
      { container: container("exited"), journal: { started, exited } },
      { do: "prove" },
    ],
    [
      "gives up the rest once they are, so that the buyer has it back",
      { container: container("exited"), journal: { started, exited }, proven: true },
      { do: "waive" },
    ],
    [
      "has nothing to give up when the chain counts every second as proven",
      { journal: { started, exited }, final: true },
      { do: "finalize" },
    ],
    [
      "loses its container when the claim window is over",
      { container: container("exited"), journal: { started, exited }, chainNow: 1_100n, now: 1_100n },
      { do: "free" },
    ],
    [
      "is finalized when the claim window is over",
      { journal: { started, exited }, chainNow: 1_100n, now: 1_100n },
      { do: "finalize" },
    ],
    [
      "waits for its buyer, sealed, before it is finalized",
      {
        journal: { started, exited },
        final: true,
        held: true,
        job: { claimUntil: 1_005n, challengeUntil: 1_200n },
      },
      { do: "wait", why: "the buyer may challenge it" },
    ],
    ["is given up when it never ran", { container: container("created") }, { do: "waive" }],
    ["is given up when nothing of it is here", {}, { do: "waive" }],
  ])("%s", (_name, over, step) => {
    const job = { state: "Terminated" as const, claimUntil: 1_100n, ...over.job };
    expect(decide(observe({ ...over, job }))).toEqual(step);
  });
});

describe("a completed job that holds money back", () => {
  const asked = (kind: "OutputChallenge" | "Arbitration", deadline: bigint) => ({
    openCase: { kind, deadline },
  });
  it.each<[string, Over, object]>([
    ["loses its container, not its output", { container: container("exited") }, { do: "free" }],
    [
      "waits while the buyer may challenge it",
      { now: 1_199n },
      { do: "wait", why: "the buyer may challenge it" },
    ],
    ["is finalized as soon as the buyer may not", { now: 1_200n }, { do: "finalize" }],
    ["is finalized at once when the buyer has confirmed all", { held: false }, { do: "finalize" }],
    ["answers a challenge", asked("OutputChallenge", 1_300n), { do: "answer" }],
    [
      "answers it past the challenge window, too",
      { ...asked("OutputChallenge", 1_300n), now: 1_299n },
      { do: "answer" },
    ],
    [
      "doesn't end a challenge that is lost",
      { ...asked("OutputChallenge", 1_300n), now: 1_300n },
      { do: "wait", why: "the challenge is lost" },
    ],
    ["waits for an arbiter", asked("Arbitration", 1_300n), { do: "wait", why: "an arbiter decides" }],
    ["ends what no arbiter decided", { ...asked("Arbitration", 1_300n), now: 1_300n }, { do: "resolve" }],
    ["is cleaned up once it is settled", { job: { state: "Settled" } }, { do: "cleanup" }],
  ])("%s", (_name, over, step) => {
    const job = { state: "Completed" as const, claimUntil: 1_000n, challengeUntil: 1_200n, ...over.job };
    const base = { journal: { started, exited, published }, held: true, final: true };
    expect(decide(observe({ ...base, ...over, job }))).toEqual(step);
  });
});

describe("a job that never ran", () => {
  it.each(["Cancelled", "Failed", "Expired"] as const)(
    "is cleaned up when it is %s, also while its escrow is frozen",
    (state) => {
      expect(decide(observe({ job: { state } }))).toEqual({ do: "cleanup" });
    },
  );
});

describe("a job that expired", () => {
  it.each<[string, Over, object]>([
    ["loses its container while its held money waits", { container: container("exited") }, { do: "free" }],
    [
      "waits while the buyer may dispute it",
      { now: 1_199n },
      { do: "wait", why: "the buyer may challenge it" },
    ],
    ["is finalized as soon as the buyer may not", { now: 1_200n }, { do: "finalize" }],
    [
      "waits for an arbiter",
      { openCase: { kind: "Arbitration", deadline: 1_300n }, now: 1_250n },
      { do: "wait", why: "an arbiter decides" },
    ],
    ["is cleaned up once it is settled", { job: { state: "Settled" } }, { do: "cleanup" }],
  ])("%s", (_name, over, step) => {
    const job = { state: "Expired" as const, claimUntil: 1_000n, challengeUntil: 1_200n, ...over.job };
    const base = { journal: { started, exited }, held: true, final: true };
    expect(decide(observe({ ...base, ...over, job }))).toEqual(step);
  });
});

describe("what goes on chain", () => {
  const end = (exit: Partial<typeof exited>, more: Partial<JournalState> = {}) =>
    conclude({ ...EMPTY_STATE, exited: { ...exited, ...exit }, ...more });

  it.each([
    ["complete for exit 0", end({}), { result: "complete" }],
    ["complete when only a child was killed for memory", end({ oomKilled: true }), { result: "complete" }],
    ["the exit code", end({ exitCode: 7 }), { result: "fail", reason: "EXIT_CODE_7", exitCode: 7 }],
    [
      "out of memory",
      end({ exitCode: 137, oomKilled: true }),
      { result: "fail", reason: "OOM_KILLED", exitCode: 137 },
    ],
    [
      "the time limit",
      end({ exitCode: 143 }, { stopping: "TIME_LIMIT" }),
      { result: "fail", reason: "TIME_LIMIT", exitCode: 143 },
    ],
    [
      "the time limit even when the job obeys the signal",
      end({ exitCode: 0 }, { stopping: "TIME_LIMIT" }),
      { result: "fail", reason: "TIME_LIMIT", exitCode: 0 },
    ],
    [
      "a container that is gone",
      conclude({ ...EMPTY_STATE, exited: { ...exited, exitCode: null } }),
      { result: "fail", reason: "CONTAINER_LOST", exitCode: 0 },
    ],
    [
      "a decision made before",
      end({ exitCode: 0 }, { failing: "PUBLISH_FAILED" }),
      { result: "fail", reason: "PUBLISH_FAILED", exitCode: 0 },
    ],
  ])("%s", (_name, conclusion, expected) => {
    expect(conclusion).toEqual(expected);
  });
});
