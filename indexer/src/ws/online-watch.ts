/**
 * What the feed has told of who is online, and of which topics that isn't so any more: a sign of life runs out, or comes to
 * Redis, without any commit.
 * It doesn't know who listens, nor what a sign of life is: `online` does.
 */
import type { ProviderAnswer } from "@computestream/protocol/api";
import type { ActiveState } from "../redis/active-state.ts";
import type { Hub } from "./hub.ts";

/** At most so many are asked for at once: a question to Redis has its time. */
const CHUNK = 1_000;

export interface OnlineWatch {
  /** `providers` with their `online` of now, which `topic` tells from now on. */
  tell<T extends ProviderAnswer>(topic: string, providers: T[]): Promise<T[]>;
  /** Which topics tell another `online` than is so now. Each provider is asked for once, however many topics tell of it. */
  outdated(isWatched: (topic: string) => boolean): Promise<string[]>;
  /** Has the hub read those anew, one look after the other, until closed. */
  every(intervalMs: number, hub: Pick<Hub, "has" | "touch">): { close(): void };
}

interface Told {
  lastHeartbeatAt: number;
  online: boolean;
}

export function createOnlineWatch(active: Pick<ActiveState, "online">): OnlineWatch {
  const toldBy = new Map<string, Map<string, Told>>();

  async function onlineOf(signs: Map<string, number>): Promise<Set<string>> {
    const rows = [...signs].map(([provider, at]) => ({ provider, last_heartbeat_at: BigInt(at) }));
    const online = new Set<string>();
    for (let i = 0; i < rows.length; i += CHUNK) {
      for (const provider of await active.online(rows.slice(i, i + CHUNK))) online.add(provider);
    }
    return online;
  }

  const watch: OnlineWatch = {
    async tell(topic, providers) {
      const online = await onlineOf(new Map(providers.map((p) => [p.provider, p.lastHeartbeatAt])));
      const answers = providers.map((answer) => ({ ...answer, online: online.has(answer.provider) }));
      toldBy.set(
        topic,
        new Map(
          answers.map(({ provider, lastHeartbeatAt, online }) => [provider, { lastHeartbeatAt, online }]),
        ),
      );
      return answers;
    },

    async outdated(isWatched) {
      const signs = new Map<string, number>();
      for (const [topic, told] of toldBy) {
        if (!isWatched(topic)) {
          toldBy.delete(topic);
          continue;
        }
        for (const [provider, { lastHeartbeatAt }] of told) {
          signs.set(provider, Math.max(lastHeartbeatAt, signs.get(provider) ?? 0));
        }
      }
      if (signs.size === 0) return [];
      const online = await onlineOf(signs);
      const isOutdated = ([, told]: [string, Map<string, Told>]) => {
        for (const [provider, was] of told) if (was.online !== online.has(provider)) return true;
        return false;
      };
      return [...toldBy].filter(isOutdated).map(([topic]) => topic);
    },

    every(intervalMs, hub) {
      let isLooking = false;
      const timer = setInterval(async () => {
        if (isLooking) return;
        isLooking = true;
        hub.touch(await watch.outdated(hub.has));
        isLooking = false;
      }, intervalMs);
      return { close: () => clearInterval(timer) };
    },
  };
  return watch;
}
