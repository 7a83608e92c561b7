/**
 * What a provider's owner and operator call: registration, status, prices, machine, stake.
 * It doesn't know jobs.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { fromHex } from "../primitives.ts";
import { type ProviderStatus, providerStatusCode } from "../provider-status.ts";
import type { MachineArgs, RegisterProviderArgs } from "./args.ts";
import { callsOf } from "./entry-function.ts";
import type { Machine } from "./view-types.ts";

export interface ProviderPayloads {
  registerProvider(args: RegisterProviderArgs): InputEntryFunctionData;
  heartbeat(provider: string): InputEntryFunctionData;
  setStatus(provider: string, status: ProviderStatus): InputEntryFunctionData;
  updatePrice(provider: string, pricePerHour: bigint, gpuPricePerHour: bigint): InputEntryFunctionData;
  updateMachine(provider: string, machine: MachineArgs): InputEntryFunctionData;
  updateOperator(provider: string, operator: string, attestKey: string): InputEntryFunctionData;
  addStake(provider: string, amount: bigint): InputEntryFunctionData;
  requestUnstake(provider: string, amount: bigint): InputEntryFunctionData;
  withdrawStake(provider: string): InputEntryFunctionData;
}

export function createProviderPayloads(packageAddress: string): ProviderPayloads {
  const call = callsOf(packageAddress, "provider_registry");
  return {
    registerProvider: (p) =>
      call(
        "register",
        p.operator,
        fromHex(p.attestKey),
        ...machineArgs(p),
        commitments(p),
        p.slots,
        p.pricePerHour,
        p.gpuPricePerHour ?? 0n,
        p.asset,
        p.stake,
      ),
    heartbeat: (provider) => call("heartbeat", provider),
    setStatus: (provider, status) => call("set_status", provider, providerStatusCode(status)),
    updatePrice: (provider, pricePerHour, gpuPricePerHour) =>
      call("update_price", provider, pricePerHour, gpuPricePerHour),
    updateMachine: (provider, machine) =>
      call("update_machine", provider, ...machineArgs(machine), commitments(machine), machine.slots),
    updateOperator: (provider, operator, attestKey) =>
      call("update_operator", provider, operator, fromHex(attestKey)),
    addStake: (provider, amount) => call("add_stake", provider, amount),
    requestUnstake: (provider, amount) => call("request_unstake", provider, amount),
    withdrawStake: (provider) => call("withdraw_stake", provider),
  };
}

function machineArgs(m: Machine) {
  return [
    m.name,
    m.gpuModel,
    m.gpuCount,
    m.vramGb,
    m.cpuCores,
    m.ramGb,
    m.diskGb,
    m.region,
    m.sandbox,
  ] as const;
}

function commitments(machine: MachineArgs): Uint8Array[] {
  return (machine.devices ?? []).map(fromHex);
}
