"use client";
/** The receipt: every event and every settlement with its transaction. It doesn't compute amounts. */
import type { JobDto, JobEventDto, TickDto } from "@computestream/protocol/api";
import { useState } from "react";
import { formatAmount, formatClock, shortAddress } from "../../lib/format.ts";
import { eventWords, tickWords } from "../../lib/receipt.ts";
import { transactionUrl } from "../../lib/tx-link.ts";
import { useApp } from "../app-provider.tsx";
import { Empty } from "../ui/empty.tsx";

const FIRST = 8;

interface Entry {
  key: string;
  version: bigint;
  index: number;
  at: number;
  text: string;
  detail: string | null;
  amount: string | null;
  txHash: string;
}

export function JobTimeline({
  job,
  events,
  ticks,
}: {
  job: JobDto;
  events: JobEventDto[];
  ticks: TickDto[];
}) {
  const { config } = useApp();
  const [all, setAll] = useState(false);
  const { symbol, decimals } = job.asset;
  const money = (value: unknown): string => `${formatAmount(BigInt(String(value)), decimals)} ${symbol}`;
  const entries = [...events.map((e) => eventEntry(e, money)), ...ticks.map((t) => tickEntry(t, money))].sort(
    (a, b) => (a.version === b.version ? b.index - a.index : a.version < b.version ? 1 : -1),
  );
  const shown = all ? entries : entries.slice(0, FIRST);
  return (
    <section className="card" aria-labelledby="timeline">
      <h2 id="timeline" className="px-5 pt-5 pb-3 font-semibold">
        Receipt
      </h2>
      {entries.length === 0 ? (
        <Empty title="No event yet">Each event of this job is listed here with its transaction.</Empty>
      ) : (
        <>
          <ol
            className={`divide-y divide-line border-t border-line text-sm ${all ? "max-h-[32rem] overflow-auto" : ""}`}
            // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable list has to be reachable by keyboard
            tabIndex={0}
            aria-label="Events, newest first"
          >
            {shown.map((entry) => (
              <li
                key={entry.key}
                className="grid grid-cols-[4.25rem_minmax(0,1fr)_auto] items-baseline gap-x-3 px-5 py-2"
              >
                <time className="text-xs text-muted" suppressHydrationWarning>
                  {formatClock(entry.at)}
                </time>
                <span className="min-w-0 break-words">{entry.text}</span>
                <span className="text-right font-medium whitespace-nowrap">{entry.amount}</span>
                {entry.detail && (
                  <span className="col-span-2 col-start-2 text-xs text-muted">{entry.detail}</span>
                )}
                <a
                  href={transactionUrl(config, entry.txHash)}
                  target="_blank"
                  rel="noreferrer"
                  className="col-span-2 col-start-2 w-fit font-mono text-xs text-muted underline decoration-line underline-offset-2 hover:text-text"
                  title={entry.txHash}
                >
                  {shortAddress(entry.txHash)}
                </a>
              </li>
            ))}
          </ol>
          {entries.length > FIRST && (
            <button
              type="button"
              className="w-full border-t border-line px-5 py-3 text-sm font-medium text-muted hover:bg-raised"
              onClick={() => setAll(!all)}
            >
              {all ? "Show less" : `Show all ${entries.length}`}
            </button>
          )}
        </>
      )}
    </section>
  );
}

function tickEntry(tick: TickDto, money: (value: unknown) => string): Entry {
  return {
    key: `${tick.version}:${tick.index}`,
    version: BigInt(tick.version),
    index: tick.index,
    at: tick.timestamp,
    ...tickWords(tick, money),
    txHash: tick.txHash,
  };
}

function eventEntry(event: JobEventDto, money: (value: unknown) => string): Entry {
  return {
    key: `${event.version}:${event.index}`,
    version: BigInt(event.version),
    index: event.index,
    at: event.timestamp,
    ...eventWords(event, money),
    txHash: event.txHash,
  };
}
