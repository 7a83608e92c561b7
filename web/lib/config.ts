/**
 * The only reader of the environment: builds the public configuration that /config.json and the pages hand to browsers.
 * It doesn't know pages or React; everything it returns is public.
 */
import { readFileSync } from "node:fs";
import { type PublicConfig, zPublicConfig } from "@computestream/protocol/api";
import { type Deployment, zDeployment } from "@computestream/protocol/deployment";
import { z } from "zod";

/** A setting that is missing or wrong; the message names the variable and what to do. */
export class ConfigError extends Error {
  readonly variable: string;
  constructor(variable: string, message: string) {
    super(`${variable}: ${message}`);
    this.name = "ConfigError";
    this.variable = variable;
  }
}

/** An empty value means "not set", so that compose files can pass variables through. */
const optionalUrl = z.preprocess((v) => (v === "" ? undefined : v), z.url().optional());

const zEnv = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(3000),
  HOST: z.string().min(1).default("127.0.0.1"),
  DEPLOYMENT_FILE: z.string().min(1),
  NODE_URL: optionalUrl,
  INDEXER_URL: z.url(),
  RELAYER_URL: z.url(),
  S3_GATEWAY_URL: optionalUrl,
  IPFS_GATEWAY_URL: optionalUrl,
  DEMO_IMAGE: z.string().max(512).optional(),
  DEV_WALLET: z.enum(["true", "false", "1", "0", ""]).optional(),
});

const REMEDIES: Record<string, string> = {
  DEPLOYMENT_FILE: "set it to the deployment record that `npm run deploy` writes",
  INDEXER_URL: "set it to the indexer's public URL, such as http://127.0.0.1:4000",
  RELAYER_URL: "set it to the relayer's public URL, such as http://127.0.0.1:4100",
  NODE_URL: "set it to a fullnode REST URL ending in /v1, or leave it out to use the deployment record's",
  DEV_WALLET: "set it to true or false",
};

const withoutSlash = (url: string): string => url.replace(/\/+$/, "");

/** Throws `ConfigError`. Pure except for reading the deployment file through `readFile`. */
export function parseConfig(
  env: Record<string, string | undefined>,
  readFile: (path: string) => string,
): { port: number; host: string; public: PublicConfig } {
  const parsed = zEnv.safeParse(env);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const variable = String(issue?.path[0] ?? "environment");
    const state = env[variable] === undefined ? "is not set" : `is not valid (${issue?.message})`;
    throw new ConfigError(variable, `${state}; ${REMEDIES[variable] ?? "see .env.example"}`);
  }
  const vars = parsed.data;
  const deployment = readDeployment(vars.DEPLOYMENT_FILE, readFile);
  const wantsDevWallet =
    vars.DEV_WALLET === undefined || vars.DEV_WALLET === ""
      ? deployment.network === "devnet"
      : vars.DEV_WALLET === "true" || vars.DEV_WALLET === "1";
  if (wantsDevWallet && deployment.network !== "devnet") {
    throw new ConfigError(
      "DEV_WALLET",
      `a development wallet keeps its key in the browser and is refused on ${deployment.network}; unset it`,
    );
  }
  return {
    port: vars.PORT,
    host: vars.HOST,
    public: zPublicConfig.parse({
      network: deployment.network,
      chainId: deployment.chainId,
      nodeUrl: withoutSlash(vars.NODE_URL ?? deployment.nodeUrl),
      faucetUrl: deployment.faucetUrl ? withoutSlash(deployment.faucetUrl) : null,
      packageAddress: deployment.packageAddress,
      asset: deployment.asset,
      indexerUrl: withoutSlash(vars.INDEXER_URL),
      relayerUrl: withoutSlash(vars.RELAYER_URL),
      s3GatewayUrl: vars.S3_GATEWAY_URL ? withoutSlash(vars.S3_GATEWAY_URL) : null,
      ipfsGatewayUrl: vars.IPFS_GATEWAY_URL ? withoutSlash(vars.IPFS_GATEWAY_URL) : null,
      devWallet: wantsDevWallet,
      demoImage: vars.DEMO_IMAGE || null,
    }),
  };
}

function readDeployment(path: string, readFile: (path: string) => string): Deployment {
  let text: string;
  try {
    text = readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError("DEPLOYMENT_FILE", `can't be read (${reason}); ${REMEDIES.DEPLOYMENT_FILE}`);
  }
  try {
    return zDeployment.parse(JSON.parse(text));
  } catch {
    throw new ConfigError(
      "DEPLOYMENT_FILE",
      `${path} is not a deployment record; ${REMEDIES.DEPLOYMENT_FILE}`,
    );
  }
}

let loaded: ReturnType<typeof parseConfig> | null = null;

/** Read once a process: a redeployment restarts the web server. Throws `ConfigError`. */
export function loadConfig(): ReturnType<typeof parseConfig> {
  loaded ??= parseConfig(process.env, (path) => readFileSync(path, "utf8"));
  return loaded;
}
