/**
 * From what an owner typed to what `register` takes: checks a machine's description.
 * It doesn't know React or the chain; the market's smallest stake is an argument.
 */
import { zAddress } from "@computestream/protocol/api";
import type { RegisterProviderArgs } from "@computestream/protocol/client";
import { parseUnits } from "@computestream/protocol/money";
import { type AssetUnit, formatAmount } from "./format.ts";

export interface MachineDraft {
  name: string;
  operator: string;
  attestKey: string;
  gpuModel: string;
  gpuCount: string;
  vramGb: string;
  cpuCores: string;
  ramGb: string;
  diskGb: string;
  region: string;
  sandbox: string;
  slots: string;
  pricePerHour: string;
  gpuPricePerHour: string;
  stake: string;
}
export type MachineField = keyof MachineDraft;

/** The registry's bounds. */
const MAX_GPUS = 64n;
const MAX_SLOTS = 256n;

export function checkMachine(
  draft: MachineDraft,
  known: { asset: AssetUnit & { address: string }; minStake: bigint | null; balance: bigint | null },
): { args: RegisterProviderArgs | null; errors: Partial<Record<MachineField, string>> } {
  const errors: Partial<Record<MachineField, string>> = {};
  const text = (field: MachineField, max: number, required: boolean): string => {
    const value = draft[field].trim();
    if (required && value === "") errors[field] = "Needed.";
    if (new TextEncoder().encode(value).length > max) errors[field] = `At most ${max} bytes.`;
    return value;
  };
  const whole = (field: MachineField, min: bigint, max?: bigint): bigint => {
    const value = /^\d{1,9}$/.test(draft[field].trim()) ? BigInt(draft[field].trim()) : null;
    if (value === null) errors[field] = "Give a whole number.";
    else if (value < min) errors[field] = `At least ${min}.`;
    else if (max !== undefined && value > max) errors[field] = `At most ${max}.`;
    return value ?? 0n;
  };
  const money = (field: MachineField): bigint => {
    try {
      return parseUnits(draft[field], known.asset.decimals);
    } catch {
      errors[field] = `Give an amount with at most ${known.asset.decimals} decimal places.`;
      return 0n;
    }
  };
  const operator = zAddress.safeParse(draft.operator.trim());
  if (!operator.success) errors.operator = "Give an address: 0x and up to 64 hex digits.";
  const attestKey = draft.attestKey.trim().toLowerCase();
  if (!/^0x[0-9a-f]{64}$/.test(attestKey)) errors.attestKey = "Give 32 bytes: 0x and 64 hex digits.";
  const gpuCount = whole("gpuCount", 0n, MAX_GPUS);
  const args: RegisterProviderArgs = {
    operator: operator.success ? operator.data : "",
    attestKey,
    name: text("name", 64, true),
    gpuModel: text("gpuModel", 64, gpuCount > 0n),
    gpuCount,
    vramGb: whole("vramGb", 0n),
    cpuCores: whole("cpuCores", 1n),
    ramGb: whole("ramGb", 1n),
    diskGb: whole("diskGb", 1n),
    region: text("region", 64, false),
    sandbox: text("sandbox", 64, true),
    slots: whole("slots", 1n, MAX_SLOTS),
    pricePerHour: money("pricePerHour"),
    gpuPricePerHour: gpuCount > 0n ? money("gpuPricePerHour") : 0n,
    asset: known.asset.address,
    stake: money("stake"),
  };
  const { decimals, symbol } = known.asset;
  if (!errors.stake && known.minStake !== null && args.stake < known.minStake)
    errors.stake = `At least ${formatAmount(known.minStake, decimals)} ${symbol}.`;
  if (!errors.stake && known.balance !== null && args.stake > known.balance)
    errors.stake = `Your wallet holds ${formatAmount(known.balance, decimals)} ${symbol}.`;
  return { args: Object.keys(errors).length === 0 ? args : null, errors };
}
