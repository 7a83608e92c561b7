/**
 * Every action of the protocol as data, and what it does to the model.
 * It doesn't know how the chain is called.
 */
import * as afterwards from "./afterwards.ts";
import type { Attestation, Unsigned } from "./attestation.ts";
import { cloneState } from "./clone.ts";
import * as disputes from "./disputes.ts";
import * as endings from "./endings.ts";
import * as faults from "./faults.ts";
import * as jobs from "./jobs.ts";
import * as market from "./market.ts";
import * as providers from "./providers.ts";
import * as quotes from "./quotes.ts";
import * as repricing from "./repricing.ts";
import { type BatchEntry, processPayment, processPayments } from "./settlement.ts";

import * as stakes from "./stakes.ts";
import {
  type Address,
  type Context,
  type Hex,
  ModelAbort,
  type ModelEvent,
  type Output,
  type Requirements,
  require,
  type State,
} from "./types.ts";
import { donate, draw, freeze, restore, seize } from "./wallets.ts";

type OfProvider<T extends string, Fields = unknown> = { type: T; who: Address; provider: Address } & Fields;
type OfJob<T extends string, Fields = unknown> = { type: T; who: Address; job: Address } & Fields;
type OfAdmin<T extends string, Fields> = { type: T; who: Address } & Fields;

interface OpenOrder<T extends string> {
  type: T;
  who: Address;
  asset: Address;
  requirements: Requirements;
  order: jobs.Order;
  specs: string[];
}

/**
 * The last six aren't the protocol's: somebody transfers to a quote's address, an issuer freezes a store, takes from it
 * and gives back, a stranger sends to one, anybody draws from one.
 */
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
  | OpenOrder<"create_open_job">
  | OpenOrder<"create_open_jobs">
  | OfJob<"accept", { provider: Address; mask: bigint }>
  | OfJob<"start">
  | OfJob<"extend", { secs: bigint; amount: bigint }>
  | OfJob<"change_rate", { rate: bigint }>
  | OfJob<"complete", { output: Output; attestation: Attestation }>
  | OfJob<"fail", { output: Output; attestation: Attestation }>
  | OfJob<"cancel">
  | OfJob<"terminate", { attestation: Attestation }>
  | OfJob<"confirm">
  | OfJob<"confirm_signed", { statement: Unsigned; countersignature: Hex; forged: boolean }>
  | OfJob<"flag_stalled">
  | OfJob<"expire">
  | OfJob<"finalize">
  | OfJob<"reclaim">
  | OfJob<"process_payment", { attestation: Attestation; countersignature: Hex; forged: boolean }>
  | {
      type: "process_payments";
      who: Address;
      entries: BatchEntry[];
      withoutCountersignatures: boolean;
      /** One signature too few. */
      isUneven: boolean;
    }
  | OfJob<"report_contradiction", { a: Attestation; b: Attestation }>
  | OfJob<"report_impossible_time", { attestation: Attestation }>
  | OfJob<"report_device_overlap", { other: Address }>
  | OfJob<"challenge_output", { chunkIndex: bigint }>
  | OfJob<"answer_challenge", { chunk: Hex; proof: Hex[] }>
  | OfJob<"open_arbitration", { reason: string }>
  | OfJob<"rule", { award: bigint }>
  | OfJob<"resolve">
  | { type: "redeem"; who: Address; quote: quotes.QuoteTerms }
  | { type: "refund"; who: Address; asset: Address; quote: quotes.QuoteTerms }
  | { type: "pay_quote"; who: Address; asset: Address; quote: quotes.QuoteTerms; amount: bigint }
  | { type: "freeze"; who: Address; store: Address; holder: string; frozen: boolean }
  | OfJob<"seize", { amount: bigint }>
  | OfJob<"restore", { amount: bigint }>
  | { type: "donate"; who: Address; asset: Address; to: Address; amount: bigint }
  | { type: "draw"; who: Address; store: Address; holder: string; amount: bigint };

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

type Perform<T extends Action["type"]> = (
  ctx: Context,
  action: Extract<Action, { type: T }>,
  codeOf: Environment["codeOf"],
) => void;

const PERFORM: { [T in Action["type"]]: Perform<T> } = {
  set_fees: (ctx, a) => market.setFees(ctx, a.who, a.terms),
  set_stake_terms: (ctx, a) => market.setStakeTerms(ctx, a.who, a.terms),
  set_windows: (ctx, a) => market.setWindows(ctx, a.who, a.terms),
  set_job_bounds: (ctx, a) => market.setJobBounds(ctx, a.who, a.terms),
  set_dispute_terms: (ctx, a) => market.setDisputeTerms(ctx, a.who, a.terms),
  set_paused: (ctx, a) => market.setPaused(ctx, a.who, a.paused),
  set_asset_allowed: (ctx, a) => market.setAssetAllowed(ctx, a.who, a.asset, a.allowed),
  propose_admin: (ctx, a) => market.proposeAdmin(ctx, a.who, a.newAdmin),
  accept_admin: (ctx, a) => market.acceptAdmin(ctx, a.who),
  register: (ctx, a) => providers.register(ctx, a.who, a.registration),
  heartbeat: (ctx, a) => providers.heartbeat(ctx, a.who, a.provider),
  set_status: (ctx, a) => providers.setStatus(ctx, a.who, a.provider, a.status),
  update_price: (ctx, a) => providers.updatePrice(ctx, a.who, a.provider, a.price, a.gpuPrice),
  update_operator: (ctx, a) => providers.updateOperator(ctx, a.who, a.provider, a.operator, a.attestKey),
  update_machine: (ctx, a) => providers.updateMachine(ctx, a.who, a.provider, a.offer),
  add_stake: (ctx, a) => stakes.addStake(ctx, a.who, a.provider, a.amount),
  request_unstake: (ctx, a) => stakes.requestUnstake(ctx, a.who, a.provider, a.amount),
  withdraw_stake: (ctx, a) => stakes.withdrawStake(ctx, a.who, a.provider),
  create_job: (ctx, a) => void jobs.createJobs(ctx, a.who, a.provider, a.gpus, a.order, a.specs),
  create_jobs: (ctx, a) => void jobs.createJobs(ctx, a.who, a.provider, a.gpus, a.order, a.specs),
  create_open_job: (ctx, a) => jobs.createOpenJobs(ctx, a.who, a.asset, a.requirements, a.order, a.specs),
  create_open_jobs: (ctx, a) => jobs.createOpenJobs(ctx, a.who, a.asset, a.requirements, a.order, a.specs),
  accept: (ctx, a) => jobs.accept(ctx, a.who, a.provider, a.job, a.mask),
  start: (ctx, a) => jobs.start(ctx, a.who, a.job),
  extend: (ctx, a) => repricing.extend(ctx, a.who, a.job, a.secs, a.amount),
  change_rate: (ctx, a) => repricing.changeRate(ctx, a.who, a.job, a.rate),
  complete: (ctx, a) => endings.complete(ctx, a.who, a.job, a.output, a.attestation),
  fail: (ctx, a) => endings.fail(ctx, a.who, a.job, a.output, a.attestation),
  cancel: (ctx, a) => endings.cancel(ctx, a.who, a.job),
  terminate: (ctx, a) => endings.terminate(ctx, a.who, a.job, a.attestation),
  confirm: (ctx, a) => afterwards.confirm(ctx, a.who, a.job),
  confirm_signed: (ctx, a) => afterwards.confirmSigned(ctx, a.who, a.job, a.statement, a.countersignature),
  flag_stalled: (ctx, a) => endings.flagStalled(ctx, a.who, a.job),
  expire: (ctx, a) => endings.expire(ctx, a.who, a.job),
  finalize: (ctx, a) => afterwards.finalize(ctx, a.who, a.job),
  reclaim: (ctx, a) => afterwards.reclaim(ctx, a.who, a.job),
  process_payment: (ctx, a) => processPayment(ctx, a.who, a.job, a.attestation, a.countersignature),
  process_payments(ctx, a, codeOf) {
    require(!a.isUneven, "E_BATCH_LENGTHS");
    processPayments(ctx, a.who, a.entries, codeOf);
  },
  report_contradiction: (ctx, a) => faults.reportContradiction(ctx, a.who, a.job, a.a, a.b),
  report_impossible_time: (ctx, a) => faults.reportImpossibleTime(ctx, a.who, a.job, a.attestation),
  report_device_overlap: (ctx, a) => faults.reportDeviceOverlap(ctx, a.who, a.job, a.other),
  challenge_output: (ctx, a) => disputes.challengeOutput(ctx, a.who, a.job, a.chunkIndex),
  answer_challenge: (ctx, a) => disputes.answerChallenge(ctx, a.who, a.job, a.chunk, a.proof),
  open_arbitration: (ctx, a) => disputes.openArbitration(ctx, a.who, a.job, a.reason),
  rule: (ctx, a) => disputes.rule(ctx, a.who, a.job, a.award),
  redeem: (ctx, a) => quotes.redeem(ctx, a.who, a.quote),
  refund: (ctx, a) => quotes.refund(ctx, a.who, a.asset, a.quote),
  pay_quote: (ctx, a) => quotes.payQuote(ctx, a.who, a.asset, a.quote, a.amount),
  freeze: (ctx, a) => freeze(ctx, a.holder, a.frozen),
  seize: (ctx, a) => seize(ctx, a.job, a.amount),
  restore: (ctx, a) => restore(ctx, a.job, a.amount),
  donate: (ctx, a) => donate(ctx, a.who, a.asset, a.to, a.amount),
  draw: (ctx, a) => draw(ctx, a.who, a.holder, a.amount),
  resolve: (ctx, a) => disputes.resolve(ctx, a.who, a.job),
};

export const ACTION_TYPES = Object.keys(PERFORM) as Array<Action["type"]>;

function perform(ctx: Context, action: Action, { codeOf }: Environment): void {
  (PERFORM[action.type] as Perform<Action["type"]>)(ctx, action, codeOf);
}
