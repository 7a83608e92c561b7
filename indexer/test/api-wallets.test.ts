/** What the API answers about wallets and their ledgers, against figures worked out by hand. */
import type { LedgerEntryDto } from "@computestream/protocol/api";
import { describe, expect, it } from "vitest";
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
import { address, BUYER, KEEPER, OWNER, T0, TREASURY } from "./histories.ts";

const { get } = useApiWorld();

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
      // What went back from quotes: of another asset, all of one, and the change of the one that became a job.
      ...["9", "600000", "5"].flatMap((amount) => [
        ["quote_refund", "credit", amount],
        ["quote_payment", "debit", amount],
      ]),
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
    expect(items[6]).toMatchObject({ job: RUNNING, asset: MOVE, part: 0, timestamp: T1 - 20 });
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

  it("of the treasury has what keepers and reporters leave of fees and slashed stakes", async () => {
    const items = await ledgerOf(TREASURY);
    expect(lines(items)).toEqual([
      ["fee", "credit", "900"],
      ["fee", "credit", "450"],
      ["slash", "credit", "63000000"],
      ["fee", "credit", "135"],
      ["fee", "credit", "180"],
    ]);
    expect(items[2]).toMatchObject({ job: FAULTY, provider: PROVIDER, part: 1, timestamp: T0 + 32 });
  });

  it("in pages of one is the same as whole", async () => {
    for (const address of [BUYER, OWNER, KEEPER, TREASURY]) {
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
