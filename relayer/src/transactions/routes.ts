/**
 * The relay over HTTP: writes by their names, new and old, signed transactions in, outcomes out.
 * It doesn't build or send anything itself.
 */
import { ChainError } from "@computestream/protocol/client";
import {
  type BuiltWrite,
  type RelayedTransaction,
  STATUS_ALIASES,
  WRITABLE_STATUSES,
  WRITE_NAMES,
  WRITE_OF_STATUS,
  type WriteName,
  writeOf,
  zSubmission,
  zTransactionHash,
} from "@computestream/protocol/writes";
import express, { type RequestHandler, type Response, Router } from "express";
import { z } from "zod";
import { AppError, UnavailableError } from "../errors.ts";
import type { RelayDesk } from "./relay.ts";

const ROOT = "/api/v1/transactions";
/** Hex of the largest transaction, and what stands around it. */
const BODY_LIMIT = "320kb";

/** A state in any case, as the old systems and the chain spell it. */
const zStatusBody = z.looseObject({
  status: z
    .string()
    .toLowerCase()
    .pipe(z.enum(WRITABLE_STATUSES, { error: `must be one of ${WRITABLE_STATUSES.join(", ")}` })),
});

export const pathOf = (name: WriteName): string => `${ROOT}/${name}`;

export function createRelayRoutes(options: {
  build: (name: WriteName, given: unknown) => Promise<BuiltWrite>;
  desk: Pick<RelayDesk, "take" | "outcome">;
  packageAddress: string;
  isSponsored: (name: WriteName) => boolean;
  openapi: object;
  limit: RequestHandler;
}): Router {
  const { desk } = options;
  const router = Router();
  const json = express.json({ limit: BODY_LIMIT, type: () => true });

  const building =
    (name: WriteName): RequestHandler =>
    async (request, response) => {
      const parameters = request.params;
      const built = await onChain(() =>
        options.build(name, { ...z.looseObject({}).parse(request.body ?? {}), ...parameters }),
      );
      response.setHeader("Link", `<${pathOf(name)}>; rel="canonical"`);
      response.json(built);
    };
  for (const { method, path } of STATUS_ALIASES) {
    router[method === "POST" ? "post" : "patch"](
      path,
      options.limit,
      json,
      async (request, response, next) => {
        const { status, ...fields } = zStatusBody.parse(request.body ?? {});
        request.body = fields;
        await building(WRITE_OF_STATUS[status])(request, response, next);
      },
    );
  }
  for (const name of WRITE_NAMES) {
    router.post(pathOf(name), options.limit, json, building(name));
    for (const { method, path } of writeOf(name).aliases ?? []) {
      router[method === "POST" ? "post" : "patch"](path, options.limit, json, building(name));
    }
  }

  router.get("/api/v1/openapi.json", (_request, response) => {
    response.json(options.openapi);
  });
  router.get(ROOT, (_request, response) => {
    response.json({
      items: WRITE_NAMES.map((name) => {
        const { summary, calls, signer, aliases } = writeOf(name);
        return {
          name,
          path: pathOf(name),
          summary,
          function: `${options.packageAddress}::${calls}`,
          signer,
          sponsored: options.isSponsored(name),
          oldNames: [
            ...(aliases ?? []).map(({ method, path }) => `${method} ${path}`),
            ...WRITABLE_STATUSES.filter((status) => WRITE_OF_STATUS[status] === name).flatMap((status) =>
              STATUS_ALIASES.map(({ method, path }) => `${method} ${path} {"status":"${status}"}`),
            ),
          ],
        };
      }),
    });
  });
  router.post(ROOT, options.limit, json, async (request, response) => {
    const submission = zSubmission.parse(request.body);
    tell(response, await onChain(() => desk.take(submission)));
  });
  router.get(`${ROOT}/:hash`, options.limit, async (request, response) => {
    const { hash } = z.object({ hash: zTransactionHash }).parse(request.params);
    const known = await onChain(() => desk.outcome(hash));
    if (!known)
      throw new AppError(404, "TRANSACTION_UNKNOWN", "Neither the chain nor this relayer knows this hash.", {
        field: "hash",
      });
    response.json(known);
  });
  return router;
}

function tell(response: Response, relayed: RelayedTransaction): void {
  response.status(relayed.status === "pending" ? 202 : 200).json(relayed);
}

/** A node that is away may answer the same call later; what it refuses for good has its own words. */
async function onChain<T>(action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof ChainError)) throw error;
    if (error.retryable)
      throw new UnavailableError("CHAIN_UNAVAILABLE", "The chain's node can't be reached; try again.", error);
    throw new AppError(422, error.failure.code, error.failure.message, { cause: error });
  }
}
