/**
 * What a machine's owner may do with it, what each of these changes, and the call that does it.
 * It doesn't know React or wallets; what the chain would refuse is said before it is signed, and the chain decides.
 */
import type { ProviderAnswer } from "@computestream/protocol/api";
import type { Payloads } from "@computestream/protocol/client";
import { parseUnits } from "@computestream/protocol/money";
import { formatAmount, formatDateTime, formatDuration } from "./format.ts";

type ProviderStatus = ProviderAnswer["status"];

export type OwnerStep = "status" | "price" | "add-stake" | "unstake" | "withdraw";

export type OwnedMachine = Pick<
  ProviderAnswer,
  | "provider"
  | "owner"
  | "operator"
  | "status"
  | "asset"
  | "gpuCount"
  | "pricePerHour"
  | "gpuPricePerHour"
  | "slotsBusy"
  | "stake"
  | "unbonding"
  | "unlocksAt"
  | "boundStake"
  | "liableUntil"
>;

/** As typed. */
export interface OwnerInput {
  status: ProviderStatus;
  pricePerHour: string;
  gpuPricePerHour: string;
  amount: string;
}

export interface OwnerContext {
  machine: OwnedMachine;
  input: OwnerInput;
  /** Unix seconds. */
  now: number;
  /** Of the market; null while unknown: then the chain refuses what is too little. */
  minStake: bigint | null;
  unbondingSecs: number | null;
  /** Of the machine's asset in the wallet, less what fees may take; null while unknown. */
  spendable: bigint | null;
}

export interface OwnerTerms {
  sentence: string;
  lines: Array<{ label: string; value: string; strong?: boolean }>;
  sign: string;
  /** Why it can't be signed as it stands; null when it can. */
  problem: string | null;
  call: (payloads: Payloads) => ReturnType<Payloads[keyof Payloads]>;
}

/** In the order of their use. The operator opens and closes the machine; money and prices are the owner's. */
export function ownerSteps(machine: OwnedMachine, viewer: string | null): OwnerStep[] {
  if (viewer === null) return [];
  if (viewer === machine.owner) {
    const steps: OwnerStep[] = ["status", "price", "add-stake"];
    if (BigInt(machine.stake) > 0n) steps.push("unstake");
    if (BigInt(machine.unbonding) > 0n) steps.push("withdraw");
    return steps;
  }
  return viewer === machine.operator ? ["status"] : [];
}

export function ownerTerms(step: OwnerStep, context: OwnerContext): OwnerTerms {
  return TERMS[step](context);
}

const TERMS: Record<OwnerStep, (context: OwnerContext) => OwnerTerms> = {
  status: statusTerms,
  price: priceTerms,
  "add-stake": addStakeTerms,
  unstake: unstakeTerms,
  withdraw: withdrawTerms,
};

const MEANS: Record<ProviderStatus, string> = {
  Active: "It takes new jobs.",
  Draining: "It finishes its jobs and takes no new ones.",
  Maintenance: "You work on it; it takes no new jobs, running ones go on.",
  Offline: "It takes no new jobs; running ones go on until it stops proving them.",
};

const moneyOf =
  ({ machine: { asset } }: OwnerContext) =>
  (value: bigint): string =>
    `${formatAmount(value, asset.decimals)} ${asset.symbol}`;

/** null for what is no amount, or has more places than the asset. */
function amountOf(typed: string, { machine: { asset } }: OwnerContext): bigint | null {
  try {
    return parseUnits(typed.trim(), asset.decimals);
  } catch {
    return null;
  }
}

const noAmount = ({ machine: { asset } }: OwnerContext): string =>
  `Give an amount with at most ${asset.decimals} decimal places.`;

function statusTerms(context: OwnerContext): OwnerTerms {
  const { machine, input, minStake } = context;
  const { status } = input;
  const missing = minStake === null ? 0n : minStake - BigInt(machine.stake);
  let problem: string | null = null;
  if (status === machine.status) problem = `It is ${status} already.`;
  else if (status === "Active" && missing > 0n)
    problem = `Opening takes ${moneyOf(context)(missing)} more at stake. Add that first.`;
  return {
    sentence: `${MEANS[status]} Jobs that run now are not touched.`,
    lines: [
      { label: "Now", value: machine.status },
      { label: "Then", value: status, strong: true },
    ],
    sign: `Sign and set to ${status}`,
    problem,
    call: (payloads) => payloads.setStatus(machine.provider, status),
  };
}

function priceTerms(context: OwnerContext): OwnerTerms {
  const { machine, input } = context;
  const money = moneyOf(context);
  const price = amountOf(input.pricePerHour, context);
  const gpuPrice = machine.gpuCount > 0 ? amountOf(input.gpuPricePerHour, context) : 0n;
  const same = price === BigInt(machine.pricePerHour) && gpuPrice === BigInt(machine.gpuPricePerHour);
  let problem: string | null = null;
  if (price === null || gpuPrice === null) problem = noAmount(context);
  else if (same) problem = "These are its prices already.";
  const lines = [
    { label: "Price per hour now", value: money(BigInt(machine.pricePerHour)) },
    { label: "Then", value: price === null ? "—" : money(price), strong: true },
  ];
  if (machine.gpuCount > 0)
    lines.push({
      label: "Added for each GPU",
      value: gpuPrice === null ? "—" : money(gpuPrice),
      strong: true,
    });
  return {
    sentence: "New jobs pay this. Those that were ordered before keep the price they were made with.",
    lines,
    sign: "Sign and change the price",
    problem,
    call: (payloads) => payloads.updatePrice(machine.provider, price ?? 0n, gpuPrice ?? 0n),
  };
}

function addStakeTerms(context: OwnerContext): OwnerTerms {
  const { machine, input, spendable } = context;
  const money = moneyOf(context);
  const amount = amountOf(input.amount, context);
  let problem: string | null = null;
  if (amount === null) problem = noAmount(context);
  else if (amount === 0n) problem = "Give more than nothing.";
  else if (spendable !== null && amount > spendable)
    problem = `Your wallet can spare ${money(spendable)}. Add funds first.`;
  return {
    sentence:
      "Stake shows that you mean it: a proven fault costs a part of it. It comes back when you take it out.",
    lines: [
      { label: "Put at stake", value: money(amount ?? 0n), strong: true },
      { label: "At stake then", value: money(BigInt(machine.stake) + (amount ?? 0n)) },
    ],
    sign: `Sign and put in ${money(amount ?? 0n)}`,
    problem,
    call: (payloads) => payloads.addStake(machine.provider, amount ?? 0n),
  };
}

function unstakeTerms(context: OwnerContext): OwnerTerms {
  const { machine, input, now, minStake, unbondingSecs } = context;
  const money = moneyOf(context);
  const amount = amountOf(input.amount, context);
  const staked = BigInt(machine.stake);
  const left = staked - (amount ?? 0n);
  const closes = machine.status === "Active" && minStake !== null && left < minStake;
  let problem: string | null = null;
  if (amount === null) problem = noAmount(context);
  else if (amount === 0n) problem = "Give more than nothing.";
  else if (amount > staked) problem = `Only ${money(staked)} is at stake.`;
  const all = BigInt(machine.unbonding) + (amount ?? 0n);
  const restarts =
    BigInt(machine.unbonding) > 0n ? " The wait begins again for what is leaving already." : "";
  const wait = unbondingSecs === null ? "the market's time" : formatDuration(unbondingSecs);
  return {
    sentence: `It waits for ${wait}, in which faults may still cost it, and can then be withdrawn.${restarts}${
      closes
        ? " What is left is less than the market asks, so the machine takes no new jobs from then on."
        : ""
    }`,
    lines: [
      { label: "On its way back then", value: money(all), strong: true },
      { label: "Left at stake", value: money(left < 0n ? 0n : left) },
      ...(unbondingSecs === null
        ? []
        : [
            {
              label: "To be withdrawn from",
              value: formatDateTime(Math.max(now + unbondingSecs, machine.unlocksAt)),
            },
          ]),
    ],
    sign: `Sign and take out ${money(amount ?? 0n)}`,
    problem,
    call: (payloads) => payloads.requestUnstake(machine.provider, amount ?? 0n),
  };
}

function withdrawTerms(context: OwnerContext): OwnerTerms {
  const { machine, now } = context;
  const money = moneyOf(context);
  const amount = BigInt(machine.unbonding);
  const reliesOnStake = BigInt(machine.stake) < BigInt(machine.boundStake);
  let problem: string | null = null;
  if (now < machine.unlocksAt) problem = `It can be withdrawn from ${formatDateTime(machine.unlocksAt)}.`;
  else if (reliesOnStake && machine.slotsBusy > 0)
    problem = `Jobs that run rely on ${money(BigInt(machine.boundStake))} of stake. Wait until they have ended.`;
  else if (reliesOnStake && now < machine.liableUntil)
    problem = `Jobs that have ended may still cost stake until ${formatDateTime(machine.liableUntil)}.`;
  return {
    sentence: "What has waited long enough goes back to the owner's wallet.",
    lines: [
      { label: "To your wallet", value: money(amount), strong: true },
      { label: "Left at stake", value: money(BigInt(machine.stake)) },
    ],
    sign: `Sign and withdraw ${money(amount)}`,
    problem,
    call: (payloads) => payloads.withdrawStake(machine.provider),
  };
}
