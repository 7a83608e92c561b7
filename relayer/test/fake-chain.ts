/**
 * A fake chain for what no real one does on demand: losing a submission, answering late, refusing, standing still.
 * It doesn't execute anything; it only knows one account's numbers, hashes and expiry.
 */
import { createHash } from "node:crypto";
import type { InputEntryFunctionData, SimpleTransaction } from "@aptos-labs/ts-sdk";
import { type ChainClient, ChainError, type EncodedCall, type Outcome } from "@computestream/protocol/client";
import type { Signer } from "../src/chain/signer.ts";

type Chain = Pick<
  ChainClient,
  "build" | "sign" | "submit" | "findByHash" | "waitFor" | "ledger" | "sequenceNumber"
>;

/** What happens to the next submission. */
export type Fate = "commit" | "fail" | "lose" | "commit_unheard" | "refuse" | "number_taken";

interface Draft {
  payload: InputEntryFunctionData | EncodedCall;
  sequenceNumber: bigint;
  expiresAt: bigint;
}

export interface FakeChain extends Chain {
  fates: Fate[];
  nowSecs: bigint;
  next: bigint;
  /** Taken, and waiting for a lower number: by number. */
  queued: Map<bigint, string>;
  /** Everything sent, in order: hash and number. */
  sent: Array<{ hash: string; sequenceNumber: bigint }>;
  committed: Map<string, Outcome>;
  reachable: boolean;
}

export const FAKE_SIGNER: Signer = {
  address: `0x${"99".repeat(32)}`,
  sign: (client, transaction) => client.sign(undefined as never, transaction),
};

export function createFakeChain(): FakeChain {
  const drafts = new Map<string, Draft>();
  let nonce = 0;
  const away = (): ChainError =>
    new ChainError({ code: "NODE_UNREACHABLE", module: null, message: "away" }, { retryable: true });
  const commit = (hash: string, success: boolean): void => {
    const draft = drafts.get(hash);
    if (draft && draft.sequenceNumber > chain.next) {
      chain.queued.set(draft.sequenceNumber, hash);
      return;
    }
    if (draft) chain.next = draft.sequenceNumber + 1n;
    chain.committed.set(hash, {
      hash,
      success,
      version: BigInt(chain.committed.size + 1),
      gasUsed: 1n,
      timestampUsecs: chain.nowSecs * 1_000_000n,
      events: [],
      failure: success ? null : { code: "E_SOMETHING", module: "m", message: "something" },
    });
    const waiting = chain.queued.get(chain.next);
    if (waiting === undefined) return;
    chain.queued.delete(chain.next);
    commit(waiting, true);
  };
  const chain: FakeChain = {
    fates: [],
    nowSecs: 1000n,
    next: 0n,
    queued: new Map(),
    sent: [],
    committed: new Map(),
    reachable: true,
    async ledger() {
      if (!chain.reachable) throw away();
      return { chainId: 4, version: 1n, timestampUsecs: chain.nowSecs * 1_000_000n };
    },
    async sequenceNumber() {
      if (!chain.reachable) throw away();
      return chain.next;
    },
    async build(_sender, payload, options) {
      nonce += 1;
      const expiresAt = chain.nowSecs + BigInt(options?.expireInSecs ?? 20);
      const draft: Draft = { payload, sequenceNumber: options?.sequenceNumber ?? chain.next, expiresAt };
      return { draft, nonce } as unknown as SimpleTransaction;
    },
    sign(_account, transaction) {
      const { draft, nonce } = transaction as unknown as { draft: Draft; nonce: number };
      const bytes = new TextEncoder().encode(`${nonce}:${draft.sequenceNumber}`);
      const hash = `0x${createHash("sha256").update(bytes).digest("hex")}`;
      drafts.set(hash, draft);
      return { hash, bytes, sequenceNumber: draft.sequenceNumber, expiresAt: draft.expiresAt };
    },
    async submit({ hash }) {
      if (!chain.reachable) throw away();
      const draft = drafts.get(hash);
      if (!draft) throw new Error("bytes that were never signed");
      chain.sent.push({ hash, sequenceNumber: draft.sequenceNumber });
      if (chain.committed.has(hash)) return;
      const refuse = (code: string): never => {
        throw new ChainError({ code, module: null, message: code });
      };
      if (chain.queued.get(draft.sequenceNumber) === hash) return;
      if (chain.nowSecs >= draft.expiresAt) refuse("TRANSACTION_EXPIRED");
      if (draft.sequenceNumber < chain.next) refuse("SEQUENCE_NUMBER_TOO_OLD");
      switch (chain.fates.shift() ?? "commit") {
        case "commit":
          return commit(hash, true);
        case "fail":
          return commit(hash, false);
        case "commit_unheard":
          commit(hash, true);
          throw away();
        case "lose":
          throw away();
        case "refuse":
          return refuse("INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE");
        case "number_taken":
          chain.next = draft.sequenceNumber + 1n;
          return refuse("SEQUENCE_NUMBER_TOO_OLD");
      }
    },
    async findByHash(hash) {
      if (!chain.reachable) throw away();
      return chain.committed.get(hash) ?? null;
    },
    async waitFor(hash) {
      for (let look = 0; look < 20; look += 1) {
        const found = chain.committed.get(hash);
        if (found) return found;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new ChainError({ code: "OUTCOME_UNKNOWN", module: null, message: "" }, { retryable: true });
    },
  };
  return chain;
}
