/** Lives of jobs that nobody disputes, event by event as the modules tell them. */
import { NO_ADDRESS } from "@computestream/protocol";
import { describe, expect, it } from "vitest";
import type { Step } from "../../test/draft-of.ts";
import type { RawEvent } from "../../test/hand-written-chain.ts";
import {
  accepted,
  address,
  arbitrationDecided,
  arbitrationOpened,
  BUYER,
  closed,
  completed,
  counted,
  created,
  expired,
  HASH,
  KEEPER,
  OWNER,
  parameters,
  refunded,
  registered,
  sealed,
  settledTo,
  T0,
} from "../../test/histories.ts";
import { JOB, jobOf, live, PROVIDER, running, settledWith, T1, twoSeconds } from "../../test/lives.ts";

describe("an open order", () => {
  const order: Step[] = [
    [T0, [parameters(), registered(PROVIDER)]],
    [
      T0 + 1,
      created(JOB, {
        deposit: "600000",
        priority: 9,
        requirements: { gpu_model: "H100", gpus: "2", ram_gb: "64", min_stake: "1000" },
      }),
    ],
  ];

  it("asks for a machine and names nobody", async () => {
    expect(jobOf(await live(...order))).toMatchObject({
      state: 0,
      is_open: true,
      provider: NO_ADDRESS,
      terms_hash: "0x",
      rate_per_hour: 36_000_000n,
      priority: 9,
      gpu_model: "H100",
      gpus: 2n,
      ram_gb: 64n,
      vram_gb: 0n,
      region: "",
      min_stake: 1_000n,
      balance: 600_000n,
      fee_bps: 100n,
      keeper_share_bps: 1_000n,
    });
  });

  it("becomes an order from whoever accepts, at its price and on its GPUs", async () => {
    const taken = await live(...order, [
      T0 + 2,
      [accepted(JOB, PROVIDER, { rate: "18000000", gpuMask: "5" })],
    ]);
    expect(jobOf(taken)).toMatchObject({
      state: 1,
      is_open: true,
      provider: PROVIDER,
      terms_hash: HASH,
      rate_per_hour: 18_000_000n,
      gpu_mask: 5n,
    });
  });
});

describe("a holdback", () => {
  const eightSeconds: Step[] = [
    ...running("5"),
    // 80,000 earned; the last 5 s wait.
    [
      T1 + 8,
      [
        settledTo(JOB, {
          seq: 8,
          secs: 8,
          amount: "30000",
          fee: "300",
          keeperFee: "30",
          paid: "30000",
          feePaid: "300",
          keeperPaid: "30",
          balance: "570000",
        }),
      ],
    ],
  ];

  it("holds the last seconds' worth", async () => {
    expect(jobOf(await live(...eightSeconds))).toMatchObject({
      holdback_secs: 5n,
      paid: 30_000n,
      held: 50_000n,
      seconds_billed: 8n,
      seconds_confirmed: 0n,
    });
  });

  it("is paid when the buyer confirms, while running and after the end", async () => {
    const confirmed: Step[] = [
      ...eightSeconds,
      [
        T1 + 9,
        [
          settledTo(JOB, {
            seq: 8,
            secs: 8,
            confirmed: 8,
            amount: "50000",
            fee: "500",
            keeperFee: "50",
            paid: "80000",
            feePaid: "800",
            keeperPaid: "80",
            balance: "520000",
          }),
        ],
      ],
    ];
    expect(jobOf(await live(...confirmed))).toMatchObject({ held: 0n, seconds_confirmed: 8n });

    // Four more seconds, all held.
    const totals = { paid: "80000", feePaid: "800", keeperPaid: "80", balance: "520000" };
    const ended: Step[] = [
      ...confirmed,
      [
        T1 + 12,
        [
          counted(JOB, { seq: 12, secs: 12, confirmed: 8, ...totals }),
          refunded(JOB, "480000", "40000"),
          sealed(JOB, 12, "40000"),
          completed(JOB, PROVIDER, { claimUntil: T1 + 12, challengeUntil: T1 + 3612 }),
        ],
      ],
    ];
    expect(jobOf(await live(...ended))).toMatchObject({
      state: 3,
      sealed: true,
      seconds_billed: 12n,
      seconds_attested: 12n,
      held: 40_000n,
      balance: 40_000n,
      claim_until: BigInt(T1 + 12),
      challenge_until: BigInt(T1 + 3612),
      settled_at: 0n,
    });
    const settled = await live(...ended, [
      T1 + 20,
      [
        settledTo(JOB, {
          seq: 12,
          secs: 12,
          confirmed: 12,
          amount: "40000",
          fee: "400",
          keeperFee: "40",
          paid: "120000",
          feePaid: "1200",
          keeperPaid: "120",
          balance: "0",
        }),
        closed(JOB, { secs: 12, paid: "120000", feePaid: "1200", keeperPaid: "120" }),
        settledWith({ outcome: 3, seconds: "12", paid: "118800", fees: "1200", refunded: "480000" }),
      ],
    ]);
    expect(jobOf(settled)).toMatchObject({
      state: 8,
      outcome: 3,
      paid: 120_000n,
      fee_paid: 1_200n,
      keeper_paid: 120n,
      refunded: 480_000n,
      held: 0n,
    });
    expect(settled.ticks.map((t) => [t.amount, t.keeper_fee, t.keeper_paid, t.seconds_confirmed])).toEqual([
      [30_000n, 30n, 30n, 0n],
      [50_000n, 50n, 80n, 8n],
      [0n, 0n, 80n, 8n],
      [40_000n, 40n, 120n, 12n],
    ]);
  });
});

describe("a terminated job", () => {
  const terminated: Step[] = [
    ...running(),
    [T1 + 2, [twoSeconds]],
    // 5 s ran: 550,000 can't be earned any more, 30,000 still may.
    [
      T1 + 5,
      [
        refunded(JOB, "550000", "30000"),
        [
          "job::JobTerminated",
          {
            job: JOB,
            buyer: BUYER,
            ended_at: String(T1 + 5),
            claim_until: String(T1 + 20),
            challenge_until: "0",
          },
        ],
      ],
    ],
  ];

  it("keeps the unproven seconds' worth until the claim window is over", async () => {
    expect(jobOf(await live(...terminated))).toMatchObject({
      state: 6,
      outcome: null,
      ended_at: BigInt(T1 + 5),
      claim_until: BigInt(T1 + 20),
      refunded: 550_000n,
      balance: 30_000n,
      held: 0n,
      sealed: false,
    });
    const unproven = await live(...terminated, [
      T1 + 20,
      [
        refunded(JOB, "30000", "0"),
        closed(JOB, { secs: 2, paid: "20000", feePaid: "200", keeperPaid: "20" }),
        settledWith({ outcome: 6, seconds: "2", paid: "19800", fees: "200", refunded: "580000" }),
      ],
    ]);
    expect(jobOf(unproven)).toMatchObject({ state: 8, outcome: 6, refunded: 580_000n, paid: 20_000n });
  });

  it("pays them when the provider proves them late", async () => {
    const proven = await live(
      ...terminated,
      [
        T1 + 18,
        [
          settledTo(JOB, {
            seq: 5,
            secs: 5,
            amount: "30000",
            fee: "300",
            keeperFee: "30",
            paid: "50000",
            feePaid: "500",
            keeperPaid: "50",
            balance: "0",
          }),
        ],
      ],
      [
        T1 + 19,
        [
          closed(JOB, { secs: 5, paid: "50000", feePaid: "500", keeperPaid: "50" }),
          settledWith({ outcome: 6, seconds: "5", paid: "49500", fees: "500", refunded: "550000" }),
        ],
      ],
    );
    expect(jobOf(proven)).toMatchObject({
      state: 8,
      outcome: 6,
      seconds_billed: 5n,
      paid: 50_000n,
      refunded: 550_000n,
      balance: 0n,
    });
  });

  it("has new windows when its operator gives up what it can't prove", async () => {
    const waived = await live(
      ...running("5"),
      // 4 s ran, 3 s are proven and held, the fourth isn't proven.
      [
        T1 + 4,
        [
          counted(JOB, { seq: 3, secs: 3, balance: "600000" }),
          refunded(JOB, "560000", "40000"),
          [
            "job::JobTerminated",
            {
              job: JOB,
              buyer: BUYER,
              ended_at: String(T1 + 4),
              claim_until: String(T1 + 19),
              challenge_until: String(T1 + 3619),
            },
          ],
        ],
      ],
      [
        T1 + 6,
        [
          refunded(JOB, "10000", "30000"),
          sealed(JOB, 3, "30000"),
          ["job::JobWaived", { job: JOB, claim_until: String(T1 + 6), challenge_until: String(T1 + 3606) }],
        ],
      ],
    );
    expect(jobOf(waived)).toMatchObject({
      state: 6,
      sealed: true,
      held: 30_000n,
      refunded: 570_000n,
      ended_at: BigInt(T1 + 4),
      claim_until: BigInt(T1 + 6),
      challenge_until: BigInt(T1 + 3606),
    });
  });
});

describe("a running job that changes", () => {
  it("lasts longer and holds more when its buyer extends it", async () => {
    const extended = await live(...running(), [
      T1 + 2,
      [
        twoSeconds,
        [
          "escrow::EscrowDeposited",
          { job: JOB, payer: BUYER, asset: address("a"), amount: "300000", balance: "880000" },
        ],
        [
          "stream::StreamExtended",
          { job: JOB, max_duration_secs: "90", deposited: "900000", funded_secs: "90", balance: "880000" },
        ],
      ],
    ]);
    expect(jobOf(extended)).toMatchObject({
      max_duration_secs: 90n,
      funded_secs: 90n,
      deposited: 900_000n,
      balance: 880_000n,
      paid: 20_000n,
    });
  });

  it("pays each second's own rate once its buyer has paid for a raise", async () => {
    const raised = await live(...running(), [
      T1 + 2,
      [
        twoSeconds,
        // 58 s more at 20,000 a second are 1,160,000; 580,000 are there.
        [
          "escrow::EscrowDeposited",
          { job: JOB, payer: BUYER, asset: address("a"), amount: "580000", balance: "1160000" },
        ],
        [
          "stream::StreamExtended",
          { job: JOB, max_duration_secs: "60", deposited: "1180000", funded_secs: "60", balance: "1160000" },
        ],
        [
          "stream::StreamRateChanged",
          { job: JOB, rate_per_hour: "72000000", changed_by: BUYER, seconds_billed: "2", funded_secs: "60" },
        ],
        settledTo(JOB, {
          seq: 4,
          secs: 4,
          amount: "40000",
          fee: "400",
          keeperFee: "40",
          paid: "60000",
          feePaid: "600",
          keeperPaid: "60",
          balance: "1120000",
        }),
      ],
    ]);
    expect(jobOf(raised)).toMatchObject({
      rate_per_hour: 72_000_000n,
      max_duration_secs: 60n,
      funded_secs: 60n,
      paid: 60_000n,
      held: 0n,
    });
  });

  it("holds each second at its own rate", async () => {
    const lowered = await live(...running("5"), [
      T1 + 5,
      [
        // 3 s at 10,000, all held; then 2 s at 5,000.
        counted(JOB, { seq: 3, secs: 3, balance: "600000" }),
        [
          "stream::StreamRateChanged",
          { job: JOB, rate_per_hour: "18000000", changed_by: OWNER, seconds_billed: "3", funded_secs: "60" },
        ],
        counted(JOB, { seq: 5, secs: 5, balance: "600000" }),
        refunded(JOB, "560000", "40000"),
        sealed(JOB, 5, "40000"),
      ],
    ]);
    expect(jobOf(lowered)).toMatchObject({ held: 40_000n, seconds_billed: 5n, rate_per_hour: 18_000_000n });
    // Times 3600: what the API's estimates go on from, to the fraction.
    expect(lowered.ticks.map((t) => t.acc)).toEqual([108_000_000n, 144_000_000n]);
  });
});

describe("a job that falls silent", () => {
  const silent: Step[] = [
    ...running("5"),
    // 8 s are 80,000; the last 5 wait.
    [
      T1 + 8,
      [
        settledTo(JOB, {
          seq: 8,
          secs: 8,
          amount: "30000",
          fee: "300",
          keeperFee: "30",
          paid: "30000",
          feePaid: "300",
          keeperPaid: "30",
          balance: "570000",
        }),
      ],
    ],
    [T1 + 70, [["stream::StreamStalled", { job: JOB, flagged_by: KEEPER, answer_by: String(T1 + 130) }]]],
    [
      T1 + 130,
      [
        refunded(JOB, "520000", "50000"),
        sealed(JOB, 8, "50000"),
        expired(JOB, { claimUntil: T1 + 130, challengeUntil: T1 + 3730 }),
      ],
    ],
  ];
  /** The rest of the held 50,000 goes back. */
  const settled = (award: string, fee: string, rest: string): RawEvent[] => [
    ...(award === "0"
      ? []
      : [
          settledTo(JOB, {
            seq: 8,
            secs: 8,
            amount: award,
            fee,
            keeperFee: String(BigInt(fee) / 10n),
            paid: String(30_000n + BigInt(award)),
            feePaid: String(300n + BigInt(fee)),
            keeperPaid: String(30n + BigInt(fee) / 10n),
            balance: rest,
          }),
        ]),
    ...(rest === "0" ? [] : [refunded(JOB, rest, "0")]),
    closed(JOB, {
      secs: 8,
      paid: String(30_000n + BigInt(award)),
      feePaid: String(300n + BigInt(fee)),
      keeperPaid: String(30n + BigInt(fee) / 10n),
    }),
    settledWith({
      outcome: 7,
      seconds: "8",
      paid: String(29_700n + BigInt(award) - BigInt(fee)),
      fees: String(300n + BigInt(fee)),
      refunded: String(520_000n + BigInt(rest)),
    }),
  ];

  it("waits, expired, while money is held back for its buyer", async () => {
    expect(jobOf(await live(...silent))).toMatchObject({
      state: 7,
      outcome: null,
      sealed: true,
      stalled_at: BigInt(T1 + 70),
      ended_at: BigInt(T1 + 130),
      claim_until: BigInt(T1 + 130),
      challenge_until: BigInt(T1 + 3730),
      settled_at: 0n,
      held: 50_000n,
      balance: 50_000n,
      refunded: 520_000n,
    });
  });

  it("is paid in full once the challenge window is over", async () => {
    const draft = await live(...silent, [T1 + 3730, settled("50000", "500", "0")]);
    expect(jobOf(draft)).toMatchObject({
      state: 8,
      outcome: 7,
      paid: 80_000n,
      fee_paid: 800n,
      keeper_paid: 80n,
      refunded: 520_000n,
      held: 0n,
    });
  });

  it("may be disputed meanwhile, and pays what the arbiter rules", async () => {
    const opened = arbitrationOpened(JOB, { unreleased: "50000", bond: "6000", decideBy: T1 + 86_531 });
    const decided = arbitrationDecided(JOB, { award: "10000", unreleased: "50000", bondTo: BUYER });
    const disputed: Step[] = [...silent, [T1 + 131, [opened]]];
    expect(jobOf(await live(...disputed))).toMatchObject({ state: 7, case_kind: 2, held: 50_000n });
    const draft = await live(...disputed, [T1 + 500, [...settled("10000", "100", "40000"), decided]]);
    expect(jobOf(draft)).toMatchObject({
      state: 8,
      outcome: 7,
      paid: 40_000n,
      refunded: 560_000n,
      held: 0n,
      case_kind: null,
    });
  });

  it("settles at once when nothing is held back", async () => {
    const draft = await live(
      ...running(),
      [T1 + 2, [twoSeconds]],
      [
        T1 + 130,
        [
          refunded(JOB, "580000", "0"),
          sealed(JOB, 2, "0"),
          expired(JOB, { claimUntil: T1 + 130 }),
          closed(JOB, { secs: 2, paid: "20000", feePaid: "200", keeperPaid: "20" }),
          settledWith({ outcome: 7, seconds: "2", paid: "19800", fees: "200", refunded: "580000" }),
        ],
      ],
    );
    expect(jobOf(draft)).toMatchObject({
      state: 8,
      outcome: 7,
      claim_until: BigInt(T1 + 130),
      challenge_until: 0n,
    });
  });
});
