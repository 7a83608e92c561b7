/** The parts of the protocol that need no chain connection. The chain client is `@computestream/protocol/client`. */
export * from "./attestation.ts";
export * from "./attestation-text.ts";
export * from "./command.ts";
export * from "./deployment.ts";
export * from "./devices.ts";
export * from "./dispute.ts";
export * from "./events.ts";
export * from "./hub.ts";
export * from "./job-spec.ts";
export * from "./job-state.ts";
export * from "./money.ts";
export * from "./output.ts";
export * from "./primitives.ts";
export * from "./provider-status.ts";
export * from "./quote.ts";
export * from "./score.ts";
export * from "./terms.ts";
