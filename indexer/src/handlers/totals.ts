/**
 * Rows before and after a batch -> what it changes of the running totals: the one taken away, the other added.
 * It doesn't know events, nor the totals so far.
 */
import { NO_ADDRESS } from "@computestream/protocol";
import type { JobRow, ProviderRow, TickRow } from "../db/tables.ts";
import type { Totals } from "../db/total-tables.ts";
import { STATE } from "./job.ts";
import { STATUS } from "./provider-registry.ts";

/** As the API's charts: minute, hour, day. */
const BUCKET_SECS = [60, 3_600, 86_400];

type Sign = 1n | -1n;
type JobSums = Totals["jobs"][number];
type ProviderSums = Totals["providers"][number];
type ActivitySums = Totals["activity"][number];

export interface Tally {
  /** With -1 as it was stored, before anything is applied to it; with 1 as it is afterwards. */
  job(row: JobRow, sign: Sign): void;
  provider(row: ProviderRow, sign: Sign): void;
  /** One that the mirror hasn't held before. */
  tick(row: TickRow): void;
  /** What isn't zero. */
  changes(): Totals;
}

export function createTally(): Tally {
  const jobs = new Map<string, JobSums>();
  const providers = new Map<string, ProviderSums>();
  const activity = new Map<string, ActivitySums>();

  function addJob(party: string, address: string, row: JobRow, sign: Sign): void {
    const key = `${party} ${address} ${row.asset}`;
    const sums = getOrMake(jobs, key, () => noJobs(party, address, row.asset));
    sums.jobs += sign;
    sums[phaseOf(row.state)] += sign;
    sums.seconds_billed += sign * row.seconds_billed;
    sums.deposited += sign * row.deposited;
    sums.paid += sign * row.paid;
    sums.fee_paid += sign * row.fee_paid;
    sums.refunded += sign * row.refunded;
    sums.balance += sign * row.balance;
    sums.held += sign * row.held;
    if (row.state === STATE.Running) sums.rate_per_hour += sign * row.rate_per_hour;
  }

  function inBuckets(at: bigint, asset: string, add: (sums: ActivitySums) => void): void {
    for (const secs of BUCKET_SECS) {
      const bucket = at - (at % BigInt(secs));
      add(getOrMake(activity, `${secs} ${bucket} ${asset}`, () => noActivity(secs, bucket, asset)));
    }
  }

  return {
    job(row, sign) {
      addJob("market", "", row, sign);
      addJob("buyer", row.buyer, row, sign);
      // An open job names nobody until it is taken.
      if (row.provider !== NO_ADDRESS) addJob("provider", row.provider, row, sign);
      inBuckets(row.created_at, row.asset, (sums) => {
        sums.jobs_created += sign;
      });
      if (row.state !== STATE.Settled) return;
      inBuckets(row.settled_at, row.asset, (sums) => {
        sums.jobs_settled += sign;
      });
    },

    provider(row, sign) {
      const sums = getOrMake(providers, row.asset, () => noProviders(row.asset));
      sums.providers += sign;
      if (row.status === STATUS.Active) sums.available += sign;
      sums.slots += sign * row.slots;
      sums.slots_busy += sign * row.slots_busy;
      sums.staked += sign * row.staked;
    },

    tick(row) {
      if (row.amount === 0n) return;
      inBuckets(row.occurred_at, row.asset, (sums) => {
        sums.amount += row.amount;
        sums.fee += row.fee;
        sums.keeper_fee += row.keeper_fee;
        sums.settlements += 1n;
      });
    },

    changes: () => ({
      jobs: [...jobs.values()].filter(isChange),
      providers: [...providers.values()].filter(isChange),
      activity: [...activity.values()].filter(isChange),
    }),
  };
}

function phaseOf(state: number): "waiting" | "running" | "ended" | "settled" {
  if (state < STATE.Running) return "waiting";
  if (state === STATE.Running) return "running";
  return state === STATE.Settled ? "settled" : "ended";
}

function isChange({ bucket: _, ...sums }: Record<string, unknown>): boolean {
  return Object.values(sums).some((value) => typeof value === "bigint" && value !== 0n);
}

function getOrMake<T>(map: Map<string, T>, key: string, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function noJobs(party: string, address: string, asset: string): JobSums {
  return {
    party,
    address,
    asset,
    jobs: 0n,
    waiting: 0n,
    running: 0n,
    ended: 0n,
    settled: 0n,
    seconds_billed: 0n,
    deposited: 0n,
    paid: 0n,
    fee_paid: 0n,
    refunded: 0n,
    balance: 0n,
    held: 0n,
    rate_per_hour: 0n,
  };
}

function noProviders(asset: string): ProviderSums {
  return { asset, providers: 0n, available: 0n, slots: 0n, slots_busy: 0n, staked: 0n };
}

function noActivity(bucketSecs: number, bucket: bigint, asset: string): ActivitySums {
  return {
    bucket_secs: bucketSecs,
    bucket,
    asset,
    amount: 0n,
    fee: 0n,
    keeper_fee: 0n,
    settlements: 0n,
    jobs_created: 0n,
    jobs_settled: 0n,
  };
}
