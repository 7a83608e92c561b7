/** What goes beyond one order of one provider: open orders, extensions, held money, challenges, GPUs, status. */
import { appendFileSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeRecord } from "../src/journal.ts";
import { addressOf, type Market, type MarketNode, RATE, startMarket } from "./market-world.ts";

const HOUR = 3_600n;
/** Rounded down, in all: what so many seconds earn at the market's usual rate. */
const grossOf = (secs: bigint) => (RATE * secs) / HOUR;
const feeOf = (gross: bigint) => gross / 100n;

let market: Market;
let a: MarketNode;
let b: MarketNode;
beforeAll(async () => {
  market = await startMarket();
  [a, b] = [await market.startNode(), await market.startNode()];
});
afterAll(() => market?.close());

const activity = (node: MarketNode, job: string) =>
  node.process.lines
    .filter((line) => line.includes(job))
    .map((line) => JSON.parse(line) as { level: number; code?: string; remedy?: string });

async function journals(node: MarketNode): Promise<string[]> {
  const [scope = ""] = await readdir(node.dataDir);
  const of = (folder: string) => readdir(join(node.dataDir, scope, folder));
  return [...(await of("journal")), ...(await of("journal-done"))];
}

describe("an open order", () => {
  it("is taken and run by exactly one of two nodes; for the other it is no trouble", async () => {
    const { job } = await market.order("open", { env: { SIM_SECONDS: "1.2" } });
    const view = await market.settled(job);
    expect(view).toMatchObject({ outcome: "Completed", isOpen: true, ratePerHour: RATE });
    expect([a.provider, b.provider]).toContain(view.provider);
    const [winner, loser] = view.provider === a.provider ? [a, b] : [b, a];
    expect(await market.stream(job)).toMatchObject({
      payee: addressOf(winner.owner),
      secondsBilled: 1n,
      paid: grossOf(1n),
    });
    // Nothing of it stays with who was slower, and nothing of what it did there is a warning.
    await expect.poll(() => journals(loser)).not.toContain(`${job}.journal`);
    expect(await journals(winner)).toContain(`${job}.journal`);
    expect(activity(loser, job).filter(({ level }) => level >= 40)).toEqual([]);
    // Only the one who has it speaks of it to the buyer.
    expect(market.hub.phases(job)).not.toContain("failed");
  });

  it("is left alone by a node whose machine doesn't meet it, and taken by one that does", async () => {
    const picky = await market.startNode({ region: "elsewhere" });
    const { job } = await market.order("open", {
      env: { SIM_SECONDS: "0.5" },
      requirements: { region: "elsewhere" },
    });
    expect((await market.settled(job)).provider).toBe(picky.provider);
    for (const node of [a, b]) expect(activity(node, job)).toEqual([]);
    await picky.process.terminate();
  });

  it("isn't taken for less than the provider's price", async () => {
    const { job } = await market.order("open", { env: { SIM_SECONDS: "0.5" }, maxRatePerHour: RATE - 1n });
    await sleep(1_500);
    expect((await market.client.getJob(job))?.state).toBe("Pending");
    await market.execute(market.buyer, market.client.payloads.cancel(job));
  });
});

describe("a running job", () => {
  it("that its buyer extends runs on past its first end and is paid for every second", async () => {
    const { job } = await market.order(a, { env: { SIM_SECONDS: "8.4" }, secs: 5n });
    await expect.poll(() => market.hub.attestations(job).length).toBeGreaterThanOrEqual(1);
    // Twelve seconds cost 123,450,000 * 12 / 3,600 = 411,500; five of them, 171,458.33 rounded up, are paid for.
    await market.execute(market.buyer, market.client.payloads.extend(job, 7n, 411_500n - 171_459n));
    expect(await market.settled(job)).toMatchObject({ outcome: "Completed", reason: "" });
    expect(await market.stream(job)).toMatchObject({
      maxDurationSecs: 12n,
      deposited: 411_500n,
      secondsBilled: 8n,
      paid: grossOf(8n),
      feePaid: feeOf(grossOf(8n)),
      balance: 0n,
    });
  });

  it("whose rate its buyer raises, and pays for, earns the new rate", async () => {
    const { job } = await market.order(a, { env: { SIM_SECONDS: "4.2" }, secs: 12n });
    await market.until(job, (view) => view.state === "Running");
    // 123,450,000 * 12 / 3,600 = 411,500 are there; as much again pays for twelve seconds at twice the rate.
    await market.execute(market.buyer, market.client.payloads.extend(job, 0n, 411_500n));
    // Before a second is proven (the recording hub settles nothing): all of it at twice the rate.
    await market.execute(market.buyer, market.client.payloads.changeRate(job, 2n * RATE));
    expect(await market.settled(job)).toMatchObject({ outcome: "Completed", reason: "" });
    // 246,900,000 * 4 / 3,600 = 274,333.33
    expect(await market.stream(job)).toMatchObject({
      secondsBilled: 4n,
      paid: 274_333n,
      deposited: 823_000n,
    });
  });
});

describe("a node with GPUs", () => {
  it("gives each job its own, by number, and lets one that finds none free wait", async () => {
    const gpus = await market.startNode({
      gpuModel: "Sim",
      gpuCount: 2n,
      vramGb: 8n,
      devices: [`0x${"a1".repeat(32)}`, `0x${"b2".repeat(32)}`],
      gpuPricePerHour: 1_000n,
    });
    const order = { env: { SIM_SECONDS: "3" }, gpus: 1n, spec: { gpus: 1 }, maxRatePerHour: RATE + 1_000n };
    const jobs = [];
    for (let i = 0; i < 3; i += 1) jobs.push((await market.order(gpus, order)).job);
    const running = (job: string) => market.until(job, (view) => view.state !== "Pending");
    const [first, second] = await Promise.all(jobs.slice(0, 2).map(running));
    expect([first?.gpuMask, second?.gpuMask].sort()).toEqual([1n, 2n]);
    // The commitment of exactly that card.
    expect(first?.devices).toEqual([`0x${(first?.gpuMask === 1n ? "a1" : "b2").repeat(32)}`]);
    const third = jobs[2] as string;
    await expect
      .poll(() => market.hub.lastStatus(third)?.detail)
      .toBe("Waiting for a free GPU on the machine");
    expect((await market.client.getJob(third))?.state).toBe("Pending");
    for (const job of jobs) expect((await market.settled(job)).outcome).toBe("Completed");
    expect((await market.client.getProvider(gpus.provider))?.gpusBusyMask).toBe(0n);
    await gpus.process.terminate();
  });
});

describe("the provider's status", () => {
  it("follows a node that is asked to tell it: active when it is there, offline when it is gone", async () => {
    const node = await market.startNode({}, { AUTO_STATUS: "true" });
    const status = async () => (await market.client.getProvider(node.provider))?.status;
    expect(await status()).toBe("Active");
    await node.process.terminate();
    expect(await status()).toBe("Offline");
    await node.process.restart();
    await expect.poll(status).toBe("Active");
    await node.process.terminate();
  });
});

describe("what the chain knows and the node has forgotten", () => {
  it("an active job without a journal or a container fails honestly, without a second claimed twice", async () => {
    const node = await market.startNode();
    const { job } = await market.order(node, { env: { SIM_SECONDS: "60" } });
    await expect.poll(() => market.hub.attestations(job).length).toBeGreaterThanOrEqual(2);
    await node.process.kill();
    // The disk is lost; what was signed is with the hub.
    rmSync(node.dataDir, { recursive: true, force: true });
    const before = market.hub.attestations(job).length;
    await node.process.restart();
    expect(await market.settled(job)).toMatchObject({ outcome: "Failed", reason: "CONTAINER_LOST" });
    expect(market.hub.attestations(job).length).toBe(before);
    expect(await market.stream(job)).toMatchObject({ paid: 0n });
    await node.process.terminate();
  });
});

// The chain's clock stays ahead from here on.
describe("a job whose seconds were counted by a clock that ran ahead of the chain's", () => {
  it("is ended once the chain's clock has caught up, and the operator is told what to do", async () => {
    const { job } = await market.order(a, { env: { SIM_SECONDS: "300" }, secs: 300n });
    await expect.poll(() => market.hub.attestations(job).length).toBeGreaterThanOrEqual(2);
    const { seq = 0n, tLast = 0n } = market.hub.attestations(job).at(-1) ?? {};
    await a.process.kill();
    // As an earlier node would have signed with a clock that was set two minutes on meanwhile.
    const [scope = ""] = await readdir(a.dataDir);
    const signed = { t: "signed", seq: seq + 5n, secondsCum: 120n, tLast: tLast + 120n } as const;
    appendFileSync(join(a.dataDir, scope, "journal", `${job}.journal`), encodeRecord(signed));
    await a.process.restart();
    const said = () => activity(a, job).filter((line) => line.code === "CLOCK_AHEAD");
    await expect.poll(() => said().length).toBeGreaterThanOrEqual(2);
    expect(said()[0]?.remedy).toMatch(/NTP/);
    expect((await market.client.getJob(job))?.state).toBe("Running");
    await market.chain.passSecs(120);
    expect(await market.settled(job)).toMatchObject({ outcome: "Failed", reason: "CONTAINER_LOST" });
    expect(await market.stream(job)).toMatchObject({ secondsBilled: 120n, paid: grossOf(120n) });
  });
});

describe("money held back", () => {
  const WINDOW = 600;
  beforeAll(async () => {
    const terms = { ...(await market.client.parameters()), challengeWindowSecs: BigInt(WINDOW) };
    await market.execute(market.chain.admin, market.client.payloads.setDisputeTerms(terms));
  });
  const completed = (job: string) => market.until(job, (view) => view.state === "Completed");

  it("is finalized by the node once nobody may challenge it any more", async () => {
    const { job } = await market.order(a, { env: { SIM_SECONDS: "3.2" }, holdbackSecs: 2n });
    await completed(job);
    expect(await market.stream(job)).toMatchObject({ earned: grossOf(3n), paid: grossOf(1n), sealed: true });
    await sleep(2_500);
    expect((await market.client.getJob(job))?.state).toBe("Completed");
    await market.chain.passSecs(WINDOW);
    expect(await market.settled(job)).toMatchObject({ outcome: "Completed" });
    expect(await market.stream(job)).toMatchObject({ paid: grossOf(3n), balance: 0n });
    await expect.poll(() => market.hub.lastStatus(job)?.phase).toBe("done");
  });

  it("of a terminated job is finalized too, after what ran is proven and the rest waived", async () => {
    const { job, deposit } = await market.order(a, { env: { SIM_SECONDS: "60" }, holdbackSecs: 60n });
    await expect.poll(() => market.hub.attestations(job).length).toBeGreaterThanOrEqual(2);
    await market.execute(market.buyer, market.client.payloads.terminate(job, null));
    // Sealed, unless the container ran for every whole second of the job: then there is nothing to waive.
    const proven = async () => {
      const { sealed, secondsAttested, endedAt, startedAt } = await market.stream(job);
      return sealed || secondsAttested === endedAt - startedAt;
    };
    await expect.poll(proven).toBe(true);
    const final = await market.stream(job);
    expect(final.secondsBilled).toBeGreaterThanOrEqual(2n);
    // What can't be earned any more is the buyer's at once; all that is earned waits.
    expect(final).toMatchObject({ paid: 0n, balance: grossOf(final.secondsBilled), deposited: deposit });
    // The claim window comes first: fifteen seconds, unless they were waived.
    await market.chain.passSecs(WINDOW + 15);
    expect(await market.settled(job)).toMatchObject({ outcome: "Terminated" });
    expect(await market.stream(job)).toMatchObject({ paid: grossOf(final.secondsBilled) });
  });

  /** 40,000 bytes in a tar are three chunks. */
  const challenged = { env: { SIM_SECONDS: "2.2", SIM_OUTPUT_BYTES: "40000" }, holdbackSecs: 1n };
  const challenge = (job: string, chunk: bigint) =>
    market.execute(market.buyer, market.client.payloads.challengeOutput(job, chunk));
  /** One per cent of the deposit, rounded up. */
  const bondOf = (deposit: bigint) => (deposit + 99n) / 100n;

  it("and challenged is defended with the chunk the buyer asks for, and paid with the bond", async () => {
    const { job, deposit } = await market.order(a, challenged);
    const view = await completed(job);
    expect(view.outputSize).toBeGreaterThan(2n * 16_384n);
    for (const chunk of [0n, 2n]) {
      const before = await market.client.balance(addressOf(a.owner));
      await challenge(job, chunk);
      await expect.poll(async () => await market.client.getCase(job)).toBe(null);
      expect((await market.client.balance(addressOf(a.owner))) - before).toBe(bondOf(deposit));
    }
    await market.chain.passSecs(WINDOW);
    expect(await market.settled(job)).toMatchObject({ outcome: "Completed", faulted: false });
    expect(await market.stream(job)).toMatchObject({ paid: grossOf(2n) });
  });

  it("is defended from the stores by a node that was away and lost its own copy", async () => {
    const { job } = await market.order(b, challenged);
    const view = await completed(job);
    await expect.poll(() => market.hub.lastStatus(job)?.phase).toBe("done");
    await b.process.kill();
    const [scope = ""] = await readdir(b.dataDir);
    rmSync(join(b.dataDir, scope, "work"), { recursive: true, force: true });
    await challenge(job, 1n);
    expect(await market.client.getCase(job)).toMatchObject({ kind: "OutputChallenge", chunkIndex: 1n });
    await b.process.restart();
    await expect.poll(async () => await market.client.getCase(job)).toBe(null);
    expect(await market.client.getJob(job)).toMatchObject({ state: "Completed", faulted: false });
    expect(view.outputUris.length).toBe(2);
    await market.chain.passSecs(WINDOW);
    expect(await market.settled(job)).toMatchObject({ outcome: "Completed" });
  });

  it("of a job that expired waits too: the node lets go of the container, and finalizes in time", async () => {
    const { job, deposit } = await market.order(a, {
      env: { SIM_SECONDS: "300" },
      holdbackSecs: 60n,
      secs: 300n,
    });
    await expect.poll(() => market.hub.attestations(job).length).toBeGreaterThanOrEqual(2);
    const usage = market.hub.attestations(job).at(-1);
    if (!usage) throw new Error("no attestation");
    const { execute, buyer, client, chain } = market;
    await execute(buyer, client.payloads.processPayment(usage));
    const { stallAfterSecs, stallGraceSecs } = await client.parameters();
    // Away while it is flagged and expires: a node that is there would prove more.
    await a.process.kill();
    await chain.passSecs(Number(stallAfterSecs));
    await execute(buyer, client.payloads.flagStalled(job));
    await chain.passSecs(Number(stallGraceSecs));
    await execute(buyer, client.payloads.expire(job));
    const gross = grossOf(usage.secondsCum);
    expect(await market.stream(job)).toMatchObject({
      paid: 0n,
      balance: gross,
      sealed: true,
      deposited: deposit,
    });
    await a.process.restart();
    await sleep(2_500);
    expect(await client.getJob(job)).toMatchObject({ state: "Expired", outcome: null });
    await chain.passSecs(WINDOW);
    expect(await market.settled(job)).toMatchObject({ outcome: "Expired" });
    expect(await market.stream(job)).toMatchObject({ paid: gross, feePaid: feeOf(gross), balance: 0n });
    await expect.poll(() => market.hub.lastStatus(job)).toMatchObject({ phase: "failed", detail: "Expired" });
  });

  it("and confirmed by the buyer is paid at once; the node sweeps up", async () => {
    const { job } = await market.order(a, { env: { SIM_SECONDS: "1.2" }, holdbackSecs: 10n });
    await completed(job);
    await market.execute(market.buyer, market.client.payloads.confirm(job));
    expect(await market.settled(job)).toMatchObject({ outcome: "Completed" });
    const [scope = ""] = await readdir(a.dataDir);
    await expect.poll(() => readdir(join(a.dataDir, scope, "work"))).not.toContain(job);
  });

  it("and disputed before an arbiter who never rules is the provider's at the deadline, by its own doing", async () => {
    const { arbitrationWindowSecs } = await market.client.parameters();
    const { job } = await market.order(a, { env: { SIM_SECONDS: "1.2" }, holdbackSecs: 10n });
    await completed(job);
    await market.execute(market.buyer, market.client.payloads.openArbitration(job, "it is late"));
    await market.chain.passSecs(Number(arbitrationWindowSecs));
    expect(await market.settled(job)).toMatchObject({ outcome: "Completed" });
    expect(await market.stream(job)).toMatchObject({ paid: grossOf(1n) });
  });
});
