/**
 * Upstream's resource server and facilitator with Movement's schemes, joined in one process.
 * It doesn't know routes or quotes.
 */
import type { ChainClient } from "@computestream/protocol/client";
import { MOVEMENT_FAMILY, type MovementNetwork, type Scheme } from "@computestream/x402";
import {
  createExactFacilitator,
  createStreamFacilitator,
  type Quotes,
  type Sponsor,
} from "@computestream/x402/facilitator";
import { createMovementServer } from "@computestream/x402/server";
import { x402Facilitator } from "@x402/core/facilitator";
import { x402ResourceServer } from "@x402/core/server";
import type { PaymentRequirements } from "@x402/core/types";

export type SchemeServer = x402ResourceServer;

/** A payment must be on chain so soon after it is signed. */
export const MAX_TIMEOUT_SECS = 60;

export interface Schemes {
  facilitator: x402Facilitator;
  server: SchemeServer;
  /** Requirements as the wire carries them, with fee payer and payment flow. */
  require(p: {
    scheme: Scheme;
    payTo: string;
    asset: string;
    amount: bigint;
    extra: Record<string, unknown>;
  }): Promise<PaymentRequirements>;
}

export async function createSchemes(options: {
  network: MovementNetwork;
  sponsor: Sponsor;
  quotes: Quotes;
  chain: ChainClient;
}): Promise<Schemes> {
  const { network } = options;
  const facilitator = new x402Facilitator()
    .register(network, createExactFacilitator(options))
    .register(network, createStreamFacilitator(options));
  const server = new x402ResourceServer({
    verify: (payload, requirements) => facilitator.verify(payload, requirements),
    settle: (payload, requirements) => facilitator.settle(payload, requirements),
    getSupported: async () => facilitator.getSupported() as never,
  })
    .register(MOVEMENT_FAMILY, createMovementServer("exact"))
    .register(MOVEMENT_FAMILY, createMovementServer("stream"));
  await server.initialize();
  return {
    facilitator,
    server,
    async require({ scheme, payTo, asset, amount, extra }) {
      const [requirements] = await server.buildPaymentRequirements({
        scheme,
        network,
        payTo,
        price: { asset, amount: `${amount}` },
        maxTimeoutSeconds: MAX_TIMEOUT_SECS,
        extra,
      });
      if (!requirements) throw new Error(`no requirements for ${scheme}`);
      return requirements;
    },
  };
}
