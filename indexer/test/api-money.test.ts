/** What the API answers about money: receipts, wallets, ledgers, histories, against figures worked out by hand. */
import type { LedgerEntryDto } from "@computestream/protocol/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ApiWorld,
  ARBITRATED,
  CHALLENGED,
  FAULTY,
  FOREIGN,
  OPEN,
  OTHER_ASSET,
  PROVIDER,
  RATED,
  RUNNING,
  startApiWorld,
  T1,
} from "./api-world.ts";
import { ASSET } from "./hand-written-chain.ts";
import { ARBITER, address, BUYER, HASH, KEEPER, OWNER, T0 } from "./histories.ts";
import { readerOf } from "./parts.ts";

const MOVE = { address: ASSET, symbol: "MOVE", decimals: 8 };

let world: ApiWorld;
let get: ReturnType<typeof readerOf>;

beforeAll(async () => {
  world = await startApiWorld();
  get = readerOf(world.url);
}, 60_000);

afterAll(() => world?.close());

describe("a receipt", () => {
  const receiptOf = (address: string, query = "") => get("/api/v1/jobs/:address/receipt", query, { address });

  it("has every fact of a job whose rate changed, and sums that agree", async () => {
    const receipt = await receiptOf(RATED);
    expect(receipt).toMatchObject({
      job: RATED,
      buyer: BUYER,
      provider: PROVIDER,
      payee: OWNER,
      state: "Settled",
      outcome: "Completed",
      chain: { chainId: 4 },
      asset: MOVE,
      terms: {
        image: "demo:1",
        orderedRatePerHour: "36000000",
        orderedMaxDurationSecs: 60,
        orderedDeposit: "600000",
        holdbackSecs: 0,
        termsHash: HASH,
      },
      feeTerms: { feeBps: 100, keeperShareBps: 1000 },
      secondsBilled: 5,
      // 2 s at 10,000 a second, 3 s at 5,000; worth is times 3600.
      rates: [
        { ratePerHour: "36000000", fromSecond: 0, seconds: 2, worth: "72000000" },
        {
          ratePerHour: "18000000",
          ratePerSecond: { numerator: "18000000", denominator: "3600" },
          fromSecond: 2,
          seconds: 3,
          worth: "54000000",
        },
      ],
      deposits: [{ payer: BUYER, amount: "600000", balance: "600000" }],
      settlements: [
        {
          secondsBilled: 2,
          acc: "72000000",
          amount: "20000",
          toProvider: "19800",
          fee: "200",
          keeperFee: "20",
        },
        {
          secondsBilled: 5,
          acc: "126000000",
          amount: "15000",
          toProvider: "14850",
          fee: "150",
          keeperFee: "15",
        },
      ],
      settlementCount: 2,
      nextCursor: null,
      refunds: [{ to: BUYER, amount: "565000", balance: "0" }],
      close: { secondsBilled: 5, paid: "35000", feePaid: "350", keeperPaid: "35" },
    });
    expect(receipt.check).toEqual({
      deposited: "600000",
      paidToProvider: "34650",
      fees: "350",
      refunded: "565000",
      balance: "0",
      conserved: true,
      accFromRates: "126000000",
      accAgrees: true,
      earned: "35000",
      paidWithinEarned: true,
      feeFromTerms: "350",
      feeAgrees: true,
      closeAgrees: true,
    });
    expect(receipt.steps.map((step) => step.name)).toEqual([
      "JobAccepted",
      "JobStarted",
      "StreamOpened",
      "StreamRateChanged",
      "StreamSealed",
      "JobCompleted",
      "JobSettled",
    ]);
    const hashes = [receipt.deposits, receipt.settlements, receipt.refunds, receipt.rates, receipt.steps]
      .flat()
      .map((line) => line.txHash);
    for (const hash of hashes) expect(hash).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it("comes in pages whose check is over all settlements", async () => {
    const first = await receiptOf(RATED, "?limit=1");
    const rest = await receiptOf(RATED, `?limit=1&cursor=${first.nextCursor}`);
    expect([first.settlements, rest.settlements].map((page) => page.map((s) => s.seq))).toEqual([
      ["2"],
      ["5"],
    ]);
    expect(rest.nextCursor).toBeNull();
    expect(first.check).toEqual(rest.check);
    expect(first.check.conserved).toBe(true);
  });

  it("agrees for every job, also before the start, while one runs, and after a ruling or a fault", async () => {
    for (const job of [CHALLENGED, ARBITRATED, FAULTY, OPEN, RUNNING]) {
      const { check, close } = await receiptOf(job);
      expect(check, job).toMatchObject({
        deposited: "600000",
        conserved: true,
        accAgrees: true,
        paidWithinEarned: true,
        feeAgrees: true,
        closeAgrees: close === null ? null : true,
      });
    }
    expect((await receiptOf(FAULTY)).check).toMatchObject({
      paidToProvider: "0",
      refunded: "600000",
      earned: "50000",
    });
    expect((await receiptOf(OPEN)).payee).toBeNull();
  });
});

describe("a wallet", () => {
  it("has what its jobs and cases hold, and its jobs newest first", async () => {
    const wallet = await get("/api/v1/wallets/:address", "", { address: "0xB0" });
    expect(wallet.wallet).toBe(BUYER);
    expect(wallet.balances).toEqual([
      {
        asset: MOVE,
        // 50,000 held of the challenged job, 600,000 of the open one, 450,000 of the running one.
        escrow: "1100000",
        held: "50000",
        deposited: "3600000",
        // 35,000 and 150,000.
        spent: "185000",
        // 565,000 and 550,000 and twice 600,000.
        refunded: "2315000",
        bonds: "0",
        staked: "0",
        unbonding: "0",
        earned: "0",
      },
    ]);
    expect(wallet.jobs).toMatchObject({ total: 6, waiting: 1, running: 1, ended: 1, settled: 3 });
    expect(wallet.jobs.newest.map((job) => job.job)).toEqual([
      RUNNING,
      OPEN,
      FAULTY,
      ARBITRATED,
      CHALLENGED,
      RATED,
    ]);
  });

  it("has the stakes and earnings of its providers", async () => {
    const wallet = await get("/api/v1/wallets/:address", "", { address: OWNER });
    // Net: 34,650 and 148,500.
    expect(wallet.balances).toEqual([
      expect.objectContaining({ asset: MOVE, escrow: "0", staked: "70000000", earned: "183150" }),
    ]);
    expect(wallet.providers).toMatchObject({
      total: 1,
      newest: [{ provider: PROVIDER, name: "rig", status: "Active", asset: MOVE, stake: "70000000" }],
    });
  });

  it("that nobody has heard of has nothing", async () => {
    const params = { address: address("dead") };
    expect(await get("/api/v1/wallets/:address", "", params)).toMatchObject({
      balances: [],
      jobs: { total: 0 },
    });
    expect(await get("/api/v1/wallets/:address/ledger", "", params)).toEqual({ items: [], nextCursor: null });
  });
});

describe("a ledger", () => {
  const ledgerOf = async (address: string) =>
    (await get("/api/v1/wallets/:address/ledger", "", { address })).items;
  const lines = (items: LedgerEntryDto[]) => items.map((line) => [line.kind, line.direction, line.amount]);
  const sum = (items: LedgerEntryDto[], direction: string) =>
    items
      .filter((line) => line.direction === direction)
      .reduce((total, line) => total + BigInt(line.amount), 0n);

  it("of a buyer has deposits, refunds and bonds, newest first, and accounts for all that is gone", async () => {
    const items = await ledgerOf(BUYER);
    expect(lines(items)).toEqual([
      ["deposit", "debit", "600000"],
      ["deposit", "debit", "600000"],
      ["bond_back", "credit", "6000"],
      ["refund", "credit", "50000"],
      ["refund", "credit", "50000"],
      ["bond", "debit", "6000"],
      ["bond", "debit", "6000"],
      ["refund", "credit", "550000"],
      ["deposit", "debit", "600000"],
      ["refund", "credit", "550000"],
      ["deposit", "debit", "600000"],
      ["refund", "credit", "550000"],
      ["deposit", "debit", "600000"],
      ["refund", "credit", "565000"],
      ["deposit", "debit", "600000"],
    ]);
    expect(items[0]).toMatchObject({ job: RUNNING, asset: MOVE, part: 0, timestamp: T1 - 20 });
    expect(items.at(-1)).toMatchObject({ job: RATED, timestamp: T0 + 1 });
    // What is gone: 1,100,000 in escrow, 185,000 spent, one bond of 6,000 lost.
    expect(sum(items, "debit") - sum(items, "credit")).toBe(1_291_000n);
  });

  it("of an owner has stakes, payments net of the fee and a bond it won", async () => {
    const items = await ledgerOf(OWNER);
    expect(lines(items)).toEqual([
      ["payment", "credit", "99000"],
      ["payment", "credit", "49500"],
      ["bond_won", "credit", "6000"],
      ["payment", "credit", "14850"],
      ["payment", "credit", "19800"],
      ["unstake", "credit", "10000000"],
      ["stake", "debit", "50000000"],
      ["stake", "debit", "100000000"],
    ]);
    expect(items.at(-1)).toMatchObject({ provider: PROVIDER, job: null, asset: MOVE });
  });

  it("of a keeper has its part of the fees and the reward for a fault", async () => {
    expect(lines(await ledgerOf(KEEPER))).toEqual([
      ["keeper_fee", "credit", "100"],
      ["keeper_fee", "credit", "50"],
      ["reward", "credit", "7000000"],
      ["keeper_fee", "credit", "15"],
      ["keeper_fee", "credit", "20"],
    ]);
  });

  it("in pages of one is the same as whole", async () => {
    for (const address of [BUYER, OWNER, KEEPER]) {
      const paged: LedgerEntryDto[] = [];
      let cursor = "";
      do {
        const page = await get("/api/v1/wallets/:address/ledger", `?limit=1${cursor}`, { address });
        paged.push(...page.items);
        cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
      } while (cursor !== "");
      expect(paged).toEqual(await ledgerOf(address));
    }
  });
});

describe("time", () => {
  it("the network's history counts by bucket", async () => {
    const history = await get("/api/v1/stats/history", `?bucket=hour&from=${T0}&to=${T1}`);
    expect(history).toEqual({
      asset: MOVE,
      bucketSecs: 3600,
      buckets: [
        {
          timestamp: T0,
          settlements: 3,
          amount: "85000",
          fees: "850",
          keeperFees: "85",
          jobsCreated: 6,
          jobsSettled: 3,
        },
        {
          timestamp: T1,
          settlements: 1,
          amount: "100000",
          fees: "1000",
          keeperFees: "100",
          jobsCreated: 0,
          jobsSettled: 0,
        },
      ],
    });
    const byDefault = await get("/api/v1/stats/history");
    expect(byDefault.buckets).toHaveLength(60);
    expect(byDefault.buckets.at(-1)?.timestamp).toBe(T1);
  });

  it("a provider's seconds count where they were settled, whole or from the middle", async () => {
    const statsOf = (query: string) => get("/api/v1/providers/:address/stats", query, { address: PROVIDER });
    const stats = await statsOf(`?bucket=hour&from=${T0}&to=${T1}`);
    expect(stats).toMatchObject({
      provider: PROVIDER,
      asset: MOVE,
      jobs: { total: 5, waiting: 0, running: 1, ended: 1, settled: 3, completed: 1, failed: 0, expired: 0 },
      secondsServed: 5,
      secondsBilled: 35,
      earned: "34650",
      paid: "183150",
      slots: 2,
    });
    // Two slots have 7200 seconds an hour.
    const second = {
      timestamp: T1,
      settlements: 1,
      seconds: 10,
      paid: "99000",
      fees: "1000",
      utilisationBps: 13,
    };
    expect(stats.buckets).toEqual([
      { timestamp: T0, settlements: 3, seconds: 25, paid: "84150", fees: "850", utilisationBps: 34 },
      second,
    ]);
    expect((await statsOf(`?bucket=hour&from=${T1}`)).buckets).toEqual([second]);
  });
});

describe("the market", () => {
  it("tells its parameters and assets", async () => {
    expect(await get("/api/v1/market")).toMatchObject({
      paused: false,
      asset: MOVE,
      feeBps: 100,
      minStake: "100000000",
      arbiter: ARBITER,
      arbitrationWindowSecs: 86_401,
    });
    const { items } = await get("/api/v1/assets");
    expect(items).toEqual([
      {
        asset: MOVE,
        allowed: true,
        isDefault: true,
        providers: 1,
        jobs: 6,
        escrowLocked: "1100000",
        volumeSettled: "185000",
        staked: "70000000",
      },
      expect.objectContaining({
        asset: { address: OTHER_ASSET, symbol: "0x0000…", decimals: 0 },
        allowed: null,
        isDefault: false,
        providers: 1,
      }),
    ]);
  });

  it("tells what was disputed, open or closed", async () => {
    const casesOf = (address: string) => get("/api/v1/jobs/:address/case", "", { address });
    expect(await casesOf(CHALLENGED)).toMatchObject({
      asset: MOVE,
      open: null,
      cases: [{ kind: "OutputChallenge", outcome: "answered", bondToProvider: true, closedAt: T0 + 40 }],
      fault: null,
    });
    expect((await casesOf(ARBITRATED)).cases).toEqual([
      expect.objectContaining({ kind: "Arbitration", outcome: "ruled", award: "0", unreleased: "50000" }),
    ]);
    expect((await casesOf(FAULTY)).fault).toMatchObject({
      fault: "FewerSeconds",
      slashed: "70000000",
      reward: "7000000",
      stakeAsset: MOVE,
    });
    expect(await casesOf(OPEN)).toMatchObject({ open: null, cases: [], fault: null });
  });

  it("finds events, jobs and providers by filter", async () => {
    const names = async (query: string) => (await get("/api/v1/events", query)).items.map((e) => e.name);
    expect(await names("?module=dispute")).toEqual([
      "ArbitrationDecided",
      "ChallengeAnswered",
      "FaultProven",
      "ArbitrationOpened",
      "OutputChallenged",
    ]);
    expect(await names(`?name=StreamSettled&job=${RATED}&order=oldest`)).toHaveLength(2);
    expect(await names("?provider=0xf9")).toEqual(["ProviderRegistered"]);
    const first = await get("/api/v1/events", "?limit=3");
    const next = await get("/api/v1/events", `?limit=3&cursor=${first.nextCursor}`);
    expect([...first.items, ...next.items]).toEqual((await get("/api/v1/events", "?limit=6")).items);

    const jobs = async (query: string) => (await get("/api/v1/jobs", query)).items.map((j) => j.job);
    expect(await jobs("?q=HALF%20demo")).toEqual([RATED]);
    expect(await jobs("?q=%25")).toEqual([]);
    expect(await jobs(`?since=${T0 + 60}`)).toEqual([RUNNING, OPEN]);
    expect(await jobs(`?until=${T0 + 20}`)).toEqual([RATED]);
    expect(await jobs(`?asset=${OTHER_ASSET}`)).toEqual([]);
    const ofProvider = await get("/api/v1/providers/:address/jobs", "?state=Running", { address: PROVIDER });
    expect(ofProvider.items.map((j) => [j.job, j.ratePerSecond])).toEqual([
      [RUNNING, { numerator: "36000000", denominator: "3600" }],
    ]);

    const providers = async (query: string) =>
      (await get("/api/v1/providers", query)).items.map((p) => p.provider);
    expect(await providers("?minStake=70000001")).toEqual([FOREIGN]);
    expect(await providers("?sort=stake")).toEqual([FOREIGN, PROVIDER]);
    expect(await providers("?minScore=6000")).toEqual([PROVIDER]);
    expect(await providers("?minVramGb=81")).toEqual([]);
    expect(await providers("?minGpus=1&sandbox=DOCKER&q=h100%20WEST&hasFreeCapacity=true")).toHaveLength(2);
    expect(await providers("?hasFreeCapacity=false")).toEqual([]);
    expect(await providers("?q=h100%20nowhere")).toEqual([]);
    for (const sort of ["stake", "vram", "served"]) {
      const page = await get("/api/v1/providers", `?sort=${sort}&limit=1`);
      const rest = await get("/api/v1/providers", `?sort=${sort}&cursor=${page.nextCursor}`);
      expect([...page.items, ...rest.items].map((p) => p.provider)).toEqual(await providers(`?sort=${sort}`));
    }
  });
});
