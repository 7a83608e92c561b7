/** The plugin for stock x402 clients: `new x402Client()`, then `registerMovement(client, …)`. */
import type { x402Client } from "@x402/core/client";
import { MOVEMENT_FAMILY } from "../networks.ts";
import { createExactClient } from "./exact.ts";
import type { PayerOptions } from "./payer.ts";
import { createStreamClient } from "./stream.ts";

export { type MovementSigner, signerOf } from "./account.ts";
export { createExactClient } from "./exact.ts";
export { type PayerOptions, UntrustedPaymentError } from "./payer.ts";
export { createStreamClient } from "./stream.ts";

/** Adds both schemes for every Movement network the payer has a deployment of. */
export function registerMovement(client: x402Client, options: PayerOptions): x402Client {
  return client
    .register(MOVEMENT_FAMILY, createExactClient(options))
    .register(MOVEMENT_FAMILY, createStreamClient(options));
}
