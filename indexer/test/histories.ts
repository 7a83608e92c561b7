/**
 * Histories for the hand-written chain: the events that the modules emit in common lives of providers and jobs, in
 * the modules' own order.
 * It doesn't compute money: amounts are given by the caller.
 */
import { encodeJobSpec, NO_ADDRESS, normalizeAddress } from "@computestream/protocol";
import { ASSET, type RawEvent } from "./hand-written-chain.ts";

export const T0 = 1_800_000_000;
export const address = (n: number | string) => normalizeAddress(`0x${n}`);
export const KEY = `0x${"11".repeat(32)}`;
export const HASH = `0x${"ab".repeat(32)}`;
export const BUYER = address("b0");
export const OWNER = address("aa");
export const OPERATOR = address("ab");
export const KEEPER = address("5e");
export const ARBITER = address("a7b");

export const TREASURY = address("7");

export function parameters(feeBps = 100, treasury = TREASURY): RawEvent {
  return [
    "market::ParametersUpdated",
    {
      parameters: {
        fee_bps: String(feeBps),
        keeper_share_bps: "1000",
        treasury,
        min_stake: "100000000",
        unbonding_secs: "86400",
        slash_bps: "5000",
        reporter_reward_bps: "1000",
        accept_window_secs: "120",
        start_window_secs: "600",
        stall_after_secs: "60",
        stall_grace_secs: "60",
        claim_window_secs: "15",
        min_duration_secs: "1",
        max_duration_secs: "604800",
        max_holdback_secs: "3600",
        arbiter: ARBITER,
        challenge_window_secs: "3600",
        answer_window_secs: "3601",
        arbitration_window_secs: "86401",
        bond_bps: "100",
        paused: false,
      },
    },
  ];
}

const MACHINE = {
  name: "rig",
  gpu_model: "NVIDIA H100 80GB",
  gpu_count: "1",
  vram_gb: "80",
  cpu_cores: "16",
  ram_gb: "128",
  disk_gb: "500",
  region: "eu-west",
  sandbox: "docker",
};

/** Fields of the machine and of the registration alike. */
export function registered(provider: string, overrides: Record<string, unknown> = {}): RawEvent {
  const machine: Record<string, unknown> = { ...MACHINE };
  const rest: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(overrides)) (field in MACHINE ? machine : rest)[field] = value;
  return [
    "provider_registry::ProviderRegistered",
    {
      provider,
      owner: OWNER,
      operator: OPERATOR,
      attest_key: KEY,
      machine,
      devices: [],
      slots: "2",
      price_per_hour: "36000000",
      gpu_price_per_hour: "0",
      asset: ASSET,
      staked: "100000000",
      ...rest,
    },
  ];
}

export const ANY_MACHINE = {
  gpu_model: "",
  gpus: "0",
  vram_gb: "0",
  cpu_cores: "0",
  ram_gb: "0",
  disk_gb: "0",
  region: "",
  sandbox: "",
  min_stake: "0",
};

export interface OrderTerms {
  deposit: string;
  buyer?: string;
  rate?: string;
  maxSecs?: string;
  holdback?: string;
  priority?: number;
  spec?: string;
  title?: string;
  requirements?: Partial<typeof ANY_MACHINE>;
}

/** From `provider`, or open to all without one. */
export function created(job: string, p: OrderTerms & { provider?: string }): RawEvent[] {
  const buyer = p.buyer ?? BUYER;
  return [
    [
      "job::JobCreated",
      {
        job,
        terms: {
          buyer,
          provider: p.provider ?? NO_ADDRESS,
          asset: ASSET,
          image: "demo:1",
          job_spec: p.spec ?? encodeJobSpec({ version: 1, title: p.title ?? "Render" }),
          requirements: { ...ANY_MACHINE, ...p.requirements },
          rate_per_hour: p.rate ?? "36000000",
          max_duration_secs: p.maxSecs ?? "60",
          deposit: p.deposit,
          holdback_secs: p.holdback ?? "0",
          priority: p.priority ?? 5,
          buyer_key: "0x",
        },
        is_open: p.provider === undefined,
        terms_hash: p.provider === undefined ? "0x" : HASH,
        accept_by: String(T0 + 120),
      },
    ],
    ["escrow::EscrowDeposited", { job, payer: buyer, asset: ASSET, amount: p.deposit, balance: p.deposit }],
  ];
}

/** In its transaction it comes after `created`, as `job_quotes::redeem` tells it. */
export const quoteRedeemed = (quote: string, p: { job: string; amount: string; by: string }): RawEvent => [
  "job_quotes::QuoteRedeemed",
  { quote, payer: BUYER, job: p.job, asset: ASSET, amount: p.amount, redeemed_by: p.by },
];

export const quoteRefunded = (quote: string, p: { amount: string; by: string; asset?: string }): RawEvent => [
  "job_quotes::QuoteRefunded",
  { quote, payer: BUYER, asset: p.asset ?? ASSET, amount: p.amount, refunded_by: p.by },
];

export const accepted = (
  job: string,
  provider: string,
  p: { rate?: string; gpuMask?: string } = {},
): RawEvent => [
  "job::JobAccepted",
  {
    job,
    provider,
    operator: OPERATOR,
    rate_per_hour: p.rate ?? "36000000",
    terms_hash: HASH,
    gpu_mask: p.gpuMask ?? "0",
    start_by: String(T0 + 600),
  },
];

export function started(
  job: string,
  p: {
    provider: string;
    atSecs: number;
    deposit: string;
    rate?: string;
    maxSecs?: string;
    holdback?: string;
    feeBps?: string;
  },
): RawEvent[] {
  return [
    ["job::JobStarted", { job, provider: p.provider, started_at: String(p.atSecs) }],
    [
      "stream::StreamOpened",
      {
        job,
        payer: BUYER,
        payee: OWNER,
        asset: ASSET,
        rate_per_hour: p.rate ?? "36000000",
        deposited: p.deposit,
        fee_bps: p.feeBps ?? "100",
        keeper_share_bps: "1000",
        max_duration_secs: p.maxSecs ?? "60",
        holdback_secs: p.holdback ?? "0",
        started_at: String(p.atSecs),
      },
    ],
  ];
}

export interface Settlement {
  seq: number;
  secs: number;
  amount: string;
  fee: string;
  paid: string;
  feePaid: string;
  balance: string;
  confirmed?: number;
  /** Proven, where it isn't `secs`. */
  attested?: number;
  keeperFee?: string;
  keeperPaid?: string;
}

/** Without a keeper's part, as if the keeper had no store for the asset. */
export const settledTo = (job: string, p: Settlement): RawEvent => [
  "stream::StreamSettled",
  {
    job,
    payee: OWNER,
    keeper: KEEPER,
    seq: String(p.seq),
    seconds_attested: String(p.attested ?? p.secs),
    seconds_confirmed: String(p.confirmed ?? 0),
    seconds_billed: String(p.secs),
    amount: p.amount,
    fee: p.fee,
    keeper_fee: p.keeperFee ?? "0",
    paid: p.paid,
    fee_paid: p.feePaid,
    keeper_paid: p.keeperPaid ?? "0",
    balance: p.balance,
  },
];

/** More seconds count, all of them held back: nothing is paid, and all the totals stay what they are. */
export const counted = (
  job: string,
  p: Pick<Settlement, "seq" | "secs" | "balance"> & Partial<Settlement>,
): RawEvent => settledTo(job, { amount: "0", fee: "0", paid: "0", feePaid: "0", ...p });

export const refunded = (job: string, amount: string, balance: string): RawEvent => [
  "escrow::EscrowRefunded",
  { job, to: BUYER, amount, balance },
];

export const sealed = (job: string, secs: number, unreleased: string): RawEvent => [
  "stream::StreamSealed",
  { job, seconds_billed: String(secs), unreleased },
];

export const closed = (
  job: string,
  p: { secs: number; paid: string; feePaid: string; keeperPaid?: string },
): RawEvent => [
  "stream::StreamClosed",
  {
    job,
    seconds_billed: String(p.secs),
    paid: p.paid,
    fee_paid: p.feePaid,
    keeper_paid: p.keeperPaid ?? "0",
  },
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
): RawEvent => ["job::JobSettled", { job, buyer: BUYER, ...p }];

export interface Windows {
  claimUntil?: number;
  challengeUntil?: number;
}

export const completed = (job: string, provider: string, p: Windows = {}): RawEvent => [
  "job::JobCompleted",
  {
    job,
    provider,
    output: {
      exit_code: "0",
      reason: "",
      output_uris: ["s3://outputs/a.tar"],
      output_sha256: HASH,
      output_root: HASH,
      output_size: "40000",
    },
    claim_until: String(p.claimUntil ?? 0),
    challenge_until: String(p.challengeUntil ?? 0),
  },
];

export const expired = (job: string, p: Windows = {}): RawEvent => [
  "job::JobExpired",
  {
    job,
    expired_by: KEEPER,
    claim_until: String(p.claimUntil ?? 0),
    challenge_until: String(p.challengeUntil ?? 0),
  },
];

export const stats = (provider: string, changed: Record<string, string> = {}): RawEvent => [
  "reputation::ProviderStatsUpdated",
  {
    provider,
    jobs_completed: "0",
    jobs_failed: "0",
    jobs_expired: "0",
    faults: "0",
    seconds_served: "0",
    earned: "0",
    score: "5000",
    ...changed,
  },
];

/** `after` is what is staked then; nothing is unbonding. */
export const slashed = (provider: string, amount: string, reward: string, after: string): RawEvent => [
  "stake::StakeSlashed",
  { provider, reporter: KEEPER, amount, reward, staked: after, unbonding: "0" },
];

export const faultProven = (
  job: string,
  p: { provider: string; fault: number; slashed: string; reward: string },
): RawEvent => ["dispute::FaultProven", { job, reporter: KEEPER, ...p }];

export const outputChallenged = (job: string, chunk: string, bond: string, answerBy: number): RawEvent => [
  "dispute::OutputChallenged",
  { job, buyer: BUYER, chunk_index: chunk, bond, answer_by: String(answerBy) },
];

export const arbitrationOpened = (
  job: string,
  p: { unreleased: string; bond: string; decideBy: number; reason?: string },
): RawEvent => [
  "dispute::ArbitrationOpened",
  {
    job,
    buyer: BUYER,
    arbiter: ARBITER,
    reason: p.reason ?? "the frames are black",
    unreleased: p.unreleased,
    bond: p.bond,
    decide_by: String(p.decideBy),
  },
];

export const arbitrationDecided = (
  job: string,
  p: { award: string; unreleased: string; bondTo: string; byDefault?: boolean },
): RawEvent => [
  "dispute::ArbitrationDecided",
  {
    job,
    arbiter: ARBITER,
    award: p.award,
    unreleased: p.unreleased,
    bond_to: p.bondTo,
    by_default: p.byDefault ?? false,
  },
];
