/**
 * GET /api/v1/providers and /api/v1/providers/:address.
 * It doesn't know SQL.
 */
import { providerStatusCode } from "@computestream/protocol";
import { zProvidersQuery } from "@computestream/protocol/api";
import { Router } from "express";
import { z } from "zod";
import type { Context } from "../../context.ts";
import { listProviders, type ProviderKey } from "../../db/queries/providers.ts";
import type { ProviderRow } from "../../db/tables.ts";
import { ApiError } from "../../errors.ts";
import { providerDto } from "../dto.ts";
import { decodeCursor, toPage, zIndex, zVersion } from "../pagination.ts";
import { readProviders } from "../snapshots.ts";
import { parseAddress, parseQuery } from "../validate.ts";

const zNumber = z.string().regex(/^\d{1,20}$/);
const zProviderAddress = z.string().regex(/^0x[0-9a-f]{64}$/);

const zKeys: Record<ProviderKey["sort"], z.ZodType<ProviderKey>> = {
  price: z.object({ sort: z.literal("price"), pricePerHour: zNumber, provider: zProviderAddress }).strict(),
  score: z.object({ sort: z.literal("score"), score: zNumber, provider: zProviderAddress }).strict(),
  newest: z.object({ sort: z.literal("newest"), version: zVersion, index: zIndex }).strict(),
};

function keyOf(sort: ProviderKey["sort"], row: ProviderRow): ProviderKey {
  switch (sort) {
    case "price":
      return { sort, pricePerHour: row.price_per_hour.toString(), provider: row.provider };
    case "score":
      return { sort, score: row.score.toString(), provider: row.provider };
    case "newest":
      return { sort, version: row.registered_version.toString(), index: row.registered_index };
  }
}

export function providerRoutes({ pool, deployment }: Context): Router {
  const router = Router();

  router.get("/api/v1/providers", async (request, response) => {
    const { sort, limit, cursor, status, ...filter } = parseQuery(zProvidersQuery, request.query);
    const after = decodeCursor(zKeys[sort], cursor);
    const rows = await listProviders(pool, {
      filter: { ...filter, status: status && providerStatusCode(status) },
      sort,
      after,
      limit: limit + 1,
    });
    response.json(
      toPage(
        rows,
        limit,
        (row) => providerDto(row, deployment.asset),
        (row) => keyOf(sort, row),
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
