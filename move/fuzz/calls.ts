/**
 * Each action as a call of the package: the entry function's name and its arguments in order, as JSON.
 * It doesn't know modules, nor how arguments become bytes.
 */
import type { Action } from "./model/actions.ts";
import type { Attestation } from "./model/attestation.ts";
import { orderHash } from "./model/bcs.ts";
import type { Order } from "./model/jobs.ts";
import type { Offer } from "./model/providers.ts";
import { type QuoteTerms, quoteAddress } from "./model/quotes.ts";
import type { Output } from "./model/types.ts";

export interface EntryCall {
  fn: string;
  /** Without the signer. */
  args: unknown[];
}

const attestation = (a: Attestation): unknown[] => [a.seq, a.secondsCum, a.tLast, a.logRoot, a.signature];

const offer = ({ machine: m, devices, slots }: Offer): unknown[] => [
  ...[m.name, m.gpuModel, m.gpuCount, m.vramGb, m.cpuCores, m.ramGb, m.diskGb, m.region, m.sandbox],
  ...[devices, slots],
];

const result = (o: Output): unknown[] => [o.outputUris, o.outputSha256, o.outputRoot, o.outputSize];

const tail = (o: Order): unknown[] => [
  ...[o.maxDurationSecs, o.maxRatePerHour, o.deposit, o.holdbackSecs, o.priority, o.buyerKey],
];

const seedOf = ({ payer, clerk, redeemBy, nonce }: QuoteTerms): unknown[] => [payer, clerk, redeemBy, nonce];

/** Arguments in the order of docs/protocol.md. */
export function toCall(a: Action): EntryCall {
  if (a.type === "freeze") return { fn: "coin::set_frozen", args: [a.store, a.frozen] };
  if (a.type === "seize" || a.type === "restore") return { fn: `coin::${a.type}`, args: [a.job, a.amount] };
  if (a.type === "donate") return { fn: "coin::donate", args: [a.to, a.amount] };
  if (a.type === "draw") return { fn: "coin::draw", args: [a.store, a.amount] };
  if (a.type === "pay_quote") return { fn: "coin::send", args: [a.asset, quoteAddress(a.quote), a.amount] };
  return { fn: a.type, args: argsOf(a) };
}

function argsOf(
  a: Exclude<Action, { type: "freeze" | "seize" | "restore" | "donate" | "draw" | "pay_quote" }>,
): unknown[] {
  switch (a.type) {
    case "set_fees":
      return [a.terms.feeBps, a.terms.keeperShareBps, a.terms.treasury];
    case "set_stake_terms":
      return [a.terms.minStake, a.terms.unbondingSecs, a.terms.slashBps, a.terms.reporterRewardBps];
    case "set_windows": {
      const { acceptWindowSecs, startWindowSecs, stallAfterSecs, stallGraceSecs, claimWindowSecs } = a.terms;
      return [acceptWindowSecs, startWindowSecs, stallAfterSecs, stallGraceSecs, claimWindowSecs];
    }
    case "set_job_bounds":
      return [a.terms.minDurationSecs, a.terms.maxDurationSecs, a.terms.maxHoldbackSecs];
    case "set_dispute_terms": {
      const { arbiter, challengeWindowSecs, answerWindowSecs, arbitrationWindowSecs, bondBps } = a.terms;
      return [arbiter, challengeWindowSecs, answerWindowSecs, arbitrationWindowSecs, bondBps];
    }
    case "set_paused":
      return [a.paused];
    case "set_asset_allowed":
      return [a.asset, a.allowed];
    case "propose_admin":
      return [a.newAdmin];
    case "accept_admin":
      return [];
    case "register": {
      const { registration: r } = a;
      return [r.operator, r.attestKey, ...offer(r), r.pricePerHour, r.gpuPricePerHour, r.asset, r.stake];
    }
    case "heartbeat":
    case "withdraw_stake":
      return [a.provider];
    case "set_status":
      return [a.provider, a.status];
    case "update_price":
      return [a.provider, a.price, a.gpuPrice];
    case "update_operator":
      return [a.provider, a.operator, a.attestKey];
    case "update_machine":
      return [a.provider, ...offer(a.offer)];
    case "add_stake":
    case "request_unstake":
      return [a.provider, a.amount];
    case "create_job":
      return [a.provider, a.order.image, a.specs[0], a.gpus, ...tail(a.order)];
    case "create_jobs":
      return [a.provider, a.order.image, a.specs, a.gpus, ...tail(a.order)];
    case "create_open_job":
    case "create_open_jobs": {
      const { requirements: r, order } = a;
      const specs = a.type === "create_open_job" ? a.specs[0] : a.specs;
      return [
        ...[a.asset, order.image, specs, r.gpuModel, r.gpus, r.vramGb, r.cpuCores, r.ramGb, r.diskGb],
        ...[r.region, r.sandbox, r.minStake, ...tail(order)],
      ];
    }
    case "redeem": {
      const { quote } = a;
      return [
        ...seedOf(quote),
        quote.provider,
        quote.order.image,
        quote.spec,
        quote.gpus,
        ...tail(quote.order),
      ];
    }
    case "refund":
      return [a.asset, ...seedOf(a.quote), orderHash(a.quote)];
    case "accept":
      return [a.provider, a.job, a.mask];
    case "extend":
      return [a.job, a.secs, a.amount];
    case "change_rate":
      return [a.job, a.rate];
    case "complete":
      return [a.job, a.output.exitCode, ...result(a.output), ...attestation(a.attestation)];
    case "fail":
      return [a.job, a.output.exitCode, a.output.reason, ...result(a.output), ...attestation(a.attestation)];
    case "terminate":
    case "report_impossible_time":
      return [a.job, ...attestation(a.attestation)];
    case "start":
    case "cancel":
    case "confirm":
    case "flag_stalled":
    case "expire":
    case "finalize":
    case "reclaim":
    case "resolve":
      return [a.job];
    case "confirm_signed": {
      const { seq, secondsCum, tLast, logRoot } = a.statement;
      return [a.job, seq, secondsCum, tLast, logRoot, a.countersignature];
    }
    case "process_payment":
      return [a.job, ...attestation(a.attestation), a.countersignature];
    case "process_payments":
      return batch(a);
    case "report_contradiction":
      return [a.job, ...attestation(a.a), ...attestation(a.b)];
    case "report_device_overlap":
      return [a.job, a.other];
    case "challenge_output":
      return [a.job, a.chunkIndex];
    case "answer_challenge":
      return [a.job, a.chunk, a.proof];
    case "open_arbitration":
      return [a.job, a.reason];
    case "rule":
      return [a.job, a.award];
  }
}

function batch(a: Extract<Action, { type: "process_payments" }>): unknown[] {
  const of = (field: keyof Attestation): unknown[] => a.entries.map((entry) => entry.attestation[field]);
  const countersignatures = a.withoutCountersignatures ? [] : a.entries.map((e) => e.countersignature);
  return [
    a.entries.map((entry) => entry.job),
    ...[
      of("seq"),
      of("secondsCum"),
      of("tLast"),
      of("logRoot"),
      a.isUneven ? of("signature").slice(1) : of("signature"),
    ],
    countersignatures,
  ];
}
