/**
 * The command line and environment of the devnet, refused with the option's name and a remedy.
 * It doesn't start anything.
 */
import { parseArgs } from "node:util";
import { z } from "zod";

export interface DevnetConfig {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** null serves the faucet on the node's port only. */
  faucetPort: number | null;
  /** null keeps the chain in memory. */
  dataDir: string | null;
  chainId: number;
  manualTime: boolean;
  /** Allows the chain id of a real network. */
  rehearsal: boolean;
  /** Allows other machines to connect. */
  public: boolean;
  logLevel: string;
}

export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ConfigError";
  }
}

/** Chain ids of Movement and Aptos networks: signatures made for them here would be valid there. */
const REAL_NETWORKS = new Map([
  [126, "Movement mainnet"],
  [250, "Movement testnet"],
  [1, "Aptos mainnet"],
  [2, "Aptos testnet"],
]);

const zPort = (name: string) =>
  z
    .string()
    .regex(/^\d{1,5}$/, `${name} must be a port number`)
    .transform(Number)
    .refine((port) => port <= 65535, `${name} must be at most 65535`);

const zConfig = z.object({
  host: z.string().min(1).default("127.0.0.1"),
  port: zPort("--port").default(8080),
  faucetPort: zPort("--faucet-port").nullable().default(null),
  dataDir: z.string().min(1, "--data-dir must name a folder").nullable().default(null),
  chainId: z
    .string()
    .regex(/^\d{1,3}$/, "--chain-id must be a number from 1 to 255")
    .transform(Number)
    .default(4),
  manualTime: z.boolean().default(false),
  rehearsal: z.boolean().default(false),
  public: z.boolean().default(false),
  logLevel: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"], {
      error: "LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent",
    })
    .default("info"),
});

export const USAGE = `Usage: computestream-devnet [options]
  --port N           port of the node API (8080; 0 = any free port)        DEVNET_PORT
  --faucet-port N    port of the faucet (default: /fund on the node's)     DEVNET_FAUCET_PORT
  --host ADDRESS     address to listen on (127.0.0.1)                      HOST
  --data-dir FOLDER  keep the chain there (default: in memory)             DEVNET_DATA_DIR
  --chain-id N       chain id (4)                                          DEVNET_CHAIN_ID
  --manual-time      time moves only through /dev/advance_time
  --rehearsal        allow the chain id of a real network
  --public           allow an address other machines can reach
  LOG_LEVEL          info, debug, …`;

/** Throws `ConfigError`. */
export function readConfig(
  argv: string[],
  env: Record<string, string | undefined> = process.env,
): DevnetConfig {
  let flags: ReturnType<typeof parseFlags>;
  try {
    flags = parseFlags(argv);
  } catch (error) {
    throw new ConfigError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
  const parsed = zConfig.safeParse({
    host: flags.host ?? env.HOST,
    port: flags.port ?? env.DEVNET_PORT,
    faucetPort: flags["faucet-port"] ?? env.DEVNET_FAUCET_PORT,
    dataDir: flags["data-dir"] ?? env.DEVNET_DATA_DIR,
    chainId: flags["chain-id"] ?? env.DEVNET_CHAIN_ID,
    manualTime: flags["manual-time"],
    rehearsal: flags.rehearsal,
    public: flags.public,
    logLevel: env.LOG_LEVEL,
  });
  if (!parsed.success) throw new ConfigError(parsed.error.issues[0]?.message ?? "invalid configuration");
  assertSafe(parsed.data);
  return parsed.data;
}

function parseFlags(argv: string[]) {
  return parseArgs({
    args: argv,
    options: {
      host: { type: "string" },
      port: { type: "string" },
      "faucet-port": { type: "string" },
      "data-dir": { type: "string" },
      "chain-id": { type: "string" },
      "manual-time": { type: "boolean" },
      rehearsal: { type: "boolean" },
      public: { type: "boolean" },
    },
  }).values;
}

/** Refuses what would make a devnet dangerous. Throws `ConfigError`. */
export function assertSafe(config: Pick<DevnetConfig, "chainId" | "rehearsal" | "host" | "public">): void {
  const { chainId } = config;
  if (!Number.isInteger(chainId) || chainId < 1 || chainId > 255)
    throw new ConfigError("--chain-id must be a number from 1 to 255");
  const real = REAL_NETWORKS.get(chainId);
  if (real && !config.rehearsal)
    throw new ConfigError(
      `chain id ${chainId} is ${real}'s: what is signed here would be valid there. Choose another, or pass --rehearsal if that is what you want`,
    );
  if (!isLoopback(config.host) && !config.public)
    throw new ConfigError(
      `${config.host} can be reached from other machines and the faucet gives to anybody: listen on 127.0.0.1, or pass --public if that is what you want`,
    );
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
