/**
 * Every action of the protocol as data, and what it does to the model.
 * It doesn't know how the chain is called.
 */
import type { Attestation } from "./attestation.ts";
import * as disputes from "./disputes.ts";
import * as endings from "./endings.ts";
import * as jobs from "./jobs.ts";
import * as market from "./market.ts";
import * as providers from "./providers.ts";
import * as stakes from "./stakes.ts";
import { type BatchEntry, processPayment, processPayments } from "./stream.ts";
import {
  type Address,
  type Context,
  cloneState,
  type Hex,
  ModelAbort,
  type ModelEvent,
  type Output,
  type Requirements,
  type State,
} from "./types.ts";

type OfProvider<T extends string, Fields = unknown> = { type: T; who: Address; provider: Address } & Fields;
type OfJob<T extends string, Fields = unknown> = { type: T; who: Address; job: Address } & Fields;
type OfAdmin<T extends string, Fields> = { type: T; who: Address } & Fields;

export type Action =
  | OfAdmin<"set_fees", { terms: market.Fees }>
  | OfAdmin<"set_stake_terms", { terms: market.StakeTerms }>
  | OfAdmin<"set_windows", { terms: market.Windows }>
  | OfAdmin<"set_job_bounds", { terms: market.JobBounds }>
  | OfAdmin<"set_dispute_terms", { terms: market.DisputeTerms }>
  | OfAdmin<"set_paused", { paused: boolean }>
  | OfAdmin<"set_asset_allowed", { asset: Address; allowed: boolean }>
  | OfAdmin<"propose_admin", { newAdmin: Address }>
  | { type: "accept_admin"; who: Address }
  | { type: "register"; who: Address; registration: providers.Registration }
  | OfProvider<"heartbeat">
  | OfProvider<"set_status", { status: bigint }>
  | OfProvider<"update_price", { price: bigint; gpuPrice: bigint }>
  | OfProvider<"update_operator", { operator: Address; attestKey: Hex }>
  | OfProvider<"update_machine", { offer: providers.Offer }>
  | OfProvider<"add_stake", { amount: bigint }>
  | OfProvider<"request_unstake", { amount: bigint }>
  | OfProvider<"withdraw_stake">
  | OfProvider<"create_job", { gpus: bigint; order: jobs.Order; specs: string[] }>
  | OfProvider<"create_jobs", { gpus: bigint; order: jobs.Order; specs: string[] }>
  | {
      type: "create_open_job" | "create_open_jobs";
      who: Address;
      asset: Address;
      requirements: Requirements;
      order: jobs.Order;
      specs: string[];
    }
  | OfJob<"accept", { provider: Address; mask: bigint }>
  | OfJob<"start">
  | OfJob<"extend", { secs: bigint; amount: bigint }>
  | OfJob<"change_rate", { rate: bigint }>
  | OfJob<"complete", { output: Output; attestation: Attestation }>
  | OfJob<"fail", { output: Output; attestation: Attestation }>
  | OfJob<"cancel">
  | OfJob<"terminate", { attestation: Attestation }>
  | OfJob<"confirm">
  | OfJob<"flag_stalled">
  | OfJob<"expire">
  | OfJob<"finalize">
  | OfJob<"reclaim">
  | OfJob<"process_payment", { attestation: Attestation; countersignature: Hex; forged: boolean }>
  | { type: "process_payments"; who: Address; entries: BatchEntry[]; withoutCountersignatures: boolean }
  | OfJob<"report_contradiction", { a: Attestation; b: Attestation }>
  | OfJob<"report_impossible_time", { attestation: Attestation }>
  | OfJob<"report_device_overlap", { other: Address }>
  | OfJob<"challenge_output", { chunkIndex: bigint }>
  | OfJob<"answer_challenge", { chunk: Hex; proof: Hex[] }>
  | OfJob<"open_arbitration", { reason: string }>
  | OfJob<"rule", { award: bigint }>
  | OfJob<"resolve">;

export interface Environment {
  fresh: Address[];
  isSigned: Context["isSigned"];
  codeOf: (name: string) => bigint;
}

export type Outcome = { state: State; events: ModelEvent[] } | { codes: string[] };

/** The state after `action`, or why it is refused; `before` stays as it is. */
export function applyAction(before: State, action: Action, environment: Environment): Outcome {
  const state = cloneState(before);
  const ctx: Context = { state, events: [], fresh: [...environment.fresh], isSigned: environment.isSigned };
  try {
    perform(ctx, action, environment);
    return { state, events: ctx.events };
  } catch (error) {
    if (error instanceof ModelAbort) return { codes: error.codes };
    throw error;
  }
}

function perform(ctx: Context, a: Action, { codeOf }: Environment): void {
  switch (a.type) {
    case "set_fees":
      return market.setFees(ctx, a.who, a.terms);
    case "set_stake_terms":
      return market.setStakeTerms(ctx, a.who, a.terms);
    case "set_windows":
      return market.setWindows(ctx, a.who, a.terms);
    case "set_job_bounds":
      return market.setJobBounds(ctx, a.who, a.terms);
    case "set_dispute_terms":
      return market.setDisputeTerms(ctx, a.who, a.terms);
    case "set_paused":
      return market.setPaused(ctx, a.who, a.paused);
    case "set_asset_allowed":
      return market.setAssetAllowed(ctx, a.who, a.asset, a.allowed);
    case "propose_admin":
      return market.proposeAdmin(ctx, a.who, a.newAdmin);
    case "accept_admin":
      return market.acceptAdmin(ctx, a.who);
    case "register":
      return providers.register(ctx, a.who, a.registration);
    case "heartbeat":
      return providers.heartbeat(ctx, a.who, a.provider);
    case "set_status":
      return providers.setStatus(ctx, a.who, a.provider, a.status);
    case "update_price":
      return providers.updatePrice(ctx, a.who, a.provider, a.price, a.gpuPrice);
    case "update_operator":
      return providers.updateOperator(ctx, a.who, a.provider, a.operator, a.attestKey);
    case "update_machine":
      return providers.updateMachine(ctx, a.who, a.provider, a.offer);
    case "add_stake":
      return stakes.addStake(ctx, a.who, a.provider, a.amount);
    case "request_unstake":
      return stakes.requestUnstake(ctx, a.who, a.provider, a.amount);
    case "withdraw_stake":
      return stakes.withdrawStake(ctx, a.who, a.provider);
    case "create_job":
    case "create_jobs":
      return jobs.createJobs(ctx, a.who, a.provider, a.gpus, a.order, a.specs);
    case "create_open_job":
    case "create_open_jobs":
      return jobs.createOpenJobs(ctx, a.who, a.asset, a.requirements, a.order, a.specs);
    case "accept":
      return jobs.accept(ctx, a.who, a.provider, a.job, a.mask);
    case "start":
      return jobs.start(ctx, a.who, a.job);
    case "extend":
      return jobs.extend(ctx, a.who, a.job, a.secs, a.amount);
    case "change_rate":
      return jobs.changeRate(ctx, a.who, a.job, a.rate);
    default:
      return performEnding(ctx, a, codeOf);
  }
}

function performEnding(ctx: Context, a: Action, codeOf: Environment["codeOf"]): void {
  switch (a.type) {
    case "complete":
      return endings.complete(ctx, a.who, a.job, a.output, a.attestation);
    case "fail":
      return endings.fail(ctx, a.who, a.job, a.output, a.attestation);
    case "cancel":
      return endings.cancel(ctx, a.who, a.job);
    case "terminate":
      return endings.terminate(ctx, a.who, a.job, a.attestation);
    case "confirm":
      return endings.confirm(ctx, a.who, a.job);
    case "flag_stalled":
      return endings.flagStalled(ctx, a.who, a.job);
    case "expire":
      return endings.expire(ctx, a.who, a.job);
    case "finalize":
      return endings.finalize(ctx, a.who, a.job);
    case "reclaim":
      return endings.reclaim(ctx, a.who, a.job);
    case "process_payment":
      return processPayment(ctx, a.who, a.job, a.attestation, a.countersignature);
    case "process_payments":
      return processPayments(ctx, a.who, a.entries, codeOf);
    case "report_contradiction":
      return disputes.reportContradiction(ctx, a.who, a.job, a.a, a.b);
    case "report_impossible_time":
      return disputes.reportImpossibleTime(ctx, a.who, a.job, a.attestation);
    case "report_device_overlap":
      return disputes.reportDeviceOverlap(ctx, a.who, a.job, a.other);
    case "challenge_output":
      return disputes.challengeOutput(ctx, a.who, a.job, a.chunkIndex);
    case "answer_challenge":
      return disputes.answerChallenge(ctx, a.who, a.job, a.chunk, a.proof);
    case "open_arbitration":
      return disputes.openArbitration(ctx, a.who, a.job, a.reason);
    case "rule":
      return disputes.rule(ctx, a.who, a.job, a.award);
    case "resolve":
      return disputes.resolve(ctx, a.who, a.job);
    default:
      throw new Error(`no such action: ${a.type}`);
  }
}
