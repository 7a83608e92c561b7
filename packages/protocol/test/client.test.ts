/** The client against a real devnet with the real modules: every view, payload, event and abort it knows. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeUsage, signUsage } from "../src/attestation.ts";
import { createChainClient, entryFunction } from "../src/client/index.ts";
import { toHex } from "../src/primitives.ts";
import { termsHash } from "../src/terms.ts";
import {
  addressOf,
  event,
  LOG_ROOT,
  NO_OUTPUT,
  NOWHERE,
  newAccount,
  RATE_PER_HOUR,
  refusal,
  STAKE,
  startWorld,
  type World,
} from "./world.ts";

let world: World;
let client: World["client"];
let provider: string;
let owner: World["owner"];
let operator: World["operator"];
let buyer: World["buyer"];

beforeAll(async () => {
  world = await startWorld();
  ({ client, provider, owner, operator, buyer } = world);
});

afterAll(() => world?.close());

describe("a provider", () => {
  it("is read back as it was registered", async () => {
    const { stake, ...registration } = world.registration();
    const view = await client.getProvider(provider);
    expect(view).toEqual({
      ...registration,
      provider,
      owner: addressOf(owner),
      devices: [],
      slotsBusy: 0n,
      gpusBusyMask: 0n,
      staked: stake,
      unbonding: 0n,
      unlocksAt: 0n,
      status: "Active",
      lastHeartbeatAt: expect.any(BigInt),
      registeredAt: expect.any(BigInt),
      boundStake: 0n,
      liableUntil: 0n,
      jobsCompleted: 0n,
      jobsFailed: 0n,
      jobsExpired: 0n,
      faults: 0n,
      secondsServed: 0n,
      earned: 0n,
      score: 5_000n,
    });
    expect(view?.registeredAt).toBeGreaterThan(1_600_000_000n);
  });

  it("is told by its event as by the view", async () => {
    const devices = [`0x${"d1".repeat(32)}`, `0x${"d2".repeat(32)}`];
    const registered = await client.execute(
      owner,
      client.payloads.registerProvider({ ...world.registration(), devices, slots: 1n }),
    );
    const { data } = event(registered, "ProviderRegistered");
    expect(data).toMatchObject({
      owner: addressOf(owner),
      name: "Workbench",
      gpu_count: 2n,
      sandbox: "docker",
      devices,
      slots: 1n,
      gpu_price_per_hour: RATE_PER_HOUR,
      staked: STAKE,
    });
    expect(await client.getProvider(data.provider)).toMatchObject({ devices, slots: 1n });
    expect(await client.providerCount()).toBe(2n);
    const [first, second] = await client.listProviders(0n, 100n);
    expect([first?.provider, second?.provider]).toEqual([provider, data.provider]);
    expect((await client.listProviders(1n, 1n)).map((view) => view.provider)).toEqual([data.provider]);
  });

  it("has the status that its owner or operator says, and a heartbeat", async () => {
    const before = (await client.getProvider(provider))?.lastHeartbeatAt ?? 0n;
    await client.execute(operator, client.payloads.heartbeat(provider));
    const drained = await client.execute(owner, client.payloads.setStatus(provider, "Draining"));
    expect(event(drained, "ProviderStatusChanged").data.status).toBe(1);
    expect((await client.getProvider(provider))?.status).toBe("Draining");
    expect(await refusal(world.createJob())).toMatchObject({ code: "E_PROVIDER_UNAVAILABLE" });
    await client.execute(operator, client.payloads.setStatus(provider, "Active"));
    const view = await client.getProvider(provider);
    expect(view?.status).toBe("Active");
    expect(view?.lastHeartbeatAt).toBeGreaterThanOrEqual(before > 0n ? before : 1n);
  });

  it("changes its prices for later jobs", async () => {
    const repriced = await client.execute(owner, client.payloads.updatePrice(provider, 7_200n, 60n));
    expect(event(repriced, "ProviderPriceChanged").data).toMatchObject({
      price_per_hour: 7_200n,
      gpu_price_per_hour: 60n,
    });
    await client.execute(owner, client.payloads.updatePrice(provider, RATE_PER_HOUR, RATE_PER_HOUR));
  });

  it("changes its machine and its keys", async () => {
    const other = await world.register({ gpuCount: 0n });
    const bigger = { ...world.registration(), name: "Bigger", gpuCount: 8n, slots: 3n };
    const changed = await client.execute(owner, client.payloads.updateMachine(other, bigger));
    expect(event(changed, "ProviderMachineChanged").data).toMatchObject({
      name: "Bigger",
      gpu_count: 8n,
      slots: 3n,
    });
    const key = toHex(buyer.publicKey.toUint8Array());
    await client.execute(owner, client.payloads.updateOperator(other, addressOf(buyer), key));
    expect(await client.getProvider(other)).toMatchObject({
      name: "Bigger",
      gpuCount: 8n,
      operator: addressOf(buyer),
      attestKey: key,
    });
  });

  it("adds stake and asks for it back", async () => {
    const other = await world.register();
    await client.execute(owner, client.payloads.addStake(other, 50n));
    const asked = await client.execute(owner, client.payloads.requestUnstake(other, 20n));
    const { unlocks_at, timestamp, ...unstake } = event(asked, "UnstakeRequested").data;
    expect(unstake).toEqual({ provider: other, amount: 20n, staked: STAKE + 30n, unbonding: 20n });
    expect(unlocks_at).toBe(timestamp + 86_400n);
    expect(await client.getStake(other)).toEqual({
      provider: other,
      asset: world.chain.deployment.asset.address,
      staked: STAKE + 30n,
      unbonding: 20n,
      unlocksAt: unlocks_at,
    });
    expect(await refusal(client.execute(owner, client.payloads.withdrawStake(other)))).toMatchObject({
      code: "E_STILL_UNBONDING",
      module: "stake",
    });
  });
});

describe("a job from creation to settlement", () => {
  it("pays the provider and the treasury by the second and refunds the rest, to the base unit", async () => {
    const before = {
      buyer: await client.balance(addressOf(buyer)),
      owner: await client.balance(addressOf(owner)),
      treasury: await client.balance(world.chain.deployment.packageAddress),
    };
    const { job, startedAt, created } = await world.startedJob();
    const record = (await client.transactions(created.version, 1))[0];
    const gasPaid = (record?.gasUsed ?? 0n) * (record?.gasUnitPrice ?? 0n);
    expect(await client.getStream(job)).toMatchObject({
      job,
      payer: addressOf(buyer),
      payee: addressOf(owner),
      attestKey: world.registration().attestKey,
      ratePerHour: 3_600_000_000n,
      deposited: 60_000_005n,
      maxDurationSecs: 60n,
      fundedSecs: 60n,
      holdbackSecs: 0n,
      startedAt,
      endedAt: 0n,
      seq: 0n,
      secondsBilled: 0n,
      earned: 0n,
      paid: 0n,
      feeBps: 100n,
      keeperShareBps: 1_000n,
      balance: 60_000_005n,
      stalledAt: 0n,
      sealed: false,
      closed: false,
    });

    await world.chainReaches(startedAt + 2n);
    const two = await world.usageOf({ job, seq: 1n, secondsCum: 2n, tLast: startedAt + 2n });
    expect(await client.quoteSettlement(job, 2n, startedAt + 2n)).toEqual({
      amount: 2_000_000n,
      fee: 20_000n,
    });
    const paidOnce = await client.execute(buyer, client.payloads.processPayment(world.sign(two)));
    const keeperRecord = (await client.transactions(paidOnce.version, 1))[0];
    const keeperGas = (keeperRecord?.gasUsed ?? 0n) * (keeperRecord?.gasUnitPrice ?? 0n);
    // 2 s * 1_000_000 = 2_000_000 gross, 1% fee = 20_000, a tenth of it to the keeper, here the buyer.
    expect(event(paidOnce, "StreamSettled").data).toMatchObject({
      job,
      seq: 1n,
      seconds_attested: 2n,
      seconds_billed: 2n,
      amount: 2_000_000n,
      fee: 20_000n,
      keeper_fee: 2_000n,
      paid: 2_000_000n,
      fee_paid: 20_000n,
      keeper_paid: 2_000n,
      balance: 58_000_005n,
    });

    await world.chainReaches(startedAt + 3n);
    const three = await world.usageOf({ job, seq: 2n, secondsCum: 3n, tLast: startedAt + 3n });
    const output = {
      exitCode: 0n,
      outputUris: ["s3://outputs/job.tar"],
      outputSha256: `0x${"aa".repeat(32)}`,
      outputRoot: `0x${"bb".repeat(32)}`,
      outputSize: 40_000n,
    };
    const completed = await client.execute(
      operator,
      client.payloads.complete(job, output, world.sign(three)),
    );
    expect(event(completed, "JobCompleted").data).toMatchObject({
      output_size: 40_000n,
      challenge_until: 0n,
    });
    // 3 s = 3_000_000 gross, 30_000 fee; the rest of 60_000_005 comes back.
    expect(event(completed, "JobSettled").data).toMatchObject({
      outcome: 3,
      seconds: 3n,
      deposited: 60_000_005n,
      paid: 2_970_000n,
      fees: 30_000n,
      refunded: 57_000_005n,
    });

    expect(await client.getJob(job)).toMatchObject({
      job,
      buyer: addressOf(buyer),
      provider,
      image: "busybox@sha256:0",
      spec: '{"version":1}',
      deposit: 60_000_005n,
      state: "Settled",
      outcome: "Completed",
      startedAt,
      ...output,
      reason: "",
    });
    expect(await client.getStream(job)).toMatchObject({
      secondsBilled: 3n,
      closed: true,
    });
    expect(await client.balance(addressOf(owner))).toBe(before.owner + 2_970_000n);
    // Of the fee of 30_000 the buyer as keeper got 2_000 and the operator 1_000.
    expect(await client.balance(world.chain.deployment.packageAddress)).toBe(before.treasury + 27_000n);
    expect(await client.balance(addressOf(buyer))).toBe(
      before.buyer - 3_000_000n + 2_000n - gasPaid - keeperGas,
    );
    expect(await world.view("escrow::balance", [job])).toBe("0");
  });

  it("is a failure with a reason when the container failed", async () => {
    const { job } = await world.startedJob();
    const nothing = { ...NO_OUTPUT, exitCode: 137n };
    const failed = await client.execute(operator, client.payloads.fail(job, "out of memory", nothing, null));
    expect(event(failed, "JobSettled").data).toMatchObject({
      outcome: 4,
      paid: 0n,
      fees: 0n,
      refunded: 60_000_005n,
    });
    expect(await client.getJob(job)).toMatchObject({
      outcome: "Failed",
      exitCode: 137n,
      reason: "out of memory",
    });
  });

  it("comes back whole when it is cancelled before start", async () => {
    const { job } = await world.createJob();
    expect(await client.getJob(job)).toMatchObject({ state: "Pending", outcome: null });
    const cancelled = await client.execute(buyer, client.payloads.cancel(job));
    expect(event(cancelled, "JobSettled").data).toMatchObject({ outcome: 5, refunded: 60_000_005n });
    expect(await client.getStream(job)).toBeNull();

    const reclaimed = await client.execute(buyer, client.payloads.reclaim(job));
    expect(event(reclaimed, "JobReclaimed").data).toMatchObject({ job, reclaimed_by: addressOf(buyer) });
    expect(await client.getJob(job)).toBeNull();
  });

  it("is terminated by the buyer with the provider's last word", async () => {
    const { job, startedAt } = await world.startedJob();
    await world.chainReaches(startedAt + 1n);
    const usage = await world.usageOf({ job, seq: 1n, secondsCum: 1n, tLast: startedAt + 1n });
    const terminated = await client.execute(buyer, client.payloads.terminate(job, world.sign(usage)));
    const left = event(terminated, "JobTerminated").data;
    const view = await client.getJob(job);
    if (view?.state === "Terminated") {
      await world.chainReaches(left.claim_until);
      await client.execute(buyer, client.payloads.finalize(job));
    }
    expect(await client.getJob(job)).toMatchObject({ state: "Settled", outcome: "Terminated" });
    expect(await client.getStream(job)).toMatchObject({
      secondsBilled: 1n,
      paid: 1_000_000n,
      feePaid: 10_000n,
    });
  });
});

describe("attestations", () => {
  it("have the bytes that the chain builds for itself, and its terms hash", async () => {
    const { job } = await world.createJob();
    const usage = await world.usageOf({ job, seq: 7n, secondsCum: 300n, tLast: 1_700_000_001n });
    const onChain = await world.view("attestation::usage_message", [
      usage.chainId,
      usage.packageAddress,
      job,
      usage.termsHash,
      "7",
      "300",
      "1700000001",
      LOG_ROOT,
    ]);
    expect(toHex(encodeUsage(usage))).toBe(onChain);

    const view = await client.getJob(job);
    if (!view) throw new Error("no job");
    expect(termsHash(job, view)).toBe(view.termsHash);
  });

  it("that are bad are skipped with their code in a batch, and the good ones are paid", async () => {
    const [good, bad] = [await world.startedJob(), await world.startedJob()];
    await world.chainReaches(bad.startedAt + 1n);
    const goodUsage = await world.usageOf({
      job: good.job,
      seq: 1n,
      secondsCum: 1n,
      tLast: good.startedAt + 1n,
    });
    const badUsage = await world.usageOf({
      job: bad.job,
      seq: 1n,
      secondsCum: 1n,
      tLast: bad.startedAt + 1n,
    });
    const settled = await client.execute(
      buyer,
      client.payloads.processPayments([{ ...world.sign(badUsage), seq: 2n }, world.sign(goodUsage)]),
    );
    expect(event(settled, "SettlementSkipped").data).toMatchObject({ job: bad.job, code: 103n });
    expect(event(settled, "StreamSettled").data).toMatchObject({ job: good.job, amount: 1_000_000n });
    expect(
      (await client.getStreams([good.job, NOWHERE, bad.job])).map(({ job, paid }) => ({ job, paid })),
    ).toEqual([
      { job: good.job, paid: 1_000_000n },
      { job: bad.job, paid: 0n },
    ]);
  });
});

describe("refusals", () => {
  it("are named with a sentence", async () => {
    expect(await refusal(world.createJob({ maxRatePerHour: 1n }))).toEqual({
      code: "E_PRICE_ABOVE_MAXIMUM",
      module: "job_orders",
      message: "The provider's price is above your maximum: raise the maximum or choose another provider.",
    });
    expect(await refusal(world.createJob({ deposit: 1n }))).toMatchObject({ code: "E_DEPOSIT_TOO_LOW" });
    const { job } = await world.createJob();
    expect(await refusal(client.execute(buyer, client.payloads.accept(provider, job, 0n)))).toMatchObject({
      code: "E_NOT_OPERATOR",
      module: "provider_registry",
    });
    const { packageAddress, asset } = world.chain.deployment;
    const usurped = entryFunction(packageAddress, "market", "set_asset_allowed", [asset.address, false]);
    expect(await refusal(client.execute(buyer, usurped))).toMatchObject({
      code: "E_NOT_ADMIN",
      module: "market",
    });
  });

  it("of a forged attestation name the signature", async () => {
    const { job, startedAt } = await world.startedJob();
    await world.chainReaches(startedAt + 1n);
    const usage = await world.usageOf({ job, seq: 1n, secondsCum: 1n, tLast: startedAt + 1n });
    const forged = signUsage(usage, new Uint8Array(32).fill(9));
    expect(await refusal(client.execute(buyer, client.payloads.processPayment(forged)))).toMatchObject({
      code: "E_BAD_SIGNATURE",
    });
  });

  it("of an account without money say so", async () => {
    const pauper = newAccount();
    const { code } = await refusal(client.execute(pauper, client.payloads.heartbeat(provider)));
    expect(["INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE", "SENDING_ACCOUNT_DOES_NOT_EXIST"]).toContain(code);
  });

  it("aren't objects that don't exist: those are null", async () => {
    expect(await client.getJob(NOWHERE)).toBeNull();
    expect(await client.getProvider(NOWHERE)).toBeNull();
    expect(await client.getStream(NOWHERE)).toBeNull();
    expect(await client.getStreams([NOWHERE])).toEqual([]);
    expect(await client.getJobs([NOWHERE])).toEqual([]);
    expect(await client.getCase(NOWHERE)).toBeNull();
    expect(await client.getStake(NOWHERE)).toBeNull();
    expect(await client.getRecord(NOWHERE)).toBeNull();
    expect(await client.quoteSettlement(NOWHERE, 1n, 1n)).toBeNull();
  });
});

describe("transactions", () => {
  it("have the hash under which the chain then knows them, and may be sent twice", async () => {
    const built = await client.build(operator.accountAddress, client.payloads.heartbeat(provider));
    const signed = client.sign(operator, built);
    expect(await client.findByHash(signed.hash)).toBeNull();
    await client.submit(signed);
    await client.submit(signed);
    const outcome = await client.waitFor(signed.hash);
    expect(outcome).toMatchObject({ hash: signed.hash, success: true, failure: null });
    await client.submit(signed);
    expect(await client.findByHash(signed.hash)).toEqual(outcome);
    expect(await client.sequenceNumber(addressOf(operator))).toBe(signed.sequenceNumber + 1n);
  });

  it("are listed in order without a gap, with the same events as their outcome", async () => {
    const outcome = await client.execute(operator, client.payloads.heartbeat(provider));
    const records = await client.transactions(outcome.version - 2n, 3);
    expect(records.map((record) => record.version)).toEqual([
      outcome.version - 2n,
      outcome.version - 1n,
      outcome.version,
    ]);
    const last = records[2];
    expect(last).toMatchObject({ hash: outcome.hash, sender: addressOf(operator), success: true });
    expect(last?.events.map((entry) => entry.event)).toEqual(outcome.events);
    expect(await client.transactions(outcome.version + 1_000_000n, 10)).toEqual([]);
  });

  it("for another chain are refused", async () => {
    const chainId = world.chain.deployment.chainId === 77 ? 78 : 77;
    const elsewhere = createChainClient({ deployment: { ...world.chain.deployment, chainId } });
    expect(await refusal(elsewhere.assertChain())).toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(await refusal(elsewhere.execute(operator, client.payloads.heartbeat(provider)))).toMatchObject({
      code: "BAD_CHAIN_ID",
    });
    await client.assertChain();
  });
});

describe("the market", () => {
  it("has the defaults", async () => {
    expect(await client.parameters()).toEqual({
      feeBps: 100n,
      keeperShareBps: 1_000n,
      treasury: world.chain.deployment.packageAddress,
      minStake: 100_000_000n,
      unbondingSecs: 86_400n,
      slashBps: 5_000n,
      reporterRewardBps: 1_000n,
      acceptWindowSecs: 120n,
      startWindowSecs: 600n,
      stallAfterSecs: 60n,
      stallGraceSecs: 60n,
      claimWindowSecs: 15n,
      minDurationSecs: 1n,
      maxDurationSecs: 604_800n,
      maxHoldbackSecs: 3_600n,
      arbiter: world.chain.deployment.packageAddress,
      challengeWindowSecs: 3_600n,
      answerWindowSecs: 3_600n,
      arbitrationWindowSecs: 86_400n,
      bondBps: 100n,
      paused: false,
    });
    expect(await client.admin()).toBe(addressOf(world.chain.admin));
    const { address, ...described } = world.chain.deployment.asset;
    expect(await client.assets()).toEqual([address]);
    expect(await client.assetMetadata(address)).toEqual(described);
  });

  it("takes its parameters from the admin, a part at a time", async () => {
    const { admin } = world.chain;
    const defaults = await client.parameters();
    const { payloads } = client;
    const wanted = {
      ...defaults,
      feeBps: 50n,
      slashBps: 4_000n,
      claimWindowSecs: 20n,
      maxHoldbackSecs: 1_800n,
      bondBps: 200n,
    };
    for (const payload of [
      payloads.setFees(wanted),
      payloads.setStakeTerms(wanted),
      payloads.setWindows(wanted),
      payloads.setJobBounds(wanted),
      payloads.setDisputeTerms(wanted),
    ]) {
      event(await client.execute(admin, payload), "ParametersUpdated");
    }
    const paused = await client.execute(admin, payloads.setPaused(true));
    const { timestamp, ...told } = event(paused, "ParametersUpdated").data;
    expect(told).toMatchObject({ fee_bps: 50n, bond_bps: 200n, max_holdback_secs: 1_800n, paused: true });
    expect(await client.parameters()).toEqual({ ...wanted, paused: true });
    expect(await refusal(world.createJob())).toMatchObject({ code: "E_PAUSED" });
    await client.execute(admin, payloads.setPaused(false));
  });
});
