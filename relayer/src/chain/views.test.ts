import { ChainError, type JobView, type StreamView } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { createChainViews } from "./views.ts";

const JOB = `0x${"11".repeat(32)}`;
const OTHER = `0x${"12".repeat(32)}`;
const ABSENT = `0x${"13".repeat(32)}`;
const STREAM = {
  job: JOB,
  attestKey: "0xkey",
  seq: 3n,
  secondsAttested: 3n,
  endedAt: 0n,
  proveUntil: 0n,
  sealed: false,
  closed: false,
} as StreamView;

/** A chain of one job that counts its reads; `fail` is thrown by the next ones. */
function views(state: string) {
  const chain = {
    reads: 0,
    streamReads: 0,
    state,
    fail: [] as Error[],
    asked: [] as string[][],
    ledgerMs: 0,
  };
  let nowMs = 1_000_000;
  const made = createChainViews(
    {
      getJobs: async (jobs) => {
        chain.reads += 1;
        chain.asked.push(jobs);
        const error = chain.fail.shift();
        if (error) throw error;
        return jobs.flatMap((job) =>
          job === ABSENT ? [] : ({ job, state: chain.state, startedAt: 900n } as JobView),
        );
      },
      getProvider: async () => null,
      getStreams: async () => {
        chain.streamReads += 1;
        return [STREAM];
      },
      ledger: async () => ({ chainId: 4, version: 1n, timestampUsecs: BigInt(chain.ledgerMs) * 1000n }),
    },
    () => nowMs,
  );
  return { views: made, chain, passMs: (ms: number) => (nowMs += ms) };
}

const passing = () =>
  new ChainError({ code: "NODE_UNREACHABLE", module: null, message: "" }, { retryable: true });

describe("views", () => {
  it("reads a running job once for a while, and at once again when its stream has ended", async () => {
    const { views: v, chain, passMs } = views("Running");
    await Promise.all([v.job(JOB), v.job(JOB)]);
    passMs(100_000);
    await v.job(JOB);
    expect(chain.reads).toBe(1);
    chain.state = "Terminated";
    v.noteStreams([{ ...STREAM, seq: 4n, secondsAttested: 4n, endedAt: 990n }]);
    expect((await v.job(JOB))?.state).toBe("Terminated");
  });

  it("sees a job start within moments", async () => {
    const { views: v, chain, passMs } = views("Accepted");
    await v.job(JOB);
    chain.state = "Running";
    passMs(500);
    expect((await v.job(JOB))?.state).toBe("Running");
  });

  it("takes key and watermark from the stream, read once, and then as the settler saw it last", async () => {
    const { views: v, chain } = views("Running");
    expect((await v.jobFacts(JOB))?.stream).toEqual({
      attestKey: "0xkey",
      seq: 3n,
      secondsCum: 3n,
      isFinal: false,
      proveUntil: 0n,
    });
    v.noteStreams([{ ...STREAM, seq: 7n, secondsAttested: 6n, proveUntil: 1_015n, sealed: true }]);
    expect((await v.jobFacts(JOB))?.stream).toMatchObject({
      seq: 7n,
      secondsCum: 6n,
      isFinal: true,
      proveUntil: 1_015n,
    });
    expect(chain.streamReads).toBe(1);
  });

  it("doesn't take an older word of a stream for news", async () => {
    const { views: v } = views("Running");
    const ended = { seq: 7n, secondsAttested: 7n, endedAt: 990n, proveUntil: 1_015n };
    v.noteStreams([{ ...STREAM, ...ended }]);
    v.noteStreams([{ ...STREAM, ...ended, seq: 6n, secondsAttested: 6n }]);
    v.noteStreams([{ ...STREAM, seq: 8n, secondsAttested: 8n }]);
    expect((await v.jobFacts(JOB))?.stream).toMatchObject({ seq: 7n, proveUntil: 1_015n });
    v.noteStreams([{ ...STREAM, ...ended, sealed: true }]);
    v.noteStreams([{ ...STREAM, ...ended }]);
    expect((await v.jobFacts(JOB))?.stream).toMatchObject({ isFinal: true });
  });

  it("hands on what it has read of a stream, for moments", async () => {
    const { views: v, passMs } = views("Running");
    expect(v.recentStream(JOB, 5_000)).toBe(null);
    await v.jobFacts(JOB);
    passMs(1_500);
    expect(v.recentStream(JOB, 5_000)).toEqual({ view: STREAM, ageMs: 1_500 });
    passMs(3_500);
    expect(v.recentStream(JOB, 5_000)).toBe(null);
  });

  it("takes over jobs that others have read, unless it knows better", async () => {
    const { views: v, chain } = views("Terminated");
    const read = (job: string, state: string) => ({ job, state, startedAt: 900n }) as JobView;
    v.noteJobs([read(JOB, "Running")]);
    expect((await v.job(JOB))?.state).toBe("Running");
    expect(chain.reads).toBe(0);
    v.noteJobs([read(JOB, "Accepted")]);
    expect((await v.job(JOB))?.state).toBe("Running");
    v.noteStreams([{ ...STREAM, endedAt: 990n, proveUntil: 1_015n }]);
    // Read before the job ended, heard of after it.
    v.noteJobs([read(JOB, "Running")]);
    expect((await v.job(JOB))?.state).toBe("Terminated");
  });

  it("tries a read that may pass once more, and never takes a failure for an absent job", async () => {
    const { views: v, chain } = views("Running");
    chain.fail = [passing()];
    expect((await v.job(JOB))?.job).toBe(JOB);
    const other = views("Running");
    other.chain.fail = [passing(), passing()];
    await expect(other.views.job(JOB)).rejects.toMatchObject({ code: "CHAIN_UNAVAILABLE", status: 503 });
    expect((await other.views.job(JOB))?.job).toBe(JOB);
  });

  it("asks for what is wanted at one time in one call", async () => {
    const { views: v, chain } = views("Running");
    const found = await Promise.all([v.job(JOB), v.job(ABSENT), v.job(OTHER)]);
    expect(found.map((job) => job?.job ?? null)).toEqual([JOB, null, OTHER]);
    expect(chain.asked).toEqual([[JOB, ABSENT, OTHER]]);
  });

  it("goes by the chain's clock when that is ahead", async () => {
    const { views: v, chain, passMs } = views("Running");
    chain.ledgerMs = 1_060_000;
    await v.refreshClock();
    passMs(5_000);
    expect(v.nowSecs()).toBe(1065n);
    chain.ledgerMs = 900_000;
    await v.refreshClock();
    expect(v.nowSecs()).toBe(1005n);
    expect(v.chainSecs()).toBe(900n);
  });
});
