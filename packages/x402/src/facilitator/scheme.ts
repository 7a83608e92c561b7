/**
 * A facilitator's side of one scheme: the checks every Movement payment has in common, and settlement in upstream's words.
 * It doesn't know which call pays: `exact.ts` and `stream.ts` say what they expect.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { normalizeAddress, type ProtocolEvent, toHex } from "@computestream/protocol";
import { sha3_256 } from "@noble/hashes/sha3.js";
import type {
  PaymentPayload,
  PaymentRequirements,
  SchemeNetworkFacilitator,
  SettleResponse,
  VerifyResponse,
} from "@x402/core/types";
import { callFrom, callOf, firstDifference } from "../call.ts";
import { decodePayment, type SignedPayment } from "../encoding.ts";
import { MOVEMENT_FAMILY, type MovementNetwork } from "../networks.ts";
import { type PayloadFault, payloadReason, type Reason, type Refusal, type Scheme } from "../reasons.ts";
import { zAmount } from "../terms.ts";
import type { Sponsor, SponsorRefusal } from "./sponsor.ts";

export interface Expected {
  call: InputEntryFunctionData;
  /** What a difference in each argument means, in their order; `argument_mismatch` for the rest. */
  faults: PayloadFault[];
  /** Only this sender may pay; null for anyone. */
  payer: string | null;
  /** No two payments may have this in common. */
  claim: string | null;
}

/** What the scheme itself asks for: the call that pays, or why there is none. */
export type Expect = (
  payload: PaymentPayload,
  requirements: PaymentRequirements,
) => Promise<Expected | Refusal>;

interface Readable {
  payment: SignedPayment;
  payer: string;
}
interface Refused {
  refusal: Refusal;
  payer?: string;
}

export function createFacilitatorScheme(options: {
  scheme: Scheme;
  network: MovementNetwork;
  sponsor: Sponsor;
  /** What settlements are recorded as. */
  purpose: string;
  expect: Expect;
  /** For the answer to a settled payment. */
  describe(requirements: PaymentRequirements, events: ProtocolEvent[]): Record<string, unknown>;
}): SchemeNetworkFacilitator {
  const { scheme, network, sponsor, purpose } = options;

  const named = (refusal: SponsorRefusal): Refusal =>
    "reason" in refusal
      ? refusal
      : { reason: payloadReason(scheme, refusal.fault), message: refusal.message };
  const refuse = (reason: Reason, message: string, payer?: string): Refused => ({
    refusal: { reason, message },
    ...(payer === undefined ? {} : { payer }),
  });
  const fault = (what: PayloadFault, message: string, payer?: string): Refused =>
    refuse(payloadReason(scheme, what), message, payer);

  /** What can be said without asking anyone. */
  function read(payload: PaymentPayload, requirements: PaymentRequirements): Readable | Refused {
    if (payload.x402Version !== 2) return fault("unsupported_version", "Send a payment of x402 version 2.");
    if (payload.accepted.scheme !== scheme || requirements.scheme !== scheme)
      return refuse("unsupported_scheme", `This is scheme ${scheme}.`);
    if (payload.accepted.network !== network || requirements.network !== network)
      return refuse("network_mismatch", `This facilitator is on ${network}.`);
    for (const field of ["amount", "asset", "payTo", "maxTimeoutSeconds"] as const) {
      if (payload.accepted[field] !== requirements[field])
        return refuse("accepted_mismatch", `The accepted ${field} isn't the required one.`);
    }
    if (!zAmount.safeParse(requirements.amount).success)
      return refuse("accepted_mismatch", "The amount must be base units as a decimal integer of 64 bits.");
    const { feePayer } = requirements.extra ?? {};
    if (typeof feePayer !== "string")
      return fault("missing_fee_payer", "The requirements name no fee payer.");
    if (normalizeAddress(feePayer) !== sponsor.address)
      return refuse("fee_payer_not_managed_by_facilitator", "The fee payer isn't this facilitator's.");
    const text = payload.payload.transaction;
    const payment = typeof text === "string" ? decodePayment(text) : null;
    if (!payment) return fault("malformed", "The payment holds no signed transaction that can be read.");

    return { payment, payer: normalizeAddress(payment.transaction.rawTransaction.sender.toString()) };
  }

  /** Whether the payment is what the requirements ask for, and one to sponsor. */
  async function judge(
    { payment, payer }: Readable,
    payload: PaymentPayload,
    requirements: PaymentRequirements,
  ): Promise<{ expected: Expected } | Refused> {
    const unsponsored = await sponsor.check(payment, { maxTimeoutSecs: requirements.maxTimeoutSeconds });
    if (unsponsored) return { refusal: named(unsponsored), payer };
    const expected = await options.expect(payload, requirements);
    if ("reason" in expected) return { refusal: expected, payer };
    const wanted = callFrom(expected.call);
    const call = callOf(payment.transaction.rawTransaction.payload);
    const at = call && firstDifference(call, wanted);
    if (at === null) return fault("wrong_function", `The transaction must call ${wanted.function}.`, payer);
    if (at >= 0)
      return fault(
        expected.faults[at] ?? "argument_mismatch",
        `Argument ${at + 1} of ${wanted.function} isn't what was asked for.`,
        payer,
      );
    if (expected.payer !== null && expected.payer !== payer)
      return fault("sender_mismatch", `Only ${expected.payer} can pay this.`, payer);
    return { expected };
  }

  return {
    scheme,
    caipFamily: MOVEMENT_FAMILY,
    getExtra: () => ({ feePayer: sponsor.address }),
    getSigners: () => [sponsor.address],

    async verify(payload, requirements): Promise<VerifyResponse> {
      const readable = read(payload, requirements);
      if ("refusal" in readable) return invalid(readable.refusal, undefined);
      const { payment, payer } = readable;
      const verdict = await judge(readable, payload, requirements);
      if ("refusal" in verdict) return invalid(verdict.refusal, payer);
      const failing = await sponsor.simulate(payment);
      return failing ? invalid(named(failing), payer) : { isValid: true, payer };
    },

    async settle(payload, requirements): Promise<SettleResponse> {
      const { network } = requirements;
      const failed = (refusal: Refusal, transaction: string, payer?: string): SettleResponse => ({
        success: false,
        errorReason: refusal.reason,
        errorMessage: refusal.message,
        transaction,
        network,
        ...(payer === undefined ? {} : { payer }),
      });
      const readable = read(payload, requirements);
      if ("refusal" in readable) return failed(readable.refusal, "");
      const { payment, payer } = readable;
      const binding = bindingOf(requirements);
      let settlement = await sponsor.resume(payment, binding);
      if (!settlement) {
        const verdict = await judge(readable, payload, requirements);
        const refusal =
          "refusal" in verdict ? verdict.refusal : await sponsor.simulate(payment).then((f) => f && named(f));
        if ("expected" in verdict && !refusal) {
          const { claim } = verdict.expected;
          settlement = await sponsor.settle(payment, { binding, claim, purpose });
        } else {
          // Sent meanwhile by another request with the same payment, it looks wrong for that reason only.
          settlement = await sponsor.resume(payment, binding);
          if (!settlement && refusal) return failed(refusal, "", payer);
        }
      }
      if (!settlement) throw new Error("a payment was neither refused nor settled");
      switch (settlement.state) {
        case "refused":
          return failed(named(settlement.refusal), "", payer);
        case "pending": {
          const message = "Sent, without a known outcome yet: settle again.";
          return failed({ reason: "settlement_pending", message }, settlement.hash, payer);
        }
        case "failed":
          return failed(
            { reason: "transaction_failed", message: settlement.message },
            settlement.hash,
            payer,
          );
        case "committed":
          return {
            success: true,
            transaction: settlement.hash,
            network,
            payer,
            amount: requirements.amount,
            extra: options.describe(requirements, settlement.events),
          };
      }
    },
  };
}

/** The requirements in one spelling, so that what was paid for one thing never counts for another. */
function bindingOf(requirements: PaymentRequirements): string {
  const sorted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(sorted);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, field]) => field !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, field]) => [name, sorted(field)]),
    );
  };
  return toHex(sha3_256(new TextEncoder().encode(JSON.stringify(sorted(requirements)))));
}

function invalid({ reason, message }: Refusal, payer: string | undefined): VerifyResponse {
  return {
    isValid: false,
    invalidReason: reason,
    invalidMessage: message,
    ...(payer === undefined ? {} : { payer }),
  };
}
