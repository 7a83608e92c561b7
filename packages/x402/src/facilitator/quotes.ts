/**
 * What the facilitator needs of whoever makes quotes: whether one stands, and what it binds.
 * It doesn't store them.
 */
import type { QuotedOrder, QuoteTerms } from "@computestream/protocol";
import type { Refusal } from "../reasons.ts";

export interface Quote {
  id: string;
  terms: QuoteTerms;
  order: QuotedOrder;
  asset: string;
  /** Where `exact` pays. */
  address: string;
}

export interface Quotes {
  /** Why the quote can't be paid now, or the quote. */
  payable(id: string): Promise<Quote | Refusal>;
}
