/**
 * What the live feed reads about wallets: which are touched by a change, what they have, their ledger's new lines.
 * It doesn't know who subscribed.
 */
import { ledgerEntryDto } from "../api/ledger.ts";
import { readWallet } from "../api/wallet-snapshot.ts";
import type { AssetBook } from "../assets/book.ts";
import { ledgerBetween, walletsTouched } from "../db/queries/feed.ts";
import type { Queryable } from "../db/table.ts";
import type { Happened } from "./live-topic.ts";

interface Range {
  /** Versions above this, up to and including `until`. */
  after: bigint;
  until: bigint;
}

export function createWalletReader(db: Queryable, book: AssetBook) {
  return {
    /** Those of `wallets` whose things or money changed. */
    async touched(
      wallets: string[],
      by: { jobs: string[]; providers: string[] },
      range: Range,
    ): Promise<string[]> {
      return wallets.length === 0 ? [] : walletsTouched(db, wallets, by, range);
    },
    state: (wallet: string) => readWallet(db, wallet, book),
    /** Oldest first; null when there are more than `limit`. */
    async entries(wallet: string, range: Range, limit: number): Promise<Happened[] | null> {
      const lines = await ledgerBetween(db, wallet, range, limit + 1);
      if (lines.length > limit) return null;
      return lines.map((line) => ({
        version: line.version,
        json: JSON.stringify(ledgerEntryDto(line, book)),
      }));
    },
  };
}
