/**
 * The typed client of the Move modules: views, payloads, submitting and waiting, abort codes as sentences.
 * It doesn't hold keys and never retries a submission on its own.
 */
export * from "./chain-client.ts";
export * from "./types.ts";
