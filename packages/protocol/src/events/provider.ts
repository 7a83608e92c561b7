/**
 * The events of a provider: its registration, its stake and its record.
 * It doesn't know jobs; `status` is a number of provider-status.ts, `gpus_busy` a bit mask of devices.ts.
 */
import { z } from "zod";
import { zAddress, zHex, zU64 } from "../primitives.ts";
import { zMachine, zU8 } from "../structs.ts";

export const PROVIDER_EVENTS = {
  ProviderRegistered: z
    .object({
      provider: zAddress,
      owner: zAddress,
      operator: zAddress,
      attest_key: zHex,
      machine: zMachine,
      devices: z.array(zHex),
      slots: zU64,
      price_per_hour: zU64,
      gpu_price_per_hour: zU64,
      asset: zAddress,
      staked: zU64,
      timestamp: zU64,
    })
    .transform(({ machine, ...event }) => ({ ...machine, ...event })),
  ProviderMachineChanged: z
    .object({
      provider: zAddress,
      machine: zMachine,
      devices: z.array(zHex),
      slots: zU64,
      timestamp: zU64,
    })
    .transform(({ machine, ...event }) => ({ ...machine, ...event })),
  ProviderHeartbeat: z.object({ provider: zAddress, timestamp: zU64 }),
  ProviderStatusChanged: z.object({ provider: zAddress, status: zU8, timestamp: zU64 }),
  ProviderPriceChanged: z.object({
    provider: zAddress,
    price_per_hour: zU64,
    gpu_price_per_hour: zU64,
    timestamp: zU64,
  }),
  ProviderOperatorChanged: z.object({
    provider: zAddress,
    operator: zAddress,
    attest_key: zHex,
    timestamp: zU64,
  }),
  ProviderCapacityChanged: z.object({
    provider: zAddress,
    slots_busy: zU64,
    slots: zU64,
    gpus_busy: zU64,
    timestamp: zU64,
  }),
  ProviderLiabilityChanged: z.object({
    provider: zAddress,
    bound_stake: zU64,
    liable_until: zU64,
    timestamp: zU64,
  }),
};

export const STAKE_EVENTS = {
  StakeAdded: z.object({ provider: zAddress, amount: zU64, staked: zU64, timestamp: zU64 }),
  UnstakeRequested: z.object({
    provider: zAddress,
    amount: zU64,
    staked: zU64,
    unbonding: zU64,
    unlocks_at: zU64,
    timestamp: zU64,
  }),
  StakeWithdrawn: z.object({
    provider: zAddress,
    amount: zU64,
    staked: zU64,
    unbonding: zU64,
    timestamp: zU64,
  }),
  StakeSlashed: z.object({
    provider: zAddress,
    reporter: zAddress,
    amount: zU64,
    reward: zU64,
    staked: zU64,
    unbonding: zU64,
    timestamp: zU64,
  }),
};

export const REPUTATION_EVENTS = {
  ProviderStatsUpdated: z.object({
    provider: zAddress,
    jobs_completed: zU64,
    jobs_failed: zU64,
    jobs_expired: zU64,
    faults: zU64,
    seconds_served: zU64,
    earned: zU64,
    score: zU64,
    timestamp: zU64,
  }),
};
