/**
 * The service's logger: JSON lines on stdout.
 * It doesn't know what is logged; connection strings are redacted here as a last guard.
 */
import { type Logger, pino } from "pino";

export type { Logger };

export function createLogger(level: string): Logger {
  return pino({
    level,
    base: { service: "indexer" },
    redact: ["databaseUrl", "*.databaseUrl", "DATABASE_URL", "*.password"],
  });
}
