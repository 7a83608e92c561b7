import { describe, expect, it } from "vitest";
import { draftOf, record, type Step } from "../../test/draft-of.ts";
import {
  ARBITER,
  accepted,
  address,
  closed,
  completed,
  created,
  HASH,
  jobSettled,
  KEEPER,
  KEY,
  OWNER,
  outputChallenged,
  parameters,
  refunded,
  registered,
  sealed,
  settledTo,
  started,
  stats,
  T0,
} from "../../test/histories.ts";
import { applyTransactions, type Draft, emptyDraft, touchedBy } from "./index.ts";

const PROVIDER = address("f1");
const JOB = address("e1");

/** 36,000,000 an hour is 10,000 a second. */
const life: Step[] = [
  [T0, [parameters(), registered(PROVIDER)]],
  [T0 + 1, created(JOB, { provider: PROVIDER, deposit: "600000" })],
  [T0 + 2, [accepted(JOB, PROVIDER)]],
  [T0 + 10, started(JOB, { provider: PROVIDER, atSecs: T0 + 10, deposit: "600000" })],
];
const tick = (secs: number) =>
  settledTo(JOB, {
    seq: secs,
    secs,
    amount: "10000",
    fee: "100",
    paid: String(10_000 * secs),
    feePaid: String(100 * secs),
    balance: String(600_000 - 10_000 * secs),
  });
const job = (draft: Draft) => draft.jobs.get(JOB);
const provider = (draft: Draft) => draft.providers.get(PROVIDER);

describe("a job's row", () => {
  it("follows a run to its settlement", async () => {
    expect(job(await draftOf(...life))).toMatchObject({
      state: 2,
      outcome: null,
      title: "Render",
      is_open: false,
      provider: PROVIDER,
      terms_hash: HASH,
      started_at: BigInt(T0 + 10),
      started_version: 4n,
      created_version: 2n,
      fee_bps: 100n,
      keeper_share_bps: 1000n,
      funded_secs: 60n,
      deposited: 600_000n,
      balance: 600_000n,
    });
    const end = await draftOf(
      ...life,
      [T0 + 11, [tick(1)]],
      [
        T0 + 12,
        [
          tick(2),
          refunded(JOB, "580000", "0"),
          sealed(JOB, 2, "0"),
          completed(JOB, PROVIDER, { claimUntil: T0 + 12 }),
          closed(JOB, { secs: 2, paid: "20000", feePaid: "200" }),
          jobSettled(JOB, {
            provider: PROVIDER,
            outcome: 3,
            seconds: "2",
            deposited: "600000",
            paid: "19800",
            fees: "200",
            refunded: "580000",
          }),
        ],
      ],
    );
    expect(job(end)).toMatchObject({
      state: 8,
      outcome: 3,
      ended_at: BigInt(T0 + 12),
      claim_until: BigInt(T0 + 12),
      challenge_until: 0n,
      settled_at: BigInt(T0 + 12),
      exit_code: 0n,
      output_uris: ["s3://outputs/a.tar"],
      output_sha256: HASH,
      output_root: HASH,
      output_size: 40_000n,
      paid: 20_000n,
      fee_paid: 200n,
      refunded: 580_000n,
      balance: 0n,
      seconds_billed: 2n,
      sealed: true,
    });
    expect(end.ticks.map((t) => [t.version, t.amount, t.paid])).toEqual([
      [5n, 10_000n, 10_000n],
      [6n, 10_000n, 20_000n],
    ]);
    expect(end.violations).toEqual(new Map());
  });

  it("shows a stall until more seconds are proven", async () => {
    const stalled: Step[] = [
      ...life,
      [T0 + 11, [tick(1)]],
      [T0 + 90, [["stream::StreamStalled", { job: JOB, flagged_by: address("1"), answer_by: "1" }]]],
    ];
    expect(job(await draftOf(...stalled))?.stalled_at).toBe(BigInt(T0 + 90));
    expect(job(await draftOf(...stalled, [T0 + 91, [tick(2)]]))?.stalled_at).toBe(0n);
  });

  it("keeps a stall flag through a settlement that proves no new second", async () => {
    const confirmed = settledTo(JOB, {
      seq: 1,
      secs: 1,
      confirmed: 1,
      amount: "0",
      fee: "0",
      paid: "10000",
      feePaid: "100",
      balance: "590000",
    });
    const draft = await draftOf(
      ...life,
      [T0 + 11, [tick(1)]],
      [T0 + 90, [["stream::StreamStalled", { job: JOB, flagged_by: address("1"), answer_by: "1" }]]],
      [T0 + 91, [confirmed]],
    );
    expect(job(draft)).toMatchObject({ stalled_at: BigInt(T0 + 90), seconds_confirmed: 1n });
  });

  it("has a failed job's reason, and neither hash nor size for no output", async () => {
    const output = {
      exit_code: "137",
      reason: "out of memory",
      output_uris: [],
      output_sha256: "0x",
      output_root: "0x",
      output_size: "0",
    };
    const failed = await draftOf(...life, [
      T0 + 12,
      [["job::JobFailed", { job: JOB, provider: PROVIDER, output, claim_until: "5", challenge_until: "6" }]],
    ]);
    expect(job(failed)).toMatchObject({
      state: 4,
      exit_code: 137n,
      reason: "out of memory",
      output_sha256: null,
      output_root: null,
      output_size: null,
      claim_until: 5n,
      challenge_until: 6n,
    });
  });

  it("stays when the job is reclaimed on chain", async () => {
    const reclaimed = await draftOf(...life, [
      T0 + 90_000,
      [["job_registry::JobReclaimed", { job: JOB, reclaimed_by: address("b0") }]],
    ]);
    expect(job(reclaimed)).toMatchObject({ reclaimed_at: BigInt(T0 + 90_000), title: "Render" });
  });

  it.each([
    ["", "Untitled job"],
    ["not json", "Untitled job"],
    ['{"version":2}', "Untitled job"],
    ['{"version":1,"title":"Fold a protein"}', "Fold a protein"],
    ['{"version":1}', "Untitled job"],
  ])("takes its title from the spec %j", async (spec, title) => {
    const draft = await draftOf([T0, created(JOB, { provider: PROVIDER, deposit: "1", spec })]);
    expect(job(draft)).toMatchObject({ title, spec });
  });
});

describe("a provider's row", () => {
  it("takes each amount as it is after the event", async () => {
    const at = { provider: PROVIDER };
    const draft = await draftOf(
      [T0, [registered(PROVIDER, { devices: [KEY], gpu_price_per_hour: "7" })]],
      [
        T0 + 5,
        [
          ["provider_registry::ProviderHeartbeat", at],
          ["provider_registry::ProviderStatusChanged", { ...at, status: 2 }],
          [
            "provider_registry::ProviderPriceChanged",
            { ...at, price_per_hour: "5", gpu_price_per_hour: "6" },
          ],
          [
            "provider_registry::ProviderOperatorChanged",
            { ...at, operator: address("ee"), attest_key: HASH },
          ],
          [
            "provider_registry::ProviderCapacityChanged",
            { ...at, slots_busy: "1", slots: "3", gpus_busy: "5" },
          ],
          stats(PROVIDER, {
            jobs_completed: "4",
            jobs_failed: "3",
            jobs_expired: "2",
            faults: "1",
            seconds_served: "100",
            earned: "990",
            score: "1118",
          }),
        ],
      ],
    );
    expect(provider(draft)).toMatchObject({
      status: 2,
      devices: [KEY],
      registered_at: BigInt(T0),
      last_heartbeat_at: BigInt(T0 + 5),
      price_per_hour: 5n,
      gpu_price_per_hour: 6n,
      operator: address("ee"),
      attest_key: HASH,
      slots: 3n,
      slots_busy: 1n,
      gpus_busy: 5n,
      jobs_completed: 4n,
      jobs_failed: 3n,
      jobs_expired: 2n,
      faults: 1n,
      seconds_served: 100n,
      earned: 990n,
      score: 1118n,
    });
    expect(draft.heartbeats).toEqual([
      { occurred_at: BigInt(T0 + 5), version: 2n, event_index: 0, provider: PROVIDER },
    ]);
  });

  it("begins active, free and with half the score", async () => {
    expect(provider(await draftOf([T0, [registered(PROVIDER, { gpu_price_per_hour: "7" })]]))).toMatchObject({
      owner: OWNER,
      gpu_model: "NVIDIA H100 80GB",
      gpu_price_per_hour: 7n,
      devices: [],
      status: 0,
      slots_busy: 0n,
      gpus_busy: 0n,
      score: 5_000n,
      staked: 100_000_000n,
      slashed: 0n,
    });
  });

  it("changes its machine and keeps the rest", async () => {
    const machine = {
      name: "bigger rig",
      gpu_model: "B200",
      gpu_count: "2",
      vram_gb: "180",
      cpu_cores: "64",
      ram_gb: "512",
      disk_gb: "4000",
      region: "us-east",
      sandbox: "gvisor",
    };
    const draft = await draftOf(
      [T0, [registered(PROVIDER)]],
      [
        T0 + 9,
        [
          [
            "provider_registry::ProviderMachineChanged",
            { provider: PROVIDER, machine, devices: [KEY, HASH], slots: "8" },
          ],
        ],
      ],
    );
    expect(provider(draft)).toMatchObject({
      name: "bigger rig",
      gpu_model: "B200",
      gpu_count: 2n,
      disk_gb: 4_000n,
      sandbox: "gvisor",
      devices: [KEY, HASH],
      slots: 8n,
      price_per_hour: 36_000_000n,
      registered_at: BigInt(T0),
    });
  });

  it("accounts for every unit of its stake: added, unbonding, slashed, withdrawn", async () => {
    const at = { provider: PROVIDER };
    const unstaked: Step[] = [
      [T0, [registered(PROVIDER)]],
      [T0 + 1, [["stake::StakeAdded", { ...at, amount: "50", staked: "100000050" }]]],
      [
        T0 + 2,
        [
          [
            "stake::UnstakeRequested",
            { ...at, amount: "100000000", staked: "50", unbonding: "100000000", unlocks_at: "99" },
          ],
        ],
      ],
      [
        T0 + 3,
        [
          [
            "stake::StakeSlashed",
            {
              ...at,
              reporter: KEEPER,
              amount: "50000025",
              reward: "5000002",
              staked: "0",
              unbonding: "50000025",
            },
          ],
        ],
      ],
    ];
    const slashed = await draftOf(...unstaked);
    expect(provider(slashed)).toMatchObject({
      staked: 0n,
      unbonding: 50_000_025n,
      unlocks_at: 99n,
      stake_added: 100_000_050n,
      slashed: 50_000_025n,
      stake_withdrawn: 0n,
    });
    expect(slashed.violations).toEqual(new Map());
    const withdrawn = await draftOf(...unstaked, [
      T0 + 99,
      [["stake::StakeWithdrawn", { ...at, amount: "50000025", staked: "0", unbonding: "0" }]],
    ]);
    expect(provider(withdrawn)).toMatchObject({
      unbonding: 0n,
      unlocks_at: 0n,
      stake_withdrawn: 50_000_025n,
      slashed: 50_000_025n,
    });
    expect(withdrawn.violations).toEqual(new Map());
  });

  it("waits for nothing when all that was unbonding is slashed", async () => {
    const at = { provider: PROVIDER };
    const draft = await draftOf(
      [T0, [registered(PROVIDER, { staked: "100" })]],
      [
        T0 + 1,
        [
          [
            "stake::UnstakeRequested",
            { ...at, amount: "100", staked: "0", unbonding: "100", unlocks_at: "99" },
          ],
          [
            "stake::StakeSlashed",
            { ...at, reporter: KEEPER, amount: "100", reward: "0", staked: "0", unbonding: "0" },
          ],
        ],
      ],
    );
    expect(provider(draft)).toMatchObject({ unbonding: 0n, unlocks_at: 0n, slashed: 100n });
  });
});

describe("applyTransactions", () => {
  it("changes nothing when it sees the same transactions again", async () => {
    const transactions = await record(
      ...life,
      [T0 + 11, [tick(1)]],
      [T0 + 12, [tick(2), refunded(JOB, "7", "579993"), outputChallenged(JOB, "0", "9", T0 + 20)]],
    );
    const draft = emptyDraft();
    applyTransactions(draft, transactions);
    const once = structuredClone({ ...draft, events: [], ticks: [] });
    applyTransactions(draft, transactions);
    expect({ ...draft, events: [], ticks: [] }).toEqual(once);
    expect(draft.cases).toHaveLength(1);
  });

  it("says which rows it will need", async () => {
    const transactions = await record(...life, [
      T0,
      [
        ["stream::SettlementSkipped", { job: address("dead"), keeper: address("1"), code: "4" }],
        ["stake::StakeAdded", { provider: address("f2"), amount: "1", staked: "1" }],
        stats(address("f3")),
        outputChallenged(address("e2"), "0", "9", T0 + 20),
      ],
    ]);
    expect(touchedBy(transactions)).toEqual({
      jobs: [JOB, address("e2")],
      providers: [PROVIDER, address("f2"), address("f3")],
      quotes: [],
    });
  });

  it("refuses to make up a job, a provider or a case", async () => {
    const refused = expect.objectContaining({ code: "MIRROR_CORRUPT" });
    await expect(draftOf([T0, [accepted(JOB, PROVIDER)]])).rejects.toEqual(refused);
    await expect(
      draftOf([T0, [["provider_registry::ProviderHeartbeat", { provider: PROVIDER }]]]),
    ).rejects.toEqual(refused);
    const answered = { job: JOB, answered_by: OWNER, chunk_index: "0", bond: "9" };
    await expect(draftOf(...life, [T0 + 20, [["dispute::ChallengeAnswered", answered]]])).rejects.toEqual(
      refused,
    );
  });

  it("remembers the newest allowance of each asset and the newest parameters", async () => {
    const asset = address("a5");
    const draft = await draftOf(
      [T0, [parameters(100), ["market::AssetAllowanceChanged", { asset, allowed: true }]]],
      [T0, [["market::AssetAllowanceChanged", { asset, allowed: false }], parameters(200)]],
      [T0, [["market::AdminChanged", { admin: address("9") }]]],
    );
    expect(draft.assets.get(asset)).toMatchObject({ allowed: false, last_version: 2n });
    expect(draft.market).toMatchObject({
      fee_bps: 200n,
      keeper_share_bps: 1000n,
      arbiter: ARBITER,
      answer_window_secs: 3601n,
      bond_bps: 100n,
      last_version: 2n,
    });
  });

  it("names the provider of an event, but nobody for an order open to all", async () => {
    const draft = await draftOf([T0, created(JOB, { deposit: "1" })], [T0, [accepted(JOB, PROVIDER)]]);
    expect(draft.events.map((e) => [e.name, e.job, e.provider])).toEqual([
      ["JobCreated", JOB, null],
      ["EscrowDeposited", JOB, null],
      ["JobAccepted", JOB, PROVIDER],
    ]);
  });
});
