/**
 * Commands over HTTP: an owner's signed command in, its state out.
 * It doesn't verify anything itself.
 */
import { zAddress, zHash32, zSignedCommand } from "@computestream/protocol";
import express, { Router } from "express";
import { z } from "zod";
import type { CommandDesk } from "../hub/commands.ts";
import { limitByAddress } from "./limit-by-address.ts";

const zParams = z.object({ provider: zAddress });
const zStateParams = zParams.extend({ id: zHash32 });
const zQuery = z.strictObject({ waitMs: z.coerce.number().int().min(0).max(10_000).default(3_000) });

/** Each costs signature checks and reads of the chain. */
const COMMANDS_PER_SEC = 5;

export function createCommandRoutes(desk: Pick<CommandDesk, "take" | "state">): Router {
  const router = Router();
  const limit = limitByAddress(COMMANDS_PER_SEC);
  const path = "/api/v1/providers/:provider/commands";
  router.post(path, limit, express.json({ limit: "32kb", type: () => true }), async (request, response) => {
    const { provider } = zParams.parse(request.params);
    const { waitMs } = zQuery.parse(request.query);
    const state = await desk.take(provider, zSignedCommand.parse(request.body), waitMs);
    const isEnd = state.state === "done" || state.state === "refused" || state.state === "expired";
    response.status(isEnd ? 200 : 202).json(state);
  });
  router.get(`${path}/:id`, async (request, response) => {
    const { provider, id } = zStateParams.parse(request.params);
    response.json(await desk.state(provider, id));
  });
  return router;
}
