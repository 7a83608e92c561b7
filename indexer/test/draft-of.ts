/**
 * Drafts of the mirror from events written by hand, without a database.
 * It doesn't assert anything.
 */
import type { TransactionRecord } from "@computestream/protocol/client";
import { applyTransactions, type Draft, emptyDraft, eventRowsOf } from "../src/handlers/index.ts";
import { createHandWrittenChain, type RawEvent } from "./hand-written-chain.ts";

/** One transaction: its second of chain time and its events. */
export type Step = [atSecs: number, events: RawEvent[]];

export async function record(...steps: Step[]): Promise<TransactionRecord[]> {
  const chain = createHandWrittenChain();
  for (const [atSecs, events] of steps) chain.append(atSecs, events);
  return chain.transactions(1n, 100);
}

export async function draftOf(...steps: Step[]): Promise<Draft> {
  const draft = emptyDraft();
  const records = await record(...steps);
  draft.events = eventRowsOf(records);
  applyTransactions(draft, records);
  return draft;
}
