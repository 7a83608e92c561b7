/** What both sides of a payment on Movement share: networks, the wire form, terms and reasons. */
export * from "./call.ts";
export * from "./encoding.ts";
export * from "./networks.ts";
export * from "./reasons.ts";
export * from "./terms.ts";
export * from "./transfer.ts";
