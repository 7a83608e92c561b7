/**
 * Why a transaction is not accepted, with the VM status codes of the Aptos node.
 * It doesn't know HTTP.
 */

/** `StatusCode` numbers of move-core-types that validation can answer with. */
export const STATUS_CODES = {
  INVALID_SIGNATURE: 1,
  INVALID_AUTH_KEY: 2,
  SEQUENCE_NUMBER_TOO_OLD: 3,
  SEQUENCE_NUMBER_TOO_NEW: 4,
  INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE: 5,
  TRANSACTION_EXPIRED: 6,
  SENDING_ACCOUNT_DOES_NOT_EXIST: 7,
  EXCEEDED_MAX_TRANSACTION_SIZE: 10,
  MAX_GAS_UNITS_EXCEEDS_MAX_GAS_UNITS_BOUND: 13,
  MAX_GAS_UNITS_BELOW_MIN_TRANSACTION_GAS_UNITS: 14,
  GAS_UNIT_PRICE_BELOW_MIN_BOUND: 15,
  GAS_UNIT_PRICE_ABOVE_MAX_BOUND: 16,
  BAD_CHAIN_ID: 23,
  SEQUENCE_NUMBER_TOO_BIG: 24,
  FEATURE_UNDER_GATING: 26,
  SECONDARY_KEYS_ADDRESSES_COUNT_MISMATCH: 27,
  SIGNERS_CONTAIN_DUPLICATES: 28,
  SEQUENCE_NONCE_INVALID: 29,
} as const;
export type StatusCode = keyof typeof STATUS_CODES;

/** `StatusCode::ABORTED`, which a failed view answers with. */
export const ABORTED = 4016;

/** The transaction can't be accepted as it stands (validation), wherever it came from. */
export class TransactionRejected extends Error {
  readonly status: StatusCode;
  constructor(status: StatusCode) {
    super(`Invalid transaction: Type: Validation Code: ${status}`);
    this.name = "TransactionRejected";
    this.status = status;
  }
  get statusNumber(): number {
    return STATUS_CODES[this.status];
  }
}

/** The bytes are no transaction, or use a form that this chain doesn't know. */
export class MalformedTransaction extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "MalformedTransaction";
  }
}

/** Another transaction of the same sender and sequence number is already waiting. */
export class ConflictingTransaction extends Error {
  constructor() {
    super("Transaction already in mempool with a different payload");
    this.name = "ConflictingTransaction";
  }
}

export class MempoolFull extends Error {
  constructor() {
    super("Mempool is full");
    this.name = "MempoolFull";
  }
}
