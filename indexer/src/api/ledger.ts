/**
 * From the events that moved money to the lines of a wallet's ledger: one line for each movement.
 * It doesn't query: db/queries/ledger.ts finds the events, and both must name the same.
 */
import type { LedgerEntryDto, LedgerKind } from "@computestream/protocol/api";
import type { z } from "zod";
import type { MoneyEvent } from "../db/queries/ledger.ts";
import { type Asset, assetDto } from "./dto.ts";
import { zIndex, zPositionKey } from "./pagination.ts";

/** Where a page ended: an event may have more than one line. */
export const zLedgerKey = zPositionKey.extend({ part: zIndex }).strict();
type LedgerKey = z.output<typeof zLedgerKey>;

const KIND_DIRECTION: Record<LedgerKind, LedgerEntryDto["direction"]> = {
  deposit: "debit",
  stake: "debit",
  bond: "debit",
  refund: "credit",
  payment: "credit",
  keeper_fee: "credit",
  unstake: "credit",
  reward: "credit",
  bond_back: "credit",
  bond_won: "credit",
};

/** Every movement of `wallet` in the event, at least one when the query found it; amounts of 0 move nothing. */
export function linesOf(money: MoneyEvent, wallet: string, known: Asset): LedgerEntryDto[] {
  const { event } = money;
  return movementsOf(money, wallet)
    .filter(([, amount]) => amount > 0n)
    .map(([kind, amount], part) => ({
      version: event.version.toString(),
      index: event.event_index,
      part,
      txHash: event.tx_hash,
      timestamp: Number(event.timestamp),
      kind,
      direction: KIND_DIRECTION[kind],
      amount: amount.toString(),
      asset: assetDto(money.asset, known),
      job: event.job,
      provider: event.provider,
    }));
}

function movementsOf(
  { event, owner, bond }: MoneyEvent,
  wallet: string,
): Array<[kind: LedgerKind, amount: bigint]> {
  const is = (field: string) => event.data[field] === wallet;
  const amount = (field: string) => BigInt(String(event.data[field]));
  switch (event.name) {
    case "EscrowDeposited":
      return is("payer") ? [["deposit", amount("amount")]] : [];
    case "EscrowRefunded":
      return is("to") ? [["refund", amount("amount")]] : [];
    case "StreamSettled":
      return [
        ["payment", is("payee") ? amount("amount") - amount("fee") : 0n],
        ["keeper_fee", is("keeper") ? amount("keeper_fee") : 0n],
      ];
    case "ProviderRegistered":
      return is("owner") ? [["stake", amount("staked")]] : [];
    case "StakeAdded":
      return owner === wallet ? [["stake", amount("amount")]] : [];
    case "StakeWithdrawn":
      return owner === wallet ? [["unstake", amount("amount")]] : [];
    case "StakeSlashed":
      return is("reporter") ? [["reward", amount("reward")]] : [];
    case "OutputChallenged":
    case "ArbitrationOpened":
      return is("buyer") ? [["bond", amount("bond")]] : [];
    case "ChallengeAnswered":
      return owner === wallet ? [["bond_won", amount("bond")]] : [];
    case "ChallengeLost":
      // The query gives it to the job's buyer only.
      return [["bond_back", amount("refunded_bond")]];
    case "ArbitrationDecided":
      return is("bond_to") ? [[owner === wallet ? "bond_won" : "bond_back", BigInt(bond)]] : [];
    default:
      return [];
  }
}

export function ledgerKeyOf(line: LedgerEntryDto): LedgerKey {
  return { version: line.version, index: line.index, part: line.part };
}

/** Newest first, but the lines of one event in their own order. */
export function isAfterKey(line: LedgerEntryDto, key: LedgerKey): boolean {
  if (line.version !== key.version) return BigInt(line.version) < BigInt(key.version);
  return line.index !== key.index ? line.index < key.index : line.part > key.part;
}
