/**
 * A hand-written chain that shows a part of its history, as a node does whose head moves on.
 * It doesn't change the history: two processes with the same one see the same.
 */
import type { ChainSource } from "../src/chain/source.ts";
import type { HandWrittenChain } from "./hand-written-chain.ts";

/** `head` is the newest version shown; `pageSize` the most that a page has. */
export function revealed(chain: HandWrittenChain, head: () => bigint, pageSize = 25): ChainSource {
  return {
    ...chain,
    async ledger() {
      const told = await chain.ledger();
      const version = head() < told.version ? head() : told.version;
      return { ...told, version };
    },
    async transactions(start, limit) {
      const page = await chain.transactions(start, Math.min(limit, pageSize));
      return page.filter((record) => record.version <= head());
    },
  };
}

/** How many events, and how many settlements, the transactions before a version have. */
export async function countsBefore(
  chain: HandWrittenChain,
): Promise<(version: bigint) => { events: number; ticks: number }> {
  const before = [{ events: 0, ticks: 0 }];
  for (let from = 0n; from <= chain.head; from += 100n) {
    for (const { events } of await chain.transactions(from, 100)) {
      const last = before.at(-1) ?? { events: 0, ticks: 0 };
      const ticks = events.filter(({ event }) => event.name === "StreamSettled").length;
      before.push({ events: last.events + events.length, ticks: last.ticks + ticks });
    }
  }
  return (version) => before[Number(version)] ?? { events: -1, ticks: -1 };
}
