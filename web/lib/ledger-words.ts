/**
 * A ledger's lines in words: what each kind of movement was for.
 * It doesn't know React or amounts.
 */
import type { LedgerEntryDto, LedgerKind } from "@computestream/protocol/api";

const WORDS: Record<LedgerKind, string> = {
  deposit: "Locked for a job",
  refund: "Back from a job",
  payment: "Earned by a machine",
  keeper_fee: "Earned by settling",
  fee: "Market fee",
  stake: "Put at stake",
  unstake: "Back from a stake",
  reward: "Reward for a proven fault",
  slash: "Part of a slashed stake",
  bond: "Bond of a case",
  bond_back: "Bond came back",
  bond_won: "Bond of a lost case",
  quote_payment: "Paid to a quote",
  quote_refund: "Back from a quote",
};

export const ledgerWords = ({ kind }: Pick<LedgerEntryDto, "kind">): string => WORDS[kind];

/** Where a line's money came from or went to, as a page of this site; null where there is none. */
export function ledgerLink({ job, provider }: Pick<LedgerEntryDto, "job" | "provider">): {
  href: string;
  address: string;
  label: string;
} | null {
  if (job) return { href: `/jobs/${job}`, address: job, label: "job address" };
  if (provider) return { href: `/providers/${provider}`, address: provider, label: "machine address" };
  return null;
}
