/**
 * The devnet: puts VM, chain, log, API and faucet together and listens.
 * It doesn't read the command line or the environment.
 */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createChain } from "./chain/chain.ts";
import { assertSafe, ConfigError, isLoopback } from "./config.ts";
import { createFaucet, fundFaucet } from "./faucet.ts";
import { openLog } from "./persistence/log.ts";
import { createFaucetServer, createNodeServer } from "./rest/app.ts";
import { createMoveVm } from "./vm/index.ts";

export interface DevnetOptions {
  /** Default 0: any free port. */
  port?: number;
  /** Without it the faucet is at `/fund` on the node's port, where it is in any case. */
  faucetPort?: number | null;
  /** Default 127.0.0.1. */
  host?: string;
  /** Folder of the chain; null or absent keeps it in memory. */
  dataDir?: string | null;
  /** Default 4. */
  chainId?: number;
  /** Time moves only through `POST /dev/advance_time`. */
  manualTime?: boolean;
  /** Allows the chain id of a real network. */
  rehearsal?: boolean;
  /** Allows a host that other machines can reach; the developer endpoints are off then. */
  public?: boolean;
  onError?: (message: string, error: unknown) => void;
  /** The log can't be written. Default: exit with code 1. */
  onFatal?: (error: unknown) => void;
}

export interface Devnet {
  /** `http://127.0.0.1:8080/v1` */
  nodeUrl: string;
  /** `POST {faucetUrl}/fund` */
  faucetUrl: string;
  chainId: number;
  /** Answers what is in flight, syncs the log and frees the ports. */
  close(): Promise<void>;
}

export { ConfigError } from "./config.ts";
export { LogError } from "./persistence/log.ts";

/** Throws `ConfigError`, `LogError` or `ChainIdMismatch` with a sentence that says what to do. */
export async function startDevnet(options: DevnetOptions = {}): Promise<Devnet> {
  const host = options.host ?? "127.0.0.1";
  const chainId = options.chainId ?? 4;
  const { dataDir = null } = options;
  assertSafe({ chainId, host, rehearsal: options.rehearsal ?? false, public: options.public ?? false });
  const onError =
    options.onError ??
    ((message, error) => console.error(JSON.stringify({ msg: message, err: String(error) })));
  const onFatal =
    options.onFatal ??
    ((error) => {
      onError("the chain's log can't be written: stopping", error);
      process.exit(1);
    });

  const chain = createChain({
    vm: createMoveVm(),
    chainId,
    manualTime: options.manualTime ?? false,
    openLog: dataDir === null ? null : (replay) => openLog(dataDir, replay),
    genesis: fundFaucet,
    onError,
    onFatal,
  });
  const faucet = createFaucet(chain);
  const app = { chain, faucet, developerEndpoints: isLoopback(host), onError };
  const servers: Server[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(closeServer));
    chain.close();
  };
  try {
    const nodeOrigin = await listen(createNodeServer(app), host, options.port ?? 0, "--port", servers);
    const faucetUrl =
      options.faucetPort == null
        ? nodeOrigin
        : await listen(createFaucetServer(app), host, options.faucetPort, "--faucet-port", servers);
    return { nodeUrl: `${nodeOrigin}/v1`, faucetUrl, chainId, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(
  server: Server,
  host: string,
  port: number,
  option: string,
  opened: Server[],
): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new ConfigError(
              `port ${port} is taken: stop what listens there, or choose another with ${option} (0 = any free port)`,
            )
          : new ConfigError(`can't listen on ${host}:${port}: ${error.message}`),
      ),
    );
    server.listen(port, host, resolve);
  });
  opened.push(server);
  const { address, family, port: bound } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${bound}`;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), 2000).unref();
  });
}
