/**
 * `POST /fund`, as the SDK's `fundAccount` calls it.
 * It doesn't hold keys or know how funds are made.
 */
import { z } from "zod";
import { parseAddress, toHex } from "../../codec/bytes.ts";
import { type Faucet, MAX_FUNDING } from "../../faucet.ts";
import { invalidInput, json, type Route } from "../http.ts";
import { jsonBody } from "../parse.ts";

const zFund = z.object({
  address: z.string({ error: "must be an account address as a string" }),
  amount: z.union([z.number().int().nonnegative(), z.string().regex(/^\d{1,20}$/)], {
    error: "must be a whole number of base units, 0 or more",
  }),
});

export function faucetRoutes(faucet: Faucet): Route[] {
  return [
    {
      method: "POST",
      path: "/fund",
      handler: async (request) => {
        const body = jsonBody(request, zFund);
        const address = parseAddress(body.address);
        if (!address) throw invalidInput("address: must be 0x and up to 64 hex digits");
        const amount = BigInt(body.amount);
        if (amount > MAX_FUNDING) throw invalidInput(`amount: must not be above ${MAX_FUNDING}`);
        return json({ txn_hashes: [toHex(await faucet.fund(address, amount))] });
      },
    },
  ];
}
