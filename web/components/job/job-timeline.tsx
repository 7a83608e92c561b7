"use client";
/** The receipt: every event and every settlement with its transaction. It doesn't compute amounts. */
import type { JobDto, JobEventDto, TickDto } from "@computestream/protocol/api";
import { useState } from "react";
import { formatAmount, formatClock, shortAddress } from "../../lib/format.ts";
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
                <span className="min-w-0 break-words">
                  {entry.text}
                  <a
                    href={transactionUrl(config, entry.txHash)}
                    target="_blank"
                    rel="noreferrer"
                    className="block w-fit font-mono text-xs text-muted underline decoration-line underline-offset-2 hover:text-text"
                    title={entry.txHash}
                  >
                    {shortAddress(entry.txHash)}
                  </a>
                </span>
                <span className="text-right font-medium whitespace-nowrap">{entry.amount}</span>
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
    text: `Paid up to second ${tick.secondsBilled}`,
    amount: money(tick.amount),
    txHash: tick.txHash,
  };
}

function eventEntry(event: JobEventDto, money: (value: unknown) => string): Entry {
  const [text, amountField] = EVENT_TEXT[event.name] ?? [
    event.name.replace(/([a-z])([A-Z])/g, "$1 $2"),
    null,
  ];
  const amount = amountField ? event.data[amountField] : undefined;
  return {
    key: `${event.version}:${event.index}`,
    version: BigInt(event.version),
    index: event.index,
    at: event.timestamp,
    text,
    amount: typeof amount === "string" && /^\d+$/.test(amount) ? money(amount) : null,
    txHash: event.txHash,
  };
}

const EVENT_TEXT: Record<string, [text: string, amount: string | null]> = {
  JobCreated: ["Job created", null],
  EscrowDeposited: ["Deposit locked", "amount"],
  JobAccepted: ["Accepted by the machine", null],
  JobStarted: ["Container started", null],
  StreamOpened: ["Payment stream opened", null],
  SettlementSkipped: ["A settlement was skipped", null],
  StreamClosed: ["Payment stream closed", "paid"],
  EscrowRefunded: ["Refunded to the buyer", "amount"],
  JobCompleted: ["Completed", null],
  JobFailed: ["Failed", null],
  JobCancelled: ["Cancelled by the buyer", null],
  JobTerminated: ["Stopped by the buyer", null],
  JobStalled: ["Flagged: the machine is silent", null],
  JobExpired: ["Expired", null],
  JobSettled: ["Settled; net to the machine", "paid"],
};
