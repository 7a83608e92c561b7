/**
 * GET /api/v1/providers and /api/v1/providers/:address.
 * It doesn't know SQL.
 */
import { zProvidersQuery } from "@computestream/protocol/api";
import { Router } from "express";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { listProviders, type ProviderKey } from "../../db/queries/providers.ts";
import { ApiError } from "../../errors.ts";
import { providerDto } from "../dto.ts";
import { decodeCursor, toPage, zIndex, zVersion } from "../pagination.ts";
import { readProviders } from "../snapshots.ts";
import { parseAddress, parseQuery } from "../validate.ts";

const zKeys: Record<ProviderKey["sort"], z.ZodType<ProviderKey>> = {
  price: z
    .object({
      sort: z.literal("price"),
      pricePerHour: z.string().regex(/^\d{1,20}$/),
      provider: z.string().regex(/^0x[0-9a-f]{64}$/),
    })
    .strict(),
  newest: z.object({ sort: z.literal("newest"), version: zVersion, index: zIndex }).strict(),
};

export function providerRoutes({ pool, deployment }: Context): Router {
  const router = Router();

  router.get("/api/v1/providers", async (request, response) => {
    const { sort, limit, cursor, ...filter } = parseQuery(zProvidersQuery, request.query);
    const after = decodeCursor(zKeys[sort], cursor);
    const rows = await listProviders(pool, { filter, sort, after, limit: limit + 1 });
    response.json(
      toPage(
        rows,
        limit,
        (row) => providerDto(row, deployment.asset),
        (row): ProviderKey =>
          sort === "price"
            ? { sort, pricePerHour: row.price_per_hour.toString(), provider: row.provider }
            : { sort, version: row.registered_version.toString(), index: row.registered_index },
      ),
    );
  });

  router.get("/api/v1/providers/:address", async (request, response) => {
    const address = parseAddress(request.params.address);
    const provider = (await readProviders(pool, deployment.asset, [address])).get(address);
    if (!provider)
      throw new ApiError(404, "PROVIDER_NOT_FOUND", `there is no provider at ${address}`, "address");
    response.json(provider);
  });

  return router;
}
