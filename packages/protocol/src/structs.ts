/**
 * The Move structs that occur inside both events and views, as the fullnode's JSON carries them.
 * It doesn't know which event or view they come with, nor how those rename them.
 */
import { z } from "zod";
import { zAddress, zHex, zU64 } from "./primitives.ts";

/** A u8 arrives as a JSON number. */
export const zU8 = z.number().int().min(0).max(255);

/** `market::Parameters`. */
export const zParameters = z.object({
  fee_bps: zU64,
  keeper_share_bps: zU64,
  treasury: zAddress,
  min_stake: zU64,
  unbonding_secs: zU64,
  slash_bps: zU64,
  reporter_reward_bps: zU64,
  accept_window_secs: zU64,
  start_window_secs: zU64,
  stall_after_secs: zU64,
  stall_grace_secs: zU64,
  claim_window_secs: zU64,
  min_duration_secs: zU64,
  max_duration_secs: zU64,
  max_holdback_secs: zU64,
  arbiter: zAddress,
  challenge_window_secs: zU64,
  answer_window_secs: zU64,
  arbitration_window_secs: zU64,
  bond_bps: zU64,
  paused: z.boolean(),
});

/** `market::JobRules`: the parameters copied into a job when it is made. */
export const zJobRules = z.object({
  start_window_secs: zU64,
  stall_after_secs: zU64,
  stall_grace_secs: zU64,
  claim_window_secs: zU64,
  challenge_window_secs: zU64,
  answer_window_secs: zU64,
  arbitration_window_secs: zU64,
  reclaim_after_secs: zU64,
  min_stake: zU64,
  bond_bps: zU64,
  slash_bps: zU64,
  reporter_reward_bps: zU64,
  arbiter: zAddress,
  fee_bps: zU64,
  keeper_share_bps: zU64,
  treasury: zAddress,
});

/** `machine::Machine`. */
export const zMachine = z.object({
  name: z.string(),
  gpu_model: z.string(),
  gpu_count: zU64,
  vram_gb: zU64,
  cpu_cores: zU64,
  ram_gb: zU64,
  disk_gb: zU64,
  region: z.string(),
  sandbox: z.string(),
});

/** `machine::Requirements`: an empty text takes any, a number is the least. */
export const zRequirements = z.object({
  gpu_model: z.string(),
  gpus: zU64,
  vram_gb: zU64,
  cpu_cores: zU64,
  ram_gb: zU64,
  disk_gb: zU64,
  region: z.string(),
  sandbox: z.string(),
  min_stake: zU64,
});

/** `job_terms::Terms`. */
export const zTerms = z.object({
  buyer: zAddress,
  provider: zAddress,
  asset: zAddress,
  image: z.string(),
  // `spec` is a keyword of Move.
  job_spec: z.string(),
  requirements: zRequirements,
  rate_per_hour: zU64,
  max_duration_secs: zU64,
  deposit: zU64,
  holdback_secs: zU64,
  priority: zU8,
  buyer_key: zHex,
});

/** `job_registry::Output`. */
export const zOutput = z.object({
  exit_code: zU64,
  reason: z.string(),
  output_uris: z.array(z.string()),
  output_sha256: zHex,
  output_root: zHex,
  output_size: zU64,
});
