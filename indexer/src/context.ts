/**
 * What the API and the WebSocket hub are given to work with.
 * It doesn't build it: `service.ts` does, and tests do.
 */
import type { Deployment } from "@computestream/protocol/deployment";
import type { Pool } from "pg";
import type { AssetBook } from "./assets/book.ts";
import type { Auth } from "./auth/auth.ts";
import type { Answers } from "./cache/answers.ts";
import type { Freshness } from "./cache/freshness.ts";
import type { ChainSource } from "./chain/source.ts";
import type { ProviderShelf } from "./discovery/provider-shelf.ts";
import type { IndexingStatus } from "./indexing/indexer.ts";
import type { Limiter } from "./limits/limiter.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { ActiveState } from "./redis/active-state.ts";
import type { RedisLink } from "./redis/client.ts";
import type { SseServer } from "./ws/sse.ts";

export interface Context {
  pool: Pool;
  providers: ProviderShelf;
  deployment: Deployment;
  assets: AssetBook;
  /** Only asked for the head of the chain, and who its admin is. */
  source: Pick<ChainSource, "ledger" | "admin">;
  auth: Auth;
  indexing: Readonly<IndexingStatus>;
  corsOrigins: string[];
  /** Null = every answer is read anew. */
  answers: Answers | null;
  active: Pick<ActiveState, "online">;
  freshness: Pick<Freshness, "heard" | "version">;
  /** Null = requests aren't limited. */
  limiter: Limiter | null;
  /** How many proxies of ours stand in front. */
  trustProxy: number;
  redis: Pick<RedisLink, "state" | "ask">;
  live: Pick<SseServer, "open">;
  /** True once the service is being ended: it answers, and wants no more to do. */
  isDraining(): boolean;
  metrics: Metrics;
  log: Logger;
  /** Wall clock in milliseconds. */
  now(): number;
}
