/**
 * What every job runner shares: the parts made once by index.ts.
 * It holds no state of its own.
 */
import type { ChainClient } from "@computestream/protocol/client";
import type { Capacity } from "./capacity.ts";
import type { Operator } from "./chain.ts";
import type { HubClient } from "./hub-client.ts";
import type { JournalStore } from "./journal.ts";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";
import type { OperatorKey } from "./operator-key.ts";
import type { PolicyLimits } from "./policy.ts";
import type { OutputStore } from "./publish/store.ts";
import type { ContainerRuntime } from "./runtime/container-runtime.ts";

export interface NodeContext {
  client: ChainClient;
  operator: Operator;
  key: OperatorKey;
  runtime: ContainerRuntime;
  stores: OutputStore[];
  hub: HubClient;
  journals: JournalStore;
  capacity: Capacity;
  limits: PolicyLimits;
  metrics: Metrics;
  log: Logger;
  /** Folder of this deployment and provider. */
  dataDir: string;
  /** Changes when the machine boots: times of containers before it can't be trusted to be run time. */
  bootId: string;
  settings: {
    reconcileIntervalMs: number;
    pullTimeoutMs: number;
    pullMaxBytes: number;
    logMaxBytes: number;
    selfSettleAfterSecs: number;
    publishGraceSecs: number;
    openJobs: boolean;
  };
  /** Unix seconds of the newest block seen. */
  chainNow(): bigint;
  accepting(): boolean;
}
