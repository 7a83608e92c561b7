/**
 * Puts x402 together: sponsor, quotes, clerk and routes, with a key, a lock and a sequence number of their own, so that
 * whatever is sponsored never stands in the way of settlements.
 * It doesn't listen: the relayer mounts `router`.
 */
import { randomUUID } from "node:crypto";
import { normalizeAddress } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import { networkOf, TRANSFER } from "@computestream/x402";
import { EXACT_PURPOSE } from "@computestream/x402/facilitator";
import type { Router } from "express";
import { createLeaseKeeper } from "../chain/lease.ts";
import type { SponsorSigner } from "../chain/signer.ts";
import { createSubmitter } from "../chain/submitter.ts";
import type { SponsorSettings } from "../config.ts";
import { messageOf } from "../errors.ts";
import { limitByAddress } from "../http/limit-by-address.ts";
import type { Logger } from "../logger.ts";
import type { Metrics } from "../metrics.ts";
import { createSponsor, type SponsorDesk } from "../sponsor/sponsor.ts";
import { createIntentStore } from "../store/intents.ts";
import { createQuoteStore } from "../store/quotes.ts";
import type { Keys, Redis } from "../store/redis.ts";
import { createSponsoredStore, type SponsoredStore } from "../store/sponsored.ts";
import { createClerk } from "./clerk.ts";
import { createOffers } from "./offers.ts";
import { createPaywall } from "./paywall.ts";
import { createQuoting } from "./quoting.ts";
import { createX402Routes } from "./routes.ts";
import { createSchemes, MAX_TIMEOUT_SECS } from "./server.ts";

export interface X402 {
  router: Router;
  /** For whatever else is sponsored: one key, one set of limits. */
  sponsor: SponsorDesk;
  sponsored: SponsoredStore;
  /** Paid quotes that have neither a job nor their money back. */
  waiting(): Promise<number>;
  start(): void;
  close(): Promise<void>;
}

const SUBMISSION_GRACE_MS = 5_000;
/** What pays by x402. */
export function sponsoredFunctions(packageAddress: string): ReadonlySet<string> {
  const of = (module: string, name: string) => `${packageAddress}::${module}::${name}`;
  const [address, ...rest] = TRANSFER.split("::");
  return new Set([
    `${normalizeAddress(address ?? "")}::${rest.join("::")}`,
    of("job_orders", "create_job"),
    of("job_registry", "extend"),
    of("job_registry", "terminate"),
    of("job_registry", "cancel"),
  ]);
}

export async function createX402(options: {
  client: ChainClient;
  signer: SponsorSigner;
  settings: SponsorSettings;
  redis: Redis;
  keys: Keys;
  lockTtlMs: number;
  metrics: Pick<Metrics, "transactions" | "superseded" | "sponsored" | "sponsorRefusals" | "quotes">;
  logger: Logger;
  publicUrl: () => string;
  /** `address::module::name` of what is sponsored beside what pays by x402. */
  sponsoredToo: Iterable<string>;
}): Promise<X402> {
  const { client, signer, settings, redis, keys, metrics, logger, publicUrl } = options;
  const { chainId, packageAddress } = client.deployment;
  const network = networkOf(chainId);
  const sponsored = createSponsoredStore(redis, keys);
  const quotes = createQuoteStore(redis, keys);
  const intents = createIntentStore(redis, keys, signer.address);

  const sponsor = createSponsor({
    client,
    signer,
    policy: {
      functions: new Set([...sponsoredFunctions(packageAddress), ...options.sponsoredToo]),
      maxGasAmount: settings.maxGasAmount,
      maxGasUnitPrice: settings.maxGasUnitPrice,
      maxTimeoutSecs: MAX_TIMEOUT_SECS,
    },
    limits: settings,
    store: sponsored,
    duePurposes: new Set([EXACT_PURPOSE]),
    logger,
    onResult: (purpose, result) => metrics.sponsored.inc({ purpose, result }),
    onLimit: (limit) => metrics.sponsorRefusals.inc({ limit }),
  });
  const lease = createLeaseKeeper({
    intents,
    instance: randomUUID(),
    ttlMs: options.lockTtlMs,
    logger,
    onGained: () => {
      submitter
        .reconcile()
        .catch((error: unknown) =>
          logger.warn({ reason: messageOf(error) }, "reconciling will be tried again"),
        );
    },
    onLost: () => undefined,
  });
  const submitter = createSubmitter({
    chain: client,
    signer,
    intents,
    lease: () => lease.current(),
    logger,
    filler: client.payloads.processPayments([]),
    maxGasUnitPrice: settings.maxGasUnitPrice,
    onResult(kind, { result }) {
      metrics.transactions.inc({ kind, result });
      if (result === "superseded") metrics.superseded.inc();
    },
  });
  const clerk = createClerk({
    client,
    quotes,
    submitter,
    isSubmitter: () => lease.current() !== null,
    logger,
    onOutcome: (state) => metrics.quotes.inc({ state }),
  });
  const quoting = createQuoting({ client, store: quotes, sponsored, clerk: signer.address });
  const schemes = await createSchemes({ network, sponsor, quotes: quoting, chain: client });
  const offers = createOffers({ schemes, chain: client, publicUrl });
  const router = createX402Routes({
    chain: client,
    schemes,
    offers,
    paywall: createPaywall(schemes.server),
    quoting,
    quotes,
    sponsored,
    network,
    feePayer: signer.address,
    publicUrl,
    limit: limitByAddress(settings.requestsPerSec),
  });

  return {
    router,
    sponsor,
    sponsored,
    waiting: () => quotes.waiting(),
    start() {
      lease.start();
      sponsor.start();
      clerk.start();
    },
    async close() {
      await sponsor.close();
      // What the clerk waits for ends with the submitter.
      const idle = clerk.close();
      await submitter.close(SUBMISSION_GRACE_MS);
      await idle;
      await lease.close();
    },
  };
}
