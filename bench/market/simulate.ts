/**
 * A market over months: machines register, jobs are ordered, run, are settled second by second and end in every way.
 * It doesn't know databases; the same size and seed give the same history.
 */

import { NO_ADDRESS } from "@computestream/protocol";
import type { TransactionRecord } from "@computestream/protocol/client";
import { encodeJobSpec } from "@computestream/protocol/job-spec";
import { fundedSecs, maxCost, priceOf } from "@computestream/protocol/money";
import { createAgenda } from "./agenda.ts";
import { IMAGES, REASONS, TITLE_NOUNS, TITLE_VERBS } from "./catalogue.ts";
import * as money from "./life.ts";
import {
  ASSET,
  capacity,
  freeGpus,
  makeProvider,
  type Provider,
  record,
  SECOND_ASSET,
  slash,
} from "./providers.ts";
import { createRandom, hex32 } from "./random.ts";
import { type Told, tell, transactionOf } from "./told.ts";

export interface MarketSize {
  providers: number;
  jobs: number;
  /** About: lives are cut off at the end wherever they stand. */
  ticks: number;
  days: number;
  seed: number;
}

/** 2026-03-01T00:00:00Z. */
const START_SECS = 1_772_323_200;
const DAY_SECS = 86_400;
/** Streams that are settled together in one transaction. */
const BATCH = 100;
/** The keeper looks at the streams every so many seconds. */
const ROUND_SECS = 10;
/** Of all jobs, those ordered in the last hour so that they still run, and those that nobody has taken. */
const RUNNING_SHARE = 0.02;
const OPEN_SHARE = 0.005;
const ARBITER = hex32("arbiter");

interface Job extends money.Life {
  index: number;
  machine: Provider;
  gpus: number;
  mask: bigint;
  isOpen: boolean;
  startedAt: number;
  periodSecs: number;
  /** How long it runs before it ends by itself. */
  runSecs: number;
  isLate: boolean;
  outcome: number;
}

type Item =
  | { what: "register"; provider: Provider; registered: Told }
  | { what: "beat"; provider: Provider }
  | { what: "order"; index: number; isLate: boolean }
  | { what: "tick"; job: Job }
  | { what: "accept" | "start" | "release" | "answer" | "rule" | "cancel"; job: Job };

export function endOf(size: MarketSize): number {
  return START_SECS + size.days * DAY_SECS;
}

export function* simulate(size: MarketSize): Generator<TransactionRecord> {
  const random = createRandom(size.seed);
  const agenda = createAgenda<Item>();
  const endSecs = endOf(size);
  const span = endSecs - START_SECS;
  const registered: Provider[] = [];
  const meanTicks = size.ticks / (size.jobs * 0.96);
  let version = 0n;

  function transact(atSecs: number, told: Told[]): TransactionRecord {
    const at = version;
    version += 1n;
    return transactionOf({ version: at, hash: hex32(`${size.seed} tx ${at}`), atSecs }, told);
  }

  const owners = Math.ceil(size.providers * 0.4);
  const buyers = Math.ceil(size.jobs * 0.04);
  for (let i = 0; i < size.providers; i += 1) {
    const made = makeProvider(i, owners, size.seed, random);
    // The first ones are there from the start: somebody must take the first jobs.
    const at = i < 50 ? START_SECS : START_SECS + Math.floor(span * 0.7 * random.unit());
    agenda.put(at, { what: "register", ...made });
  }
  for (let index = 0; index < size.jobs; index += 1) {
    const share = (index + 1) / size.jobs;
    const isLate = share > 1 - RUNNING_SHARE - OPEN_SHARE;
    // More of them as time goes by.
    const at = isLate
      ? endSecs - random.whole(120, 3_600)
      : START_SECS + Math.floor(span * (0.02 + 0.97 * random.unit() ** 0.7));
    agenda.put(at, { what: "order", index, isLate });
  }

  yield transact(0, []);
  yield transact(START_SECS - 60, [
    parameters(),
    tell("AssetAllowanceChanged", { asset: ASSET, allowed: true }),
    tell("AssetAllowanceChanged", { asset: SECOND_ASSET, allowed: true }),
  ]);
  let due: Job[] = [];
  let roundSecs = 0;
  for (let next = agenda.take(); next && next.atSecs <= endSecs; next = agenda.take()) {
    const { atSecs, item } = next;
    if (atSecs !== roundSecs) {
      yield* settleAll();
      roundSecs = atSecs;
    }
    if (item.what === "tick") {
      due.push(item.job);
      continue;
    }
    const told = step(atSecs, item);
    if (told.length > 0) yield transact(atSecs, told);
  }
  yield* settleAll();

  function* settleAll(): Generator<TransactionRecord> {
    const jobs = due;
    due = [];
    for (let from = 0; from < jobs.length; from += BATCH) {
      const keeper = random.pick(money.KEEPERS);
      const going: Told[] = [];
      for (const job of jobs.slice(from, from + BATCH)) {
        const ran = Math.min(roundSecs - job.startedAt, job.runSecs);
        const told = money.settle(job, BigInt(ran) - job.secs, keeper);
        if (ran < job.runSecs) {
          going.push(told);
          if (random.chance(0.002)) going.push(...money.extend(job, BigInt(random.whole(60, 3_600))));
          agenda.put(roundSecs + job.periodSecs, { what: "tick", job });
        } else {
          yield transact(roundSecs, [told, ...end(roundSecs, job)]);
        }
      }
      if (going.length > 0) yield transact(roundSecs, going);
    }
  }

  function step(now: number, item: Exclude<Item, { what: "tick" }>): Told[] {
    switch (item.what) {
      case "register":
        item.provider.isRegistered = true;
        registered.push(item.provider);
        agenda.put(now + random.whole(600, 4 * DAY_SECS), { what: "beat", provider: item.provider });
        return [item.registered];
      case "beat":
        return beat(now, item.provider);
      case "order":
        return order(now, item.index, item.isLate);
      case "accept":
        return accept(now, item.job);
      case "start":
        return start(now, item.job);
      case "cancel":
        return [
          tell("JobCancelled", { job: item.job.job, buyer: item.job.buyer }),
          ...money.close(item.job, 5, false),
        ];
      case "release":
        return [money.confirm(item.job, item.job.buyer), ...settled(item.job)];
      case "answer":
        return answer(now, item.job);
      case "rule":
        return rule(item.job);
    }
  }

  function beat(now: number, p: Provider): Told[] {
    agenda.put(now + random.whole(2 * DAY_SECS, 6 * DAY_SECS), { what: "beat", provider: p });
    const told: Told[] = [tell("ProviderHeartbeat", { provider: p.provider })];
    if (random.chance(0.06)) {
      p.price = (p.price * BigInt(random.whole(85, 115))) / 100n + 1n;
      told.push(
        tell("ProviderPriceChanged", {
          provider: p.provider,
          price_per_hour: p.price,
          gpu_price_per_hour: p.gpuPrice,
        }),
      );
    }
    if (p.status !== 0 ? random.chance(0.5) : random.chance(0.05)) {
      p.status = p.status === 0 ? random.whole(1, 3) : 0;
      told.push(tell("ProviderStatusChanged", { provider: p.provider, status: p.status }));
    }
    if (random.chance(0.03)) {
      const amount = 100_000_000n * BigInt(random.whole(1, 20));
      p.staked += amount;
      told.push(tell("StakeAdded", { provider: p.provider, amount, staked: p.staked }));
    }
    return told;
  }

  function order(now: number, index: number, isLate: boolean): Told[] {
    const stays = isLate && random.chance(OPEN_SHARE / (RUNNING_SHARE + OPEN_SHARE));
    const isOpen = stays || random.chance(0.3);
    let machine = registered[random.skewed(registered.length, 2)];
    for (let tries = 0; tries < 20 && machine && freeGpus(machine, 1) === null; tries += 1) {
      machine = registered[Math.floor(random.unit() * registered.length)];
    }
    if (!machine) return [];
    const gpus = Math.min(machine.gpus, random.pick([1, 1, 1, 1, 2, 4]));
    const price = priceOf({ pricePerHour: machine.price, gpuPricePerHour: machine.gpuPrice }, BigInt(gpus));
    const rate = isOpen ? (price * BigInt(random.whole(100, 130))) / 100n : price;
    const periodSecs = random.pick([10, 30, 30, 60, 60, 60, 120]);
    const ticks = Math.max(
      1,
      Math.min(Math.round(random.spread(meanTicks, 1.1)), Math.round(meanTicks * 100)),
    );
    const runSecs = isLate
      ? random.whole(4 * 3_600, 2 * DAY_SECS)
      : Math.max(5, ticks * periodSecs - random.whole(0, periodSecs - 1));
    const maxSecs = BigInt(runSecs + random.whole(0, runSecs));
    const deposit = maxCost(rate, maxSecs) + BigInt(random.whole(0, 1_000));
    const buyer = hex32(`${size.seed} buyer ${random.skewed(buyers, 2)}`);
    const job: Job = {
      job: hex32(`${size.seed} job ${index}`),
      index,
      buyer,
      owner: machine.owner,
      provider: machine.provider,
      asset: machine.asset,
      machine,
      gpus,
      mask: 0n,
      isOpen,
      rate: price,
      maxSecs,
      holdback: random.chance(0.25) ? BigInt(random.whole(10, 600)) : 0n,
      deposited: deposit,
      secs: 0n,
      confirmed: 0n,
      seq: 0n,
      acc: 0n,
      paid: 0n,
      keeperPaid: 0n,
      refunded: 0n,
      startedAt: 0,
      periodSecs,
      runSecs,
      isLate,
      outcome: 3,
    };
    const title = `${random.pick(TITLE_VERBS)} ${random.pick(TITLE_NOUNS)} ${index}`;
    if (!stays) {
      const what = random.chance(0.03) ? "cancel" : "accept";
      agenda.put(now + random.whole(2, 100), { what, job });
    }
    return [
      tell("JobCreated", {
        job: job.job,
        buyer,
        provider: isOpen ? NO_ADDRESS : job.provider,
        asset: job.asset,
        image: random.pick(IMAGES),
        spec: encodeJobSpec({ version: 1, title, gpus, command: ["run", String(index)] }),
        gpu_model: "",
        gpus: BigInt(gpus),
        vram_gb: gpus > 0 && random.chance(0.3) ? 16n : 0n,
        cpu_cores: 2n,
        ram_gb: 8n,
        disk_gb: 20n,
        region: "",
        sandbox: "",
        min_stake: 0n,
        rate_per_hour: rate,
        max_duration_secs: maxSecs,
        deposit,
        holdback_secs: job.holdback,
        priority: random.whole(1, 10),
        buyer_key: "0x",
        is_open: isOpen,
        terms_hash: isOpen ? "0x" : hex32(`${size.seed} terms ${index}`),
        accept_by: BigInt(now + (stays ? 7 * DAY_SECS : 120)),
      }),
      tell("EscrowDeposited", {
        job: job.job,
        payer: buyer,
        asset: job.asset,
        amount: deposit,
        balance: deposit,
      }),
    ];
  }

  function accept(now: number, job: Job): Told[] {
    const { machine } = job;
    const mask = freeGpus(machine, job.gpus);
    if (mask === null) {
      // Nobody took it in time.
      if (job.isOpen) job.provider = NO_ADDRESS;
      job.outcome = 7;
      return [
        tell("JobExpired", { job: job.job, expired_by: job.buyer, claim_until: 0n, challenge_until: 0n }),
        ...money.close(job, 7, false),
      ];
    }
    job.mask = mask;
    machine.slotsBusy += 1;
    machine.gpusBusy |= mask;
    agenda.put(now + random.whole(3, 90), { what: "start", job });
    return [
      tell("JobAccepted", {
        job: job.job,
        provider: job.provider,
        operator: hex32(`operator of ${job.provider}`),
        rate_per_hour: job.rate,
        terms_hash: hex32(`${size.seed} terms ${job.index}`),
        gpu_mask: mask,
        start_by: BigInt(now + 600),
      }),
      capacity(machine),
    ];
  }

  function start(now: number, job: Job): Told[] {
    job.startedAt = now;
    const firstSecs = Math.ceil((now + job.periodSecs) / ROUND_SECS) * ROUND_SECS;
    agenda.put(firstSecs, { what: "tick", job });
    const funded = fundedSecs(job.deposited, job.rate, job.maxSecs);
    if (BigInt(job.runSecs) > funded) job.runSecs = Number(funded);
    const startedAt = BigInt(now);
    return [
      tell("JobStarted", { job: job.job, provider: job.provider, started_at: startedAt }),
      tell("StreamOpened", {
        job: job.job,
        payer: job.buyer,
        payee: job.owner,
        asset: job.asset,
        rate_per_hour: job.rate,
        deposited: job.deposited,
        fee_bps: money.FEE_BPS,
        keeper_share_bps: money.KEEPER_SHARE_BPS,
        max_duration_secs: job.maxSecs,
        holdback_secs: job.holdback,
        started_at: startedAt,
      }),
    ];
  }

  /** The container has ended, or somebody ended it; its last seconds are settled already. */
  function end(now: number, job: Job): Told[] {
    const { machine } = job;
    machine.slotsBusy -= 1;
    machine.gpusBusy &= ~job.mask;
    const free = capacity(machine);
    if (random.chance(0.004)) {
      // Nothing more is paid.
      job.outcome = 4;
      const taken = slash(machine, random.pick(money.KEEPERS));
      return [
        tell("JobForfeited", { job: job.job, provider: job.provider }),
        ...money.close(job, 4, true),
        free,
        taken.told,
        record(machine),
        tell("FaultProven", {
          job: job.job,
          provider: job.provider,
          fault: random.whole(1, 3),
          reporter: random.pick(money.KEEPERS),
          slashed: taken.amount,
          reward: taken.reward,
        }),
      ];
    }
    const told = money.seal(job);
    const waits = money.unreleasedOf(job) > 0n;
    const windows = { claim_until: BigInt(now), challenge_until: waits ? BigInt(now + 3_600) : 0n };
    const dice = random.unit();
    if (dice < 0.04) {
      job.outcome = 6;
      told.push(tell("JobTerminated", { job: job.job, buyer: job.buyer, ended_at: BigInt(now), ...windows }));
    } else {
      const failed = dice < 0.09;
      job.outcome = failed ? 4 : 3;
      told.push(
        tell(failed ? "JobFailed" : "JobCompleted", {
          job: job.job,
          provider: job.provider,
          exit_code: failed ? 1n : 0n,
          reason: failed ? random.pick(REASONS) : "",
          output_uris: [`s3://outputs/${job.job}.tar`],
          output_sha256: hex32(`${size.seed} output ${job.index}`),
          output_root: hex32(`${size.seed} root ${job.index}`),
          output_size: BigInt(random.whole(1_000, 900_000_000)),
          ...windows,
        }),
      );
    }
    told.push(free);
    if (!waits) return [...told, ...settled(job)];
    const later = random.unit();
    if (later < 0.03) {
      agenda.put(now + random.whole(60, 3_000), { what: "answer", job });
    } else if (later < 0.06) {
      agenda.put(now + random.whole(60, 3_000), { what: "rule", job });
    } else {
      agenda.put(now + random.whole(30, 3_600), { what: "release", job });
    }
    return told;
  }

  /** The buyer asks for a piece of the output and gets it: in one transaction's time, and the money is free. */
  function answer(now: number, job: Job): Told[] {
    const bond = job.deposited / 100n + 1n;
    const chunk = BigInt(random.whole(0, 40));
    agenda.put(now + random.whole(30, 1_800), { what: "release", job });
    return [
      tell("OutputChallenged", {
        job: job.job,
        buyer: job.buyer,
        chunk_index: chunk,
        bond,
        answer_by: BigInt(now + 3_601),
      }),
      tell("ChallengeAnswered", { job: job.job, answered_by: job.owner, chunk_index: chunk, bond }),
    ];
  }

  function rule(job: Job): Told[] {
    const unreleased = money.unreleasedOf(job);
    const bond = job.deposited / 100n + 1n;
    const award = unreleased / 2n;
    return [
      tell("ArbitrationOpened", {
        job: job.job,
        buyer: job.buyer,
        arbiter: ARBITER,
        reason: "the output isn't what was ordered",
        unreleased,
        bond,
        decide_by: BigInt(endSecs),
      }),
      ...(award > 0n ? [money.pay(job, award, ARBITER)] : []),
      ...settled(job),
      tell("ArbitrationDecided", {
        job: job.job,
        arbiter: ARBITER,
        award,
        unreleased,
        bond_to: job.buyer,
        by_default: false,
      }),
    ];
  }

  function settled(job: Job): Told[] {
    const { machine } = job;
    if (job.outcome === 3 || job.outcome === 6) machine.completed += 1n;
    else machine.failed += 1n;
    machine.served += job.secs;
    machine.earned += job.paid - (job.paid * money.FEE_BPS) / 10_000n;
    return [...money.close(job, job.outcome, true), record(machine)];
  }
}

function parameters(): Told {
  return tell("ParametersUpdated", {
    fee_bps: money.FEE_BPS,
    keeper_share_bps: money.KEEPER_SHARE_BPS,
    treasury: hex32("treasury"),
    min_stake: 100_000_000n,
    unbonding_secs: 86_400n,
    slash_bps: 5_000n,
    reporter_reward_bps: 1_000n,
    accept_window_secs: 120n,
    start_window_secs: 600n,
    stall_after_secs: 60n,
    stall_grace_secs: 60n,
    claim_window_secs: 15n,
    min_duration_secs: 1n,
    max_duration_secs: 604_800n,
    max_holdback_secs: 3_600n,
    arbiter: ARBITER,
    challenge_window_secs: 3_600n,
    answer_window_secs: 3_601n,
    arbitration_window_secs: 86_401n,
    bond_bps: 100n,
    paused: false,
  });
}
