/** What the API answers about orders open to all, cases and faults. */
import { NO_ADDRESS } from "@computestream/protocol";
import type { JobDto } from "@computestream/protocol/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Service } from "../src/service.ts";
import { createHandWrittenChain, type HandWrittenChain } from "./hand-written-chain.ts";
import {
  ARBITER,
  accepted,
  address,
  arbitrationOpened,
  BUYER,
  closed,
  completed,
  counted,
  created,
  faultProven,
  jobSettled,
  OWNER,
  outputChallenged,
  parameters,
  refunded,
  registered,
  sealed,
  slashed,
  started,
  stats,
  T0,
} from "./histories.ts";
import { readerOf, serve, startDatabases, untilMirrored } from "./parts.ts";

const CHEAP = address("f1");
const DEAR = address("f2");
const OPEN = address("e4");
const TAKEN = address("e5");
/** Ended, with money held back and a case: one asks for a chunk, the other for a ruling. */
const CHALLENGED = address("e6");
const ARBITRATED = address("e7");
const FAULTY = address("e8");

let databases: Awaited<ReturnType<typeof startDatabases>>;
let chain: HandWrittenChain;
let service: Service;
let get: ReturnType<typeof readerOf>;

beforeAll(async () => {
  databases = await startDatabases();
  chain = createHandWrittenChain();
  chain.append(T0, [
    parameters(),
    registered(CHEAP),
    registered(DEAR),
    stats(DEAR, { jobs_completed: "1", score: "6666" }),
  ]);
  appendHistory();
  service = await serve(await databases.database(), chain);
  get = readerOf(service.url);
  await untilMirrored(service.url, chain.head);
}, 60_000);

afterAll(async () => {
  await service?.close();
  await databases?.close();
});

function appendHistory(): void {
  const asks = { gpu_model: "RTX 4090", gpus: "2", ram_gb: "64", region: "eu-west", min_stake: "1000" };
  chain.append(T0 + 15, created(OPEN, { deposit: "600000", priority: 8, requirements: asks }));
  chain.append(T0 + 15, [
    ...created(TAKEN, { deposit: "600000", requirements: asks }),
    accepted(TAKEN, CHEAP, { rate: "30", gpuMask: "3" }),
  ]);
  for (const job of [CHALLENGED, ARBITRATED, FAULTY]) {
    const terms = { provider: CHEAP, deposit: "600000", holdback: "5" };
    chain.append(T0 + 20, [...created(job, terms), accepted(job, CHEAP)]);
    chain.append(T0 + 20, started(job, { ...terms, atSecs: T0 + 20 }));
    // 5 s, all of them held.
    chain.append(T0 + 25, [
      counted(job, { seq: 5, secs: 5, balance: "600000" }),
      refunded(job, "550000", "50000"),
      sealed(job, 5, "50000"),
      completed(job, CHEAP, { claimUntil: T0 + 25, challengeUntil: T0 + 3625 }),
    ]);
  }
  chain.append(T0 + 30, [outputChallenged(CHALLENGED, "2", "6000", T0 + 3631)]);
  chain.append(T0 + 31, [
    arbitrationOpened(ARBITRATED, { unreleased: "50000", bond: "6000", decideBy: T0 + 86_432 }),
  ]);
  chain.append(T0 + 32, [
    ["job::JobForfeited", { job: FAULTY, provider: CHEAP }],
    refunded(FAULTY, "50000", "0"),
    closed(FAULTY, { secs: 5, paid: "0", feePaid: "0" }),
    jobSettled(FAULTY, {
      provider: CHEAP,
      outcome: 3,
      seconds: "5",
      deposited: "600000",
      paid: "0",
      fees: "0",
      refunded: "600000",
    }),
    slashed(CHEAP, "50000000", "5000000", "50000000"),
    stats(CHEAP, { faults: "1", score: "238" }),
    faultProven(FAULTY, { provider: CHEAP, fault: 2, slashed: "50000000", reward: "5000000" }),
  ]);
}

describe("open orders, cases and faults", () => {
  const addresses = async (query: string) => (await get("/api/v1/jobs", query)).items.map((j) => j.job);
  const jobAt = (address: string) => get("/api/v1/jobs/:address", "", { address });

  it("an open order says what it asks for, and names its provider once it is taken", async () => {
    expect(await jobAt(OPEN)).toMatchObject({
      state: "Pending",
      isOpen: true,
      provider: NO_ADDRESS,
      gpus: 2,
      requirements: {
        gpuModel: "RTX 4090",
        vramGb: 0,
        cpuCores: 0,
        ramGb: 64,
        diskGb: 0,
        region: "eu-west",
        sandbox: "",
        minStake: "1000",
      },
      priority: 8,
      ratePerHour: "36000000",
    } satisfies Partial<JobDto>);
    expect(await jobAt(TAKEN)).toMatchObject({
      state: "Accepted",
      isOpen: true,
      provider: CHEAP,
      ratePerHour: "30",
    });
  });

  it("the list tells orders that wait for a provider from all others", async () => {
    expect(await addresses("?open=true")).toEqual([OPEN]);
    const others = await addresses("?open=false");
    expect(others).toContain(TAKEN);
    expect(others).not.toContain(OPEN);
    expect(await addresses("?open=true&state=Running")).toEqual([]);
  });

  it("a job shows its open case, alone and in the list", async () => {
    const challenge = {
      kind: "OutputChallenge",
      bond: "6000",
      deadline: T0 + 3631,
      openedAt: T0 + 30,
      chunkIndex: "2",
      arbiter: null,
      reason: "",
    };
    const arbitration = {
      kind: "Arbitration",
      bond: "6000",
      deadline: T0 + 86_432,
      openedAt: T0 + 31,
      chunkIndex: null,
      arbiter: ARBITER,
      reason: "the frames are black",
    };
    expect(await jobAt(CHALLENGED)).toMatchObject({
      state: "Completed",
      case: challenge,
      claimUntil: T0 + 25,
      challengeUntil: T0 + 3625,
      held: "50000",
      balance: "50000",
      secondsBilled: 5,
      secondsAttested: 5,
      sealed: true,
    });
    expect((await jobAt(ARBITRATED)).case).toEqual(arbitration);
    const { items } = await get("/api/v1/jobs", "?state=Completed");
    expect(items.map((j) => [j.job, j.case])).toEqual([
      [ARBITRATED, arbitration],
      [CHALLENGED, challenge],
    ]);
  });

  it("seconds that only grow what is held are ticks, and no settlement of the network", async () => {
    const { items } = await get("/api/v1/jobs/:address/ticks", "", { address: CHALLENGED });
    expect(items).toEqual([
      expect.objectContaining({ amount: "0", secondsBilled: 5, paid: "0", acc: "180000000" }),
    ]);
    const { recent } = await get("/api/v1/stats");
    expect(recent.find((bucket) => bucket.timestamp === T0 + 25)).toMatchObject({
      amount: "0",
      settlements: 0,
    });
  });

  it("a case that is closed is gone from the job", async () => {
    const version = chain.append(T0 + 40, [
      ["dispute::ChallengeAnswered", { job: CHALLENGED, answered_by: OWNER, chunk_index: "2", bond: "6000" }],
    ]);
    await untilMirrored(service.url, version);
    expect(await jobAt(CHALLENGED)).toMatchObject({ state: "Completed", case: null, fault: null });
  });

  it("a proven fault shows at the job and at its provider", async () => {
    expect(await jobAt(FAULTY)).toMatchObject({
      state: "Settled",
      outcome: "Completed",
      fault: "FewerSeconds",
      paidToProvider: "0",
      refunded: "600000",
      held: "0",
    });
    expect(await get("/api/v1/providers/:address", "", { address: CHEAP })).toMatchObject({
      stake: "50000000",
      faults: 1,
      score: 238,
    });
    const sorted = (await get("/api/v1/providers", "?sort=score")).items.map((p) => p.provider);
    expect([sorted[0], sorted.at(-1)]).toEqual([DEAR, CHEAP]);
  });

  it("a case's events are in the job's history", async () => {
    const { items } = await get("/api/v1/jobs/:address/events", "", { address: CHALLENGED });
    expect(items.slice(-2).map((e) => [e.module, e.name])).toEqual([
      ["dispute", "OutputChallenged"],
      ["dispute", "ChallengeAnswered"],
    ]);
    expect(items.at(-2)?.data).toMatchObject({ buyer: BUYER, chunk_index: "2", bond: "6000" });
  });
});
