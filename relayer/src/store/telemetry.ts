/**
 * The newest telemetry of each provider, for a minute: no key = the node is silent.
 * It doesn't keep history.
 */
import { type TelemetryMessage, zTelemetry } from "@computestream/protocol";
import { type Keys, type Redis, unavailable } from "./redis.ts";

export const TELEMETRY_TTL_SECS = 60;

export interface TelemetryStore {
  put(provider: string, telemetry: TelemetryMessage): Promise<void>;
  get(provider: string): Promise<TelemetryMessage | null>;
}

export function createTelemetryStore(redis: Redis, keys: Keys): TelemetryStore {
  return {
    async put(provider, telemetry) {
      const text = JSON.stringify(telemetry);
      await unavailable(() => redis.set(keys.telemetry(provider), text, "EX", TELEMETRY_TTL_SECS));
    },
    async get(provider) {
      const text = await unavailable(() => redis.get(keys.telemetry(provider)));
      return text === null ? null : zTelemetry.parse(JSON.parse(text));
    },
  };
}
