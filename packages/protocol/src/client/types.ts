/**
 * The shapes of transactions as the chain client speaks them: signed, sent, committed, failed.
 * It doesn't know the SDK; views are in view-types.ts, arguments in args.ts.
 */
import type { EventPosition, ProtocolEvent } from "../events.ts";

/** Why the chain refused: a named code of our modules, or what the VM said. */
export interface ChainFailure {
  /** `E_PRICE_ABOVE_MAXIMUM`, or a VM status such as `OUT_OF_GAS`, `INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE`. */
  code: string;
  /** Module the abort came from, when it was one. */
  module: string | null;
  /** A sentence for a person. */
  message: string;
}

export interface Outcome {
  hash: string;
  success: boolean;
  version: bigint;
  gasUsed: bigint;
  timestampUsecs: bigint;
  events: ProtocolEvent[];
  failure: ChainFailure | null;
}

/** A signed transaction whose hash is known before it is sent: persist `hash` and `bytes`, then submit. */
export interface SignedTransaction {
  hash: string;
  /** BCS of the SignedTransaction, for submission and resubmission. */
  bytes: Uint8Array;
  sequenceNumber: bigint;
  /** Unix seconds after which it can never be committed. */
  expiresAt: bigint;
}

export interface BuildOptions {
  maxGasAmount?: number;
  /** Octas; what the node estimates is paid up to this. */
  maxGasUnitPrice?: bigint;
  /** Seconds until it expires; default 20. */
  expireInSecs?: number;
  /** Default: the account's next number on chain. */
  sequenceNumber?: bigint;
}

/** One committed transaction, with the events of our package only. */
export interface TransactionRecord {
  version: bigint;
  hash: string;
  success: boolean;
  sender: string | null;
  timestampUsecs: bigint;
  gasUsed: bigint;
  gasUnitPrice: bigint;
  events: Array<{ position: EventPosition; event: ProtocolEvent; raw: Record<string, unknown> }>;
}
