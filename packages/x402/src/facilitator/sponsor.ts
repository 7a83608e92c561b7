/**
 * What the facilitator needs of whoever pays the gas: a judgement of a transaction, and its way to a certain outcome.
 * It doesn't know how that is stored or signed: the relayer's sponsor does it.
 */
import type { ProtocolEvent } from "@computestream/protocol";
import type { SignedPayment } from "../encoding.ts";
import type { PayloadFault, Refusal } from "../reasons.ts";

/** A transaction's own fault is told with the scheme in front of it; `code` is the chain's word for it. */
export type SponsorRefusal = { fault: PayloadFault; message: string; code?: string } | Refusal;

export type Settlement =
  /** Stands on chain; told to one caller only. */
  | { state: "committed"; hash: string; events: ProtocolEvent[] }
  /** Sent, and nobody can say yet what became of it: asking again follows the same hash. */
  | { state: "pending"; hash: string }
  /** Failed on chain, or will never get there. */
  | { state: "failed"; hash: string; message: string }
  /** Not sent. */
  | { state: "refused"; refusal: SponsorRefusal };

export interface Sponsor {
  /** The fee payer. */
  readonly address: string;
  /** Why it wouldn't pay for this transaction, whoever it helps; null when it would. Changes nothing. */
  check(payment: SignedPayment, options: { maxTimeoutSecs: number }): Promise<SponsorRefusal | null>;
  /** Whether it would succeed on chain now; null when it would. */
  simulate(payment: SignedPayment): Promise<SponsorRefusal | null>;
  /**
   * What became of a payment that was sent before for the same requirements; null for one that never was. The same
   * payment for other requirements is refused.
   */
  resume(payment: SignedPayment, binding: string): Promise<Settlement | null>;
  /**
   * Signs, records, sends and follows it. `binding` says what for. `claim` is what no two payments may have in common beside their number; it
   * is free again when the payment never got on chain.
   */
  settle(
    payment: SignedPayment,
    options: { binding: string; claim: string | null; purpose: string },
  ): Promise<Settlement>;
}
