/**
 * Brings signed transactions to the chain, at their sender's cost or the sponsor's, and tells what became of them.
 * It doesn't build any. Whoever hands in the same bytes again gets the same transaction's outcome.
 */
import { normalizeAddress, toHex } from "@computestream/protocol";
import type { ChainClient, Outcome } from "@computestream/protocol/client";
import type { RelayedTransaction, zSubmission } from "@computestream/protocol/writes";
import type { SignedPayment } from "@computestream/x402";
import type { SponsorRefusal } from "@computestream/x402/facilitator";
import type { z } from "zod";
import type { SponsorSigner } from "../chain/signer.ts";
import { AppError, messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import { type FollowChain, follow } from "../sponsor/follow.ts";
import type { SponsorDesk } from "../sponsor/sponsor.ts";
import type { Relay, RelayedStore } from "../store/relayed.ts";
import type { SponsoredResult, SponsoredStore } from "../store/sponsored.ts";
import { checkRules, type RelayRules, readSubmission, unsponsoredBytes } from "./rules.ts";

export interface Sponsoring {
  desk: SponsorDesk;
  store: Pick<SponsoredStore, "find">;
  signer: Pick<SponsorSigner, "address" | "cosign">;
  /** `address::module::name` of what is sponsored here. */
  functions: ReadonlySet<string>;
  maxTimeoutSecs: number;
}

export interface RelayDesk {
  /** Throws `AppError` for what isn't sent. */
  take(submission: z.output<typeof zSubmission>): Promise<RelayedTransaction>;
  /** Null for a hash that neither the chain nor this relayer knows. */
  outcome(hash: string): Promise<RelayedTransaction | null>;
  /** Starts following what an earlier process, or a request that gave up, left without a result. */
  start(): void;
  close(): Promise<void>;
}

export const RELAY_PURPOSE = "relay";

const BUSY_MS = 5_000;
const RECONCILE_EVERY_MS = 2_000;
const RECONCILE_BATCH = 50;
const RECONCILE_WAIT_MS = 1_000;
const DAY_MS = 86_400_000;

export function createRelayDesk(options: {
  client: FollowChain & Pick<ChainClient, "findByHash">;
  rules: RelayRules;
  store: RelayedStore;
  sponsoring: Sponsoring | null;
  logger: Logger;
  onResult?: (result: SponsoredResult["result"]) => void;
}): RelayDesk {
  const { client, rules, store, sponsoring, logger } = options;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | null = null;
  let round: Promise<void> = Promise.resolve();

  async function nowSecs(): Promise<bigint> {
    const { timestampUsecs } = await client.ledger();
    const here = BigInt(Math.floor(Date.now() / 1000));
    const there = timestampUsecs / 1_000_000n;
    return there > here ? there : here;
  }

  function recordOf(
    payment: SignedPayment,
    fn: string,
    p: { hash: string; bytes: string; sponsored: boolean },
  ): Relay {
    const raw = payment.transaction.rawTransaction;
    return {
      ...p,
      sender: normalizeAddress(raw.sender.toString()),
      sequenceNumber: `${raw.sequence_number}`,
      expiresAt: `${raw.expiration_timestamp_secs}`,
      function: fn,
    };
  }

  /** At the sender's cost: the chain takes the same bytes once, whoever sends them how often. */
  async function pursue(record: Relay, isNew: boolean, timeoutMs: number): Promise<RelayedTransaction> {
    const followed = await follow(client, record, { timeoutMs, signal: stop.signal, isNew });
    if (!followed) return describe(record, null, null);
    await store.resolve(record, followed.result);
    options.onResult?.(followed.result.result);
    return describe(record, followed.outcome, followed.result);
  }

  async function takeUnsponsored(
    payment: SignedPayment,
    fn: string,
    waitMs: number,
  ): Promise<RelayedTransaction> {
    const { hash, bytes } = unsponsoredBytes(payment);
    const record = recordOf(payment, fn, { hash, bytes: toHex(bytes), sponsored: false });
    if (await store.put(record)) return pursue(record, true, waitMs);
    const known = await outcome(hash);
    return known?.status === "pending"
      ? pursue(record, false, waitMs)
      : (known ?? describe(record, null, null));
  }

  async function takeSponsored(payment: SignedPayment, fn: string): Promise<RelayedTransaction> {
    if (!sponsoring)
      throw new AppError(422, "NO_SPONSOR", "This relayer pays nobody's gas: sign without a fee payer.", {
        field: "feePayer",
      });
    const { desk, signer } = sponsoring;
    if (!sponsoring.functions.has(fn))
      throw new AppError(
        403,
        "FUNCTION_NOT_SPONSORED",
        "The gas of this write isn't paid here: sign without a fee payer.",
        {
          field: "rawTransaction",
        },
      );
    // Known before it is ever sent; the signature under it doesn't leave this process before the checks.
    const { hash } = signer.cosign(payment.transaction, payment.authenticator);
    const record = recordOf(payment, fn, { hash, bytes: "", sponsored: true });
    /** What came of the very same bytes, when they are taken already: an instant ago, or by another replica. */
    const taken = async (): Promise<RelayedTransaction | "another" | null> => {
      const held = await sponsoring.store.find(record.sender, record.sequenceNumber);
      if (!held || held.result?.result === "never") return null;
      if (held.record.hash !== hash) return "another";
      return (await outcome(hash)) ?? describe(record, null, held.result);
    };
    const known = await taken();
    if (known === "another") throw numberTaken();
    if (known) return known;
    const fault =
      (await desk.check(payment, { maxTimeoutSecs: sponsoring.maxTimeoutSecs })) ??
      (await desk.simulate(payment));
    if (!fault) await store.put(record);
    const settled = fault
      ? null
      : await desk.settle(payment, { binding: hash, claim: null, purpose: RELAY_PURPOSE });
    const refusal = fault ?? (settled?.state === "refused" ? settled.refusal : null);
    if (!refusal) return (await outcome(hash)) ?? describe(record, null, null);
    // Whichever check noticed it, the reason is the same: somebody was faster under this number.
    const meanwhile = await taken();
    if (meanwhile && meanwhile !== "another") return meanwhile;
    if (!fault) await store.drop(hash);
    throw meanwhile === "another" ? numberTaken() : refusalOf(refusal);
  }

  async function outcome(hash: string): Promise<RelayedTransaction | null> {
    // The chain first: what it says stands, whatever was recorded.
    const [found, entry] = await Promise.all([client.findByHash(hash), store.find(hash)]);
    if (!entry) return found && describe(null, found, null);
    const { record } = entry;
    // It ended between the two looks.
    const isOnChain = entry.result !== null && entry.result.result !== "never";
    if (!found && isOnChain) return describe(record, await client.findByHash(hash), entry.result);
    if (found || !record.sponsored) return describe(record, found, entry.result);
    const held = (await sponsoring?.store.find(record.sender, record.sequenceNumber)) ?? null;
    if (held && held.record.hash === hash) return describe(record, null, held.result);
    // Recorded here, and never taken by the sponsor.
    return describe(record, null, {
      result: "never",
      code: "NOT_SPONSORED",
      message: "The sponsor didn't send it: sign another.",
    });
  }

  async function reconcile(): Promise<void> {
    const hashes = await store.open(RECONCILE_BATCH);
    const attempts = await Promise.allSettled(
      hashes.map(async (hash) => {
        if (!(await store.takeUp(hash, BUSY_MS))) return;
        const entry = await store.find(hash);
        if (!entry) await store.drop(hash);
        else if (!entry.result) await pursue(entry.record, false, RECONCILE_WAIT_MS);
      }),
    );
    for (const attempt of attempts) if (attempt.status === "rejected") throw attempt.reason;
  }

  return {
    async take({ waitMs, ...submission }) {
      const payment = readSubmission(submission);
      const fn = checkRules(payment, rules, await nowSecs());
      return submission.feePayer === null ? takeUnsponsored(payment, fn, waitMs) : takeSponsored(payment, fn);
    },
    outcome,
    start() {
      const step = () =>
        reconcile().catch((error: unknown) =>
          logger.warn({ reason: messageOf(error) }, "following relayed transactions will be tried again"),
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

function describe(
  record: Relay | null,
  found: Outcome | null,
  result: SponsoredResult | null,
): RelayedTransaction {
  const failed = found ? !found.success : result !== null && result.result !== "committed";
  const failure = found?.failure ?? null;
  return {
    hash: record?.hash ?? found?.hash ?? "",
    status: found?.success || result?.result === "committed" ? "success" : failed ? "failed" : "pending",
    onChain: found !== null || (result !== null && result.result !== "never"),
    sponsored: record?.sponsored ?? null,
    function: record?.function ?? null,
    sender: record?.sender ?? null,
    expiresAt: record?.expiresAt ?? null,
    version: found ? `${found.version}` : null,
    gasUsed: found ? `${found.gasUsed}` : null,
    events: (found?.events ?? []).map(({ name, data }) => ({ name, data: plain(data) })),
    error: failed
      ? {
          code: failure?.code ?? result?.code ?? "UNKNOWN",
          module: failure?.module ?? null,
          message: failure?.message ?? result?.message ?? "The transaction failed.",
        }
      : null,
  };
}

/** Bigints as the decimal strings that every wire here has. */
function plain(data: unknown): unknown {
  return JSON.parse(JSON.stringify(data, (_key, value) => (typeof value === "bigint" ? `${value}` : value)));
}

function numberTaken(): AppError {
  return new AppError(
    409,
    "SEQUENCE_NUMBER_TAKEN",
    "The sender's sequence number is taken by another transaction.",
    { field: "rawTransaction" },
  );
}

/** A sponsor's refusal in the relay's words: the chain's own code where it has one. */
function refusalOf(refusal: SponsorRefusal): AppError {
  const { message } = refusal;
  if ("fault" in refusal)
    return new AppError(422, refusal.code ?? refusal.fault.toUpperCase(), message, {
      field: "rawTransaction",
    });
  const code = refusal.reason.toUpperCase();
  switch (refusal.reason) {
    case "sponsor_limit_reached": {
      const retryAfterSecs = Math.ceil((DAY_MS - (Date.now() % DAY_MS)) / 1000);
      return new AppError(429, code, message, { retryAfterSecs });
    }
    case "sponsor_out_of_funds":
      return new AppError(503, code, message);
    case "duplicate_settlement":
      return numberTaken();
    default:
      return new AppError(422, code, message, { field: "rawTransaction" });
  }
}
