/**
 * Gas bounds and the scale between the VM's gas and the fullnode's gas units.
 * It doesn't know balances.
 */

/** Octas a unit: the minimum of Movement and the price that is always enough here. */
export const MIN_GAS_UNIT_PRICE = 100n;
export const MAX_GAS_UNIT_PRICE = 10_000_000_000n;
export const MAX_GAS_AMOUNT = 2_000_000n;
export const MAX_TRANSACTION_BYTES = 64 * 1024;

/**
 * VM gas in one unit. The VM meters by Initia's schedule, which has no price on Movement; this constant brings a
 * transfer to about 40 units and a package of a few modules to 1,500.
 */
export const VM_GAS_PER_UNIT = 1_000n;

/**
 * VM gas a single call may use however much it pays for: about two seconds of a loop. Without it one transaction
 * could hold up the chain for long; Aptos bounds execution in the same way.
 */
export const MAX_VM_GAS = 200_000_000n;

/** Intrinsic gas of Aptos in internal units (1,000,000 a unit): a flat part and one for every byte above a size. */
const INTRINSIC_FLAT = 2_760_000n;
const INTRINSIC_PER_BYTE = 1_158n;
const INTRINSIC_FREE_BYTES = 600n;
const INTERNAL_PER_UNIT = 1_000_000n;

/** Units charged for a transaction's size before anything runs. */
export function intrinsicGas(bytes: number): bigint {
  const size = BigInt(bytes);
  const charged = size > INTRINSIC_FREE_BYTES ? size - INTRINSIC_FREE_BYTES : 0n;
  return (INTRINSIC_FLAT + charged * INTRINSIC_PER_BYTE + INTERNAL_PER_UNIT - 1n) / INTERNAL_PER_UNIT;
}

/** VM gas for a transaction that pays for `maxGasAmount` units. */
export function vmGasLimit(maxGasAmount: bigint, intrinsic: bigint): bigint {
  const paid = (maxGasAmount - intrinsic) * VM_GAS_PER_UNIT;
  return paid < MAX_VM_GAS ? paid : MAX_VM_GAS;
}

/** Units to charge, never above `maxGasAmount`. */
export function gasUnits(vmGas: bigint, intrinsic: bigint, maxGasAmount: bigint): bigint {
  const units = intrinsic + (vmGas + VM_GAS_PER_UNIT - 1n) / VM_GAS_PER_UNIT;
  return units < maxGasAmount ? units : maxGasAmount;
}
