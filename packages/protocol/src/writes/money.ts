/**
 * Writes of payments, quotes and disputes.
 * It doesn't verify signatures: the chain does.
 */
import { z } from "zod";
import { fromHex, zAddress, zHash32, zHex, zU64 } from "../primitives.ts";
import { zJobField, zPayableUsage, zQuotedOrder, zQuoteFields, zUsage } from "./fields.ts";
import { write } from "./write.ts";

export const MONEY_WRITES = {
  "payments/process": write({
    summary: "Pay what a job's newest attestation proves",
    calls: "payment_stream::process_payment",
    signer: "anyone",
    body: z.strictObject({ usage: zPayableUsage }),
    build: (payloads, { usage }) => payloads.processPayment(usage),
  }),
  "payments/process-many": write({
    summary: "Pay what the newest attestations of several jobs prove",
    calls: "payment_stream::process_payments",
    signer: "anyone",
    body: z.strictObject({ usages: z.array(zPayableUsage).min(1).max(100) }),
    build: (payloads, { usages }) => payloads.processPayments(usages),
  }),
  "quotes/redeem": write({
    summary: "Make the job of a paid quote",
    calls: "job_quotes::redeem",
    signer: "anyone",
    body: z.strictObject({ terms: zQuoteFields, order: zQuotedOrder }),
    build: (payloads, { terms, order }) => payloads.redeemQuote(terms, order),
  }),
  "quotes/refund": write({
    summary: "Send a quote's money back to its payer: payer and clerk at any time, then anyone",
    calls: "job_quotes::refund",
    signer: "anyone",
    body: zQuoteFields.extend({ asset: zAddress, orderHash: zHash32 }),
    build: (payloads, { asset, ...quote }) => payloads.refundQuote(asset, quote),
  }),
  "disputes/contradiction": write({
    summary: "Prove that a provider signed one number twice",
    calls: "dispute::report_contradiction",
    signer: "anyone",
    body: z.strictObject({ a: zUsage, b: zUsage }),
    build: (payloads, { a, b }) => payloads.reportContradiction(a, b),
  }),
  "disputes/impossible-time": write({
    summary: "Prove that a provider signed more seconds than have passed",
    calls: "dispute::report_impossible_time",
    signer: "anyone",
    body: z.strictObject({ usage: zUsage }),
    build: (payloads, { usage }) => payloads.reportImpossibleTime(usage),
  }),
  "disputes/device-overlap": write({
    summary: "Prove that one device was sold to two jobs at a time",
    calls: "dispute::report_device_overlap",
    signer: "anyone",
    body: zJobField.extend({ otherJob: zAddress.describe("Started before `job`, or at the same time.") }),
    build: (payloads, { job, otherJob }) => payloads.reportDeviceOverlap(job, otherJob),
  }),
  "disputes/challenge": write({
    summary: "Ask for a chunk of a job's output",
    calls: "dispute::challenge_output",
    signer: "buyer",
    body: zJobField.extend({ chunkIndex: zU64 }),
    build: (payloads, { job, chunkIndex }) => payloads.challengeOutput(job, chunkIndex),
  }),
  "disputes/answer": write({
    summary: "Show the chunk that was asked for",
    calls: "dispute::answer_challenge",
    signer: "anyone",
    body: zJobField.extend({
      chunk: zHex.max(110_000),
      proof: z.array(zHash32).max(64),
    }),
    build: (payloads, { job, chunk, proof }) =>
      payloads.answerChallenge(job, fromHex(chunk), proof.map(fromHex)),
  }),
  "disputes/arbitration": write({
    summary: "Bring a job before the arbiter",
    calls: "dispute::open_arbitration",
    signer: "buyer",
    body: zJobField.extend({ reason: z.string().max(2_048) }),
    build: (payloads, { job, reason }) => payloads.openArbitration(job, reason),
  }),
  "disputes/rule": write({
    summary: "Decide a case",
    calls: "dispute::rule",
    signer: "arbiter",
    body: zJobField.extend({ award: zU64.describe("Base units that the provider gets.") }),
    build: (payloads, { job, award }) => payloads.rule(job, award),
  }),
  "disputes/resolve": write({
    summary: "Close a case whose time is over",
    calls: "dispute::resolve",
    signer: "anyone",
    body: zJobField,
    build: (payloads, { job }) => payloads.resolve(job),
  }),
} as const;
