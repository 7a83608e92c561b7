/** The indexer's own process against a real devnet with the real modules: the mirror says what the chain's views say. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { encodeJobSpec, outputProof } from "@computestream/protocol";
import { zJob, zPage, zStats, zTick } from "@computestream/protocol/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ChainWorld,
  DEPOSIT,
  eventOf,
  noOutput,
  output,
  PACK,
  PER_HOUR,
  STAKE,
  source,
  startChainWorld,
  TSX,
} from "./chain-world.ts";

let world: ChainWorld;
beforeAll(async () => {
  world = await startChainWorld();
}, 180_000);
afterAll(() => world?.close());

describe("the mirror of a real chain", () => {
  it("agrees with the chain's views through every way a job can end, across a kill", async () => {
    const { client, payloads, buyer, operator, expectMirrored, startedJob, usageAt } = world;
    const cancelled = await world.createJob("cancelled");
    await expectMirrored(cancelled);
    await client.execute(buyer, payloads.cancel(cancelled));
    expect(await expectMirrored(cancelled)).toMatchObject({
      outcome: "Cancelled",
      refunded: "600000",
      balance: "0",
    });

    const failed = await startedJob("failed");
    await client.execute(operator, payloads.fail(failed.job, "out of memory", noOutput, null));
    expect(await expectMirrored(failed.job)).toMatchObject({
      outcome: "Failed",
      reason: "out of memory",
      exitCode: 1,
      outputSha256: null,
      refunded: "600000",
    });

    const run = await startedJob("completed");
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 1n)));
    // 1 s: 10,000 gross, 1 % of it is 100, a tenth of that the keeper's.
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Running",
      title: "completed",
      paidToProvider: "9900",
      fees: "100",
      keeperFees: "10",
      balance: "590000",
    });
    expect(zStats.parse(await world.read("/stats"))).toMatchObject({
      jobsRunning: 1,
      ratePerHourRunning: "36000000",
    });
    const streams = zPage(zJob).parse(await world.read("/streams")).items;
    expect(streams.map((j) => j.job)).toEqual([run.job]);

    world.killIndexer();
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 2n)));
    await world.restartIndexer();
    await client.execute(operator, payloads.complete(run.job, output, await usageAt(run, 3n)));
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Settled",
      outcome: "Completed",
      exitCode: 0,
      outputSha256: output.outputSha256,
      outputRoot: output.outputRoot,
      outputSize: 40_000,
      secondsBilled: 3,
      paidToProvider: "29700",
      fees: "300",
      refunded: "570000",
      balance: "0",
    });
    const ticks = zPage(zTick).parse(await world.read(`/jobs/${run.job}/ticks`)).items;
    expect(ticks.map((t) => [t.secondsBilled, t.amount, t.keeperFee, t.paid])).toEqual([
      [3, "10000", "10", "30000"],
      [2, "10000", "10", "20000"],
      [1, "10000", "10", "10000"],
    ]);

    const silent = await startedJob("expired");
    await world.reach(silent.startedAt + 60n);
    await client.execute(buyer, payloads.flagStalled(silent.job));
    expect((await expectMirrored(silent.job)).stalledAt).toBeGreaterThan(0);
    await client.execute(buyer, payloads.processPayment(await usageAt(silent, 2n)));
    expect((await expectMirrored(silent.job)).stalledAt).toBe(0);
    await world.chain.passSecs(60);
    const flagged = await client.execute(buyer, payloads.flagStalled(silent.job));
    await world.reach(eventOf(flagged, "StreamStalled").data.answer_by);
    await client.execute(buyer, payloads.expire(silent.job));
    expect(await expectMirrored(silent.job)).toMatchObject({
      outcome: "Expired",
      paidToProvider: "19800",
      refunded: "580000",
    });
    await world.expectProviderMirrored();
  });

  it("follows an open order to the provider that takes it", async () => {
    const { client, payloads, buyer, operator, provider, expectMirrored } = world;
    const placed = await client.execute(
      buyer,
      payloads.createOpenJob({
        asset: world.chain.deployment.asset.address,
        image: "busybox@sha256:0",
        spec: encodeJobSpec({ version: 1, title: "open" }),
        gpus: 1n,
        requirements: { gpuModel: "RTX 4090", ramGb: 32n, minStake: 1n },
        maxDurationSecs: 60n,
        maxRatePerHour: PER_HOUR * 2n,
        deposit: DEPOSIT * 2n,
        priority: 9,
      }),
    );
    const { job } = eventOf(placed, "JobCreated").data;
    expect(await expectMirrored(job)).toMatchObject({
      state: "Pending",
      isOpen: true,
      ratePerHour: "72000000",
    });
    const open = zPage(zJob).parse(await world.read("/jobs?open=true")).items;
    expect(open.map((j) => j.job)).toEqual([job]);

    await client.execute(operator, payloads.accept(provider, job, 2n));
    // The price and half of it for the one GPU.
    expect(await expectMirrored(job)).toMatchObject({ state: "Accepted", provider, ratePerHour: "54000000" });
    await world.expectProviderMirrored();
    expect(zPage(zJob).parse(await world.read("/jobs?open=true")).items).toEqual([]);
    await client.execute(buyer, payloads.cancel(job));
    await expectMirrored(job);
    await world.expectProviderMirrored();

    await client.execute(buyer, payloads.reclaim(job));
    await world.caughtUp();
    // Gone from the chain; its row stays.
    expect(await client.getJob(job)).toBeNull();
    expect(zJob.parse(await world.read(`/jobs/${job}`))).toMatchObject({
      outcome: "Cancelled",
      refunded: "1200000",
    });
  });

  it("follows extensions and changed rates", async () => {
    const { client, payloads, buyer, owner, operator, expectMirrored, startedJob, usageAt } = world;
    const run = await startedJob("changed");
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 2n)));
    // 88 s more at 20,000 are 1,760,000: the deposit must pay for them before the rate is raised.
    await client.execute(buyer, payloads.extend(run.job, 30n, 1_180_000n));
    expect(await expectMirrored(run.job)).toMatchObject({
      deposited: "1780000",
      maxDurationSecs: 90,
      fundedSecs: 90,
      balance: "1760000",
    });
    await client.execute(buyer, payloads.changeRate(run.job, PER_HOUR * 2n));
    expect(await expectMirrored(run.job)).toMatchObject({ ratePerHour: "72000000", fundedSecs: 90 });
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 4n)));
    await client.execute(owner, payloads.changeRate(run.job, PER_HOUR / 2n));
    expect(await expectMirrored(run.job)).toMatchObject({ ratePerHour: "18000000", fundedSecs: 90 });
    await client.execute(operator, payloads.complete(run.job, output, await usageAt(run, 6n)));
    // 2 s at 10,000, 2 s at 20,000, 2 s at 5,000.
    expect(await expectMirrored(run.job)).toMatchObject({
      outcome: "Completed",
      paidToProvider: "69300",
      fees: "700",
      refunded: "1710000",
    });
  });

  it("follows what is held through changed rates, second by second", async () => {
    const { client, payloads, buyer, owner, expectMirrored, startedJob, usageAt } = world;
    const run = await startedJob("held at its own rate", { holdbackSecs: 3n });
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 2n)));
    // All of it is held: nothing is paid, and still each second shows.
    expect(await expectMirrored(run.job)).toMatchObject({
      held: "20000",
      secondsBilled: 2,
      paidToProvider: "0",
      acc: "72000000",
    });
    await client.execute(owner, payloads.changeRate(run.job, PER_HOUR / 2n));
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 4n)));
    // 30,000 are earned; three seconds are held at the old rate still.
    expect(await expectMirrored(run.job)).toMatchObject({ held: "30000", paidToProvider: "0" });
    // Four at the new rate by now: the last three of them are held at it, 25,000 of 40,000 are free.
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 6n)));
    expect(await expectMirrored(run.job)).toMatchObject({ held: "15000", paidToProvider: "24750" });
    await client.execute(buyer, payloads.confirm(run.job));
    expect(await expectMirrored(run.job)).toMatchObject({ held: "0", secondsConfirmed: 6 });
    await client.execute(buyer, payloads.terminate(run.job, null));
  });

  it("follows a job that expires with money held back until it is finalized", async () => {
    const { client, payloads, buyer, expectMirrored, startedJob, usageAt } = world;
    const run = await startedJob("expired, held", { holdbackSecs: 60n });
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 5n)));
    await world.chain.passSecs(60);
    await client.execute(buyer, payloads.flagStalled(run.job));
    await world.chain.passSecs(60);
    const { timestamp } = eventOf(await client.execute(buyer, payloads.expire(run.job)), "JobExpired").data;
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Expired",
      outcome: null,
      sealed: true,
      held: "50000",
      balance: "50000",
      challengeUntil: Number(timestamp) + 3_600,
    });
    const waiting = zPage(zJob).parse(await world.read("/jobs?state=Expired")).items;
    expect(waiting.map((j) => j.job)).toEqual([run.job]);
    await world.reach(timestamp + 3_600n);
    await client.execute(buyer, payloads.finalize(run.job));
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Settled",
      outcome: "Expired",
      paidToProvider: "49500",
      fees: "500",
      refunded: "550000",
    });
    await world.expectProviderMirrored();
  });

  it("follows what is held back until the buyer confirms", async () => {
    const { client, payloads, buyer, operator, expectMirrored, startedJob, usageAt } = world;
    const run = await startedJob("held", { holdbackSecs: 5n });
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 8n)));
    expect(await expectMirrored(run.job)).toMatchObject({ held: "50000", paidToProvider: "29700" });
    await client.execute(buyer, payloads.confirm(run.job));
    expect(await expectMirrored(run.job)).toMatchObject({
      held: "0",
      secondsConfirmed: 8,
      paidToProvider: "79200",
    });
    // Four more seconds, all held.
    await client.execute(operator, payloads.complete(run.job, output, await usageAt(run, 12n)));
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Completed",
      sealed: true,
      held: "40000",
      balance: "40000",
      secondsBilled: 12,
    });
    await client.execute(buyer, payloads.confirm(run.job));
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Settled",
      paidToProvider: "118800",
      fees: "1200",
      refunded: "480000",
    });
  });

  it("follows a termination whose last seconds are proven late", async () => {
    const { client, payloads, buyer, expectMirrored, startedJob, usageAt } = world;
    const run = await startedJob("terminated");
    const [early, late] = [await usageAt(run, 1n), await usageAt(run, 60n)];
    await client.execute(buyer, payloads.terminate(run.job, early));
    // All 60 s ran, so that nothing goes back yet.
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Terminated",
      paidToProvider: "9900",
      refunded: "0",
      balance: "590000",
    });
    await client.execute(buyer, payloads.processPayment(late));
    expect(await expectMirrored(run.job)).toMatchObject({ paidToProvider: "594000", balance: "0" });
    await client.execute(buyer, payloads.finalize(run.job));
    expect(await expectMirrored(run.job)).toMatchObject({ state: "Settled", outcome: "Terminated" });
  });

  it("follows a proven fault, the slashed stake and a new beginning", async () => {
    const { client, payloads, buyer, owner, provider, expectMirrored, startedJob, usageAt } = world;
    const run = await startedJob("faulty");
    await client.execute(buyer, payloads.processPayment(await usageAt(run, 2n)));
    const [one, other] = [
      await usageAt(run, 3n),
      await usageAt(run, 3n, { logRoot: `0x${"33".repeat(32)}` }),
    ];
    await client.execute(buyer, payloads.reportContradiction(one, other));
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Settled",
      outcome: "Failed",
      reason: "FAULT_PROVEN",
      fault: "Equivocation",
      paidToProvider: "19800",
      refunded: "580000",
    });
    await world.expectProviderMirrored();
    expect(await client.getProvider(provider)).toMatchObject({
      status: "Offline",
      staked: STAKE / 2n,
      faults: 1n,
    });
    await client.execute(owner, payloads.addStake(provider, STAKE));
    await client.execute(owner, payloads.requestUnstake(provider, 1_000n));
    await client.execute(owner, payloads.setStatus(provider, "Active"));
    await world.expectProviderMirrored();
  });

  it("follows challenges of an output, answered and not", async () => {
    const { client, payloads, buyer, operator, expectMirrored, startedJob, usageAt } = world;
    const run = await startedJob("challenged", { holdbackSecs: 10n });
    await client.execute(operator, payloads.complete(run.job, output, await usageAt(run, 5n)));
    await client.execute(buyer, payloads.challengeOutput(run.job, 2n));
    // 1 % of the deposit is the bond.
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Completed",
      held: "50000",
      case: { kind: "OutputChallenge", chunkIndex: "2", bond: "6000" },
    });
    const chunk = PACK.subarray(2 * 16_384);
    await client.execute(operator, payloads.answerChallenge(run.job, chunk, outputProof(PACK, 2)));
    expect(await expectMirrored(run.job)).toMatchObject({ state: "Completed", case: null, fault: null });

    const again = await client.execute(buyer, payloads.challengeOutput(run.job, 0n));
    await world.reach(eventOf(again, "OutputChallenged").data.answer_by);
    await client.execute(buyer, payloads.resolve(run.job));
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Settled",
      outcome: "Completed",
      fault: "OutputWithheld",
      paidToProvider: "0",
      refunded: "600000",
    });
    await world.expectProviderMirrored();
    await client.execute(world.owner, payloads.addStake(world.provider, STAKE));
    await client.execute(world.operator, payloads.setStatus(world.provider, "Active"));
  });

  it("follows an arbitration to a split", async () => {
    const { client, payloads, buyer, operator, expectMirrored, startedJob, usageAt } = world;
    const run = await startedJob("arbitrated", { holdbackSecs: 10n });
    await client.execute(operator, payloads.complete(run.job, output, await usageAt(run, 5n)));
    await client.execute(buyer, payloads.openArbitration(run.job, "the frames are black"));
    expect((await expectMirrored(run.job)).case).toMatchObject({
      kind: "Arbitration",
      reason: "the frames are black",
    });
    await client.execute(world.chain.admin, payloads.rule(run.job, 20_000n));
    // Less than the 50,000 that were earned.
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Settled",
      case: null,
      paidToProvider: "19800",
      fees: "200",
      refunded: "580000",
      held: "0",
    });
  });

  it("follows what an owner and an operator change", async () => {
    const { client, payloads, owner, operator, provider } = world;
    await client.execute(operator, payloads.heartbeat(provider));
    await client.execute(owner, payloads.updatePrice(provider, 7_200n, 3_600n));
    await client.execute(operator, payloads.setStatus(provider, "Maintenance"));
    await world.expectProviderMirrored();
    await client.execute(
      owner,
      payloads.updateMachine(provider, {
        name: "Workbench 2",
        gpuModel: "RTX 5090",
        gpuCount: 1n,
        vramGb: 32n,
        cpuCores: 32n,
        ramGb: 128n,
        diskGb: 2_000n,
        region: "eu-west",
        sandbox: "gvisor",
        slots: 8n,
      }),
    );
    await world.expectProviderMirrored();
  });

  it("never saw money that doesn't add up", async () => {
    await world.caughtUp();
    expect(await world.metrics()).toContain("computestream_indexer_conservation_violations_total 0\n");
  });

  it("equals a rebuild from version 0, by the command that says so", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", TSX, source("verify.ts")], {
      env: world.env,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      equal: true,
      unbalancedJobs: 0,
      unbalancedStakes: 0,
      tables: {
        jobs: { rows: 13, onlyLive: 0, onlyRebuilt: 0 },
        providers: { rows: 1 },
        cases: { rows: 3 },
        faults: { rows: 2 },
        provider_heartbeats: { rows: 1 },
        market_parameters: { rows: 1 },
        assets: { rows: 1 },
      },
    });
  });
});
