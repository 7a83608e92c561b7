/**
 * The node's JSON log lines.
 * It doesn't know who reads them; secrets never reach it because only operator-key.ts holds one.
 */
import { type Logger, pino } from "pino";

export type { Logger };

export function createLogger(level: string): Logger {
  return pino({ level, base: { service: "provider-node" } });
}
