/**
 * How numbers, amounts, times and addresses read on screen.
 * It doesn't know React or the clock: now is an argument.
 */
import { formatUnits, SECONDS_PER_HOUR } from "@computestream/protocol/money";

export interface AssetUnit {
  symbol: string;
  decimals: number;
}

const group = (digits: string): string => digits.replace(/\B(?=(\d{3})+$)/g, ",");

/**
 * Base units as whole units with grouping, cut (never rounded up) to `places`; no `places` = every digit that counts.
 * An amount above zero that would read as zero says "<0.001" instead.
 */
export function formatAmount(amount: bigint, decimals: number, places?: number): string {
  const [whole = "0", fraction = ""] = formatUnits(amount < 0n ? -amount : amount, decimals).split(".");
  const sign = amount < 0n ? "−" : "";
  if (amount === 0n) return "0";
  if (places === undefined) return `${sign}${group(whole)}${fraction === "" ? "" : `.${fraction}`}`;
  const shown = fraction.slice(0, places).padEnd(places, "0");
  const vanished = !/[1-9]/.test(whole + shown);
  if (vanished && places > 0) return `<0.${"0".repeat(places - 1)}1`;
  return `${sign}${group(whole)}${places === 0 ? "" : `.${shown}`}`;
}

/**
 * A price per second: an exact rational cut to six digits that count, because sub-cent prices are the normal case.
 */
export function formatPerSecond(ratePerHour: bigint, decimals: number): string {
  // Twelve more places than the asset has, so that a slow rate keeps its digits after the division.
  const scaled = (ratePerHour * 10n ** 12n) / SECONDS_PER_HOUR;
  const [whole = "0", fraction = ""] = formatUnits(scaled, decimals + 12).split(".");
  if (whole !== "0") return `${group(whole)}${fraction ? `.${fraction.slice(0, 4)}` : ""}`;
  const leading = /^0*/.exec(fraction)?.[0].length ?? 0;
  const digits = fraction.slice(0, leading + 6).replace(/0+$/, "");
  return digits === "" ? "0" : `0.${digits}`;
}

export function formatCount(value: number): string {
  return group(Math.trunc(value).toString());
}

/** A score in basis points as "83.3" of 100, cut: nobody is shown better than proven. */
export function formatScore(bps: number): string {
  return (Math.floor(bps / 10) / 10).toFixed(1);
}

/** "1 h 02 min 03 s"; the largest two or three parts, whole seconds. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const days = Math.floor(total / 86_400);
  const hours = Math.floor((total % 86_400) / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const secs = total % 60;
  const two = (n: number) => n.toString().padStart(2, "0");
  if (days > 0) return `${days} d ${two(hours)} h ${two(minutes)} min`;
  if (hours > 0) return `${hours} h ${two(minutes)} min ${two(secs)} s`;
  if (minutes > 0) return `${minutes} min ${two(secs)} s`;
  return `${secs} s`;
}

/** "1:35", "1:02:03": for rows that are short of space. */
export function formatStopwatch(seconds: number): string {
  const total = Math.max(0, Math.floor(seconds));
  const two = (n: number) => n.toString().padStart(2, "0");
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(total % 60)}` : `${minutes}:${two(total % 60)}`;
}

/** "just now", "12 s ago", "3 min ago". Both in milliseconds. */
export function formatAgo(thenMs: number, nowMs: number): string {
  const secs = Math.max(0, Math.floor((nowMs - thenMs) / 1000));
  if (secs < 2) return "just now";
  if (secs < 60) return `${secs} s ago`;
  if (secs < 3600) return `${Math.floor(secs / 60)} min ago`;
  if (secs < 86_400) return `${Math.floor(secs / 3600)} h ago`;
  return `${Math.floor(secs / 86_400)} d ago`;
}

/** "0x1234…cdef"; short ones stay whole. */
export function shortAddress(address: string): string {
  return address.length <= 13 ? address : `${address.slice(0, 6)}…${address.slice(-4)}`;
}

/** False for the address that stands where nobody is yet, such as the provider of an open job. */
export function isSomebody(address: string): boolean {
  return !/^0x0*$/.test(address);
}

/** An image reference that fits a row: digests cut, the name kept. */
export function shortImage(image: string): string {
  return image.replace(/sha256:([0-9a-f]{8})[0-9a-f]+/g, "sha256:$1…");
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = "B";
  for (const next of units) {
    if (value < 1000) break;
    value /= 1000;
    unit = next;
  }
  return `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

/** 24-hour local time with seconds, from unix seconds. */
export function formatClock(unixSecs: number): string {
  return new Date(unixSecs * 1000).toLocaleTimeString("en-GB");
}

export function formatDateTime(unixSecs: number): string {
  const date = new Date(unixSecs * 1000);
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  return `${day}, ${formatClock(unixSecs)}`;
}
