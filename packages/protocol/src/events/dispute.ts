/**
 * The events of `dispute`: proven faults, output challenges and arbitration.
 * It doesn't know what follows for the job or the stake: their own events tell. `fault` is a number of dispute.ts.
 */
import { z } from "zod";
import { zAddress, zU64 } from "../primitives.ts";
import { zU8 } from "../structs.ts";

export const DISPUTE_EVENTS = {
  FaultProven: z.object({
    job: zAddress,
    provider: zAddress,
    fault: zU8,
    reporter: zAddress,
    slashed: zU64,
    reward: zU64,
    timestamp: zU64,
  }),
  OutputChallenged: z.object({
    job: zAddress,
    buyer: zAddress,
    chunk_index: zU64,
    bond: zU64,
    answer_by: zU64,
    timestamp: zU64,
  }),
  ChallengeAnswered: z.object({
    job: zAddress,
    answered_by: zAddress,
    chunk_index: zU64,
    bond: zU64,
    timestamp: zU64,
  }),
  ChallengeLost: z.object({ job: zAddress, provider: zAddress, refunded_bond: zU64, timestamp: zU64 }),
  ArbitrationOpened: z.object({
    job: zAddress,
    buyer: zAddress,
    arbiter: zAddress,
    reason: z.string(),
    unreleased: zU64,
    bond: zU64,
    decide_by: zU64,
    timestamp: zU64,
  }),
  ArbitrationDecided: z.object({
    job: zAddress,
    arbiter: zAddress,
    award: zU64,
    unreleased: zU64,
    bond_to: zAddress,
    by_default: z.boolean(),
    timestamp: zU64,
  }),
};
