/**
 * The events of a job's money: its escrow and its stream.
 * It doesn't know the job's states.
 */
import { z } from "zod";
import { zAddress, zU64 } from "../primitives.ts";

export const ESCROW_EVENTS = {
  EscrowDeposited: z.object({
    job: zAddress,
    payer: zAddress,
    asset: zAddress,
    amount: zU64,
    balance: zU64,
    timestamp: zU64,
  }),
  EscrowRefunded: z.object({ job: zAddress, to: zAddress, amount: zU64, balance: zU64, timestamp: zU64 }),
};

export const STREAM_EVENTS = {
  StreamOpened: z.object({
    job: zAddress,
    payer: zAddress,
    payee: zAddress,
    asset: zAddress,
    rate_per_hour: zU64,
    deposited: zU64,
    fee_bps: zU64,
    keeper_share_bps: zU64,
    max_duration_secs: zU64,
    holdback_secs: zU64,
    started_at: zU64,
    timestamp: zU64,
  }),
  /**
   * Comes with every change of the meter and every new number: `amount` is 0 where nothing new is earned, or all of it
   * is held back.
   * `fee` and `fee_paid` include what the keeper got of them.
   */
  StreamSettled: z.object({
    job: zAddress,
    payee: zAddress,
    keeper: zAddress,
    seq: zU64,
    seconds_attested: zU64,
    seconds_confirmed: zU64,
    seconds_billed: zU64,
    amount: zU64,
    fee: zU64,
    keeper_fee: zU64,
    paid: zU64,
    fee_paid: zU64,
    keeper_paid: zU64,
    balance: zU64,
    timestamp: zU64,
  }),
  StreamExtended: z.object({
    job: zAddress,
    max_duration_secs: zU64,
    deposited: zU64,
    funded_secs: zU64,
    balance: zU64,
    timestamp: zU64,
  }),
  StreamRateChanged: z.object({
    job: zAddress,
    rate_per_hour: zU64,
    changed_by: zAddress,
    seconds_billed: zU64,
    funded_secs: zU64,
    timestamp: zU64,
  }),
  /** The next new second clears the flag, which the `StreamSettled` that counts it tells. */
  StreamStalled: z.object({ job: zAddress, flagged_by: zAddress, answer_by: zU64, timestamp: zU64 }),
  StreamSealed: z.object({ job: zAddress, seconds_billed: zU64, unreleased: zU64, timestamp: zU64 }),
  SettlementSkipped: z.object({ job: zAddress, keeper: zAddress, code: zU64, timestamp: zU64 }),
  StreamClosed: z.object({
    job: zAddress,
    seconds_billed: zU64,
    paid: zU64,
    fee_paid: zU64,
    keeper_paid: zU64,
    timestamp: zU64,
  }),
};
