/**
 * Why a payment is refused, in the words that go over the wire; upstream's where upstream has one.
 * It doesn't decide anything.
 */
export type Scheme = "exact" | "stream";

/** What is wrong with the transaction inside a payment; told with the scheme in front. */
export const PAYLOAD_FAULTS = [
  "unsupported_version",
  "malformed",
  "chain_id_mismatch",
  "signature",
  "sender_authenticator_mismatch",
  "sender_mismatch",
  "gas_too_high",
  "gas_unit_price_too_high",
  "missing_fee_payer",
  "fee_payer_mismatch",
  "fee_payer_is_sender",
  "expired",
  "expires_too_late",
  "sequence_number",
  "wrong_function",
  "asset_mismatch",
  "amount_mismatch",
  "recipient_mismatch",
  "argument_mismatch",
  "insufficient_balance",
  "simulation_failed",
] as const;
export type PayloadFault = (typeof PAYLOAD_FAULTS)[number];

/** What is wrong with the payment as a whole. */
export const REASONS = [
  "unsupported_scheme",
  "network_mismatch",
  "accepted_mismatch",
  "fee_payer_not_managed_by_facilitator",
  "quote_unknown",
  "quote_mismatch",
  "quote_expired",
  "quote_already_paid",
  "duplicate_settlement",
  "settlement_pending",
  "transaction_failed",
  "sponsor_limit_reached",
  "sponsor_out_of_funds",
] as const;
export type Reason = (typeof REASONS)[number] | `invalid_${Scheme}_movement_payload_${PayloadFault}`;

export function payloadReason(scheme: Scheme, fault: PayloadFault): Reason {
  return `invalid_${scheme}_movement_payload_${fault}`;
}

/** A reason and a sentence for a person. */
export interface Refusal {
  reason: Reason;
  message: string;
}
