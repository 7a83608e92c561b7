/**
 * The typed client of the Move modules: views, payloads, submitting and waiting, abort codes as sentences.
 * It doesn't hold keys and never retries a submission on its own.
 */
export * from "./args.ts";
export * from "./chain-client.ts";
export { type CommandRefusal, refusalOfCommand } from "./commands.ts";
export {
  COUNTERSIGNATURE_BYTES,
  type EncodedCall,
  encodeProcessPayments,
  PAYMENT_ENTRY_BYTES,
} from "./encoded-call.ts";
export { entryFunction } from "./entry-function.ts";
export { ChainError, explainFailure } from "./errors.ts";
export { createNodeApi, type NodeAnswer, type NodeApi, type NodeFailure } from "./node.ts";
export { createPayloads, type Payloads } from "./payloads.ts";
export { signMessageWith } from "./sign-message.ts";
export { transactionHash } from "./transactions.ts";
export * from "./types.ts";
export * from "./view-types.ts";
export { verifiedAuthenticationKey } from "./wallet-signature.ts";
