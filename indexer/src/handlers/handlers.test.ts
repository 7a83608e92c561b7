import type { TransactionRecord } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { createHandWrittenChain, type RawEvent } from "../../test/hand-written-chain.ts";
import {
  accepted,
  address,
  completed,
  created,
  HASH,
  jobSettled,
  KEY,
  parameters,
  refunded,
  registered,
  settledTo,
  started,
  T0,
} from "../../test/histories.ts";
import { applyTransactions, conservationViolations, type Draft, emptyDraft, touchedBy } from "./index.ts";

const PROVIDER = address("f1");
const JOB = address("e1");

async function record(...transactions: Array<[number, RawEvent[]]>): Promise<TransactionRecord[]> {
  const chain = createHandWrittenChain();
  for (const [atSecs, events] of transactions) chain.append(atSecs, events);
  return chain.transactions(1n, 100);
}

async function draftOf(...transactions: Array<[number, RawEvent[]]>): Promise<Draft> {
  const draft = emptyDraft();
  applyTransactions(draft, await record(...transactions));
  return draft;
}

const life: Array<[number, RawEvent[]]> = [
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
      started_at: BigInt(T0 + 10),
      started_version: 4n,
      created_version: 2n,
      fee_bps: 100n,
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
          completed(JOB, PROVIDER),
          refunded(JOB, "580000", "0"),
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
      settled_at: BigInt(T0 + 12),
      exit_code: 0n,
      output_uris: ["s3://outputs/a.tar"],
      output_sha256: HASH,
      paid: 20_000n,
      fee_paid: 200n,
      refunded: 580_000n,
      balance: 0n,
      seconds_billed: 2n,
    });
    expect(end.ticks.map((t) => [t.version, t.amount, t.paid])).toEqual([
      [5n, 10_000n, 10_000n],
      [6n, 10_000n, 20_000n],
    ]);
    expect(conservationViolations(end)).toEqual([]);
  });

  it("keeps a terminated job's last seconds locked until it is finalised", async () => {
    const terminated: Array<[number, RawEvent[]]> = [
      ...life,
      [
        T0 + 13,
        [
          tick(2),
          refunded(JOB, "570000", "10000"),
          [
            "job_registry::JobTerminated",
            { job: JOB, buyer: address("b0"), ended_at: String(T0 + 13), claim_until: String(T0 + 28) },
          ],
        ],
      ],
    ];
    expect(job(await draftOf(...terminated))).toMatchObject({
      state: 6,
      outcome: null,
      ended_at: BigInt(T0 + 13),
      claim_until: BigInt(T0 + 28),
      settled_at: 0n,
      refunded: 570_000n,
      balance: 10_000n,
    });
    const settled = await draftOf(...terminated, [
      T0 + 28,
      [
        refunded(JOB, "10000", "0"),
        jobSettled(JOB, {
          provider: PROVIDER,
          outcome: 6,
          seconds: "2",
          deposited: "600000",
          paid: "19800",
          fees: "200",
          refunded: "580000",
        }),
      ],
    ]);
    expect(job(settled)).toMatchObject({
      state: 8,
      outcome: 6,
      ended_at: BigInt(T0 + 13),
      refunded: 580_000n,
    });
    expect(conservationViolations(settled)).toEqual([]);
  });

  it("shows a stall until more seconds are proven", async () => {
    const stalled: Array<[number, RawEvent[]]> = [
      ...life,
      [T0 + 11, [tick(1)]],
      [T0 + 90, [["job_registry::JobStalled", { job: JOB, flagged_by: address("1"), answer_by: "1" }]]],
    ];
    expect(job(await draftOf(...stalled))?.stalled_at).toBe(BigInt(T0 + 90));
    expect(job(await draftOf(...stalled, [T0 + 91, [tick(2)]]))?.stalled_at).toBe(0n);
    const expired = await draftOf(...stalled, [
      T0 + 200,
      [["job_registry::JobExpired", { job: JOB, expired_by: address("1") }]],
    ]);
    expect(job(expired)).toMatchObject({ state: 7, ended_at: BigInt(T0 + 200) });
  });

  it("has a failed job's reason, and no hash for no output", async () => {
    const failed = await draftOf(...life, [
      T0 + 12,
      [
        [
          "job_registry::JobFailed",
          {
            job: JOB,
            provider: PROVIDER,
            exit_code: "137",
            reason: "out of memory",
            output_uris: [],
            output_sha256: "0x",
            output_root: "0x",
          },
        ],
      ],
    ]);
    expect(job(failed)).toMatchObject({
      state: 4,
      exit_code: 137n,
      reason: "out of memory",
      output_sha256: null,
      output_root: null,
    });
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
      [T0, [registered(PROVIDER)]],
      [
        T0 + 5,
        [
          ["provider_registry::ProviderHeartbeat", at],
          ["provider_registry::ProviderAvailabilityChanged", { ...at, available: false }],
          ["provider_registry::ProviderPriceChanged", { ...at, price_per_hour: "5" }],
          ["provider_registry::ProviderOperatorChanged", { ...at, operator: address("ee"), attest_key: KEY }],
          ["provider_registry::StakeAdded", { ...at, amount: "50", stake: "100000050" }],
          [
            "provider_registry::UnstakeRequested",
            { ...at, amount: "20", stake: "100000030", unbonding: "20", unlocks_at: "99" },
          ],
          ["provider_registry::ProviderCapacityChanged", { ...at, slots_busy: "1", slots: "3" }],
          [
            "provider_registry::ProviderStatsUpdated",
            {
              ...at,
              jobs_completed: "4",
              jobs_failed: "3",
              jobs_expired: "2",
              seconds_served: "100",
              earned: "990",
            },
          ],
        ],
      ],
    );
    expect(provider(draft)).toMatchObject({
      available: false,
      registered_at: BigInt(T0),
      last_heartbeat_at: BigInt(T0 + 5),
      price_per_hour: 5n,
      operator: address("ee"),
      stake: 100_000_030n,
      unbonding: 20n,
      unlocks_at: 99n,
      slots: 3n,
      slots_busy: 1n,
      jobs_completed: 4n,
      jobs_failed: 3n,
      jobs_expired: 2n,
      seconds_served: 100n,
      earned: 990n,
    });
    expect(draft.heartbeats).toEqual([
      { occurred_at: BigInt(T0 + 5), version: 2n, event_index: 0, provider: PROVIDER },
    ]);
    applyTransactions(draft, [
      ...(await record(
        [T0, []],
        [T0, []],
        [T0 + 9, [["provider_registry::StakeWithdrawn", { ...at, amount: "20", stake: "100000030" }]]],
      )),
    ]);
    expect(provider(draft)).toMatchObject({ stake: 100_000_030n, unbonding: 0n, unlocks_at: 0n });
  });
});

describe("applyTransactions", () => {
  it("changes nothing when it sees the same transactions again", async () => {
    const transactions = await record(
      ...life,
      [T0 + 11, [tick(1)]],
      [T0 + 12, [tick(2), refunded(JOB, "7", "579993")]],
    );
    const draft = emptyDraft();
    applyTransactions(draft, transactions);
    const once = structuredClone({ ...draft, events: [], ticks: [] });
    applyTransactions(draft, transactions);
    expect({ ...draft, events: [], ticks: [] }).toEqual(once);
  });

  it("says which rows it will need", async () => {
    const transactions = await record(...life, [
      T0,
      [["payment_stream::SettlementSkipped", { job: address("dead"), keeper: address("1"), code: "4" }]],
    ]);
    expect(touchedBy(transactions)).toEqual({ jobs: [JOB], providers: [PROVIDER] });
  });

  it("refuses to make up a job or a provider", async () => {
    await expect(draftOf([T0, [accepted(JOB, PROVIDER)]])).rejects.toMatchObject({ code: "MIRROR_CORRUPT" });
    await expect(
      draftOf([T0, [["provider_registry::ProviderHeartbeat", { provider: PROVIDER }]]]),
    ).rejects.toMatchObject({ code: "MIRROR_CORRUPT" });
  });

  it("remembers the newest allowance of each asset and the newest parameters", async () => {
    const asset = address("a5");
    const draft = await draftOf(
      [T0, [parameters(100), ["market::AssetAllowanceChanged", { asset, allowed: true }]]],
      [T0, [["market::AssetAllowanceChanged", { asset, allowed: false }], parameters(200)]],
      [T0, [["market::AdminChanged", { admin: address("9") }]]],
    );
    expect(draft.assets.get(asset)).toMatchObject({ allowed: false, last_version: 2n });
    expect(draft.market).toMatchObject({ fee_bps: 200n, last_version: 2n });
  });
});

describe("conservationViolations", () => {
  it("names a job whose money doesn't add up", async () => {
    const draft = await draftOf(...life, [T0 + 11, [refunded(JOB, "100", "599901")]]);
    expect(conservationViolations(draft)).toEqual([
      `job ${JOB}: deposited 600000 is not paid 0 + refunded 100 + balance 599901`,
    ]);
  });

  it("names a settlement that tells other totals than the events before it", async () => {
    const draft = await draftOf(...life, [
      T0 + 12,
      [
        refunded(JOB, "600000", "0"),
        jobSettled(JOB, {
          provider: PROVIDER,
          outcome: 4,
          seconds: "0",
          deposited: "600000",
          paid: "1",
          fees: "0",
          refunded: "599999",
        }),
      ],
    ]);
    expect(conservationViolations(draft)).toEqual([
      `job ${JOB} settled: paid 0 is not 1, refunded 600000 is not 599999`,
    ]);
  });
});
