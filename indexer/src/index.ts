/**
 * The indexer's process: configuration, start, signals, exit code.
 * It doesn't know how the parts work together; `service.ts` does.
 */
import { createChainClient } from "@computestream/protocol/client";
import { type Config, loadConfig } from "./config.ts";
import { errorCode, errorMessage } from "./errors.ts";
import { createLogger } from "./logger.ts";
import { startService } from "./service.ts";

async function main(): Promise<void> {
  const config: Config = loadConfig();
  const log = createLogger(config.logLevel);
  const source = createChainClient({ deployment: config.deployment, nodeUrl: config.nodeUrl });
  const service = await startService(config, source, log);
  // The line that scripts and tests wait for, whatever the log level.
  process.stdout.write(
    `${JSON.stringify({ level: 30, service: "indexer", msg: "ready", url: service.url })}\n`,
  );

  let isClosing = false;
  const stop = (exitCode: number) => {
    if (isClosing) return;
    isClosing = true;
    service.close().then(() => process.exit(exitCode), fail);
  };
  process.once("SIGTERM", () => stop(0));
  process.once("SIGINT", () => stop(0));
  const error = await service.mustStop;
  console.error(`${errorCode(error)}: ${errorMessage(error)}`);
  stop(1);
}

function fail(error: unknown): never {
  console.error(`${errorCode(error)}: ${errorMessage(error)}`);
  process.exit(1);
}

main().catch(fail);
