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

/** Rounds down: what `secs` seconds earn, gross of the fee. */
export function earned(ratePerHour: bigint, secs: bigint): bigint {
  return (ratePerHour * secs) / SECONDS_PER_HOUR;
}

/** Rounds down: the cumulative market fee on a cumulative gross amount. */
export function feeOf(gross: bigint, feeBps: bigint): bigint {
  return (gross * feeBps) / BPS;
}

/** Rounds down: whole seconds that `deposit` funds at `ratePerHour`; a zero rate is funded for ever (`cap`). */
export function fundedSecs(deposit: bigint, ratePerHour: bigint, cap: bigint): bigint {
  if (ratePerHour === 0n) return cap;
  const secs = (deposit * SECONDS_PER_HOUR) / ratePerHour;
  return secs < cap ? secs : cap;
}

export interface FinalSplit {
  /** Net to the provider. */
  paid: bigint;
  fees: bigint;
  refunded: bigint;
}

/** How a deposit is split once `billedSecs` are final. `paid + fees + refunded === deposit`. */
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
