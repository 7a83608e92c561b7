/**
 * The lines of a job's receipt: each event and each settlement in words, with the amount it is about.
 * It doesn't add anything up: every amount is the event's own.
 */
import type { JobEventDto, TickDto } from "@computestream/protocol/api";
import { formatDateTime, formatDuration, shortAddress } from "./format.ts";

type Money = (baseUnits: unknown) => string;

export interface ReceiptWords {
  text: string;
  /** What else the event tells. */
  detail: string | null;
  amount: string | null;
}

/** A settlement; one that pays nothing has no amount. */
export function tickWords(tick: TickDto, money: Money): ReceiptWords {
  const details = [
    tick.secondsConfirmed > 0 ? `${tick.secondsConfirmed} confirmed` : null,
    BigInt(tick.keeperFee) > 0n ? `keeper's part ${money(tick.keeperFee)}` : null,
  ].filter((text) => text !== null);
  return {
    text:
      tick.amount === "0"
        ? `Counted up to second ${tick.secondsBilled}`
        : `Paid up to second ${tick.secondsBilled}`,
    detail: details.length > 0 ? details.join(" · ") : null,
    amount: tick.amount === "0" ? null : money(tick.amount),
  };
}

type Data = JobEventDto["data"];
type Words = (data: Data, money: Money) => { text: string; detail?: string | null; amount?: string | null };

const isWhole = (value: unknown): value is string => typeof value === "string" && /^\d+$/.test(value);
const amountOf = (data: Data, field: string, money: Money): string | null =>
  isWhole(data[field]) ? money(data[field]) : null;
const moment = (value: unknown): string | null =>
  isWhole(value) && value !== "0" ? formatDateTime(Number(value)) : null;
const until = (what: string, value: unknown): string | null => {
  const at = moment(value);
  return at === null ? null : `${what} ${at}`;
};

const said =
  (text: string): Words =>
  () => ({ text });
const paid =
  (text: string, field: string): Words =>
  (data, money) => ({ text, amount: amountOf(data, field, money) });

const ended =
  (text: string): Words =>
  (data) => ({ text, detail: until("held money waits until", data.challenge_until) });

const WORDS: Record<string, Words> = {
  JobCreated: (data) => ({
    text: data.is_open === true ? "Job created, open to any machine that fits" : "Job created",
  }),
  EscrowDeposited: paid("Locked in escrow", "amount"),
  JobAccepted: (data, money) => ({
    text: "Accepted by the machine",
    detail: isWhole(data.rate_per_hour) ? `at ${money(data.rate_per_hour)} an hour` : null,
  }),
  JobStarted: said("Container started"),
  StreamOpened: said("Payment stream opened"),
  StreamExtended: (data) => ({
    text: "Extended by the buyer",
    detail: isWhole(data.max_duration_secs)
      ? `may run ${formatDuration(Number(data.max_duration_secs))} in all`
      : null,
  }),
  StreamRateChanged: (data, money) => ({
    text: "Rate changed",
    detail: isWhole(data.rate_per_hour)
      ? `${money(data.rate_per_hour)} an hour from second ${data.seconds_billed} on`
      : null,
  }),
  StreamStalled: (data) => ({
    text: "Flagged: the machine is silent",
    detail: until("a new second clears it until", data.answer_by),
  }),
  StreamSealed: (data, money) => ({
    text: "Nothing more can be proven",
    detail: data.unreleased === "0" ? null : "held back from here on",
    amount: data.unreleased === "0" ? null : amountOf(data, "unreleased", money),
  }),
  SettlementSkipped: said("A settlement was skipped"),
  StreamClosed: paid("Payment stream closed", "paid"),
  EscrowRefunded: paid("Refunded to the buyer", "amount"),
  JobCompleted: ended("Completed"),
  JobFailed: ended("Failed"),
  JobCancelled: said("Cancelled by the buyer"),
  JobTerminated: ended("Stopped by the buyer"),
  JobExpired: ended("Expired"),
  JobWaived: ended("The machine proves nothing more"),
  JobForfeited: said("Ended: the machine was at fault"),
  JobSettled: paid("Settled; net to the machine", "paid"),
  JobReclaimed: said("Removed from the chain"),
  OutputChallenged: (data, money) => ({
    text: `Output challenged: piece ${data.chunk_index}`,
    detail: until("bond; to be shown by", data.answer_by),
    amount: amountOf(data, "bond", money),
  }),
  ChallengeAnswered: (data, money) => ({
    text: `Piece ${data.chunk_index} was shown`,
    detail: "the bond goes to the machine's owner",
    amount: amountOf(data, "bond", money),
  }),
  ChallengeLost: (data, money) => ({
    text: "The challenge was won by the buyer",
    detail: "the bond comes back",
    amount: amountOf(data, "refunded_bond", money),
  }),
  ArbitrationOpened: (data, money) => ({
    text: "The arbiter was asked",
    detail: until("bond; to be decided by", data.decide_by),
    amount: amountOf(data, "bond", money),
  }),
  ArbitrationDecided: (data, money) => ({
    text: data.by_default === true ? "Not decided in time" : "The arbiter decided",
    detail: isWhole(data.unreleased)
      ? `awarded to the machine, of ${money(data.unreleased)} held; the bond goes to ${shortAddress(String(data.bond_to))}`
      : null,
    amount: amountOf(data, "award", money),
  }),
  FaultProven: (data, money) => ({
    text: "A fault of the machine was proven",
    detail: "taken from its stake",
    amount: amountOf(data, "slashed", money),
  }),
};

/** An event that isn't known by words shows its name. */
export function eventWords(event: Pick<JobEventDto, "name" | "data">, money: Money): ReceiptWords {
  const words = WORDS[event.name]?.(event.data, money) ?? {
    text: event.name.replace(/([a-z])([A-Z])/g, "$1 $2"),
  };
  return { detail: null, amount: null, ...words };
}
