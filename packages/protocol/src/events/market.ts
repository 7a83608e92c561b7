/**
 * The events of `market`: parameters, assets and the admin.
 * It doesn't know what a parameter does: docs/protocol.md does.
 */
import { z } from "zod";
import { zAddress, zU64 } from "../primitives.ts";
import { zParameters } from "../structs.ts";

export const MARKET_EVENTS = {
  ParametersUpdated: z
    .object({ parameters: zParameters, timestamp: zU64 })
    .transform(({ parameters, ...event }) => ({ ...parameters, ...event })),
  AssetAllowanceChanged: z.object({ asset: zAddress, allowed: z.boolean(), timestamp: zU64 }),
  AdminProposed: z.object({ admin: zAddress, proposed: zAddress, timestamp: zU64 }),
  AdminChanged: z.object({ admin: zAddress, timestamp: zU64 }),
};
