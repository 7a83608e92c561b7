/**
 * The relayer as a process: settings, start, signals, end.
 * It doesn't know what the parts do.
 */
import { loadConfig } from "./config.ts";
import { StartupError } from "./errors.ts";
import { createLogger } from "./logger.ts";
import { startRelayer } from "./relayer.ts";

const CLOSE_TIMEOUT_MS = 20_000;

try {
  const config = loadConfig();
  const logger = createLogger(config.logLevel);
  const relayer = await startRelayer(config, logger);
  let closing = false;
  const close = (signal: string): void => {
    if (closing) return;
    closing = true;
    logger.info({ signal }, "stopping");
    setTimeout(() => {
      logger.error("didn't stop in time; what is open is reconciled at the next start");
      process.exit(1);
    }, CLOSE_TIMEOUT_MS).unref();
    relayer.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, "stopping failed");
        process.exit(1);
      },
    );
  };
  process.on("SIGTERM", () => close("SIGTERM"));
  process.on("SIGINT", () => close("SIGINT"));
  logger.info({ url: relayer.url }, "ready");
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message} ${error.remedy}\n`);
  process.exit(1);
}
