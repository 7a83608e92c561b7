/**
 * Puts the relay of writes together; it sponsors what is on its list where x402 has a sponsor.
 * It doesn't listen: the relayer mounts `router`.
 */
import { normalizeAddress } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import { WRITE_NAMES, type WriteName, writeOf } from "@computestream/protocol/writes";
import type { Router } from "express";
import type { SponsorSigner } from "../chain/signer.ts";
import type { SponsorSettings } from "../config.ts";
import { limitByAddress } from "../http/limit-by-address.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import type { SponsorDesk } from "../sponsor/sponsor.ts";
import type { Keys, Redis } from "../store/redis.ts";
import { createRelayedStore } from "../store/relayed.ts";
import type { SponsoredStore } from "../store/sponsored.ts";
import { MAX_TIMEOUT_SECS } from "../x402/server.ts";
import { buildWrite } from "./building.ts";
import { createRelayOpenApi } from "./openapi.ts";
import { createRelayDesk } from "./relay.ts";
import { createRelayRoutes } from "./routes.ts";

export interface TransactionRelay {
  router: Router;
  start(): void;
  close(): Promise<void>;
}

/** `address::module::name` of writes. */
export function functionsOf(packageAddress: string, names: Iterable<WriteName>): ReadonlySet<string> {
  return new Set([...names].map((name) => `${normalizeAddress(packageAddress)}::${writeOf(name).calls}`));
}

export function createTransactionRelay(options: {
  client: ChainClient;
  redis: Redis;
  keys: Keys;
  requestsPerSec: number;
  sponsor: {
    desk: SponsorDesk;
    store: SponsoredStore;
    signer: SponsorSigner;
    settings: SponsorSettings;
  } | null;
  metrics: Pick<Metrics, "relayed">;
  logger: Logger;
}): TransactionRelay {
  const { client, sponsor, metrics, logger } = options;
  const { chainId, packageAddress } = client.deployment;
  const sponsored = functionsOf(packageAddress, sponsor?.settings.functions ?? []);
  const desk = createRelayDesk({
    client,
    rules: { chainId, functions: functionsOf(packageAddress, WRITE_NAMES) },
    store: createRelayedStore(options.redis, options.keys),
    sponsoring: sponsor && {
      desk: sponsor.desk,
      store: sponsor.store,
      signer: sponsor.signer,
      functions: sponsored,
      maxTimeoutSecs: MAX_TIMEOUT_SECS,
    },
    logger,
    onResult: (result) => metrics.relayed.inc({ result }),
  });
  const buildSponsor = sponsor && {
    address: sponsor.signer.address,
    functions: sponsored,
    maxGasAmount: sponsor.settings.maxGasAmount,
    maxGasUnitPrice: sponsor.settings.maxGasUnitPrice,
    maxTimeoutSecs: MAX_TIMEOUT_SECS,
  };
  const router = createRelayRoutes({
    build: (name, given) => buildWrite(client, buildSponsor, name, given),
    desk,
    packageAddress: normalizeAddress(packageAddress),
    isSponsored: (name) => sponsor?.settings.functions.includes(name) ?? false,
    openapi: createRelayOpenApi(),
    limit: limitByAddress(options.requestsPerSec),
  });
  return { router, start: () => desk.start(), close: () => desk.close() };
}
