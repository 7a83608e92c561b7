/**
 * A market with many providers and jobs at once, the same for the same seed, in which everything happens that the
 * modules tell of: open orders, holdbacks, extensions, lowered rates, silence, cases, faults.
 * It doesn't obey windows or clocks; its money follows docs/protocol.md.
 */
import { earned, feeOf } from "@computestream/protocol/money";
import type { HandWrittenChain, RawEvent } from "./hand-written-chain.ts";
import {
  accepted,
  address,
  arbitrationDecided,
  arbitrationOpened,
  BUYER,
  closed,
  completed,
  created,
  expired,
  faultProven,
  jobSettled,
  OWNER,
  outputChallenged,
  parameters,
  quoteRedeemed,
  quoteRefunded,
  refunded,
  registered,
  sealed,
  settledTo,
  slashed,
  started,
  stats,
  T0,
} from "./histories.ts";

type Phase = "pending" | "accepted" | "running" | "held" | "challenged" | "arbitrated";

interface Life {
  job: string;
  provider: string;
  isOpen: boolean;
  phase: Phase;
  /** How it ended: 3 completed, 7 expired. */
  outcome: number;
  rate: bigint;
  /** The highest rate of a held second. */
  heldRate: bigint;
  maxSecs: bigint;
  holdback: bigint;
  deposited: bigint;
  secs: bigint;
  seq: number;
  acc: bigint;
  paid: bigint;
  keeperPaid: bigint;
  refunded: bigint;
}

const OTHER_ASSET = address("bb");

const unreleasedOf = (j: Life) => j.acc / 3600n - j.paid;
const balanceOf = (j: Life) => j.deposited - j.paid - j.refunded;
const keepersPart = (paid: bigint) => (feeOf(paid, 100n) * 1000n) / 10_000n;

/** Every fourth direct order was paid by a quote, some with change; and now and then money comes back from another one. */
function quotesOf({ job, isOpen, rate, deposited }: Life): RawEvent[] {
  const events: RawEvent[] = [];
  const quote = `0xc${job.slice(3)}`;
  if (!isOpen && rate % 4n === 0n) {
    events.push(quoteRedeemed(quote, { job, amount: String(deposited), by: OWNER }));
    if (rate % 3n === 0n) events.push(quoteRefunded(quote, { amount: String(1n + (rate % 50n)), by: OWNER }));
  } else if (rate % 5n === 0n) {
    const asset = rate % 2n === 0n ? OTHER_ASSET : undefined;
    events.push(quoteRefunded(quote, { amount: "5000", by: BUYER }));
    events.push(quoteRefunded(quote, { amount: "70", by: OWNER, ...(asset && { asset }) }));
  }
  return events;
}

/** About `transactions` of them, with job lives cut off at the end wherever they stand. */
export function busyMarket(chain: HandWrittenChain, transactions: number, seed = 1): void {
  let state = seed >>> 0;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const live: Life[] = [];
  const providers: string[] = [];
  const staked = new Map<string, bigint>();
  let now = T0;
  chain.append(now, [parameters()]);
  for (let i = 0; i < 20; i += 1) {
    const provider = address(`f${i.toString(16).padStart(4, "0")}`);
    providers.push(provider);
    staked.set(provider, 100_000_000n);
    const price = String(3_600_000 + random(9) * 1_000_000);
    chain.append(now, [registered(provider, { price_per_hour: price, name: `rig ${i}` })]);
  }
  for (let n = 0; n < transactions; n += 1) {
    now += random(2);
    const provider = providers[random(providers.length)] ?? address("f0");
    const dice = random(100);
    // A job keeps the treasury it was made under.
    if (n % 150 === 149) chain.append(now, [parameters(100, address(`7${n}`))]);
    if (dice < 10) {
      chain.append(now); // a transaction of somebody else's
    } else if (dice < 18) {
      chain.append(now, [["provider_registry::ProviderHeartbeat", { provider }]]);
    } else if (dice < 19) {
      const amount = BigInt(1 + random(1000));
      const left = (staked.get(provider) ?? 0n) - amount;
      if (left < 0n) continue;
      staked.set(provider, left);
      const leaving = { provider, amount: String(amount), staked: String(left) };
      chain.append(now, [
        ["stake::UnstakeRequested", { ...leaving, unbonding: String(amount), unlocks_at: String(now) }],
        ["stake::StakeWithdrawn", { ...leaving, unbonding: "0" }],
      ]);
    } else if (dice < 20) {
      const amount = BigInt(1 + random(1000));
      const after = (staked.get(provider) ?? 0n) + amount;
      staked.set(provider, after);
      chain.append(now, [
        ["stake::StakeAdded", { provider, amount: String(amount), staked: String(after) }],
        ["provider_registry::ProviderStatusChanged", { provider, status: random(4) }],
      ]);
    } else if (dice < 30 || live.length < 5) {
      order(address(`e${n.toString(16).padStart(8, "0")}`), provider, `job ${n}`);
    } else {
      const index = random(live.length);
      const job = live[index];
      if (!job) continue;
      const { events, isLast } = step(job);
      chain.append(now, events);
      if (isLast) live.splice(index, 1);
    }
  }

  function order(job: string, provider: string, title: string): void {
    const rate = BigInt(1_000_000 + random(50_000_000));
    const maxSecs = BigInt(10 + random(50));
    const life: Life = {
      job,
      provider,
      isOpen: random(3) === 0,
      phase: "pending",
      outcome: 3,
      rate,
      heldRate: rate,
      maxSecs,
      holdback: random(2) === 0 ? 0n : BigInt(1 + random(8)),
      deposited: (rate * maxSecs) / 3600n + 1n + BigInt(random(1000)),
      secs: 0n,
      seq: 0,
      acc: 0n,
      paid: 0n,
      keeperPaid: 0n,
      refunded: 0n,
    };
    live.push(life);
    const terms = { ...termsOf(life), title };
    const made = created(job, life.isOpen ? terms : { ...terms, provider });
    chain.append(now, [...made, ...quotesOf(life)]);
  }

  /** One step in a job's life. */
  function step(j: Life): { events: RawEvent[]; isLast: boolean } {
    const goOn = (events: RawEvent[], phase: Phase) => {
      j.phase = phase;
      return { events, isLast: false };
    };
    const end = (events: RawEvent[]) => ({ events, isLast: true });
    const unreleased = String(unreleasedOf(j));
    switch (j.phase) {
      case "pending":
        if (random(8) === 0) {
          const cancelled: RawEvent = ["job::JobCancelled", { job: j.job, buyer: BUYER }];
          return end([cancelled, ...refund(j, j.deposited), settled(j, 5)]);
        }
        return goOn([accepted(j.job, j.provider, { rate: String(j.rate) })], "accepted");
      case "accepted":
        return goOn(start(j), "running");
      case "running":
        return run(j);
      case "held": {
        const dice = random(4);
        if (dice === 0) {
          return goOn([outputChallenged(j.job, String(random(3)), "77", now + 3601)], "challenged");
        }
        if (dice === 1) {
          const opened = { unreleased, bond: "77", decideBy: now + 86_401 };
          return goOn([arbitrationOpened(j.job, opened)], "arbitrated");
        }
        // The buyer confirms.
        return end([...award(j, unreleasedOf(j), j.secs), ...close(j, j.outcome)]);
      }
      case "challenged":
        if (random(2) === 0) {
          const answered = { job: j.job, answered_by: OWNER, chunk_index: "0", bond: "77" };
          return goOn([["dispute::ChallengeAnswered", answered]], "held");
        }
        return end([
          ["dispute::ChallengeLost", { job: j.job, provider: j.provider, refunded_bond: "77" }],
          ...fault(j, 5, j.outcome),
        ]);
      case "arbitrated": {
        const ruling = BigInt(random(Number(unreleasedOf(j)) + 1));
        const bondTo = ruling === unreleasedOf(j) ? OWNER : BUYER;
        const events = [...award(j, ruling, 0n), ...close(j, j.outcome)];
        return end([...events, arbitrationDecided(j.job, { award: String(ruling), unreleased, bondTo })]);
      }
    }
  }

  function start(j: Life): RawEvent[] {
    const { provider } = j;
    return [
      ...started(j.job, { ...termsOf(j), provider, atSecs: now }),
      [
        "provider_registry::ProviderCapacityChanged",
        { provider, slots_busy: "1", slots: "2", gpus_busy: "0" },
      ],
      [
        "provider_registry::ProviderLiabilityChanged",
        { provider, bound_stake: "100000000", liable_until: String(now + random(9)) },
      ],
    ];
  }

  function run(j: Life): { events: RawEvent[]; isLast: boolean } {
    const dice = random(20);
    if (dice === 0) return { events: fault(j, 1 + random(3), 4), isLast: true };
    if (dice < 3) return { events: extend(j), isLast: false };
    if (dice < 5 && j.rate > 1n) return { events: lowerRate(j), isLast: false };
    j.seq += 1;
    bill(j, BigInt(1 + random(3)));
    const events = told(j, releasable(j) - j.paid, 0n);
    if (j.secs < j.maxSecs && random(6) !== 0) return { events, isLast: false };
    events.push(...refund(j, balanceOf(j) - unreleasedOf(j)));
    events.push(sealed(j.job, Number(j.secs), String(unreleasedOf(j))));
    const windows = { claimUntil: now, challengeUntil: j.holdback > 0n ? now : 0 };
    if (random(5) === 0) j.outcome = 7;
    events.push(j.outcome === 7 ? expired(j.job, windows) : completed(j.job, j.provider, windows));
    if (unreleasedOf(j) === 0n) return { events: [...events, ...close(j, j.outcome)], isLast: true };
    j.phase = "held";
    return { events, isLast: false };
  }

  function bill(j: Life, secs: bigint): void {
    const more = j.secs + secs > j.maxSecs ? j.maxSecs - j.secs : secs;
    j.acc += j.rate * more;
    j.secs += more;
  }

  function releasable(j: Life): bigint {
    const held = j.heldRate * (j.secs < j.holdback ? j.secs : j.holdback);
    const free = held > j.acc ? 0n : (j.acc - held) / 3600n;
    return free > j.paid ? free : j.paid;
  }

  /** A ruling that awards nothing changes nothing, and is told by the close alone. */
  function award(j: Life, amount: bigint, confirmed: bigint): RawEvent[] {
    return amount === 0n ? [] : told(j, amount, confirmed);
  }

  function told(j: Life, amount: bigint, confirmed: bigint): RawEvent[] {
    const [fee, keeperFee] = [feeOf(j.paid, 100n), keepersPart(j.paid)];
    j.paid += amount;
    j.keeperPaid += keepersPart(j.paid) - keeperFee;
    return [
      settledTo(j.job, {
        seq: j.seq,
        secs: Number(j.secs),
        confirmed: Number(confirmed),
        amount: String(amount),
        fee: String(feeOf(j.paid, 100n) - fee),
        keeperFee: String(keepersPart(j.paid) - keeperFee),
        paid: String(j.paid),
        feePaid: String(feeOf(j.paid, 100n)),
        keeperPaid: String(j.keeperPaid),
        balance: String(balanceOf(j)),
      }),
    ];
  }

  function refund(j: Life, amount: bigint): RawEvent[] {
    if (amount === 0n) return [];
    j.refunded += amount;
    return [refunded(j.job, String(amount), String(balanceOf(j)))];
  }

  function extend(j: Life): RawEvent[] {
    const added = earned(j.rate, 5n) + 1n;
    j.maxSecs += 5n;
    j.deposited += added;
    const [deposited, balance] = [String(j.deposited), String(balanceOf(j))];
    return [
      [
        "escrow::EscrowDeposited",
        { job: j.job, payer: BUYER, asset: address("a"), amount: String(added), balance },
      ],
      [
        "stream::StreamExtended",
        {
          job: j.job,
          max_duration_secs: String(j.maxSecs),
          deposited,
          funded_secs: String(j.maxSecs),
          balance,
        },
      ],
    ];
  }

  function lowerRate(j: Life): RawEvent[] {
    j.rate -= 1n + BigInt(random(Number(j.rate / 2n)));
    return [
      [
        "stream::StreamRateChanged",
        {
          job: j.job,
          rate_per_hour: String(j.rate),
          changed_by: OWNER,
          seconds_billed: String(j.secs),
          funded_secs: String(j.maxSecs),
        },
      ],
    ];
  }

  /** Nothing more is paid, and half of the stake is gone. */
  function fault(j: Life, kind: number, outcome: number): RawEvent[] {
    const { job, provider } = j;
    const before = staked.get(provider) ?? 0n;
    const [taken, reward] = [before / 2n, before / 20n];
    staked.set(provider, before - taken);
    return [
      ["job::JobForfeited", { job, provider }],
      ...close(j, outcome),
      slashed(provider, String(taken), String(reward), String(before - taken)),
      stats(provider, { faults: "1", score: "238" }),
      faultProven(job, { provider, fault: kind, slashed: String(taken), reward: String(reward) }),
    ];
  }

  function close(j: Life, outcome: number): RawEvent[] {
    const feePaid = String(feeOf(j.paid, 100n));
    return [
      ...refund(j, balanceOf(j)),
      closed(j.job, {
        secs: Number(j.secs),
        paid: String(j.paid),
        feePaid,
        keeperPaid: String(j.keeperPaid),
      }),
      settled(j, outcome),
    ];
  }

  function settled(j: Life, outcome: number): RawEvent {
    const fees = feeOf(j.paid, 100n);
    return jobSettled(j.job, {
      provider: j.provider,
      outcome,
      seconds: String(j.secs),
      deposited: String(j.deposited),
      paid: String(j.paid - fees),
      fees: String(fees),
      refunded: String(j.refunded),
    });
  }
}

function termsOf(j: Life) {
  return {
    deposit: String(j.deposited),
    rate: String(j.rate),
    maxSecs: String(j.maxSecs),
    holdback: String(j.holdback),
  };
}
