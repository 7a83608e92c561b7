/**
 * The entry for upstream's end-to-end harness, read as upstream's loader reads it (e2e/src/mechanisms.ts), and asked of our
 * server scheme and stock client.
 */
import { readFileSync } from "node:fs";
import { normalizeAddress } from "@computestream/protocol";
import { x402Client } from "@x402/core/client";
import { x402ResourceServer } from "@x402/core/server";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { chainIdOf, MOVEMENT_FAMILY } from "../networks.ts";
import { createMovementServer } from "./index.ts";

const zEnv = z.record(
  z.string().regex(/^(SERVER|CLIENT|FACILITATOR)_MOVEMENT_[A-Z_]+$/),
  z.strictObject({
    required: z.boolean(),
    roles: z.array(z.enum(["server", "client", "facilitator"])).min(1),
  }),
);
const zMode = z.strictObject({ name: z.string(), caip2: z.string(), rpcUrlDefault: z.url() });
const zRoute = z.strictObject({
  scheme: z.enum(["exact", "upto", "batch-settlement"]),
  sdks: z.array(z.enum(["typescript", "python", "go"])).min(1),
  paymentFlow: z.enum(["authorization", "upfront", "escrow"]).default("authorization"),
  maxTimeoutSeconds: z.number().int().positive().optional(),
  price: z.union([
    z.strictObject({ usd: z.string() }),
    z.strictObject({
      amount: z.string(),
      amountEnv: z.string(),
      asset: z.string(),
      assetEnv: z.string(),
    }),
  ]),
  extensions: z.array(z.string()).optional(),
});
const catalog = z
  .strictObject({ env: zEnv, testnet: zMode, mainnet: zMode, routes: z.record(z.string(), zRoute) })
  .parse(
    JSON.parse(
      readFileSync(
        new URL("../../../../docs/x402/e2e/config/mechanisms_movement.json", import.meta.url),
        "utf8",
      ),
    ),
  );
const sponsor = normalizeAddress("0x5");
const payTo = normalizeAddress("0x7");

async function serverOn(network: `movement:${number}`) {
  const kind = { x402Version: 2, scheme: "exact", network, extra: { feePayer: sponsor } };
  const server = new x402ResourceServer({
    verify: async () => Promise.reject(new Error("nothing is paid here")),
    settle: async () => Promise.reject(new Error("nothing is paid here")),
    getSupported: async () => ({ kinds: [kind], extensions: [], signers: {} }) as never,
  }).register(MOVEMENT_FAMILY, createMovementServer("exact"));
  await server.initialize();
  return server;
}

describe("the entry for upstream's end-to-end harness", () => {
  it("names the chains as transactions do", () => {
    expect(chainIdOf(catalog.testnet.caip2)).toBe(250);
    expect(chainIdOf(catalog.mainnet.caip2)).toBe(126);
  });

  it("asks every part for the keys that upstream derives from the file's name", () => {
    const roleOf = (key: string) => catalog.env[key]?.roles;
    expect(roleOf("SERVER_MOVEMENT_ADDRESS")).toEqual(["server"]);
    expect(roleOf("CLIENT_MOVEMENT_PRIVATE_KEY")).toEqual(["client"]);
    expect(roleOf("FACILITATOR_MOVEMENT_PRIVATE_KEY")).toEqual(["facilitator"]);
    for (const { price } of Object.values(catalog.routes))
      for (const key of "amount" in price ? [price.amountEnv, price.assetEnv] : [])
        expect(catalog.env[key]).toEqual({ required: false, roles: ["server"] });
  });

  it.each(Object.entries(catalog.routes))(
    "%s is a route that our server can ask money for",
    async (_path, route) => {
      for (const { caip2 } of [catalog.testnet, catalog.mainnet]) {
        const network = caip2 as `movement:${number}`;
        const server = await serverOn(network);
        const { price, paymentFlow } = route;
        const [requirements] = await server.buildPaymentRequirements({
          scheme: route.scheme,
          network,
          payTo,
          price: "usd" in price ? price.usd : { amount: price.amount, asset: price.asset },
          extra: paymentFlow === "authorization" ? {} : { paymentFlow },
        });
        expect(requirements).toMatchObject({
          network,
          payTo,
          amount: "1000",
          asset: normalizeAddress("0xa"),
          extra: { paymentFlow: "upfront", feePayer: sponsor },
        });
        // The harness expects of the wire what the catalog says.
        expect(paymentFlow).toBe("upfront");
        if (!requirements) throw new Error("no requirements");
        const chosen: unknown[] = [];
        const client = new x402Client().register(MOVEMENT_FAMILY, {
          scheme: "exact",
          findDefaultAsset: (asset) => ({ asset, symbol: "MOVE", decimals: 8 }),
          async createPaymentPayload(x402Version, accepted) {
            chosen.push(accepted);
            return { x402Version, payload: { transaction: "" } };
          },
        });
        await client.createPaymentPayload({
          x402Version: 2,
          resource: { url: "http://127.0.0.1/" },
          accepts: [requirements],
        });
        // A stock client with its stock limit of one dollar takes it.
        expect(chosen).toEqual([requirements]);
      }
    },
  );
});
