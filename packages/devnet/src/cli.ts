#!/usr/bin/env -S node --import tsx
/**
 * Starts the devnet from the command line and stops it on SIGTERM or SIGINT.
 * It doesn't know more than `startDevnet`.
 */
import { type Logger, pino } from "pino";
import { ChainIdMismatch } from "./chain/chain.ts";
import { type DevnetConfig, readConfig } from "./config.ts";
import { ConfigError, type Devnet, LogError, startDevnet } from "./index.ts";

const BANNER = `
  ComputeStream devnet: a chain for development and tests on this machine.
  It is not Movement. Its MOVE is worth nothing and its faucet's key is public.
`;

function fail(error: unknown): never {
  if (!(error instanceof ConfigError || error instanceof LogError || error instanceof ChainIdMismatch))
    throw error;
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  let config: DevnetConfig;
  let logger: Logger;
  let devnet: Devnet;
  try {
    config = readConfig(process.argv.slice(2));
    logger = pino({ level: config.logLevel });
    process.stderr.write(BANNER);
    devnet = await startDevnet({
      ...config,
      onError: (message, err) => logger.error({ err }, message),
    });
  } catch (error) {
    fail(error);
  }
  const { nodeUrl, faucetUrl, chainId } = devnet;
  logger.info({ nodeUrl, faucetUrl, url: nodeUrl, chainId, dataDir: config.dataDir }, "ready");
  const stop = (): void => {
    devnet.close().then(
      () => process.exit(0),
      (err) => {
        logger.error({ err }, "could not close cleanly");
        process.exit(1);
      },
    );
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

await main();
