/**
 * The facilitator over HTTP, for resource servers that sell this market's quotes: verify, settle, supported, discovery.
 * It doesn't decide: what it sponsors is what the schemes allow, whoever asks.
 */

import { ChainError } from "@computestream/protocol/client";
import type { x402Facilitator } from "@x402/core/facilitator";
import { PaymentRequirementsV2Schema, parsePaymentPayload } from "@x402/core/schemas";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { Router } from "express";
import { z } from "zod";
import { AppError, UnavailableError } from "../errors.ts";
import { resourcesOf } from "./manifest.ts";

const zBody = z.object({
  x402Version: z.literal(2),
  paymentPayload: z.looseObject({}),
  paymentRequirements: z.looseObject({}),
});
const zPage = z.object({
  type: z.string().optional(),
  scheme: z.string().optional(),
  network: z.string().optional(),
  payTo: z.string().optional(),
  extensions: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(100).default(100),
  offset: z.coerce.number().int().min(0).default(0),
});

export function createFacilitatorRoutes(options: {
  facilitator: x402Facilitator;
  network: string;
  publicUrl: () => string;
}): Router {
  const { facilitator, network, publicUrl } = options;
  const router = Router();
  // What is sold changes with the program.
  const lastUpdated = new Date().toISOString();

  router.get("/supported", (_request, response) => {
    response.json(facilitator.getSupported());
  });
  for (const verb of ["verify", "settle"] as const) {
    router.post(`/${verb}`, async (request, response) => {
      const { payload, requirements } = read(request.body);
      try {
        response.json(await facilitator[verb](payload, requirements));
      } catch (error) {
        if (error instanceof ChainError)
          throw new UnavailableError(
            "CHAIN_UNAVAILABLE",
            "The chain's node can't be reached; try again.",
            error,
          );
        if (error instanceof Error && /^No facilitator registered/.test(error.message))
          throw new AppError(
            400,
            "UNSUPPORTED_KIND",
            `This facilitator has exact and stream on ${network}.`,
            {
              field: "paymentRequirements",
            },
          );
        throw error;
      }
    });
  }
  router.get("/discovery/resources", (request, response) => {
    const { type, scheme, network: wanted, payTo, extensions, limit, offset } = zPage.parse(request.query);
    // Whom a route pays depends on the quote or the job, and none has an extension.
    const canMatch = payTo === undefined && extensions === undefined;
    const items = resourcesOf(publicUrl())
      .filter(({ schemes }) => scheme === undefined || schemes.includes(scheme))
      .filter(() => canMatch && (type ?? "http") === "http" && (wanted ?? network) === network)
      .map(({ url, method, description, schemes }) => ({
        resource: url,
        type: "http",
        x402Version: 2,
        // The live 402 has the terms: they depend on the quote or the job.
        accepts: [],
        lastUpdated,
        metadata: { method, description, schemes, network, quotes: `${publicUrl()}/x402.json` },
      }));
    response.json({
      x402Version: 2,
      items: items.slice(offset, offset + limit),
      pagination: { limit, offset, total: items.length },
    });
  });
  return router;
}

function read(body: unknown): { payload: PaymentPayload; requirements: PaymentRequirements } {
  const { paymentPayload, paymentRequirements } = zBody.parse(body);
  const payload = parsePaymentPayload(paymentPayload);
  if (!payload.success)
    throw new AppError(400, "BAD_PAYMENT", "This isn't a payment.", { field: "paymentPayload" });
  const requirements = PaymentRequirementsV2Schema.safeParse(paymentRequirements);
  if (!requirements.success)
    throw new AppError(400, "BAD_REQUIREMENTS", "These aren't requirements.", {
      field: "paymentRequirements",
    });
  return {
    payload: paymentPayload as unknown as PaymentPayload,
    requirements: paymentRequirements as unknown as PaymentRequirements,
  };
}
