/** What moves between wallets and the market, event by event and over whole histories. */
import { LEDGER_KINDS } from "@computestream/protocol/api";
import { describe, expect, it } from "vitest";
import { busyMarket } from "../../test/busy-market.ts";
import { draftOf, type Step } from "../../test/draft-of.ts";
import { ASSET, createHandWrittenChain } from "../../test/hand-written-chain.ts";
import {
  address,
  arbitrationDecided,
  arbitrationOpened,
  BUYER,
  closed,
  faultProven,
  KEEPER,
  OWNER,
  outputChallenged,
  parameters,
  refunded,
  slashed,
  T0,
  TREASURY,
} from "../../test/histories.ts";
import { heldWhole, JOB, PROVIDER, running, T1, twoSeconds } from "../../test/lives.ts";
import { applyTransactions, type Draft, emptyDraft } from "./index.ts";

/** The lines of the last step's events: wallet, kind, amount, and the place in the event. */
async function lastLines(...steps: Step[]) {
  const draft = await draftOf(...steps);
  return draft.ledger
    .filter((row) => row.version === BigInt(steps.length))
    .map(({ wallet, kind, amount, line }) => [wallet, kind, amount, line]);
}

describe("a movement", () => {
  it("of a deposit and of the first stake leaves the wallet that pays", async () => {
    const { ledger } = await draftOf(...running().slice(0, 2));
    expect(ledger).toEqual([
      {
        wallet: OWNER,
        version: 1n,
        event_index: 1,
        line: 0,
        kind: "stake",
        asset: ASSET,
        amount: -100_000_000n,
      },
      {
        wallet: BUYER,
        version: 2n,
        event_index: 1,
        line: 0,
        kind: "deposit",
        asset: ASSET,
        amount: -600_000n,
      },
    ]);
  });

  it("of a settlement reaches provider, keeper and treasury, together what the escrow paid", async () => {
    expect(await lastLines(...running(), [T1 + 2, [twoSeconds]])).toEqual([
      [OWNER, "payment", 19_800n, 0],
      [KEEPER, "keeper_fee", 20n, 1],
      [TREASURY, "fee", 180n, 2],
    ]);
  });

  it("of fees goes to the treasury that the job was made under", async () => {
    const changed: Step = [T1, [parameters(100, address("77"))]];
    expect(await lastLines(...running(), changed, [T1 + 2, [twoSeconds]])).toContainEqual([
      TREASURY,
      "fee",
      180n,
      2,
    ]);
  });

  it("of stake is the owner's; what starts to leave hasn't moved", async () => {
    const stake = (name: string, amount: string, more: Record<string, string>): Step => [
      T0 + 3,
      [[`stake::${name}`, { provider: PROVIDER, amount, ...more }]],
    ];
    const added = stake("StakeAdded", "50", { staked: "100000050" });
    const requested = stake("UnstakeRequested", "30", {
      staked: "100000020",
      unbonding: "30",
      unlocks_at: String(T0),
    });
    const withdrawn = stake("StakeWithdrawn", "30", { staked: "100000020", unbonding: "0" });
    expect(await lastLines(...running(), added)).toEqual([[OWNER, "stake", -50n, 0]]);
    expect(await lastLines(...running(), added, requested)).toEqual([]);
    expect(await lastLines(...running(), added, requested, withdrawn)).toEqual([[OWNER, "unstake", 30n, 0]]);
  });

  it("of slashed stake reaches reporter and treasury once, though two events tell it", async () => {
    const fault: Step = [
      T1 + 6,
      [
        ["job::JobForfeited", { job: JOB, provider: PROVIDER }],
        refunded(JOB, "50000", "0"),
        closed(JOB, { secs: 5, paid: "0", feePaid: "0" }),
        slashed(PROVIDER, "50000000", "5000000", "50000000"),
        faultProven(JOB, { provider: PROVIDER, fault: 2, slashed: "50000000", reward: "5000000" }),
      ],
    ];
    expect(await lastLines(...heldWhole, fault)).toEqual([
      [BUYER, "refund", 50_000n, 0],
      [KEEPER, "reward", 5_000_000n, 0],
      [TREASURY, "slash", 45_000_000n, 1],
    ]);
  });

  it("of a bond leaves the buyer and reaches whom the case's end names", async () => {
    const challenged: Step = [T1 + 6, [outputChallenged(JOB, "0", "6000", T1 + 99)]];
    expect(await lastLines(...heldWhole, challenged)).toEqual([[BUYER, "bond", -6_000n, 0]]);
    const answered = { job: JOB, answered_by: KEEPER, chunk_index: "0", bond: "6000" };
    expect(
      await lastLines(...heldWhole, challenged, [T1 + 7, [["dispute::ChallengeAnswered", answered]]]),
    ).toEqual([[OWNER, "bond_won", 6_000n, 0]]);
    const lost = { job: JOB, provider: PROVIDER, refunded_bond: "6000" };
    expect(await lastLines(...heldWhole, challenged, [T1 + 99, [["dispute::ChallengeLost", lost]]])).toEqual([
      [BUYER, "bond_back", 6_000n, 0],
    ]);
    const opened: Step = [
      T1 + 6,
      [arbitrationOpened(JOB, { unreleased: "50000", bond: "6000", decideBy: T1 + 99 })],
    ];
    const decided = (bondTo: string): Step => [
      T1 + 7,
      [arbitrationDecided(JOB, { award: "0", unreleased: "50000", bondTo })],
    ];
    expect(await lastLines(...heldWhole, opened, decided(BUYER))).toEqual([[BUYER, "bond_back", 6_000n, 0]]);
    expect(await lastLines(...heldWhole, opened, decided(OWNER))).toEqual([[OWNER, "bond_won", 6_000n, 0]]);
  });
});

/** All wallets' movements and what the market holds then: nothing is made or lost while it is 0. */
function outOfNothing(draft: Draft): bigint {
  let sum = 0n;
  for (const row of draft.ledger) sum += row.amount;
  for (const row of draft.jobs.values()) sum += row.balance;
  for (const row of draft.providers.values()) sum += row.staked + row.unbonding;
  for (const row of draft.cases) if (row.closed_version === null) sum += row.bond;
  return sum;
}

describe("the ledgers of all wallets", () => {
  it("and what the market holds are zero after each transaction of random histories", async () => {
    const kinds = new Set<string>();
    for (const seed of [1, 2, 3, 4, 5]) {
      const chain = createHandWrittenChain();
      busyMarket(chain, 600, seed);
      const draft = emptyDraft();
      for (let from = 0n; from <= chain.head; from += 100n) {
        for (const transaction of await chain.transactions(from, 100)) {
          applyTransactions(draft, [transaction]);
          expect(outOfNothing(draft), `history ${seed} at version ${transaction.version}`).toBe(0n);
        }
      }
      expect(draft.violations.size).toBe(0);
      for (const row of draft.ledger) kinds.add(row.kind);
    }
    expect([...kinds].sort()).toEqual([...LEDGER_KINDS].sort());
  });
});
