/**
 * The 402 of a paid route: asks for payment, matches it with what was asked for, settles it before anything is served.
 * It doesn't know what is sold, and it believes nothing that a payment says of its own terms.
 */

import { ChainError } from "@computestream/protocol/client";
import {
  decodePaymentSignatureHeader,
  encodePaymentRequiredHeader,
  encodePaymentResponseHeader,
} from "@x402/core/http";
import { parsePaymentPayload } from "@x402/core/schemas";
import type {
  PaymentPayload,
  PaymentRequired,
  PaymentRequirements,
  ResourceInfo,
  SettleResponse,
} from "@x402/core/types";
import type { Request, Response } from "express";
import { AppError, UnavailableError } from "../errors.ts";
import type { SchemeServer } from "./server.ts";

export interface Offer {
  resource: ResourceInfo;
  accepts: PaymentRequirements[];
}

export interface Paid {
  settled: SettleResponse;
  scheme: string;
}

export interface Paywall {
  /** The settled payment; null when the answer was sent: a 402 with what to pay, or why it wasn't taken. */
  collect(request: Request, response: Response, offer: Offer): Promise<Paid | null>;
}

/** A header larger than this is no payment; the server's own limit on all headers is above it. */
const MAX_HEADER_CHARS = 60_000;

export function createPaywall(server: SchemeServer): Paywall {
  async function ask(response: Response, offer: Offer, error: string, code: string): Promise<null> {
    const required: PaymentRequired = await server.createPaymentRequiredResponse(
      offer.accepts,
      offer.resource,
      error,
    );
    response.setHeader("PAYMENT-REQUIRED", encodePaymentRequiredHeader(required));
    response.status(402).json(bodyOf(response, code, error));
    return null;
  }

  return {
    async collect(request, response, offer) {
      response.setHeader("Cache-Control", "no-store");
      const header = request.get("PAYMENT-SIGNATURE");
      if (header === undefined) return ask(response, offer, "Payment required", "PAYMENT_REQUIRED");
      const payment = read(header);
      const accepted = server.findMatchingRequirements(offer.accepts, payment);
      if (!accepted) {
        const reason = mismatchOf(offer.accepts, payment.accepted);
        return ask(response, offer, `${reason}: the payment accepts other terms than these`, reason);
      }
      const settled = await settle(server, payment, accepted);
      response.setHeader("PAYMENT-RESPONSE", encodePaymentResponseHeader(settled));
      if (settled.success) return { settled, scheme: accepted.scheme };
      const reason = settled.errorReason ?? "transaction_failed";
      response.status(402).json(bodyOf(response, reason, settled.errorMessage ?? reason));
      return null;
    },
  };
}

function read(header: string): PaymentPayload {
  const malformed = (why: string) =>
    new AppError(400, "BAD_PAYMENT", `PAYMENT-SIGNATURE ${why}.`, { field: "PAYMENT-SIGNATURE" });
  if (header.length > MAX_HEADER_CHARS) throw malformed("is too long");
  let decoded: unknown;
  try {
    decoded = decodePaymentSignatureHeader(header);
  } catch {
    throw malformed("isn't JSON in base64");
  }
  const parsed = parsePaymentPayload(decoded);
  if (!parsed.success || parsed.data.x402Version !== 2) throw malformed("isn't a payment of x402 version 2");
  return decoded as PaymentPayload;
}

async function settle(
  server: SchemeServer,
  payment: PaymentPayload,
  accepted: PaymentRequirements,
): Promise<SettleResponse> {
  try {
    return await server.settlePayment(payment, accepted, undefined, undefined, undefined, "before-handler");
  } catch (error) {
    if (error instanceof ChainError)
      throw new UnavailableError("CHAIN_UNAVAILABLE", "The chain's node can't be reached; try again.", error);
    throw error;
  }
}

/** Which of the terms a payment got wrong, of the offer it comes closest to. */
function mismatchOf(accepts: PaymentRequirements[], given: PaymentRequirements): string {
  const networks = accepts.filter((offer) => offer.network === given.network);
  if (networks.length === 0) return "network_mismatch";
  const offer = networks.find(({ scheme }) => scheme === given.scheme);
  if (!offer) return "unsupported_scheme";
  if (offer.amount !== given.amount) return "amount_mismatch";
  if (offer.asset !== given.asset) return "asset_mismatch";
  if (offer.payTo !== given.payTo) return "recipient_mismatch";
  return "accepted_mismatch";
}

function bodyOf(response: Response, code: string, message: string) {
  return { error: { code, message, requestId: String(response.locals.requestId ?? "") } };
}
