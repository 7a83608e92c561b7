/**
 * Streams and jobs of views read by hand: the same values that the schemas of view-schemas.ts make, and `MISFIT` thrown
 * for all that they refuse, without a reason.
 * It doesn't say what is wrong: whoever catches `MISFIT` asks the schema. Who follows thousands of streams reads
 * hundreds of these a second, and a schema takes many times as long.
 */
import { address, type Fields, flag, hex, list, MISFIT, struct, text, u8, u64 } from "../field-readers.ts";
import { type JobState, jobStateName } from "../job-state.ts";
import type { JobRules, JobView, StreamView } from "./view-types.ts";

const MAX_U128 = (1n << 128n) - 1n;

function u128(value: unknown): bigint {
  if (typeof value !== "string" || !/^\d{1,39}$/.test(value)) throw MISFIT;
  const wide = BigInt(value);
  if (wide > MAX_U128) throw MISFIT;
  return wide;
}

function state(value: unknown): JobState {
  const code = u8(value);
  try {
    return jobStateName(code);
  } catch {
    throw MISFIT;
  }
}

/** As `zStreamView`. */
export function readStreamView(value: unknown): StreamView {
  const view = struct(value);
  return {
    job: address(view.job),
    payer: address(view.payer),
    payee: address(view.payee),
    asset: address(view.asset),
    attestKey: hex(view.attest_key),
    ratePerHour: u64(view.rate_per_hour),
    deposited: u64(view.deposited),
    maxDurationSecs: u64(view.max_duration_secs),
    fundedSecs: u64(view.funded_secs),
    holdbackSecs: u64(view.holdback_secs),
    heldRatePerHour: u64(view.held_rate_per_hour),
    startedAt: u64(view.started_at),
    endedAt: u64(view.ended_at),
    proveUntil: u64(view.prove_until),
    seq: u64(view.seq),
    secondsAttested: u64(view.seconds_attested),
    secondsConfirmed: u64(view.seconds_confirmed),
    secondsBilled: u64(view.seconds_billed),
    acc: u128(view.acc),
    earned: u64(view.earned),
    paid: u64(view.paid),
    feePaid: u64(view.fee_paid),
    keeperPaid: u64(view.keeper_paid),
    feeBps: u64(view.fee_bps),
    keeperShareBps: u64(view.keeper_share_bps),
    balance: u64(view.balance),
    lastProgressAt: u64(view.last_progress_at),
    stalledAt: u64(view.stalled_at),
    sealed: flag(view.sealed),
    closed: flag(view.closed),
  };
}

/** As `zJobView`. */
export function readJobView(value: unknown): JobView {
  const view = struct(value);
  const terms = struct(view.terms);
  const requirements = struct(terms.requirements);
  const output = struct(view.output);
  const outcome = state(view.outcome);
  return {
    job: address(view.job),
    buyer: address(terms.buyer),
    provider: address(terms.provider),
    asset: address(terms.asset),
    image: text(terms.image),
    spec: text(terms.job_spec),
    gpus: u64(requirements.gpus),
    requirements: {
      gpuModel: text(requirements.gpu_model),
      vramGb: u64(requirements.vram_gb),
      cpuCores: u64(requirements.cpu_cores),
      ramGb: u64(requirements.ram_gb),
      diskGb: u64(requirements.disk_gb),
      region: text(requirements.region),
      sandbox: text(requirements.sandbox),
      minStake: u64(requirements.min_stake),
    },
    ratePerHour: u64(terms.rate_per_hour),
    maxDurationSecs: u64(terms.max_duration_secs),
    deposit: u64(terms.deposit),
    holdbackSecs: u64(terms.holdback_secs),
    priority: u8(terms.priority),
    buyerKey: hex(terms.buyer_key),
    isOpen: flag(view.is_open),
    termsHash: hex(view.terms_hash),
    rules: rules(struct(view.rules)),
    state: state(view.state),
    outcome: outcome === "Pending" ? null : outcome,
    gpuMask: u64(view.gpu_mask),
    devices: list(view.devices, hex),
    createdAt: u64(view.created_at),
    acceptBy: u64(view.accept_by),
    startBy: u64(view.start_by),
    startedAt: u64(view.started_at),
    endedAt: u64(view.ended_at),
    claimUntil: u64(view.claim_until),
    challengeUntil: u64(view.challenge_until),
    settledAt: u64(view.settled_at),
    caseUntil: u64(view.case_until),
    faulted: flag(view.faulted),
    exitCode: u64(output.exit_code),
    reason: text(output.reason),
    outputUris: list(output.output_uris, text),
    outputSha256: hex(output.output_sha256),
    outputRoot: hex(output.output_root),
    outputSize: u64(output.output_size),
  };
}

function rules(fields: Fields): JobRules {
  return {
    startWindowSecs: u64(fields.start_window_secs),
    stallAfterSecs: u64(fields.stall_after_secs),
    stallGraceSecs: u64(fields.stall_grace_secs),
    claimWindowSecs: u64(fields.claim_window_secs),
    challengeWindowSecs: u64(fields.challenge_window_secs),
    answerWindowSecs: u64(fields.answer_window_secs),
    arbitrationWindowSecs: u64(fields.arbitration_window_secs),
    reclaimAfterSecs: u64(fields.reclaim_after_secs),
    minStake: u64(fields.min_stake),
    bondBps: u64(fields.bond_bps),
    slashBps: u64(fields.slash_bps),
    reporterRewardBps: u64(fields.reporter_reward_bps),
    arbiter: address(fields.arbiter),
    feeBps: u64(fields.fee_bps),
    keeperShareBps: u64(fields.keeper_share_bps),
    treasury: address(fields.treasury),
  };
}
