/** A facilitator for Movement: `new x402Facilitator()`, then register both schemes for its network. */
export { createExactFacilitator, EXACT_PURPOSE } from "./exact.ts";
export type { Quote, Quotes } from "./quotes.ts";
export { createFacilitatorScheme, type Expected } from "./scheme.ts";
export type { Settlement, Sponsor, SponsorRefusal } from "./sponsor.ts";
export { createStreamFacilitator, STREAM_PURPOSE } from "./stream.ts";
