/**
 * The arithmetic of a stream: pure bigint, no chain, no clock.
 * It doesn't know where amounts come from; formulas are those of docs/protocol.md "Money".
 */

export const SECONDS_PER_HOUR = 3600n;
export const BPS = 10_000n;

/** Rounds up: the least deposit that funds `secs` whole seconds at `ratePerHour`. */
export function maxCost(ratePerHour: bigint, secs: bigint): bigint {
  return (ratePerHour * secs + SECONDS_PER_HOUR - 1n) / SECONDS_PER_HOUR;
}

/** Rounds down: what `secs` seconds earn at one rate, gross of the fee. */
export function earned(ratePerHour: bigint, secs: bigint): bigint {
  return (ratePerHour * secs) / SECONDS_PER_HOUR;
}

/** Rounds down: the cumulative market fee on a cumulative gross amount. */
export function feeOf(gross: bigint, feeBps: bigint): bigint {
  return (gross * feeBps) / BPS;
}

/** What a job with `gpus` GPUs costs an hour on a provider. */
export function priceOf(provider: { pricePerHour: bigint; gpuPricePerHour: bigint }, gpus: bigint): bigint {
  return provider.pricePerHour + gpus * provider.gpuPricePerHour;
}

/** Rounds down: whole seconds that `deposit` funds at `ratePerHour`; a zero rate is funded for ever (`cap`). */
export function fundedSecs(deposit: bigint, ratePerHour: bigint, cap: bigint): bigint {
  if (ratePerHour === 0n) return cap;
  const secs = (deposit * SECONDS_PER_HOUR) / ratePerHour;
  return secs < cap ? secs : cap;
}

/**
 * What a stream has billed so far. `acc` is in base units times 3600: the sum of rate times seconds over all rates the
 * stream has had, so no division is ever rounded twice.
 */
export interface Billed {
  ratePerHour: bigint;
  secondsBilled: bigint;
  acc: bigint;
}

/** `billed` once `secondsBilled` seconds are billed in all; fewer than before change nothing. */
export function bill<B extends Billed>(billed: B, secondsBilled: bigint): B {
  const added = secondsBilled - billed.secondsBilled;
  if (added <= 0n) return billed;
  return { ...billed, secondsBilled, acc: billed.acc + billed.ratePerHour * added };
}

/** Rounds down: what has been earned in all, gross of the fee, held back or not. */
export function earnedOf(acc: bigint): bigint {
  return acc / SECONDS_PER_HOUR;
}

/** The count of seconds at which the deposit or the maximum duration ends, for a stream under way. */
export function fundedSecsOf(p: Billed & { deposited: bigint; maxDurationSecs: bigint }): bigint {
  const unspent = p.deposited * SECONDS_PER_HOUR - p.acc;
  const left = p.maxDurationSecs - p.secondsBilled;
  if (p.ratePerHour === 0n) return p.maxDurationSecs;
  const affordable = unspent / p.ratePerHour;
  return p.secondsBilled + (affordable < left ? affordable : left);
}

/** The last seconds that wait for the buyer: at most the holdback, and none of those confirmed. */
export function heldSecs(p: {
  holdbackSecs: bigint;
  secondsBilled: bigint;
  secondsConfirmed: bigint;
}): bigint {
  const unconfirmed = p.secondsBilled - p.secondsConfirmed;
  if (unconfirmed <= 0n) return 0n;
  return unconfirmed < p.holdbackSecs ? unconfirmed : p.holdbackSecs;
}

/**
 * Rounds down: what of the earned money may be paid now. `heldRatePerHour` is the highest rate that a held second may
 * have been billed at: the stream tells it.
 */
export function releasable(p: { acc: bigint; heldRatePerHour: bigint; heldSecs: bigint }): bigint {
  const held = p.heldRatePerHour * p.heldSecs;
  return held >= p.acc ? 0n : earnedOf(p.acc - held);
}

export interface FeeSplit {
  /** Net of the fee. */
  provider: bigint;
  keeper: bigint;
  treasury: bigint;
}

/**
 * How the step from `paidBefore` to `paid` (gross, cumulative) is split. The cumulative amounts are rounded, not the
 * steps: any number of steps pays what one pays. `provider + keeper + treasury === paid - paidBefore`.
 */
export function feeSplit(p: {
  paidBefore: bigint;
  paid: bigint;
  feeBps: bigint;
  keeperShareBps: bigint;
}): FeeSplit {
  const fee = feeOf(p.paid, p.feeBps);
  const feeBefore = feeOf(p.paidBefore, p.feeBps);
  const keeper = feeOf(fee, p.keeperShareBps) - feeOf(feeBefore, p.keeperShareBps);
  return {
    provider: p.paid - p.paidBefore - (fee - feeBefore),
    keeper,
    treasury: fee - feeBefore - keeper,
  };
}

/** Rounds up: what a buyer puts in to open a case, so that none is free; never more than the held money it can win. */
export function bondOf(p: { deposited: bigint; held: bigint }, bondBps: bigint): bigint {
  const share = (p.deposited * bondBps + BPS - 1n) / BPS;
  return share < p.held ? share : p.held;
}

/** Rounds down: what a fault costs a provider, of the stake that is leaving too. */
export function slashOf(p: { staked: bigint; unbonding: bigint }, slashBps: bigint): bigint {
  return ((p.staked + p.unbonding) * slashBps) / BPS;
}

export interface FinalSplit {
  /** Net to the provider. */
  paid: bigint;
  fees: bigint;
  refunded: bigint;
}

/** How a deposit is split once `billedSecs` at one rate are final and confirmed. `paid + fees + refunded === deposit`. */
export function finalSplit(p: {
  deposit: bigint;
  ratePerHour: bigint;
  billedSecs: bigint;
  feeBps: bigint;
}): FinalSplit {
  const gross = earned(p.ratePerHour, p.billedSecs);
  const fees = feeOf(gross, p.feeBps);
  return { paid: gross - fees, fees, refunded: p.deposit - gross };
}

/** Base units as a decimal string in whole units, trailing zeros dropped: `formatUnits(150000000n, 8) === "1.5"`. */
export function formatUnits(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? "-" : "";
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = decimals === 0 ? "" : digits.slice(-decimals).replace(/0+$/, "");
  return sign + (fraction === "" ? whole : `${whole}.${fraction}`);
}

/** The inverse of `formatUnits`; throws on anything that is not a plain decimal with at most `decimals` places. */
export function parseUnits(text: string, decimals: number): bigint {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text.trim());
  const fraction = match?.[2] ?? "";
  if (!match || fraction.length > decimals) {
    throw new RangeError(`"${text}" is not an amount with at most ${decimals} decimal places`);
  }
  return BigInt((match[1] ?? "") + fraction.padEnd(decimals, "0"));
}
