import type { ChainClient, Outcome } from "@computestream/protocol/client";
import { ChainError } from "@computestream/protocol/client";
import { expect, it } from "vitest";
import { createOperator, type IntentLog } from "./chain.ts";
import type { JournalRecord } from "./journal.ts";
import { createLogger } from "./logger.ts";
import type { OperatorKey } from "./operator-key.ts";

const log = createLogger("silent");
const key = {
  address: "0xa",
  publicKey: "0xb",
  signTransaction: (_client: unknown, built: { nonce: bigint }) => ({
    hash: `0x${built.nonce}`,
    bytes: Uint8Array.of(Number(built.nonce)),
    sequenceNumber: built.nonce,
    expiresAt: 100n,
  }),
} as unknown as OperatorKey;

const refusal = (code: string, retryable: boolean) =>
  new ChainError({ code, module: null, message: code }, { retryable });

/** A chain in memory: faults that a real one only shows by chance are switched on here. */
function fakeChain(faults: { submit?: Array<Error | null>; lostAnswer?: boolean } = {}) {
  const committed = new Map<string, Outcome>();
  const submitted: string[] = [];
  const state = { nonce: 0n, nowSecs: 50n };
  const commit = (hash: string) => {
    if (committed.has(hash)) return;
    state.nonce += 1n;
    committed.set(hash, { hash, success: true, failure: null } as Outcome);
  };
  const client = {
    build: async () => ({ nonce: state.nonce }),
    async submit({ hash }: { hash: string }) {
      submitted.push(hash);
      const fault = faults.submit?.shift();
      if (fault) throw fault;
      commit(hash);
    },
    findByHash: async (hash: string) => committed.get(hash) ?? null,
    async waitFor(hash: string) {
      const outcome = committed.get(hash);
      if (!outcome || faults.lostAnswer) throw refusal("OUTCOME_UNKNOWN", true);
      return outcome;
    },
    ledger: async () => ({ timestampUsecs: state.nowSecs * 1_000_000n }),
  } as unknown as ChainClient;
  return { client, submitted, state, commit };
}

function memory(): IntentLog & { records: JournalRecord[] } {
  const records: JournalRecord[] = [];
  return {
    records,
    async append(record) {
      records.push(record);
    },
  };
}
const payload = {} as never;
const intent = { kind: "start", hash: "0x0", bytes: "0x00", expiresAt: 100n };

it("has the hash and the bytes on disk before the chain sees them", async () => {
  const chain = fakeChain();
  const journal = memory();
  const seen: unknown[] = [];
  const watched: IntentLog = {
    async append(record) {
      seen.push([record.t, chain.submitted.length]);
      await journal.append(record);
    },
  };
  await createOperator({ client: chain.client, key, log }).execute("start", payload, watched);
  expect(seen).toEqual([
    ["tx", 0],
    ["tx-outcome", 1],
  ]);
  expect(journal.records).toEqual([
    { t: "tx", kind: "start", hash: "0x0", bytes: "0x00", expiresAt: 100n },
    { t: "tx-outcome", hash: "0x0", result: "committed" },
  ]);
});

it("gives every transaction its own number, however many are asked for at once", async () => {
  const chain = fakeChain();
  const operator = createOperator({ client: chain.client, key, log });
  await Promise.all([1, 2, 3, 4].map(() => operator.execute("accept", payload, memory())));
  expect(chain.submitted).toEqual(["0x0", "0x1", "0x2", "0x3"]);
});

it("builds anew when the number was used by someone else, and gives up after three", async () => {
  const stale = () => refusal("SEQUENCE_NUMBER_TOO_OLD", false);
  const chain = fakeChain({ submit: [stale(), null] });
  const journal = memory();
  await createOperator({ client: chain.client, key, log }).execute("accept", payload, journal);
  expect(journal.records.map((record) => record.t)).toEqual(["tx", "tx-outcome", "tx", "tx-outcome"]);
  const busy = fakeChain({ submit: [stale(), stale(), stale()] });
  await expect(
    createOperator({ client: busy.client, key, log }).execute("accept", payload, memory()),
  ).rejects.toMatchObject({ code: "TX_REFUSED", retryable: true });
});

it("leaves the intent open when it can't know the outcome", async () => {
  for (const faults of [{ submit: [refusal("NODE_UNREACHABLE", true)] }, { lostAnswer: true }]) {
    const journal = memory();
    const operator = createOperator({ client: fakeChain(faults).client, key, log });
    await expect(operator.execute("start", payload, journal)).rejects.toMatchObject({
      code: "TX_UNKNOWN",
      retryable: true,
    });
    expect(journal.records.map((record) => record.t)).toEqual(["tx"]);
  }
});

it("goes on with the next transaction after one that failed", async () => {
  const chain = fakeChain({ submit: [refusal("INSUFFICIENT_BALANCE", false), null] });
  const operator = createOperator({ client: chain.client, key, log });
  const [first, second] = await Promise.allSettled([
    operator.execute("accept", payload, memory()),
    operator.execute("accept", payload, memory()),
  ]);
  expect(first).toMatchObject({ status: "rejected", reason: { code: "TX_REFUSED" } });
  expect(second.status).toBe("fulfilled");
});

it("after a crash finds a committed transaction by its hash and sends nothing", async () => {
  const chain = fakeChain();
  chain.commit("0x0");
  const journal = memory();
  expect(await createOperator({ client: chain.client, key, log }).resolve(intent, journal)).toBe(true);
  expect(chain.submitted).toEqual([]);
  expect(journal.records).toEqual([{ t: "tx-outcome", hash: "0x0", result: "committed" }]);
});

it("after a crash sends the same bytes again while they are valid, and never others", async () => {
  const chain = fakeChain();
  expect(await createOperator({ client: chain.client, key, log }).resolve(intent, memory())).toBe(true);
  expect(chain.submitted).toEqual(["0x0"]);
});

it("calls a transaction lost only when it has expired by the chain's own clock", async () => {
  const chain = fakeChain({ submit: [refusal("NODE_UNREACHABLE", true)] });
  const operator = createOperator({ client: chain.client, key, log });
  const journal = memory();
  expect(await operator.resolve(intent, journal)).toBe(false);
  expect(journal.records).toEqual([]);
  chain.state.nowSecs = 101n;
  expect(await operator.resolve(intent, journal)).toBe(true);
  expect(journal.records).toEqual([{ t: "tx-outcome", hash: "0x0", result: "lost" }]);
});
