/** The parts of the protocol that need no chain connection. The chain client is `@computestream/protocol/client`. */
export * from "./attestation.ts";
export * from "./deployment.ts";
export * from "./events.ts";
export * from "./hub.ts";
export * from "./job-spec.ts";
export * from "./job-state.ts";
export * from "./money.ts";
export * from "./output.ts";
export * from "./primitives.ts";
