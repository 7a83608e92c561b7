/** Lives of jobs that end in a case or a fault, event by event as the modules tell them. */
import { describe, expect, it } from "vitest";
import type { Step } from "../../test/draft-of.ts";
import type { RawEvent } from "../../test/hand-written-chain.ts";
import {
  ARBITER,
  arbitrationDecided,
  arbitrationOpened,
  BUYER,
  closed,
  completed,
  counted,
  faultProven,
  KEEPER,
  OWNER,
  outputChallenged,
  refunded,
  sealed,
  settledTo,
  slashed,
  stats,
} from "../../test/histories.ts";
import {
  heldWhole,
  JOB,
  jobOf,
  live,
  PROVIDER,
  providerOf,
  running,
  settledWith,
  T1,
  twoSeconds,
} from "../../test/lives.ts";

describe("a proven fault", () => {
  /** Half of 100,000,000, of it a tenth for the reporter. */
  const punished = (fault: number, record: Record<string, string>): RawEvent[] => [
    slashed(PROVIDER, "50000000", "5000000", "50000000"),
    stats(PROVIDER, { ...record, faults: "1" }),
    ["provider_registry::ProviderStatusChanged", { provider: PROVIDER, status: 3 }],
    faultProven(JOB, { provider: PROVIDER, fault, slashed: "50000000", reward: "5000000" }),
  ];
  const forfeited: RawEvent = ["job::JobForfeited", { job: JOB, provider: PROVIDER }];

  it("ends a running job for its buyer and costs the provider half its stake", async () => {
    const draft = await live(
      ...running(),
      [T1 + 2, [twoSeconds]],
      [
        T1 + 3,
        [
          forfeited,
          refunded(JOB, "580000", "0"),
          closed(JOB, { secs: 2, paid: "20000", feePaid: "200", keeperPaid: "20" }),
          settledWith({ outcome: 4, seconds: "2", paid: "19800", fees: "200", refunded: "580000" }),
          ...punished(1, { jobs_failed: "1", score: "348" }),
        ],
      ],
    );
    expect(jobOf(draft)).toMatchObject({
      state: 8,
      outcome: 4,
      reason: "FAULT_PROVEN",
      fault: 1,
      ended_at: BigInt(T1 + 3),
      paid: 20_000n,
      refunded: 580_000n,
    });
    expect(providerOf(draft)).toMatchObject({
      staked: 50_000_000n,
      slashed: 50_000_000n,
      status: 3,
      faults: 1n,
      jobs_failed: 1n,
      score: 348n,
    });
    expect(draft.faults).toEqual([
      {
        job: JOB,
        provider: PROVIDER,
        fault: 1,
        reporter: KEEPER,
        slashed: 50_000_000n,
        reward: 5_000_000n,
        proven_at: BigInt(T1 + 3),
        version: 16n,
        event_index: 0,
        tx_hash: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      },
    ]);
  });

  it("takes what was earned but held", async () => {
    // 3 s are billed, 30,000 held: nothing of it is paid.
    const draft = await live(...running("5"), [
      T1 + 3,
      [
        counted(JOB, { seq: 3, secs: 3, balance: "600000" }),
        forfeited,
        refunded(JOB, "600000", "0"),
        closed(JOB, { secs: 3, paid: "0", feePaid: "0" }),
        settledWith({ outcome: 4, seconds: "3", paid: "0", fees: "0", refunded: "600000" }),
        ...punished(2, {}),
      ],
    ]);
    expect(jobOf(draft)).toMatchObject({ seconds_billed: 3n, paid: 0n, held: 0n, refunded: 600_000n });
  });

  it("only marks a job that is settled", async () => {
    const draft = await live(
      ...running(),
      [
        T1 + 2,
        [
          twoSeconds,
          refunded(JOB, "580000", "0"),
          sealed(JOB, 2, "0"),
          completed(JOB, PROVIDER, { claimUntil: T1 + 2 }),
          closed(JOB, { secs: 2, paid: "20000", feePaid: "200", keeperPaid: "20" }),
          settledWith({ outcome: 3, seconds: "2", paid: "19800", fees: "200", refunded: "580000" }),
        ],
      ],
      [T1 + 900, punished(4, { jobs_completed: "1" })],
    );
    expect(jobOf(draft)).toMatchObject({
      state: 8,
      outcome: 3,
      fault: 4,
      reason: "",
      ended_at: BigInt(T1 + 2),
    });
  });

  it("is what an unanswered challenge becomes; an answered one leaves nothing", async () => {
    const answered: Step[] = [
      ...heldWhole,
      [T1 + 100, [outputChallenged(JOB, "2", "6000", T1 + 3701)]],
      [
        T1 + 200,
        [["dispute::ChallengeAnswered", { job: JOB, answered_by: OWNER, chunk_index: "2", bond: "6000" }]],
      ],
    ];
    const challenged = await live(...answered.slice(0, -1));
    expect(jobOf(challenged)).toMatchObject({ case_kind: 1, case_deadline: BigInt(T1 + 3701), state: 3 });
    expect(challenged.cases).toEqual([
      {
        opened_version: 12n,
        opened_index: 0,
        job: JOB,
        provider: PROVIDER,
        buyer: BUYER,
        kind: 1,
        bond: 6_000n,
        chunk_index: 2n,
        arbiter: null,
        reason: "",
        unreleased: null,
        deadline: BigInt(T1 + 3701),
        opened_at: BigInt(T1 + 100),
        outcome: null,
        award: null,
        bond_to_provider: null,
        closed_at: null,
        closed_version: null,
      },
    ]);
    const shown = await live(...answered);
    expect(jobOf(shown)).toMatchObject({
      case_kind: null,
      case_deadline: 0n,
      state: 3,
      held: 50_000n,
      fault: null,
    });
    expect(shown.cases).toEqual([
      expect.objectContaining({
        outcome: "answered",
        bond_to_provider: true,
        closed_at: BigInt(T1 + 200),
        closed_version: 13n,
      }),
    ]);

    const lost = await live(
      ...answered,
      [T1 + 300, [outputChallenged(JOB, "0", "6000", T1 + 3901)]],
      [
        T1 + 3901,
        [
          ["dispute::ChallengeLost", { job: JOB, provider: PROVIDER, refunded_bond: "6000" }],
          forfeited,
          refunded(JOB, "50000", "0"),
          closed(JOB, { secs: 5, paid: "0", feePaid: "0" }),
          settledWith({ outcome: 3, seconds: "5", paid: "0", fees: "0", refunded: "600000" }),
          ...punished(5, { jobs_completed: "1" }),
        ],
      ],
    );
    // It had ended: how stays, but not the money.
    expect(jobOf(lost)).toMatchObject({
      state: 8,
      outcome: 3,
      ended_at: BigInt(T1 + 5),
      fault: 5,
      case_kind: null,
      paid: 0n,
      refunded: 600_000n,
    });
    expect(lost.cases.map((c) => [c.chunk_index, c.outcome, c.bond_to_provider])).toEqual([
      [2n, "answered", true],
      [0n, "lost", false],
    ]);
  });
});

describe("an arbitration", () => {
  const opened: Step[] = [
    ...heldWhole,
    [T1 + 100, [arbitrationOpened(JOB, { unreleased: "50000", bond: "6000", decideBy: T1 + 86_501 })]],
  ];
  /** The part that is paid and the rest that goes back. */
  const split = (award: string, fee: string, rest: string): RawEvent[] => [
    ...(award === "0"
      ? []
      : [
          settledTo(JOB, {
            seq: 5,
            secs: 5,
            amount: award,
            fee,
            paid: award,
            feePaid: fee,
            balance: rest,
          }),
        ]),
    ...(rest === "0" ? [] : [refunded(JOB, rest, "0")]),
    closed(JOB, { secs: 5, paid: award, feePaid: fee }),
    settledWith({
      outcome: 3,
      seconds: "5",
      paid: String(BigInt(award) - BigInt(fee)),
      fees: fee,
      refunded: String(550_000n + BigInt(rest)),
    }),
  ];

  it("is open until it is decided", async () => {
    const draft = await live(...opened);
    expect(jobOf(draft)).toMatchObject({ case_kind: 2, case_deadline: BigInt(T1 + 86_501), held: 50_000n });
    expect(draft.cases).toEqual([
      expect.objectContaining({
        kind: 2,
        arbiter: ARBITER,
        reason: "the frames are black",
        unreleased: 50_000n,
        chunk_index: null,
        closed_version: null,
      }),
    ]);
  });

  it("pays what the arbiter rules, which may be less than what was earned", async () => {
    const draft = await live(...opened, [
      T1 + 500,
      [
        ...split("20000", "200", "30000"),
        arbitrationDecided(JOB, { award: "20000", unreleased: "50000", bondTo: BUYER }),
      ],
    ]);
    expect(jobOf(draft)).toMatchObject({
      state: 8,
      outcome: 3,
      paid: 20_000n,
      fee_paid: 200n,
      refunded: 580_000n,
      held: 0n,
      case_kind: null,
      fault: null,
    });
    expect(draft.cases).toEqual([
      expect.objectContaining({ outcome: "ruled", award: 20_000n, bond_to_provider: false }),
    ]);
  });

  it("gives the provider the bond with everything, and the buyer the bond by default", async () => {
    const all = split("50000", "500", "0");
    const decided = { award: "50000", unreleased: "50000" };
    const ruled = await live(...opened, [
      T1 + 500,
      [...all, arbitrationDecided(JOB, { ...decided, bondTo: OWNER })],
    ]);
    expect(ruled.cases[0]).toMatchObject({ outcome: "ruled", award: 50_000n, bond_to_provider: true });
    const silent = await live(...opened, [
      T1 + 86_501,
      [...all, arbitrationDecided(JOB, { ...decided, bondTo: BUYER, byDefault: true })],
    ]);
    expect(silent.cases[0]).toMatchObject({ outcome: "defaulted", award: 50_000n, bond_to_provider: false });
    expect(jobOf(silent)).toMatchObject({ paid: 50_000n, refunded: 550_000n });
  });

  it("ends with nothing for the provider when a fault is proven meanwhile", async () => {
    const draft = await live(...opened, [
      T1 + 500,
      [
        arbitrationDecided(JOB, { award: "0", unreleased: "50000", bondTo: BUYER, byDefault: true }),
        ["job::JobForfeited", { job: JOB, provider: PROVIDER }],
        ...split("0", "0", "50000"),
        slashed(PROVIDER, "50000000", "5000000", "50000000"),
        faultProven(JOB, { provider: PROVIDER, fault: 1, slashed: "50000000", reward: "5000000" }),
      ],
    ]);
    expect(jobOf(draft)).toMatchObject({
      outcome: 3,
      fault: 1,
      paid: 0n,
      refunded: 600_000n,
      case_kind: null,
    });
    expect(draft.cases[0]).toMatchObject({ outcome: "defaulted", award: 0n, bond_to_provider: false });
  });
});
