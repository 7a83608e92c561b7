import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { SignedUsage } from "@computestream/protocol";
import type { StreamView } from "@computestream/protocol/client";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Submission } from "../chain/submitter.ts";
import type { DeadLetter } from "../store/dead-letters.ts";
import { createCrank, createIndexerLister } from "./crank.ts";

const RULES = { stallAfterSecs: 60n, stallGraceSecs: 30n };
const NEVER = { acceptBy: 0n, startBy: 0n, claimUntil: 0n, challengeUntil: 0n, caseUntil: 0n, rules: RULES };

/** A keeper over jobs given as plain facts; `fail` names jobs whose action is refused. */
function keeper(options: {
  jobs: Record<string, { state: string } & Partial<Record<keyof typeof NEVER, unknown>>>;
  streams?: Array<Partial<StreamView> & { job: string }>;
  fail?: Set<string>;
  usages?: Record<string, SignedUsage>;
  buried?: string[];
  /** Jobs in Redis; default all. */
  open?: string[];
  listed?: Record<string, string[]> | Error;
}) {
  const sent: string[] = [];
  const read: string[] = [];
  let nowMs = 0;
  const crank = createCrank({
    client: {
      getJobs: async (jobs) => {
        read.push(...jobs);
        return jobs.flatMap((job) =>
          options.jobs[job] ? ({ job, ...NEVER, ...options.jobs[job] } as never) : [],
        );
      },
      getStreams: async (jobs) =>
        (options.streams ?? []).filter((stream) => jobs.includes(stream.job)) as StreamView[],
      payloads: {
        finalize: () => ({}),
        expire: () => ({}),
        flagStalled: () => ({}),
        resolve: () => ({}),
      } as never,
    },
    views: {
      refreshClock: async () => 1000n,
      nowSecs: () => 1000n,
      knownJob: () => null,
      noteJobs: () => undefined,
      noteStreams: () => undefined,
    },
    store: {
      openJobs: async () => options.open ?? Object.keys(options.jobs),
      newest: async (job) => options.usages?.[job] ?? null,
    },
    deadLetters: { all: async () => new Map((options.buried ?? []).map((job) => [job, {} as DeadLetter])) },
    lister: options.listed
      ? {
          jobsIn: async (state) => {
            if (options.listed instanceof Error) throw options.listed;
            return options.listed?.[state] ?? [];
          },
        }
      : null,
    submitter: {
      send: async ({ kind, jobs }: Submission) => {
        sent.push(`${kind} ${jobs[0]}`);
        const success = !options.fail?.has(jobs[0] ?? "");
        return {
          hash: "0x",
          success,
          failure: success ? null : { code: "E_NO", message: "", module: null },
        } as never;
      },
    },
    logger: pino({ level: "silent" }),
    clock: () => nowMs,
  });
  return { crank, sent, read, passMs: (ms: number) => (nowMs += ms) };
}

const overdue = { state: "Pending", acceptBy: 900n };

describe("keeper", () => {
  it("does for each job what its window allows", async () => {
    const { crank, sent } = keeper({
      jobs: {
        a: overdue,
        b: { state: "Pending", acceptBy: 1000n },
        c: { state: "Accepted", startBy: 999n },
        d: { state: "Terminated", claimUntil: 999n },
        e: { state: "Settled" },
        f: { state: "Running" },
        g: { state: "Running" },
        h: { state: "Running" },
        i: { state: "Completed", claimUntil: 500n, challengeUntil: 999n },
        j: { state: "Completed", claimUntil: 500n, challengeUntil: 1001n },
        k: { state: "Failed", claimUntil: 500n, challengeUntil: 800n, caseUntil: 999n },
        l: { state: "Failed", claimUntil: 500n, challengeUntil: 800n, caseUntil: 1001n },
        m: { state: "Expired", claimUntil: 500n, challengeUntil: 999n },
        n: { state: "Expired", claimUntil: 500n, challengeUntil: 1001n },
      },
      streams: [
        { job: "f", closed: false, endedAt: 0n, stalledAt: 0n, lastProgressAt: 990n },
        { job: "g", closed: false, endedAt: 0n, stalledAt: 0n, lastProgressAt: 900n },
        { job: "h", closed: false, endedAt: 0n, stalledAt: 960n, lastProgressAt: 800n },
      ],
    });
    expect(await crank.run()).toEqual({ looked: 14, done: 8, failed: 0 });
    expect(sent).toEqual([
      "expire a",
      "expire c",
      "finalize d",
      "flag_stalled g",
      "expire h",
      "finalize i",
      "resolve k",
      "finalize m",
    ]);
  });

  it("goes by the rules each job was made with, which it reads once", async () => {
    const silent = { closed: false, sealed: false, endedAt: 0n, stalledAt: 0n, lastProgressAt: 900n };
    const patient = { stallAfterSecs: 101n, stallGraceSecs: 30n };
    const { crank, sent, read } = keeper({
      jobs: { a: { state: "Running", rules: patient }, b: { state: "Running" } },
      streams: [
        { job: "a", ...silent },
        { job: "b", ...silent },
      ],
    });
    await crank.run();
    expect(sent).toEqual(["flag_stalled b"]);
    await crank.run();
    expect(sent).toEqual(["flag_stalled b", "flag_stalled b"]);
    expect(read).toEqual(["a", "b"]);
  });

  it("lets the last seconds of a terminated job be settled before it finalizes it", async () => {
    const stream = {
      job: "a",
      closed: false,
      sealed: false,
      startedAt: 900n,
      endedAt: 930n,
      // The chain's clock has yet to reach it.
      proveUntil: 1001n,
      stalledAt: 0n,
      lastProgressAt: 900n,
      seq: 0n,
      secondsAttested: 0n,
      secondsConfirmed: 0n,
      secondsBilled: 0n,
      holdbackSecs: 0n,
      ratePerHour: 3600n,
      heldRatePerHour: 3600n,
      acc: 0n,
      fundedSecs: 1000n,
      earned: 0n,
      paid: 0n,
    };
    const jobs = { a: { state: "Terminated", claimUntil: 945n } };
    const usages = { a: { job: "a", seq: 1n, secondsCum: 30n, tLast: 930n, logRoot: "0x", signature: "0x" } };
    const open = keeper({ jobs, streams: [stream], usages });
    await open.crank.run();
    expect(open.sent).toEqual([]);
    const proven = keeper({ jobs, streams: [{ ...stream, seq: 1n, secondsAttested: 30n }], usages });
    await proven.crank.run();
    expect(proven.sent).toEqual(["finalize a"]);
    // Nothing counts any more: there is nothing to wait for.
    const over = keeper({ jobs, streams: [{ ...stream, proveUntil: 1000n }], usages });
    await over.crank.run();
    expect(over.sent).toEqual(["finalize a"]);
  });

  it("finds the jobs that expired with money held back in the indexer's list", async () => {
    const jobs = { a: { state: "Expired", claimUntil: 500n, challengeUntil: 999n } };
    const { crank, sent } = keeper({ jobs, open: [], listed: { Expired: ["a"] } });
    await crank.run();
    expect(sent).toEqual(["finalize a"]);
  });

  it("goes on after a failing action and lets that job wait", async () => {
    const { crank, sent, passMs } = keeper({ jobs: { a: overdue, b: overdue }, fail: new Set(["a"]) });
    expect(await crank.run()).toMatchObject({ done: 1, failed: 1 });
    await crank.run();
    expect(sent).toEqual(["expire a", "expire b", "expire b"]);
    passMs(30_000);
    await crank.run();
    expect(sent.filter((action) => action === "expire a").length).toBe(2);
  });

  it("doesn't flag a stream whose seconds the tick can still settle, unless the chain refuses them", async () => {
    const stream = {
      job: "a",
      closed: false,
      endedAt: 0n,
      startedAt: 900n,
      stalledAt: 0n,
      lastProgressAt: 900n,
      seq: 0n,
      secondsAttested: 0n,
      secondsConfirmed: 0n,
      secondsBilled: 0n,
      holdbackSecs: 0n,
      ratePerHour: 3600n,
      heldRatePerHour: 3600n,
      acc: 0n,
      fundedSecs: 1000n,
      earned: 0n,
      paid: 0n,
    };
    const usages = { a: { job: "a", seq: 1n, secondsCum: 30n, tLast: 930n, logRoot: "0x", signature: "0x" } };
    const facts = { jobs: { a: { state: "Running" } }, streams: [stream], usages };
    const open = keeper(facts);
    await open.crank.run();
    expect(open.sent).toEqual([]);
    const refused = keeper({ ...facts, buried: ["a"] });
    await refused.crank.run();
    expect(refused.sent).toEqual(["flag_stalled a"]);
  });

  it("looks at the jobs that only the indexer knows, and does without it when it is away", async () => {
    const jobs = { a: overdue };
    const known = keeper({ jobs, open: [], listed: { Pending: ["a"] } });
    expect(await known.crank.run()).toMatchObject({ done: 1 });
    const away = keeper({ jobs, listed: new Error("away") });
    expect(await away.crank.run()).toMatchObject({ done: 1 });
  });
});

it("reads every page of the indexer's list", async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://x");
    asked.push(url.search);
    const last = url.searchParams.get("cursor") === "p2";
    const items = [{ job: last ? "0x2" : "0x1", state: "Pending" }];
    response.end(JSON.stringify({ items, nextCursor: last ? null : "p2" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const lister = createIndexerLister(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(await lister.jobsIn("Pending")).toEqual(["0x1", "0x2"]);
  expect(asked).toEqual(["?state=Pending&limit=200", "?state=Pending&limit=200&cursor=p2"]);
  await new Promise((resolve) => server.close(resolve));
});
