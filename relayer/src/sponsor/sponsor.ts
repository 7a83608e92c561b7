/**
 * The fee payer: judges transactions, signs under those it pays for, sends them once and follows them by their hash.
 * It doesn't know what is bought: x402's facilitator and the relay of writes say what they expect of a call.
 */
import { randomUUID } from "node:crypto";
import { normalizeAddress, toHex } from "@computestream/protocol";
import { type ChainClient, ChainError, type Outcome } from "@computestream/protocol/client";
import { callOf, type SignedPayment } from "@computestream/x402";
import type { Settlement, Sponsor } from "@computestream/x402/facilitator";
import { ofNode, readAuthenticationKey, readGasBalance } from "../chain/accounts.ts";
import type { SponsorSigner } from "../chain/signer.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import {
  BACKGROUND,
  type Limits,
  type Sponsored,
  type SponsoredResult,
  type SponsoredStore,
} from "../store/sponsored.ts";
import { type FollowChain, type Followed, follow } from "./follow.ts";
import { authenticationKeyOf, fault, publicKeyOf, refusalOf, type SponsorPolicy } from "./rules.ts";

export interface SponsorDesk extends Sponsor {
  /** Starts following what an earlier process, or a request that gave up, left without a result. */
  start(): void;
  close(): Promise<void>;
}

export type SponsorChain = FollowChain & Pick<ChainClient, "aptos" | "balance" | "deployment" | "explain">;

/** How long a request waits for an outcome before it says that it is pending. */
const WAIT_MS = 8_000;
/** A right to follow outlives the wait, and not by much: whoever died holding it is succeeded. */
const BUSY_MS = 12_000;
const RECONCILE_EVERY_MS = 2_000;
const RECONCILE_BATCH = 50;
const RECONCILE_WAIT_MS = 1_000;

export function createSponsor(options: {
  client: SponsorChain;
  signer: SponsorSigner;
  policy: Omit<SponsorPolicy, "sponsor" | "chainId">;
  limits: Limits;
  store: SponsoredStore;
  /** Purposes whose committed payments make their claim's quote due. */
  duePurposes: ReadonlySet<string>;
  logger: Logger;
  onResult?: (purpose: string, result: SponsoredResult["result"]) => void;
  /** A limit of the day was reached. */
  onLimit?: (limit: "wallet" | "function" | "budget") => void;
  waitMs?: number;
  doubtMs?: number;
}): SponsorDesk {
  const { client, signer, store, logger, limits } = options;
  const policy: SponsorPolicy = {
    ...options.policy,
    sponsor: signer.address,
    chainId: client.deployment.chainId,
  };
  const stop = new AbortController();
  const doubt = options.doubtMs === undefined ? {} : { doubtMs: options.doubtMs };
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> = Promise.resolve();

  async function nowSecs(): Promise<bigint> {
    const { timestampUsecs } = await client.ledger();
    const here = BigInt(Math.floor(Date.now() / 1000));
    const there = timestampUsecs / 1_000_000n;
    return there > here ? there : here;
  }

  function recordOf(
    { transaction, authenticator }: SignedPayment,
    p: { binding: string; claim: string | null; purpose: string },
  ): Sponsored {
    const { hash, bytes } = signer.cosign(transaction, authenticator);
    const raw = transaction.rawTransaction;
    return {
      hash,
      bytes: toHex(bytes),
      sender: normalizeAddress(raw.sender.toString()),
      sequenceNumber: `${raw.sequence_number}`,
      expiresAt: `${raw.expiration_timestamp_secs}`,
      function: callOf(raw.payload)?.function ?? "",
      maxFee: `${raw.max_gas_amount * raw.gas_unit_price}`,
      gasUnitPrice: `${raw.gas_unit_price}`,
      ...p,
    };
  }

  async function finish(record: Sponsored, followed: Followed): Promise<void> {
    const due = options.duePurposes.has(record.purpose);
    await store.resolve(record, followed.result, { due, nowMs: Date.now(), spent: feeOf(record, followed) });
    options.onResult?.(record.purpose, followed.result.result);
    const { result, code } = followed.result;
    logger[result === "committed" ? "debug" : "warn"](
      { hash: record.hash, purpose: record.purpose, result, code },
      "sponsored transaction ended",
    );
  }

  /** Follows a record whose right to be followed is ours, and gives the right back. */
  async function pursue(record: Sponsored, token: string, isNew: boolean): Promise<Settlement> {
    try {
      const followed = await follow(client, record, {
        timeoutMs: options.waitMs ?? WAIT_MS,
        signal: stop.signal,
        isNew,
        ...doubt,
      });
      if (!followed) return { state: "pending", hash: record.hash };
      await finish(record, followed);
      return await answer(record, followed.result, followed.outcome?.events ?? null);
    } finally {
      await store
        .release(record, token)
        .catch((error: unknown) => logger.warn({ reason: messageOf(error) }, "can't release a record"));
    }
  }

  /** The answer to whoever asks for the result of a payment; a success is told once. */
  async function answer(
    record: Sponsored,
    result: SponsoredResult,
    known: Extract<Settlement, { state: "committed" }>["events"] | null,
  ): Promise<Settlement> {
    if (result.result !== "committed")
      return { state: "failed", hash: record.hash, message: result.message ?? "The transaction failed." };
    // Read first: a success that was marked as told but never was would be lost.
    const events = known ?? (await eventsOf(record));
    if (!events) return { state: "pending", hash: record.hash };
    if (!(await store.deliver(record))) return duplicate("This payment was settled and told before.");
    return { state: "committed", hash: record.hash, events };
  }

  /** Null while the node can't tell. */
  async function eventsOf({ hash }: Sponsored): Promise<Outcome["events"] | null> {
    try {
      return (await client.findByHash(hash))?.events ?? null;
    } catch (error) {
      if (error instanceof ChainError) return null;
      throw error;
    }
  }

  async function takeOver(record: Sponsored): Promise<void> {
    const token = `${BACKGROUND}${randomUUID()}`;
    if (!(await store.takeUp(record, token, BUSY_MS))) return;
    try {
      const followed = await follow(client, record, {
        timeoutMs: RECONCILE_WAIT_MS,
        signal: stop.signal,
        isNew: false,
        ...doubt,
      });
      if (followed) await finish(record, followed);
    } finally {
      await store.release(record, token);
    }
  }

  /** Side by side, each for itself: one that stays pending, or can't be followed, doesn't keep the others waiting. */
  async function reconcile(): Promise<void> {
    const rounds = await Promise.allSettled((await store.open(RECONCILE_BATCH)).map(takeOver));
    for (const one of rounds) if (one.status === "rejected") throw one.reason;
  }

  return {
    address: signer.address,

    async check(payment, { maxTimeoutSecs }) {
      const refusal = refusalOf(payment, policy, { nowSecs: await nowSecs(), maxTimeoutSecs });
      if (refusal) return refusal;
      const { rawTransaction } = payment.transaction;
      const sender = normalizeAddress(rawTransaction.sender.toString());
      const [key, next, balance] = await Promise.all([
        readAuthenticationKey(client, sender),
        client.sequenceNumber(sender),
        readGasBalance(client, signer.address),
      ]);
      // An account that nobody has written to yet has its address as key.
      if (authenticationKeyOf(payment.authenticator) !== (key ?? sender))
        return fault("sender_authenticator_mismatch", "The key that signed isn't the sender's.");
      if (rawTransaction.sequence_number !== next)
        return fault("sequence_number", `The sender's next sequence number is ${next}.`);
      if (balance < rawTransaction.max_gas_amount * rawTransaction.gas_unit_price)
        return { reason: "sponsor_out_of_funds", message: "The sponsor can't pay for gas now." };
      return null;
    },

    async simulate({ transaction, authenticator }) {
      const signerPublicKey = publicKeyOf(authenticator);
      if (!signerPublicKey) return fault("signature", "Only single keys are sponsored.");
      const [result] = await ofNode(() =>
        client.aptos.transaction.simulate.simple({
          transaction,
          signerPublicKey,
          feePayerPublicKey: signer.publicKey,
        }),
      );
      if (result?.success) return null;
      const { code, message } = client.explain(result?.vm_status ?? "");
      const what = /INSUFFICIENT_BALANCE/.test(code) ? "insufficient_balance" : "simulation_failed";
      return fault(what, message, code);
    },

    async resume(payment, binding) {
      const { transaction, authenticator } = payment;
      const { sender, sequence_number } = transaction.rawTransaction;
      const known = await store.find(normalizeAddress(sender.toString()), `${sequence_number}`);
      if (!known) return null;
      const { record, result } = known;
      if (record.hash !== signer.cosign(transaction, authenticator).hash) {
        if (result?.result === "never") return null;
        return duplicate("The sender's sequence number is taken by another payment.");
      }
      if (record.binding !== binding) return duplicate("This payment was made for something else.");
      if (result) return answer(record, result, null);
      const token = randomUUID();
      if (await store.takeUp(record, token, BUSY_MS)) return pursue(record, token, false);
      // Followed in the background only, nobody is about to be served: whoever asks again may be.
      return (await store.isAnswered(record))
        ? duplicate("This payment is being settled.")
        : { state: "pending", hash: record.hash };
    },

    async settle(payment, p) {
      const record = recordOf(payment, p);
      const token = randomUUID();
      const claimed = await store.claim(record, { token, busyMs: BUSY_MS, limits, nowMs: Date.now() });
      switch (claimed) {
        case "number_taken":
          return duplicate("This payment is being settled, or was.");
        case "claim_taken":
          return refused({ reason: "quote_already_paid", message: "The quote is paid, or being paid." });
        case "wallet":
        case "function":
        case "budget":
          options.onLimit?.(claimed);
          return refused({
            reason: "sponsor_limit_reached",
            message: `The sponsor's limit for today is reached (${claimed}): send the transaction yourself.`,
          });
        case "recorded":
          return pursue(record, token, true);
      }
    },

    start() {
      const step = () =>
        reconcile().catch((error: unknown) =>
          logger.warn({ reason: messageOf(error) }, "following sponsored transactions will be tried again"),
        );
      round = step();
      timer = setInterval(() => {
        round = round.then(step);
      }, RECONCILE_EVERY_MS);
    },

    async close() {
      if (timer) clearInterval(timer);
      stop.abort();
      await round;
    },
  };
}

/** What it cost; its maximum where that isn't known. */
function feeOf(record: Sponsored, { outcome, result }: Followed): bigint {
  if (result.result === "never") return 0n;
  if (!outcome || record.gasUnitPrice === undefined) return BigInt(record.maxFee);
  return outcome.gasUsed * BigInt(record.gasUnitPrice);
}

function refused(refusal: Extract<Settlement, { state: "refused" }>["refusal"]): Settlement {
  return { state: "refused", refusal };
}
function duplicate(message: string): Settlement {
  return refused({ reason: "duplicate_settlement", message });
}
