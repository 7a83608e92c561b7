/**
 * Events -> what each moved between wallets and what the market holds: escrows, stakes, bonds. One line a movement.
 * It doesn't add anything up, and moves inside the market (to unbonding, from stake to nobody's) are none.
 */
import type { LedgerKind } from "@computestream/protocol/api";
import type { EventPosition, ProtocolEvent } from "@computestream/protocol/events";
import type { CaseRow, JobRow, LedgerRow, ProviderRow } from "../db/tables.ts";

type Movement = [wallet: string, kind: LedgerKind, asset: string, amount: bigint];

/** Rows as they are before the event; `openCase` is the job's. */
export function jobMovements(
  event: ProtocolEvent,
  at: EventPosition,
  job: JobRow,
  openCase: CaseRow | undefined,
): LedgerRow[] {
  const { asset } = job;
  switch (event.name) {
    case "EscrowDeposited":
      // The deposit may be told before the order that tells the asset.
      return lines(at, [event.data.payer, "deposit", event.data.asset, -event.data.amount]);
    case "EscrowRefunded":
      return lines(at, [event.data.to, "refund", asset, event.data.amount]);
    case "StreamSettled": {
      const { payee, keeper, amount, fee, keeper_fee } = event.data;
      return lines(
        at,
        [payee, "payment", asset, amount - fee],
        [keeper, "keeper_fee", asset, keeper_fee],
        [job.treasury, "fee", asset, fee - keeper_fee],
      );
    }
    case "FaultProven": {
      // The stake tells of it too, but only here is the job named whose treasury gets the rest.
      const { reporter, slashed, reward } = event.data;
      return lines(at, [reporter, "reward", asset, reward], [job.treasury, "slash", asset, slashed - reward]);
    }
    case "OutputChallenged":
    case "ArbitrationOpened":
      return lines(at, [event.data.buyer, "bond", asset, -event.data.bond]);
    case "ChallengeAnswered":
      // A case is about a job that ran, and its stream pays the provider's owner, who never changes.
      return lines(at, [job.payee, "bond_won", asset, event.data.bond]);
    case "ChallengeLost":
      return lines(at, [job.buyer, "bond_back", asset, event.data.refunded_bond]);
    case "ArbitrationDecided": {
      const to = event.data.bond_to;
      return lines(at, [to, to === job.buyer ? "bond_back" : "bond_won", asset, openCase?.bond ?? 0n]);
    }
    default:
      return [];
  }
}

/** `row` is the provider as it is before the event. */
export function stakeMovements(event: ProtocolEvent, at: EventPosition, row: ProviderRow): LedgerRow[] {
  switch (event.name) {
    case "ProviderRegistered":
      return lines(at, [event.data.owner, "stake", event.data.asset, -event.data.staked]);
    case "StakeAdded":
      return lines(at, [row.owner, "stake", row.asset, -event.data.amount]);
    case "StakeWithdrawn":
      return lines(at, [row.owner, "unstake", row.asset, event.data.amount]);
    default:
      return [];
  }
}

/**
 * What leaves a quote for its payer. That it came there the chain tells here for the first time; what became a job's
 * deposit its escrow tells. Both lines at once, so that what never was in the market changes no sum.
 */
export function quoteMovements(event: ProtocolEvent, at: EventPosition): LedgerRow[] {
  if (event.name !== "QuoteRefunded") return [];
  const { payer, asset, amount } = event.data;
  return lines(at, [payer, "quote_payment", asset, -amount], [payer, "quote_refund", asset, amount]);
}

/** A movement of nothing is none, and keeps its place. */
function lines(at: EventPosition, ...movements: Movement[]): LedgerRow[] {
  const rows: LedgerRow[] = [];
  for (const [line, [wallet, kind, asset, amount]] of movements.entries()) {
    if (amount === 0n) continue;
    rows.push({ wallet, version: at.version, event_index: at.index, line, kind, asset, amount });
  }
  return rows;
}
