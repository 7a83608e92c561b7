/** What the API answers about receipts and money over time, against figures worked out by hand. */
import pg from "pg";
import { describe, expect, it, vi } from "vitest";
import {
  ARBITRATED,
  CHALLENGED,
  FAULTY,
  MOVE,
  OPEN,
  PROVIDER,
  RATED,
  RUNNING,
  T1,
  useApiWorld,
} from "./api-world.ts";
import { BUYER, HASH, OWNER, T0 } from "./histories.ts";

const { get, world } = useApiWorld();

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

  it("is of one moment, though a refund is written while it is read", async () => {
    const writer = new pg.Client(world().databaseUrl);
    await writer.connect();
    try {
      await writer.query("BEGIN");
      // The receipt reads the job and its settlements, then waits here for its events.
      await writer.query("LOCK TABLE events IN ACCESS EXCLUSIVE MODE");
      const reading = receiptOf(RUNNING);
      await vi.waitFor(async () => {
        const { rows } = await writer.query(
          "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'events'::regclass",
        );
        expect(rows).toHaveLength(1);
      }, 10_000);
      const { rowCount } = await writer.query(
        `INSERT INTO events SELECT version, 77, tx_hash, 'escrow', 'EscrowRefunded', job, NULL, timestamp,
           jsonb_build_object('job', job, 'to', job, 'amount', '100000', 'balance', '350000')
         FROM events WHERE job = $1 ORDER BY version DESC LIMIT 1`,
        [RUNNING],
      );
      expect(rowCount).toBe(1);
      await writer.query("COMMIT");
      expect((await reading).check).toMatchObject({ conserved: true, feeAgrees: true });
      // Another question, because no event tells that the answer to this one has changed.
      expect((await receiptOf(RUNNING, "?limit=999")).check.conserved).toBe(false);
    } finally {
      await writer.query("ROLLBACK");
      await writer.query("DELETE FROM events WHERE job = $1 AND event_index = 77", [RUNNING]);
      await writer.end();
    }
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
