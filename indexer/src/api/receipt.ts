/**
 * Builds a job's receipt from its row, its events and its settlements, and checks that their sums agree.
 * It doesn't query, and corrects nothing: a sum that doesn't agree is told as it is.
 */
import { jobStateName } from "@computestream/protocol";
import { type ReceiptDto, ratePerSecond } from "@computestream/protocol/api";
import type { Deployment } from "@computestream/protocol/deployment";
import { earnedOf, feeOf } from "@computestream/protocol/money";
import type { AssetBook } from "../assets/book.ts";
import type { EventRow, JobRow, TickRow } from "../db/tables.ts";
import { requirementsDto } from "./dto.ts";

export interface ReceiptFacts {
  job: JobRow;
  deployment: Deployment;
  assets: AssetBook;
  /** All of the job but its settlements, oldest first. */
  events: EventRow[];
  /** Settlements to show, oldest first. */
  page: { items: TickRow[]; nextCursor: string | null };
}

const TOLD_ELSEWHERE = new Set([
  "JobCreated",
  "QuoteRedeemed",
  "EscrowDeposited",
  "EscrowRefunded",
  "StreamClosed",
]);

export function buildReceipt(facts: ReceiptFacts): ReceiptDto {
  const { job, deployment, assets, events, page } = facts;
  const named = (name: string) => events.filter((event) => event.name === name);
  const [opened] = named("StreamOpened");
  const deposits = named("EscrowDeposited").map((event) => ({
    ...at(event),
    payer: text(event, "payer"),
    amount: text(event, "amount"),
    balance: text(event, "balance"),
  }));
  const refunds = named("EscrowRefunded").map((event) => ({
    ...at(event),
    to: text(event, "to"),
    amount: text(event, "amount"),
    balance: text(event, "balance"),
  }));
  const rates = ratesOf(events, job.seconds_billed);
  const [redeemed] = named("QuoteRedeemed");
  const close = closeOf(named("StreamClosed")[0]);
  return {
    job: job.job,
    title: job.title,
    buyer: job.buyer,
    provider: job.provider,
    payee: opened ? text(opened, "payee") : null,
    state: jobStateName(job.state),
    outcome: job.outcome === null ? null : jobStateName(job.outcome),
    chain: { chainId: deployment.chainId, packageAddress: deployment.packageAddress },
    asset: assets.describe(job.asset),
    terms: termsOf(job, named("JobCreated")[0]),
    feeTerms: { feeBps: Number(job.fee_bps), keeperShareBps: Number(job.keeper_share_bps) },
    startedAt: Number(job.started_at),
    endedAt: Number(job.ended_at),
    secondsBilled: Number(job.seconds_billed),
    rates,
    quote: redeemed
      ? {
          ...at(redeemed),
          quote: text(redeemed, "quote"),
          amount: text(redeemed, "amount"),
          redeemedBy: text(redeemed, "redeemed_by"),
        }
      : null,
    deposits,
    settlements: page.items.map(settlementOf),
    settlementCount: Number(job.ticks),
    nextCursor: page.nextCursor,
    refunds,
    close,
    steps: events
      .filter((event) => !TOLD_ELSEWHERE.has(event.name))
      .map((event) => ({ ...at(event), module: event.module, name: event.name })),
    check: checkOf({ job, deposits, refunds, rates, close }),
  };
}

type Parts = Pick<ReceiptDto, "deposits" | "refunds" | "rates" | "close"> & Pick<ReceiptFacts, "job">;

function checkOf({ job, deposits, refunds, rates, close }: Parts): ReceiptDto["check"] {
  const total = (lines: Array<{ amount: string }>) =>
    lines.reduce((sum, line) => sum + BigInt(line.amount), 0n);
  const deposited = total(deposits);
  const refunded = total(refunds);
  const paid = job.ticks_amount;
  const fees = job.ticks_fee;
  const acc = rates.reduce((sum, rate) => sum + BigInt(rate.worth), 0n);
  const earned = earnedOf(acc);
  const feeFromTerms = feeOf(paid, job.fee_bps);
  return {
    deposited: deposited.toString(),
    paidToProvider: (paid - fees).toString(),
    fees: fees.toString(),
    refunded: refunded.toString(),
    balance: job.balance.toString(),
    conserved: deposited === paid + refunded + job.balance,
    accFromRates: acc.toString(),
    accAgrees: acc === job.acc,
    earned: earned.toString(),
    paidWithinEarned: paid <= earned,
    feeFromTerms: feeFromTerms.toString(),
    feeAgrees: feeFromTerms === fees,
    closeAgrees:
      close &&
      BigInt(close.secondsBilled) === job.seconds_billed &&
      BigInt(close.paid) === job.ticks_amount &&
      BigInt(close.feePaid) === job.ticks_fee &&
      BigInt(close.keeperPaid) === job.ticks_keeper_fee,
  };
}

/** Each rate with the seconds billed at it; the last one's go on. */
function ratesOf(events: EventRow[], secondsBilled: bigint): ReceiptDto["rates"] {
  const changes = events.filter(({ name }) => name === "StreamOpened" || name === "StreamRateChanged");
  const fromSecond = (event: EventRow) =>
    event.name === "StreamOpened" ? 0n : BigInt(text(event, "seconds_billed"));
  return changes.map((event, i) => {
    const next = changes[i + 1];
    const seconds = (next ? fromSecond(next) : secondsBilled) - fromSecond(event);
    const ratePerHour = text(event, "rate_per_hour");
    return {
      ...at(event),
      ratePerHour,
      ratePerSecond: ratePerSecond(ratePerHour),
      fromSecond: Number(fromSecond(event)),
      seconds: Number(seconds),
      worth: (BigInt(ratePerHour) * seconds).toString(),
    };
  });
}

/** As ordered: an open job's row has taken its provider's rate since, and an extended one a longer duration. */
function termsOf(job: JobRow, made: EventRow | undefined): ReceiptDto["terms"] {
  const ordered = (field: string, now: bigint) => (made ? text(made, field) : now.toString());
  return {
    image: job.image,
    spec: job.spec,
    requirements: requirementsDto(job),
    gpus: Number(job.gpus),
    priority: job.priority,
    isOpen: job.is_open,
    orderedRatePerHour: ordered("rate_per_hour", job.rate_per_hour),
    orderedMaxDurationSecs: Number(ordered("max_duration_secs", job.max_duration_secs)),
    orderedDeposit: ordered("deposit", job.deposited),
    holdbackSecs: Number(job.holdback_secs),
    buyerKey: job.buyer_key,
    termsHash: job.terms_hash,
    createdAt: Number(job.created_at),
    createdTx: job.created_tx,
  };
}

function settlementOf(tick: TickRow): ReceiptDto["settlements"][number] {
  return {
    version: tick.version.toString(),
    index: tick.event_index,
    txHash: tick.tx_hash,
    timestamp: Number(tick.occurred_at),
    seq: tick.seq.toString(),
    keeper: tick.keeper,
    secondsAttested: Number(tick.seconds_attested),
    secondsConfirmed: Number(tick.seconds_confirmed),
    secondsBilled: Number(tick.seconds_billed),
    acc: tick.acc.toString(),
    amount: tick.amount.toString(),
    toProvider: (tick.amount - tick.fee).toString(),
    fee: tick.fee.toString(),
    keeperFee: tick.keeper_fee.toString(),
    paid: tick.paid.toString(),
    feePaid: tick.fee_paid.toString(),
    keeperPaid: tick.keeper_paid.toString(),
    balance: tick.balance.toString(),
  };
}

function closeOf(event: EventRow | undefined): ReceiptDto["close"] {
  if (!event) return null;
  return {
    ...at(event),
    secondsBilled: Number(text(event, "seconds_billed")),
    paid: text(event, "paid"),
    feePaid: text(event, "fee_paid"),
    keeperPaid: text(event, "keeper_paid"),
  };
}

function at(event: EventRow) {
  return {
    version: event.version.toString(),
    index: event.event_index,
    txHash: event.tx_hash,
    timestamp: Number(event.timestamp),
  };
}

/** Events are stored as they were decoded, integers as decimal strings: a field that isn't there is our own fault. */
function text(event: EventRow, field: string): string {
  const value = event.data[field];
  if (typeof value !== "string") throw new TypeError(`event ${event.name} has no text ${field}`);
  return value;
}
