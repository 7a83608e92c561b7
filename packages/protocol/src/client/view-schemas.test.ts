import { describe, expect, it } from "vitest";
import { MISFIT } from "../field-readers.ts";
import { NO_ADDRESS, normalizeAddress } from "../primitives.ts";
import { termsHash } from "../terms.ts";
import { readJobView, readStreamView } from "./view-readers.ts";
import { zCaseView, zJobView, zProviderView, zStreamView } from "./view-schemas.ts";

const job = {
  job: "0x51",
  terms: {
    buyer: "0xb0b",
    provider: "0x0",
    asset: "0xa",
    image: "a:1",
    job_spec: "{}",
    requirements: {
      gpu_model: "H100",
      gpus: "2",
      vram_gb: "80",
      cpu_cores: "8",
      ram_gb: "0",
      disk_gb: "0",
      region: "",
      sandbox: "",
      min_stake: "5",
    },
    rate_per_hour: "3600",
    max_duration_secs: "60",
    deposit: "61",
    holdback_secs: "10",
    priority: 7,
    buyer_key: "0x",
  },
  is_open: true,
  terms_hash: "0x",
  rules: {
    start_window_secs: "1",
    stall_after_secs: "2",
    stall_grace_secs: "3",
    claim_window_secs: "4",
    challenge_window_secs: "5",
    answer_window_secs: "6",
    arbitration_window_secs: "7",
    reclaim_after_secs: "8",
    min_stake: "14",
    bond_bps: "9",
    slash_bps: "10",
    reporter_reward_bps: "11",
    arbiter: "0xaa",
    fee_bps: "12",
    keeper_share_bps: "13",
    treasury: "0xbb",
  },
  state: 0,
  outcome: 0,
  gpu_mask: "0",
  devices: [],
  created_at: "1700000000",
  accept_by: "1700000120",
  start_by: "0",
  started_at: "0",
  ended_at: "0",
  claim_until: "0",
  challenge_until: "0",
  settled_at: "0",
  case_until: "0",
  faulted: false,
  output: {
    exit_code: "0",
    reason: "",
    output_uris: [],
    output_sha256: "0x",
    output_root: "0x",
    output_size: "0",
  },
};

describe("a job", () => {
  it("is one flat record, with its requirements and rules as such", () => {
    expect(zJobView.parse(job)).toEqual({
      job: normalizeAddress("0x51"),
      buyer: normalizeAddress("0xb0b"),
      provider: NO_ADDRESS,
      asset: normalizeAddress("0xa"),
      image: "a:1",
      spec: "{}",
      gpus: 2n,
      requirements: {
        gpuModel: "H100",
        vramGb: 80n,
        cpuCores: 8n,
        ramGb: 0n,
        diskGb: 0n,
        region: "",
        sandbox: "",
        minStake: 5n,
      },
      ratePerHour: 3_600n,
      maxDurationSecs: 60n,
      deposit: 61n,
      holdbackSecs: 10n,
      priority: 7,
      buyerKey: "0x",
      isOpen: true,
      termsHash: "0x",
      rules: {
        startWindowSecs: 1n,
        stallAfterSecs: 2n,
        stallGraceSecs: 3n,
        claimWindowSecs: 4n,
        challengeWindowSecs: 5n,
        answerWindowSecs: 6n,
        arbitrationWindowSecs: 7n,
        reclaimAfterSecs: 8n,
        minStake: 14n,
        bondBps: 9n,
        slashBps: 10n,
        reporterRewardBps: 11n,
        arbiter: normalizeAddress("0xaa"),
        feeBps: 12n,
        keeperShareBps: 13n,
        treasury: normalizeAddress("0xbb"),
      },
      state: "Pending",
      outcome: null,
      gpuMask: 0n,
      devices: [],
      createdAt: 1_700_000_000n,
      acceptBy: 1_700_000_120n,
      startBy: 0n,
      startedAt: 0n,
      endedAt: 0n,
      claimUntil: 0n,
      challengeUntil: 0n,
      settledAt: 0n,
      caseUntil: 0n,
      faulted: false,
      exitCode: 0n,
      reason: "",
      outputUris: [],
      outputSha256: "0x",
      outputRoot: "0x",
      outputSize: 0n,
    });
  });

  it("has all that its terms' hash is made of", () => {
    const view = zJobView.parse(job);
    expect(termsHash(view.job, view)).toMatch(/^0x[0-9a-f]{64}$/);
  });

  it("tells the state it settled through", () => {
    expect(zJobView.parse({ ...job, state: 8, outcome: 3 })).toMatchObject({
      state: "Settled",
      outcome: "Completed",
    });
  });

  it("of an unknown state is refused", () => {
    expect(zJobView.safeParse({ ...job, state: 9 }).success).toBe(false);
    expect(() => readJobView({ ...job, state: 9 })).toThrow(MISFIT);
  });

  it("is the same when it is read by hand", () => {
    for (const outcome of [0, 3]) {
      const told = { ...job, outcome, devices: ["0x0a"], is_open: false };
      expect(readJobView(told)).toEqual(zJobView.parse(told));
    }
    for (const [name, value] of Object.entries(job)) {
      for (const other of typeof value === "object" ? [null, []] : [undefined, "0xz", 1.5]) {
        const wrong = { ...job, [name]: other };
        if (zJobView.safeParse(wrong).success) expect(readJobView(wrong)).toEqual(zJobView.parse(wrong));
        else expect(() => readJobView(wrong)).toThrow(MISFIT);
      }
    }
  });
});

describe("a provider", () => {
  const provider = {
    provider: "0x1",
    owner: "0x2",
    operator: "0x3",
    attest_key: `0x${"11".repeat(32)}`,
    machine: {
      name: "n",
      gpu_model: "g",
      gpu_count: "4",
      vram_gb: "24",
      cpu_cores: "16",
      ram_gb: "64",
      disk_gb: "1000",
      region: "eu",
      sandbox: "docker",
    },
    devices: [],
    slots: "4",
    slots_busy: "1",
    gpus_busy: "5",
    price_per_hour: "3600",
    gpu_price_per_hour: "7200",
    asset: "0xa",
    staked: "100",
    unbonding: "0",
    unlocks_at: "0",
    status: 1,
    last_heartbeat_at: "0",
    registered_at: "1700000000",
    bound_stake: "100",
    liable_until: "0",
    jobs_completed: "1",
    jobs_failed: "0",
    jobs_expired: "0",
    faults: "0",
    seconds_served: "60",
    earned: "59",
    score: "6666",
  };

  it("is one flat record", () => {
    const view = zProviderView.parse(provider);
    expect(view).toMatchObject({
      name: "n",
      gpuCount: 4n,
      gpusBusyMask: 0b101n,
      gpuPricePerHour: 7_200n,
      status: "Draining",
      staked: 100n,
      score: 6_666n,
    });
    expect(Object.keys(view)).toHaveLength(Object.keys(provider).length - 1 + 9);
  });

  it("of an unknown status is refused", () => {
    expect(zProviderView.safeParse({ ...provider, status: 4 }).success).toBe(false);
  });
});

describe("a stream", () => {
  it("tells what it earned to the fraction, however much that is", () => {
    // The highest rate for a second less than the longest run: far beyond a u64.
    const acc = 18_446_744_073_709_551_615n * 604_799n;
    const told = {
      job: "0x51",
      payer: "0xb0b",
      payee: "0x1",
      asset: "0xa",
      attest_key: `0x${"11".repeat(32)}`,
      rate_per_hour: "18446744073709551615",
      deposited: "18446744073709551615",
      max_duration_secs: "604800",
      funded_secs: "604800",
      holdback_secs: "10",
      held_rate_per_hour: "3600",
      started_at: "1700000000",
      ended_at: "0",
      prove_until: "0",
      seq: "1",
      seconds_attested: "604799",
      seconds_confirmed: "0",
      seconds_billed: "604799",
      acc: acc.toString(),
      earned: "1",
      paid: "0",
      fee_paid: "0",
      keeper_paid: "0",
      fee_bps: "100",
      keeper_share_bps: "1000",
      balance: "1",
      last_progress_at: "1700604799",
      stalled_at: "0",
      sealed: false,
      closed: false,
    };
    const view = zStreamView.parse(told);
    expect(readStreamView(told)).toEqual(view);
    for (const name of Object.keys(told)) {
      const wrong = { ...told, [name]: "0xz" };
      expect(zStreamView.safeParse(wrong).success).toBe(false);
      expect(() => readStreamView(wrong)).toThrow(MISFIT);
    }
    const tooMuch = { ...told, acc: (2n ** 128n).toString() };
    expect(() => readStreamView(tooMuch)).toThrow(MISFIT);
    expect(view).toMatchObject({ acc, heldRatePerHour: 3_600n, proveUntil: 0n });
  });
});

describe("a case", () => {
  const open = {
    job: "0x51",
    kind: 2,
    buyer: "0xb0b",
    bond: "7",
    deadline: "1700000000",
    chunk_index: "0",
    reason: "nothing came out",
    default_award: "50",
    opened_at: "1699990000",
  };

  it("has the name of its kind", () => {
    expect(zCaseView.parse(open)).toMatchObject({ kind: "Arbitration", bond: 7n, defaultAward: 50n });
  });

  it("of an unknown kind is refused", () => {
    expect(zCaseView.safeParse({ ...open, kind: 3 }).success).toBe(false);
  });
});
