/**
 * The provider's status on chain, as far as the node sets it: there, taking no more, gone, or what its owner orders.
 * It doesn't overrule the owner: maintenance stays until the owner ends it.
 */
import type { ProviderStatus } from "@computestream/protocol";
import type { ChainClient, Outcome } from "@computestream/protocol/client";
import type { IntentLog, Operator } from "./chain.ts";
import { messageOf } from "./errors.ts";
import type { Logger } from "./logger.ts";

/** Nothing here but `bring` throws: a status that can't be told keeps no job from running. */
export interface Status {
  /** Active again, unless the owner has set maintenance. */
  arrive(): Promise<void>;
  warnUnlessActive(): Promise<void>;
  /** From active or draining only. */
  leave(to: "Draining" | "Offline"): Promise<void>;
  /** What the owner orders. Null when it is so already. Throws what may go better later. */
  bring(to: ProviderStatus): Promise<Outcome | null>;
}

/** A status needs no reconciliation: what it is can be read at any time. */
const FORGETFUL: IntentLog = { append: async () => {} };

export function createStatus(options: {
  client: Pick<ChainClient, "getProvider" | "payloads">;
  operator: Pick<Operator, "execute">;
  provider: string;
  log: Logger;
}): Status {
  const { client, operator, provider, log } = options;

  async function current(): Promise<ProviderStatus | null> {
    try {
      return (await client.getProvider(provider))?.status ?? null;
    } catch (error) {
      log.warn({ err: messageOf(error) }, "the provider's status can't be read");
      return null;
    }
  }

  async function set(status: ProviderStatus): Promise<void> {
    try {
      const payload = client.payloads.setStatus(provider, status);
      const { failure } = await operator.execute("set_status", payload, FORGETFUL);
      if (failure) log.warn({ status, code: failure.code }, `status not set: ${failure.message}`);
      else log.info({ status }, "status set on chain");
    } catch (error) {
      log.warn({ status, err: messageOf(error) }, "status can't be set");
    }
  }

  return {
    async arrive() {
      const status = await current();
      if (status === "Draining" || status === "Offline") return set("Active");
      if (status === "Maintenance") log.warn("the owner has set maintenance: no job can be created for it");
    },
    async warnUnlessActive() {
      const status = await current();
      if (status !== null && status !== "Active") {
        log.warn({ status }, "the provider isn't active on chain: no job can be created for it");
      }
    },
    async leave(to) {
      const status = await current();
      if (status === "Active" || (status === "Draining" && to === "Offline")) await set(to);
    },
    async bring(to) {
      if ((await client.getProvider(provider))?.status === to) return null;
      return operator.execute("set_status", client.payloads.setStatus(provider, to), FORGETFUL);
    },
  };
}
