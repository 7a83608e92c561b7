/**
 * Building, signing, sending and finding transactions, and reading committed ones in order.
 * It doesn't store anything: the caller persists a signed transaction's hash before sending it.
 */
import {
  type Account,
  AccountAddress,
  type AccountAddressInput,
  ChainId,
  generateSignedTransaction,
  generateTransactionPayloadWithABI,
  type InputEntryFunctionData,
  RawTransaction,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { sha3_256 } from "@noble/hashes/sha3.js";
import { z } from "zod";
import { decodeEvent } from "../events.ts";
import { normalizeAddress, toHex, zAddress, zU64 } from "../primitives.ts";
import { type Committed, readCommitted, readCommittedPage } from "./committed.ts";
import { type EncodedCall, encodedPayload, isEncoded } from "./encoded-call.ts";
import { ChainError, chainError, explainFailure } from "./errors.ts";
import { decode, type NodeApi } from "./node.ts";
import type { BuildOptions, Outcome, SignedTransaction, TransactionRecord } from "./types.ts";

const DEFAULT_MAX_GAS_AMOUNT = 200_000;
const DEFAULT_EXPIRE_IN_SECS = 20;
const DEFAULT_WAIT_MS = 30_000;
const GAS_PRICE_FRESH_MS = 30_000;
const FIRST_POLL_MS = 20;
const SLOWEST_POLL_MS = 1_000;
const PAGE_MAX = 100;
const SIGNED_TRANSACTION_BCS = "application/x.aptos.signed_transaction+bcs";

export interface Transactions {
  ledger(): Promise<{ chainId: number; version: bigint; timestampUsecs: bigint }>;
  sequenceNumber(address: string): Promise<bigint>;
  authenticationKey(address: string): Promise<string>;
  build(
    sender: AccountAddressInput,
    payload: InputEntryFunctionData | EncodedCall,
    options?: BuildOptions,
  ): Promise<SimpleTransaction>;
  sign(account: Account, transaction: SimpleTransaction): SignedTransaction;
  submit(signed: Pick<SignedTransaction, "hash" | "bytes">): Promise<void>;
  findByHash(hash: string): Promise<Outcome | null>;
  waitFor(hash: string, options?: { timeoutMs?: number }): Promise<Outcome>;
  transactions(start: bigint, limit: number): Promise<TransactionRecord[]>;
}

/** The hash under which the chain will know a signed transaction: fixed before it is sent. */
export function transactionHash(signedTransactionBytes: Uint8Array): string {
  const salt = sha3_256(new TextEncoder().encode("APTOS::Transaction"));
  // 0 is the variant UserTransaction.
  return toHex(sha3_256(Uint8Array.from([...salt, 0, ...signedTransactionBytes])));
}

function payloadOf(payload: InputEntryFunctionData | EncodedCall) {
  if (isEncoded(payload)) return encodedPayload(payload);
  if (!payload.abi) {
    throw chainError(
      "ABI_MISSING",
      `${payload.function} has no ABI beside it; use a payload of this client.`,
    );
  }
  return generateTransactionPayloadWithABI({ ...payload, abi: payload.abi });
}

export function createTransactions(options: {
  node: NodeApi;
  chainId: number;
  packageAddress: string;
}): Transactions {
  const { node, chainId, packageAddress } = options;
  let gasPrice: { value: bigint; readAtMs: number } | null = null;

  async function gasUnitPrice(): Promise<bigint> {
    if (gasPrice && performance.now() - gasPrice.readAtMs < GAS_PRICE_FRESH_MS) return gasPrice.value;
    const answer = await node.get("/estimate_gas_price");
    if (!answer.ok) throw node.refused(answer.failure);
    const { gas_estimate } = decode(z.object({ gas_estimate: z.number().int() }), answer.body, "gas price");
    gasPrice = { value: BigInt(gas_estimate), readAtMs: performance.now() };
    return gasPrice.value;
  }

  async function sequenceNumber(address: string): Promise<bigint> {
    const answer = await node.get(`/accounts/${normalizeAddress(address)}`);
    if (answer.ok) return decode(z.object({ sequence_number: zU64 }), answer.body, "account").sequence_number;
    // An account that nobody has written to yet starts at 0.
    if (answer.failure.code === "account_not_found") return 0n;
    throw node.refused(answer.failure);
  }

  async function authenticationKey(address: string): Promise<string> {
    const answer = await node.get(`/accounts/${normalizeAddress(address)}`);
    if (answer.ok) {
      return decode(z.object({ authentication_key: zAddress }), answer.body, "account").authentication_key;
    }
    // An account that nobody has written to yet has the key that its address was made of.
    if (answer.failure.code === "account_not_found") return normalizeAddress(address);
    throw node.refused(answer.failure);
  }

  function outcome(committed: Committed): Outcome {
    return {
      hash: committed.hash,
      success: committed.success,
      version: committed.version,
      gasUsed: committed.gas_used,
      timestampUsecs: committed.timestamp,
      events: committed.events.flatMap(({ type, data }) => decodeEvent(packageAddress, type, data) ?? []),
      failure: committed.success ? null : explainFailure(packageAddress, committed.vm_status),
    };
  }

  /** null: the node doesn't know the hash; "pending": it does, without an outcome. */
  async function lookUp(path: string): Promise<Outcome | "pending" | null> {
    const answer = await node.get(path);
    if (!answer.ok) {
      if (answer.failure.code === "transaction_not_found") return null;
      // A proxy's or a wrong path's 404 says nothing of the transaction.
      if (answer.failure.status === 404) {
        throw chainError(
          "NODE_ANSWER_INVALID",
          `The node at ${node.url} answered 404 without saying whether it knows the transaction.`,
          { retryable: true },
        );
      }
      throw node.refused(answer.failure);
    }
    const { type } = decode(z.object({ type: z.string() }), answer.body, "transaction");
    if (type === "pending_transaction") return "pending";
    return outcome(readCommitted(answer.body));
  }

  async function findByHash(hash: string): Promise<Outcome | null> {
    const found = await lookUp(`/transactions/by_hash/${hash}`);
    return found === "pending" ? null : found;
  }

  function record(committed: Committed): TransactionRecord {
    return {
      version: committed.version,
      hash: committed.hash,
      success: committed.success,
      sender: committed.sender ?? null,
      timestampUsecs: committed.timestamp,
      gasUsed: committed.gas_used,
      gasUnitPrice: committed.gas_unit_price,
      events: committed.events.flatMap(({ type, data }, index) => {
        const event = decodeEvent(packageAddress, type, data);
        if (!event) return [];
        const position = { version: committed.version, index, txHash: committed.hash };
        return [{ position, event, raw: data as Record<string, unknown> }];
      }),
    };
  }

  async function ledger(): Promise<{ chainId: number; version: bigint; timestampUsecs: bigint }> {
    const answer = await node.get("");
    if (!answer.ok) throw node.refused(answer.failure);
    const zLedger = z.object({ chain_id: z.number().int(), ledger_version: zU64, ledger_timestamp: zU64 });
    const told = decode(zLedger, answer.body, "ledger");
    return { chainId: told.chain_id, version: told.ledger_version, timestampUsecs: told.ledger_timestamp };
  }

  return {
    ledger,

    sequenceNumber,
    authenticationKey,

    async build(sender, payload, build = {}) {
      const encoded = payloadOf(payload);
      const address = AccountAddress.from(sender);
      const [{ timestampUsecs }, estimated, sequence] = await Promise.all([
        ledger(),
        gasUnitPrice(),
        build.sequenceNumber ?? sequenceNumber(address.toString()),
      ]);
      const { maxGasUnitPrice: dearest } = build;
      const price = dearest !== undefined && dearest < estimated ? dearest : estimated;
      // The later of two clocks: an idle chain's stands still, and this machine's may be slow.
      const now = Math.max(Math.floor(Date.now() / 1000), Number(timestampUsecs / 1_000_000n));
      const expiresAt = now + (build.expireInSecs ?? DEFAULT_EXPIRE_IN_SECS);
      return new SimpleTransaction(
        new RawTransaction(
          address,
          sequence,
          encoded,
          BigInt(build.maxGasAmount ?? DEFAULT_MAX_GAS_AMOUNT),
          price,
          BigInt(expiresAt),
          new ChainId(chainId),
        ),
      );
    },

    sign(account, transaction) {
      const bytes = generateSignedTransaction({
        transaction,
        senderAuthenticator: account.signTransactionWithAuthenticator(transaction),
      });
      const { sequence_number, expiration_timestamp_secs } = transaction.rawTransaction;
      return {
        hash: transactionHash(bytes),
        bytes,
        sequenceNumber: sequence_number,
        expiresAt: expiration_timestamp_secs,
      };
    },

    async submit(signed) {
      const answer = await node.postBytes("/transactions", SIGNED_TRANSACTION_BCS, signed.bytes);
      if (answer.ok) return;
      // A node that has this very transaction refuses its repeat (sequence number used, or already queued).
      if ((await lookUp(`/transactions/by_hash/${signed.hash}`)) !== null) return;
      throw node.refused(answer.failure);
    },

    findByHash,

    async waitFor(hash, wait = {}) {
      const timeoutMs = wait.timeoutMs ?? DEFAULT_WAIT_MS;
      const deadline = performance.now() + timeoutMs;
      let pause = FIRST_POLL_MS;
      let lastError: unknown;
      // The node holds this request while it knows the hash and has no outcome; one that doesn't offer it is polled.
      let route = "wait_by_hash";
      while (true) {
        try {
          const found = await lookUp(`/transactions/${route}/${hash}`);
          if (found !== null && found !== "pending") return found;
        } catch (error) {
          if (!(error instanceof ChainError && error.retryable)) throw error;
          lastError = error;
          route = "by_hash";
        }
        const left = deadline - performance.now();
        if (left <= 0) break;
        await new Promise((resolve) => setTimeout(resolve, Math.min(pause, left)));
        pause = Math.min(pause * 1.6, SLOWEST_POLL_MS);
      }
      throw chainError(
        "OUTCOME_UNKNOWN",
        `The chain hasn't told the outcome of ${hash} within ${timeoutMs} ms.`,
        {
          retryable: true,
          cause: lastError,
        },
      );
    },

    async transactions(start, limit) {
      const answer = await node.get(
        `/transactions?start=${start}&limit=${Math.min(Math.max(limit, 1), PAGE_MAX)}`,
      );
      if (answer.ok) {
        return readCommittedPage(answer.body).map(record);
      }
      // The node's way to say that there is nothing at or after `start` yet.
      const { code, message } = answer.failure;
      if (code === "version_not_found" || /higher than the current ledger version/.test(message)) return [];
      throw node.refused(answer.failure);
    },
  };
}
