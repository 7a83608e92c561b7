/**
 * What a step costs and does: numbers from the chain, one sentence, and the call that does it.
 * It doesn't know React, nor whether the step is open: lib/steps does.
 */
import type { JobView, Payloads, StreamView } from "@computestream/protocol/client";
import { bondOf, feeSplit, parseUnits, SECONDS_PER_HOUR } from "@computestream/protocol/money";
import { outputChunkCount } from "@computestream/protocol/output";
import { type AssetUnit, formatAmount, formatDuration, shortAddress } from "./format.ts";
import type { JobStep } from "./steps.ts";

/** A job as the chain tells it at this moment, not as it was indexed. */
export interface OnChain {
  job: Pick<JobView, "job" | "rules" | "outputSize">;
  stream: Pick<
    StreamView,
    | "startedAt"
    | "ratePerHour"
    | "deposited"
    | "maxDurationSecs"
    | "secondsBilled"
    | "acc"
    | "earned"
    | "paid"
    | "feeBps"
    | "keeperShareBps"
    | "balance"
  >;
  /** Of the open case: what the machine gets when nobody decides; null where no case is open. */
  defaultAward: bigint | null;
}

/** As typed; what a step doesn't ask for stays empty. */
export interface StepInput {
  addedSecs: string;
  chunkIndex: string;
  reason: string;
  /** Whole units, of what is held. */
  award: string;
}

export interface StepTerms {
  /** What happens once it is signed. */
  sentence: string;
  lines: Array<{ label: string; value: string; strong?: boolean }>;
  /** What the wallet pays beside the network's fee. */
  cost: bigint;
  /** On the button. */
  sign: string;
  /** Why it can't be signed as it stands; null when it can. */
  problem: string | null;
  call: (payloads: Payloads) => ReturnType<Payloads[keyof Payloads]>;
}

const REASON_MAX_BYTES = 1_024;

/**
 * The least that has to be added so that `addedSecs` more are covered. Seconds that run meanwhile don't change it:
 * what they use of the deposit they also take off the duration.
 */
export function extensionCost(stream: OnChain["stream"], addedSecs: bigint): bigint {
  const { ratePerHour, secondsBilled, acc, deposited } = stream;
  const needed = acc + ratePerHour * (stream.maxDurationSecs + addedSecs - secondsBilled);
  const least = (needed + SECONDS_PER_HOUR - 1n) / SECONDS_PER_HOUR;
  return least > deposited ? least - deposited : 0n;
}

export interface StepContext {
  onChain: OnChain;
  input: StepInput;
  asset: AssetUnit;
  /** Unix seconds. */
  now: number;
  /** The job's state decides what a confirmation ends. */
  isRunning: boolean;
  caseKind: "OutputChallenge" | "Arbitration" | null;
  caseBond: bigint;
  maxDurationSecs: number | null;
  /** The wallet's, or null while unknown. */
  balance: bigint | null;
  feeReserve: bigint;
}

export function stepTerms(step: JobStep, context: StepContext): StepTerms {
  const terms = TERMS[step](context);
  const { balance, feeReserve, asset } = context;
  const needed = terms.cost + feeReserve;
  if (terms.problem === null && terms.cost > 0n && balance !== null && balance < needed) {
    const missing = `${formatAmount(needed - balance, asset.decimals)} ${asset.symbol}`;
    return { ...terms, problem: `Your wallet is ${missing} short of this. Add funds first.` };
  }
  return terms;
}

const TERMS: Record<JobStep, (context: StepContext) => StepTerms> = {
  extend: extendTerms,
  confirm: confirmTerms,
  challenge: challengeTerms,
  arbitrate: arbitrateTerms,
  rule: ruleTerms,
  finalize: finalizeTerms,
  resolve: resolveTerms,
};

const unreleasedOf = ({ stream }: OnChain): bigint => stream.earned - stream.paid;

const moneyOf =
  ({ asset }: StepContext) =>
  (value: bigint): string =>
    `${formatAmount(value, asset.decimals)} ${asset.symbol}`;

const caseBondOf = (onChain: OnChain): bigint =>
  bondOf({ deposited: onChain.stream.deposited, held: unreleasedOf(onChain) }, onChain.job.rules.bondBps);

/** Net, fee: how `amount` more would be split. */
function split({ stream }: OnChain, amount: bigint): { net: bigint; fee: bigint } {
  const parts = feeSplit({
    paidBefore: stream.paid,
    paid: stream.paid + amount,
    feeBps: stream.feeBps,
    keeperShareBps: stream.keeperShareBps,
  });
  return { net: parts.provider, fee: parts.keeper + parts.treasury };
}

function extendTerms(context: StepContext): StepTerms {
  const { onChain, input, maxDurationSecs } = context;
  const { stream, job } = onChain;
  const money = moneyOf(context);
  const typed = input.addedSecs.trim();
  const added = /^\d{1,9}$/.test(typed) ? BigInt(typed) : null;
  const cost = added === null ? 0n : extensionCost(stream, added);
  const longest = Number(stream.maxDurationSecs + (added ?? 0n));
  let problem: string | null = null;
  if (added === null) problem = "Give whole seconds.";
  else if (added === 0n && cost === 0n) problem = "Give the seconds to add.";
  else if (added > 0n && maxDurationSecs !== null && longest > maxDurationSecs)
    problem = `A run may last ${formatDuration(maxDurationSecs)} at most: the market's limit.`;
  // The machine may have gone on, and proven it: the added time begins where the longest run ended, not now.
  const isOver = context.now - Number(stream.startedAt) >= Number(stream.maxDurationSecs);
  const beyond = isOver
    ? "The longest run is over already: seconds that ran beyond it and are proven are paid first, out of what you add. "
    : "";
  return {
    sentence: `${beyond}The run may last longer and the deposit grows by what that can cost at today's rate. Seconds that aren't proven come back as before.`,
    lines: [
      { label: "Added to the deposit, at most spent", value: money(cost), strong: true },
      { label: "Longest run then", value: formatDuration(longest) },
      { label: "Most the whole job can cost then", value: money(stream.deposited + cost) },
    ],
    cost,
    sign: `Sign and add ${money(cost)}`,
    problem,
    call: (payloads) => payloads.extend(job.job, added ?? 0n, cost),
  };
}

function confirmTerms(context: StepContext): StepTerms {
  const { onChain, isRunning } = context;
  const money = moneyOf(context);
  const released = unreleasedOf(onChain);
  const { net, fee } = split(onChain, released);
  return {
    sentence: isRunning
      ? "You agree to every second billed so far. What is held for them is paid at once and can't be disputed later; seconds billed until it lands are released too."
      : "You agree to the work. What is held is paid at once, can't be disputed any more, and what is left comes back to you.",
    lines: [
      { label: "Released from the escrow", value: money(released), strong: true },
      { label: "Of it to the machine", value: money(net) },
      { label: "Market fee", value: money(fee) },
      { label: "Costs you beyond the deposit", value: "nothing" },
    ],
    cost: 0n,
    sign: `Sign and release ${money(released)}`,
    // A running job may be confirmed before anything is held: nothing would move.
    problem: released === 0n ? "Nothing is held back right now." : null,
    call: (payloads) => payloads.confirm(onChain.job.job),
  };
}

function challengeTerms(context: StepContext): StepTerms {
  const { onChain, input } = context;
  const { job } = onChain;
  const money = moneyOf(context);
  const bond = caseBondOf(onChain);
  const chunks = outputChunkCount(Number(job.outputSize));
  const typed = input.chunkIndex.trim();
  const index = /^\d{1,12}$/.test(typed) ? BigInt(typed) : null;
  const held = unreleasedOf(onChain);
  let problem: string | null = null;
  if (held === 0n) problem = "Nothing is held back any more, so there is nothing to win back.";
  else if (index === null || index >= BigInt(chunks)) problem = `Give a number from 0 to ${chunks - 1}.`;
  const window = formatDuration(Number(job.rules.answerWindowSecs));
  return {
    sentence: `The machine has ${window} to put this piece of the output on chain. If it does, your bond is its own; if not, nothing held is paid, all of it and your bond come back, and the machine loses stake.`,
    lines: [
      { label: "Bond, at most lost", value: money(bond), strong: true },
      { label: "Held money it is about", value: money(held) },
      { label: "Time to answer", value: window },
    ],
    cost: bond,
    sign: `Sign and put in ${money(bond)}`,
    problem,
    call: (payloads) => payloads.challengeOutput(job.job, index ?? 0n),
  };
}

function arbitrateTerms(context: StepContext): StepTerms {
  const { onChain, input } = context;
  const { job } = onChain;
  const money = moneyOf(context);
  const bond = caseBondOf(onChain);
  const held = unreleasedOf(onChain);
  const reason = input.reason.trim();
  const bytes = new TextEncoder().encode(reason).length;
  let problem: string | null = null;
  if (held === 0n) problem = "Nothing is held back any more, so there is nothing to decide about.";
  else if (bytes === 0) problem = "Say what is wrong: the arbiter decides by it.";
  else if (bytes > REASON_MAX_BYTES)
    problem = `The reason is ${bytes - REASON_MAX_BYTES} bytes too long; link to what doesn't fit.`;
  const window = formatDuration(Number(job.rules.arbitrationWindowSecs));
  return {
    sentence: `The arbiter has ${window} to split what is held. If the machine is awarded all of it, your bond is the machine's too; otherwise the bond comes back. Without a decision the machine gets all that is held and your bond comes back.`,
    lines: [
      { label: "Bond, at most lost", value: money(bond), strong: true },
      { label: "Held money to be split", value: money(held) },
      { label: "Arbiter", value: shortAddress(job.rules.arbiter) },
      { label: "Time to decide", value: window },
    ],
    cost: bond,
    sign: `Sign and put in ${money(bond)}`,
    problem,
    call: (payloads) => payloads.openArbitration(job.job, reason),
  };
}

function ruleTerms(context: StepContext): StepTerms {
  const { onChain, input, asset, caseBond } = context;
  const money = moneyOf(context);
  const held = unreleasedOf(onChain);
  let award: bigint | null = null;
  try {
    award = parseUnits(input.award.trim(), asset.decimals);
  } catch {
    // Said below.
  }
  const { net, fee } = split(onChain, award ?? 0n);
  let problem: string | null = null;
  if (award === null) problem = `Give an amount with at most ${asset.decimals} decimal places, or 0.`;
  else if (award > held) problem = `Only ${money(held)} is held.`;
  // The chain counts from what was held when the case was opened; what the buyer has agreed to since is paid.
  const agreed = onChain.defaultAward === null ? 0n : onChain.defaultAward - held;
  const winsAll = award === held;
  return {
    sentence: `Your decision is final: the machine is paid what you award it, the rest of what is held goes back to the buyer.${
      winsAll ? " The machine gets all of it, so the buyer's bond is the machine's too." : ""
    }`,
    lines: [
      { label: "To the machine", value: money(net), strong: true },
      { label: "Market fee", value: money(fee) },
      {
        label: "Back to the buyer",
        value: money(award === null || award > held ? 0n : held - award),
        strong: true,
      },
      { label: winsAll ? "Bond, to the machine's owner" : "Bond, back to the buyer", value: money(caseBond) },
    ],
    cost: 0n,
    sign: "Sign the decision",
    problem,
    call: (payloads) => payloads.rule(onChain.job.job, (award ?? 0n) + agreed),
  };
}

function finalizeTerms(context: StepContext): StepTerms {
  const { onChain } = context;
  const money = moneyOf(context);
  const released = unreleasedOf(onChain);
  const { net, fee } = split(onChain, released);
  return {
    sentence:
      "Nothing can be proven or disputed any more: the machine is paid what it earned, the buyer gets the rest, and the job is settled.",
    lines: [
      { label: "To the machine", value: money(net), strong: true },
      { label: "Market fee", value: money(fee) },
      { label: "Back to the buyer", value: money(onChain.stream.balance - released) },
    ],
    cost: 0n,
    sign: "Sign and settle",
    problem: null,
    call: (payloads) => payloads.finalize(onChain.job.job),
  };
}

function resolveTerms(context: StepContext): StepTerms {
  const { onChain, caseKind, caseBond } = context;
  const money = moneyOf(context);
  const held = unreleasedOf(onChain);
  const call: StepTerms["call"] = (payloads) => payloads.resolve(onChain.job.job);
  const bond = { label: "Bond, back to the buyer", value: money(caseBond) };
  if (caseKind === "OutputChallenge") {
    return {
      sentence:
        "The challenged piece wasn't shown in time: nothing held is paid, the buyer gets it with the bond, and the machine loses stake.",
      lines: [{ label: "Back to the buyer", value: money(onChain.stream.balance), strong: true }, bond],
      cost: 0n,
      sign: "Sign and close the case",
      problem: null,
      call,
    };
  }
  const { net, fee } = split(onChain, held);
  return {
    sentence: "The arbiter didn't decide in time: the machine gets all that is held, the bond goes back.",
    lines: [
      { label: "To the machine", value: money(net), strong: true },
      { label: "Market fee", value: money(fee) },
      bond,
    ],
    cost: 0n,
    sign: "Sign and close the case",
    problem: null,
    call,
  };
}
