/**
 * The whole of ComputeStream on one machine: parts, chain, modules, one provider, the services.
 * It doesn't know jobs; scenario.ts runs them on it.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { deployPackage } from "@computestream/move/deploy";
import { type Deployment, toHex } from "@computestream/protocol";
import { type ChainClient, createChainClient } from "@computestream/protocol/client";
import { DEMO_PROVIDER } from "./demo-provider.ts";
import { fundFrom, startDevnetProcess } from "./parts/chain.ts";
import {
  assertPortFree,
  type DockerPart,
  freePort,
  type IpfsPart,
  importDemoImage,
  type PostgresPart,
  type RedisPart,
  type S3Part,
  startDocker,
  startIpfs,
  startPostgres,
  startRedis,
  startS3,
} from "./parts/index.ts";
import { scratch } from "./parts/scratch.ts";
import { type Service, startService, startWeb, writeKeyFile } from "./services.ts";

export interface StackOptions {
  /** Where everything is kept; omitted = a temporary folder that goes at close. */
  dir?: string;
  /** First of the fixed ports (see `PORT_OFFSETS`); omitted = free ports. */
  portBase?: number;
  web?: boolean;
  /** Called with one line before each step. */
  report?: (line: string) => void;
}

export interface Stack {
  readonly dir: string;
  readonly deployment: Deployment;
  readonly chain: ChainClient;
  readonly docker: DockerPart;
  readonly postgres: PostgresPart;
  readonly redis: RedisPart;
  readonly s3: S3Part;
  readonly ipfs: IpfsPart;
  readonly indexer: Service;
  readonly relayer: Service;
  readonly providerNode: Service;
  readonly web: Service | null;
  readonly demoImage: string;
  readonly provider: { address: string; owner: Ed25519Account; operator: Ed25519Account };
  /** Milliseconds each step took. */
  readonly timingsMs: Record<string, number>;
  fund(address: string, amount: bigint): Promise<void>;
  newAccount(amount: bigint): Promise<Ed25519Account>;
  /** Everything stops; docker containers of the provider node are removed by the caller's scenario or the node. */
  close(): Promise<void>;
}

export const PORT_OFFSETS = {
  web: 0,
  indexer: 1,
  relayer: 2,
  providerNode: 3,
  node: 4,
  faucet: 5,
  postgres: 6,
  redis: 7,
  s3: 8,
  ipfs: 9,
} as const;
export const DEFAULT_PORT_BASE = 3000;

const MOVE = 100_000_000n;
const FUNDS = 10_000n * MOVE;

export async function bootStack(options: StackOptions = {}): Promise<Stack> {
  const report = options.report ?? (() => {});
  const home = scratch("stack", options.dir);
  const dir = home.path;
  const timingsMs: Record<string, number> = {};
  const closers: Array<() => Promise<void>> = [];
  const step = async <T>(name: string, line: string, work: () => Promise<T>): Promise<T> => {
    report(line);
    const from = performance.now();
    const result = await work();
    timingsMs[name] = Math.round(performance.now() - from);
    return result;
  };
  const part = async <T extends { close(): Promise<void> }>(work: Promise<T>): Promise<T> => {
    const started = await work;
    closers.unshift(() => started.close());
    return started;
  };
  const close = async () => {
    for (const closer of closers.splice(0)) await closer();
    home.close();
  };

  try {
    const ports = await choosePorts(options.portBase, options.web ?? false);
    const [postgres, redis, s3, ipfs, devnet, docker] = await step(
      "parts",
      "starting PostgreSQL, Redis, object stores, Docker and the devnet",
      async () => {
        const starting = [
          part(startPostgres({ dir: join(dir, "postgres"), port: ports.postgres })),
          part(startRedis({ dir: join(dir, "redis"), port: ports.redis })),
          part(startS3({ dir: join(dir, "s3"), port: ports.s3 })),
          part(startIpfs({ dir: join(dir, "ipfs"), port: ports.ipfs })),
          part(startDevnetProcess({ dir: join(dir, "devnet"), port: ports.node, faucetPort: ports.faucet })),
          part(startDocker()),
        ] as const;
        // Let every start end before judging any: what came up must be closed when another failed.
        await Promise.allSettled(starting);
        return Promise.all(starting);
      },
    );
    const demoImage = (await importDemoImage(docker.socketPath)).imageId;

    const deploymentFile = join(dir, "deployment.json");
    const admin = loadAccount(join(dir, "keys"), "admin");
    const deployment = await step("deploy", "publishing the Move modules", async () => {
      await fundOnce(devnet.faucetUrl, admin);
      const record = await deployPackage({
        network: "devnet",
        nodeUrl: devnet.nodeUrl,
        faucetUrl: devnet.faucetUrl,
        account: admin,
      });
      writeFileSync(deploymentFile, `${JSON.stringify(record, null, 2)}\n`);
      return record;
    });
    const chain = createChainClient({ deployment });

    const owner = loadAccount(join(dir, "keys"), "provider-owner");
    const operator = loadAccount(join(dir, "keys"), "provider-operator");
    const keeper = loadAccount(join(dir, "keys"), "relayer");
    const providerAddress = await step("provider", "registering a provider with stake", async () => {
      for (const account of [owner, operator, keeper]) await fundOnce(devnet.faucetUrl, account);
      return registerOnce(chain, dir, owner, operator);
    });

    const common = { DEPLOYMENT_FILE: deploymentFile, NODE_URL: devnet.nodeUrl };
    const webUrl = `http://127.0.0.1:${ports.web}`;
    const cors = { CORS_ORIGINS: `${webUrl},http://localhost:${ports.web}` };
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const logs = join(dir, "logs");
    const relayerKey = join(dir, "keys", "relayer.json");
    const operatorKey = join(dir, "keys", "provider-operator.json");

    const [indexer, relayer] = await step(
      "services",
      "starting indexer, relayer and provider node",
      async () => {
        const starting = [
          part(
            startService({
              name: "indexer",
              dir: logs,
              port: ports.indexer,
              env: { ...common, ...cors, DATABASE_URL: postgres.url, REDIS_URL: redis.url },
            }),
          ),
          part(
            startService({
              name: "relayer",
              dir: logs,
              port: ports.relayer,
              env: {
                ...common,
                ...cors,
                REDIS_URL: redis.url,
                KEY_FILE: relayerKey,
                INDEXER_URL: url(ports.indexer),
              },
            }),
          ),
        ] as const;
        await Promise.allSettled(starting);
        return Promise.all(starting);
      },
    );
    const providerNode = await step("provider_node", "starting the provider node", () =>
      part(
        startService({
          name: "provider-node",
          dir: logs,
          port: ports.providerNode,
          env: {
            ...common,
            KEY_FILE: operatorKey,
            PROVIDER_ADDRESS: providerAddress,
            RELAYER_URL: url(ports.relayer),
            DATA_DIR: join(dir, "provider-node"),
            DOCKER_SOCKET: docker.socketPath,
            S3_ENDPOINT: s3.endpoint,
            S3_REGION: s3.region,
            S3_BUCKET: s3.bucket,
            S3_ACCESS_KEY_ID: s3.accessKeyId,
            S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
            S3_FORCE_PATH_STYLE: "true",
            IPFS_API_URL: ipfs.apiUrl,
            IMAGE_ALLOWLIST: demoImage,
          },
        }),
      ),
    );
    const web = options.web
      ? await step("web", "starting the dashboard", () =>
          part(
            startWeb({
              dir: logs,
              port: ports.web,
              env: {
                ...common,
                INDEXER_URL: url(ports.indexer),
                RELAYER_URL: url(ports.relayer),
                S3_GATEWAY_URL: s3.endpoint,
                IPFS_GATEWAY_URL: ipfs.gatewayUrl,
                DEMO_IMAGE: demoImage,
                DEV_WALLET: "true",
              },
            }),
          ),
        )
      : null;

    return {
      dir,
      deployment,
      chain,
      docker,
      postgres,
      redis,
      s3,
      ipfs,
      indexer,
      relayer,
      providerNode,
      web,
      demoImage,
      provider: { address: providerAddress, owner, operator },
      timingsMs,
      fund: (address, amount) => fundFrom(devnet.faucetUrl, address, amount),
      async newAccount(amount) {
        const account = Ed25519Account.generate();
        await fundFrom(devnet.faucetUrl, account.accountAddress.toString(), amount);
        return account;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function choosePorts(
  base: number | undefined,
  web: boolean,
): Promise<Record<keyof typeof PORT_OFFSETS, number>> {
  const ports = {} as Record<keyof typeof PORT_OFFSETS, number>;
  for (const [name, offset] of Object.entries(PORT_OFFSETS) as Array<[keyof typeof PORT_OFFSETS, number]>) {
    ports[name] = base === undefined ? await freePort() : base + offset;
    if (base !== undefined && (web || name !== "web")) await assertPortFree(ports[name], name);
  }
  return ports;
}

/** A kept account, so that a restart on the same folder is the same provider and keeper. */
function loadAccount(dir: string, name: string): Ed25519Account {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const path = join(dir, `${name}.json`);
  if (!existsSync(path)) writeKeyFile(path, Ed25519PrivateKey.generate().toHexString());
  const { privateKey } = JSON.parse(readFileSync(path, "utf8")) as { privateKey: string };
  return new Ed25519Account({ privateKey: new Ed25519PrivateKey(privateKey) });
}

async function fundOnce(faucetUrl: string, account: Ed25519Account): Promise<void> {
  await fundFrom(faucetUrl, account.accountAddress.toString(), FUNDS);
}

async function registerOnce(
  chain: ChainClient,
  dir: string,
  owner: Ed25519Account,
  operator: Ed25519Account,
): Promise<string> {
  const file = join(dir, "provider.json");
  if (existsSync(file)) {
    const { provider } = JSON.parse(readFileSync(file, "utf8")) as { provider: string };
    if ((await chain.getProvider(provider)) !== null) return provider;
    rmSync(file);
  }
  const { minStake } = await chain.parameters();
  const outcome = await chain.execute(
    owner,
    chain.payloads.registerProvider({
      ...DEMO_PROVIDER,
      operator: operator.accountAddress.toString(),
      attestKey: toHex(operator.publicKey.toUint8Array()),
      asset: chain.deployment.asset.address,
      stake: minStake,
    }),
  );
  const registered = outcome.events.find((event) => event.name === "ProviderRegistered");
  if (registered?.name !== "ProviderRegistered")
    throw new Error("registering a provider told no ProviderRegistered");
  writeFileSync(file, `${JSON.stringify({ provider: registered.data.provider })}\n`);
  return registered.data.provider;
}
