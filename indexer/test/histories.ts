/**
 * Histories for the hand-written chain: the events that the modules emit for common lives of providers and jobs.
 * It doesn't compute money: amounts are given by the caller, or by the protocol's own arithmetic in `busyMarket`.
 */
import { encodeJobSpec, normalizeAddress } from "@computestream/protocol";
import { earned, feeOf } from "@computestream/protocol/money";
import { ASSET, type HandWrittenChain, type RawEvent } from "./hand-written-chain.ts";

export const T0 = 1_800_000_000;
export const address = (n: number | string) => normalizeAddress(`0x${n}`);
export const KEY = `0x${"11".repeat(32)}`;
export const HASH = `0x${"ab".repeat(32)}`;

export function parameters(feeBps = 100): RawEvent {
  return [
    "market::ParametersUpdated",
    {
      fee_bps: String(feeBps),
      treasury: address("7"),
      min_stake: "100000000",
      unbonding_secs: "86400",
      accept_window_secs: "120",
      start_window_secs: "600",
      stall_after_secs: "60",
      stall_grace_secs: "60",
      claim_window_secs: "15",
      min_duration_secs: "1",
      max_duration_secs: "604800",
      paused: false,
    },
  ];
}

export function registered(provider: string, overrides: Record<string, unknown> = {}): RawEvent {
  return [
    "provider_registry::ProviderRegistered",
    {
      provider,
      owner: address("aa"),
      operator: address("ab"),
      attest_key: KEY,
      name: "rig",
      gpu_model: "NVIDIA H100 80GB",
      gpu_count: "1",
      vram_gb: "80",
      cpu_cores: "16",
      ram_gb: "128",
      disk_gb: "500",
      region: "eu-west",
      sandbox: "docker",
      slots: "2",
      price_per_hour: "36000000",
      asset: ASSET,
      stake: "100000000",
      ...overrides,
    },
  ];
}

/** The deposit is told before the job, as custody moves first. */
export function created(
  job: string,
  p: {
    provider: string;
    deposit: string;
    buyer?: string;
    rate?: string;
    maxSecs?: string;
    spec?: string;
    title?: string;
  },
): RawEvent[] {
  const buyer = p.buyer ?? address("b0");
  return [
    ["escrow::EscrowDeposited", { job, payer: buyer, asset: ASSET, amount: p.deposit, balance: p.deposit }],
    [
      "job_registry::JobCreated",
      {
        job,
        buyer,
        provider: p.provider,
        asset: ASSET,
        image: "demo:1",
        job_spec: p.spec ?? encodeJobSpec({ version: 1, title: p.title ?? "Render" }),
        rate_per_hour: p.rate ?? "36000000",
        max_duration_secs: p.maxSecs ?? "60",
        deposit: p.deposit,
        terms_hash: HASH,
        accept_by: String(T0 + 120),
      },
    ],
  ];
}

export const accepted = (job: string, provider: string): RawEvent => [
  "job_registry::JobAccepted",
  { job, provider, operator: address("ab"), start_by: String(T0 + 600) },
];

export function started(
  job: string,
  p: { provider: string; atSecs: number; deposit: string; rate?: string; maxSecs?: string; feeBps?: string },
): RawEvent[] {
  return [
    [
      "payment_stream::StreamOpened",
      {
        job,
        payer: address("b0"),
        payee: address("aa"),
        asset: ASSET,
        rate_per_hour: p.rate ?? "36000000",
        deposited: p.deposit,
        fee_bps: p.feeBps ?? "100",
        max_duration_secs: p.maxSecs ?? "60",
        started_at: String(p.atSecs),
      },
    ],
    ["job_registry::JobStarted", { job, provider: p.provider, started_at: String(p.atSecs) }],
  ];
}

export const settledTo = (
  job: string,
  p: {
    seq: number;
    secs: number;
    amount: string;
    fee: string;
    paid: string;
    feePaid: string;
    balance: string;
  },
): RawEvent => [
  "payment_stream::StreamSettled",
  {
    job,
    payee: address("aa"),
    keeper: address("5e"),
    seq: String(p.seq),
    seconds_attested: String(p.secs),
    seconds_billed: String(p.secs),
    amount: p.amount,
    fee: p.fee,
    paid: p.paid,
    fee_paid: p.feePaid,
    balance: p.balance,
  },
];

export const refunded = (job: string, amount: string, balance: string): RawEvent => [
  "escrow::EscrowRefunded",
  { job, to: address("b0"), amount, balance },
];

export const jobSettled = (
  job: string,
  p: {
    provider: string;
    outcome: number;
    seconds: string;
    deposited: string;
    paid: string;
    fees: string;
    refunded: string;
  },
): RawEvent => ["job_registry::JobSettled", { job, buyer: address("b0"), ...p }];

export const completed = (job: string, provider: string): RawEvent => [
  "job_registry::JobCompleted",
  {
    job,
    provider,
    exit_code: "0",
    output_uris: ["s3://outputs/a.tar"],
    output_sha256: HASH,
    output_root: HASH,
  },
];

/**
 * Many providers and jobs at once, the same for the same `seed`: about `transactions` of them, with job lives cut off at
 * the end wherever they stand.
 */
export function busyMarket(chain: HandWrittenChain, transactions: number, seed = 1): void {
  let state = seed >>> 0;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  interface Live {
    job: string;
    provider: string;
    rate: bigint;
    maxSecs: number;
    deposit: bigint;
    startedAt: number;
    secs: bigint;
    seq: number;
    phase: "pending" | "accepted" | "running";
  }
  const live: Live[] = [];
  const providers: string[] = [];
  let now = T0;
  chain.append(now, [parameters()]);
  for (let i = 0; i < 20; i += 1) {
    const provider = address(`f${i.toString(16).padStart(4, "0")}`);
    providers.push(provider);
    const price = String(3_600_000 + random(9) * 1_000_000);
    chain.append(now, [registered(provider, { price_per_hour: price, name: `rig ${i}` })]);
  }
  for (let n = 0; n < transactions; n += 1) {
    now += random(2);
    const provider = providers[random(providers.length)] ?? address("f0");
    const dice = random(100);
    if (dice < 10) {
      chain.append(now); // a transaction of somebody else's
    } else if (dice < 20) {
      chain.append(now, [["provider_registry::ProviderHeartbeat", { provider }]]);
    } else if (dice < 35 || live.length < 5) {
      const job = address(`e${n.toString(16).padStart(8, "0")}`);
      const rate = BigInt(1_000_000 + random(50_000_000));
      const maxSecs = 10 + random(50);
      const deposit = (rate * BigInt(maxSecs)) / 3600n + 1n + BigInt(random(1000));
      live.push({
        job,
        provider,
        rate,
        maxSecs,
        deposit,
        startedAt: 0,
        secs: 0n,
        seq: 0,
        phase: "pending",
      });
      const terms = { provider, deposit: String(deposit), rate: String(rate), maxSecs: String(maxSecs) };
      chain.append(now, created(job, { ...terms, title: `job ${n}` }));
    } else {
      const index = random(live.length);
      const job = live[index];
      if (job && step(job)) live.splice(index, 1);
    }
  }

  /** One step in a job's life; true when it was the last. */
  function step(j: Live): boolean {
    const { job, provider, deposit } = j;
    if (j.phase === "pending" && random(8) === 0) {
      const all = String(deposit);
      chain.append(now, [
        refunded(job, all, "0"),
        ["job_registry::JobCancelled", { job, buyer: address("b0") }],
        jobSettled(job, {
          provider,
          outcome: 5,
          seconds: "0",
          deposited: all,
          paid: "0",
          fees: "0",
          refunded: all,
        }),
      ]);
      return true;
    }
    if (j.phase === "pending") {
      j.phase = "accepted";
      chain.append(now, [accepted(job, provider)]);
      return false;
    }
    if (j.phase === "accepted") {
      j.phase = "running";
      j.startedAt = now;
      chain.append(now, [
        ...started(job, {
          provider,
          atSecs: now,
          deposit: String(deposit),
          rate: String(j.rate),
          maxSecs: String(j.maxSecs),
        }),
        ["provider_registry::ProviderCapacityChanged", { provider, slots_busy: "1", slots: "2" }],
      ]);
      return false;
    }
    const before = earned(j.rate, j.secs);
    j.seq += 1;
    j.secs += BigInt(1 + random(3));
    if (j.secs > j.maxSecs) j.secs = BigInt(j.maxSecs);
    const paid = earned(j.rate, j.secs);
    const events = [
      settledTo(job, {
        seq: j.seq,
        secs: Number(j.secs),
        amount: String(paid - before),
        fee: String(feeOf(paid, 100n) - feeOf(before, 100n)),
        paid: String(paid),
        feePaid: String(feeOf(paid, 100n)),
        balance: String(deposit - paid),
      }),
    ];
    const isLast = j.secs === BigInt(j.maxSecs) || random(15) === 0;
    if (isLast) {
      const fees = feeOf(paid, 100n);
      events.push(completed(job, provider), refunded(job, String(deposit - paid), "0"));
      events.push(
        jobSettled(job, {
          provider,
          outcome: 3,
          seconds: String(j.secs),
          deposited: String(deposit),
          paid: String(paid - fees),
          fees: String(fees),
          refunded: String(deposit - paid),
        }),
      );
    }
    chain.append(now, events);
    return isLast;
  }
}
