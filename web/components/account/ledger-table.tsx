"use client";
/** A wallet's credits and debits, newest first, a page at a time. It doesn't add them up: the indexer's totals do. */
import type { LedgerEntryDto } from "@computestream/protocol/api";
import { useCallback, useEffect, useState } from "react";
import { formatAmount, formatDateTime } from "../../lib/format.ts";
import { ledgerLink, ledgerWords } from "../../lib/ledger-words.ts";
import { transactionUrl } from "../../lib/tx-link.ts";
import { useApp } from "../app-provider.tsx";
import { ListSkeleton } from "../stream/explorer.tsx";
import { Address } from "../ui/address.tsx";
import { Empty } from "../ui/empty.tsx";
import { Notice } from "../ui/notice.tsx";

const PAGE = 25;

/** `mark` changes when money has moved. */
export function LedgerTable({ address, mark }: { address: string; mark: string }) {
  const { api } = useApp();
  const [list, setList] = useState<{ items: LedgerEntryDto[]; cursor: string | null } | null>(null);
  const [error, setError] = useState<string | null>(null);
  const load = useCallback(
    async (cursor: string | null, signal?: AbortSignal) => {
      try {
        const page = await api.ledger(address, { limit: PAGE, cursor }, signal);
        if (signal?.aborted) return;
        setError(null);
        setList((before) => ({
          items: cursor && before ? [...before.items, ...page.items] : page.items,
          cursor: page.nextCursor,
        }));
      } catch (cause) {
        if (!signal?.aborted) setError(cause instanceof Error ? cause.message : String(cause));
      }
    },
    [api, address],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: `mark` asks for the newest page again
  useEffect(() => {
    const abort = new AbortController();
    void load(null, abort.signal);
    return () => abort.abort();
  }, [load, mark]);

  return (
    <section className="card" aria-labelledby="ledger">
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 px-5 py-4">
        <h2 id="ledger" className="font-semibold">
          Credits and debits
        </h2>
        <a className="link text-sm" href={api.ledgerCsvUrl(address)} download>
          As CSV
        </a>
      </div>
      <div className="border-t border-line">
        {error && (
          <div className="p-5">
            <Notice
              tone="warn"
              title="The ledger can't be loaded"
              action={
                <button type="button" className="btn" onClick={() => void load(null)}>
                  Try again
                </button>
              }
            >
              {error}
            </Notice>
          </div>
        )}
        {list === null ? (
          error ? null : (
            <ListSkeleton rows={4} />
          )
        ) : list.items.length === 0 ? (
          <Empty title="No money has moved yet">
            The first line comes when you lock money for a job, or stake for a machine.
          </Empty>
        ) : (
          <ul className="divide-y divide-line" data-testid="ledger">
            {list.items.map((entry) => (
              <Line key={`${entry.version}:${entry.index}:${entry.part}`} entry={entry} />
            ))}
          </ul>
        )}
      </div>
      {list?.cursor && (
        <div className="border-t border-line px-5 py-4">
          <button type="button" className="btn" onClick={() => void load(list.cursor)}>
            Load more
          </button>
        </div>
      )}
    </section>
  );
}

function Line({ entry }: { entry: LedgerEntryDto }) {
  const { config } = useApp();
  const { asset, direction } = entry;
  const isCredit = direction === "credit";
  const link = ledgerLink(entry);
  return (
    <li
      className="grid grid-cols-[1fr_auto] items-baseline gap-x-4 gap-y-0.5 px-5 py-3 text-sm"
      data-testid="ledger-line"
      data-kind={entry.kind}
      data-direction={direction}
      data-base-units={entry.amount}
    >
      <span className="font-medium">{ledgerWords(entry)}</span>
      <span className={`text-right font-semibold whitespace-nowrap ${isCredit ? "text-accent" : ""}`}>
        {isCredit ? "+" : "−"}
        {formatAmount(BigInt(entry.amount), asset.decimals)}{" "}
        <span className="text-xs font-medium text-muted">{asset.symbol}</span>
      </span>
      <span className="flex flex-wrap items-baseline gap-x-4 text-xs text-muted">
        <a
          className="link"
          href={transactionUrl(config, entry.txHash)}
          target="_blank"
          rel="noreferrer"
          title="The transaction on chain"
        >
          {formatDateTime(entry.timestamp)}
        </a>
      </span>
      <span className="text-right text-xs">
        {link && <Address value={link.address} label={link.label} href={link.href} />}
      </span>
    </li>
  );
}
