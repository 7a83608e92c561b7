/**
 * Ends the process with one readable line when the configuration is wrong.
 * It doesn't know what is configured.
 */
import { ConfigError, loadConfig } from "./config.ts";

export function requireConfig(): void {
  try {
    loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${JSON.stringify({ level: 60, name: "web", msg: error.message })}\n`);
    process.exit(1);
  }
}
