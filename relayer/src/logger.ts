/**
 * One JSON line a message on standard output.
 * It doesn't know what is logged; secrets are kept out by never handing them here, and redacted if one slips.
 */
import { type Logger, pino } from "pino";

export type { Logger };

export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { service: "relayer" },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: ["privateKey", "*.privateKey", "config.redisUrl"], censor: "[hidden]" },
  });
}
