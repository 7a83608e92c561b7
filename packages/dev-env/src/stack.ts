/**
 * The whole of ComputeStream on one machine: parts, chain, modules, one provider, the services.
 * It doesn't know jobs; scenario.ts runs them on it.
 */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import type { Deployment } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import { lockDir } from "./dir-lock.ts";
import { probeGpus } from "./gpu-probe.ts";
import { endJobContainers } from "./job-containers.ts";
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
import { type Provisioned, provision } from "./provision.ts";
import { type Service, startService, startWeb } from "./services.ts";

export interface StackOptions {
  /** Where everything is kept; omitted = a temporary folder that goes at close. */
  dir?: string;
  /** First of the fixed ports (see `PORT_OFFSETS`); omitted = free ports. */
  portBase?: number;
  web?: boolean;
  /** Forgets what `dir` holds, once it is certain that nothing runs on it. */
  reset?: boolean;
  /** Gives up before the next step, closes what stands and rejects with the signal's reason. */
  signal?: AbortSignal;
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
  readonly provider: Provisioned["provider"];
  /** Milliseconds each step took. */
  readonly timingsMs: Record<string, number>;
  fund(address: string, amount: bigint): Promise<void>;
  newAccount(amount: bigint): Promise<Ed25519Account>;
  /**
   * Everything stops, also jobs that still run: on a temporary folder their containers are removed, on a kept one the
   * provider node settles them at the next start. Once, however often it is called.
   */
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

export async function bootStack(options: StackOptions = {}): Promise<Stack> {
  const report = options.report ?? (() => {});
  const lock = options.dir === undefined ? null : lockDir(options.dir);
  const forgotten = options.reset && options.dir !== undefined ? forget(options.dir) : null;
  const home = scratch("stack", options.dir);
  const dir = home.path;
  const timingsMs: Record<string, number> = {};
  const closers: Array<() => Promise<void>> = [];
  const step = async <T>(name: string, line: string, work: () => Promise<T>): Promise<T> => {
    options.signal?.throwIfAborted();
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
  const closeAll = async () => {
    const failures: unknown[] = [];
    // One that can't be closed must not leave the others running.
    for (const closer of closers.splice(0)) await closer().catch((error) => failures.push(error));
    home.close();
    lock?.release();
    if (failures.length > 0) throw failures[0];
  };
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= closeAll();
    return closing;
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
    if (forgotten !== null) await endJobContainers(docker.socketPath, forgotten, "remove");

    const { deployment, deploymentFile, chain, provider, keyFiles } = await step(
      "provision",
      "publishing the Move modules and registering a provider",
      async () =>
        provision({
          dir,
          nodeUrl: devnet.nodeUrl,
          faucetUrl: devnet.faucetUrl,
          gpus: await probeGpus(docker.socketPath),
        }),
    );

    const common = { DEPLOYMENT_FILE: deploymentFile, NODE_URL: devnet.nodeUrl };
    const webUrl = `http://127.0.0.1:${ports.web}`;
    const cors = { CORS_ORIGINS: `${webUrl},http://localhost:${ports.web}` };
    const url = (port: number) => `http://127.0.0.1:${port}`;
    const logs = join(dir, "logs");

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
              env: {
                ...common,
                ...cors,
                DATABASE_URL: postgres.url,
                REDIS_URL: redis.url,
                SIGNING_KEY_FILE: join(dir, "indexer-signing-key.pem"),
              },
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
                DATABASE_URL: postgres.url,
                KEY_FILE: keyFiles.relayer,
                SPONSOR_KEY_FILE: keyFiles.sponsor,
                INDEXER_URL: url(ports.indexer),
                JWKS_URL: `${url(ports.indexer)}/api/v1/auth/jwks.json`,
              },
            }),
          ),
        ] as const;
        await Promise.allSettled(starting);
        return Promise.all(starting);
      },
    );
    // Closed after the node, so that it can't start another one.
    closers.unshift(() =>
      endJobContainers(docker.socketPath, provider.address, options.dir === undefined ? "remove" : "stop"),
    );
    const providerNode = await step("provider_node", "starting the provider node", () =>
      part(
        startService({
          name: "provider-node",
          dir: logs,
          port: ports.providerNode,
          env: {
            ...common,
            KEY_FILE: keyFiles.operator,
            PROVIDER_ADDRESS: provider.address,
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
    options.signal?.throwIfAborted();

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
      provider,
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
    await close().catch((failure: unknown) => report(`could not close everything: ${failure}`));
    // Ctrl-C reaches the parts too: that one of them ended is then no news.
    options.signal?.throwIfAborted();
    throw error;
  }
}

/** Removes the folder; the address of the provider it knew, whose containers go once Docker answers. */
function forget(dir: string): string | null {
  const file = join(dir, "provider-address");
  const provider = existsSync(file) ? readFileSync(file, "utf8").trim() : null;
  rmSync(dir, { recursive: true, force: true });
  return provider;
}

async function choosePorts(
  base: number | undefined,
  web: boolean,
): Promise<Record<keyof typeof PORT_OFFSETS, number>> {
  const ports = {} as Record<keyof typeof PORT_OFFSETS, number>;
  for (const [name, offset] of Object.entries(PORT_OFFSETS) as Array<[keyof typeof PORT_OFFSETS, number]>) {
    ports[name] = base === undefined ? await unusedPort(Object.values(ports)) : base + offset;
    if (base !== undefined && (web || name !== "web")) await assertPortFree(ports[name], name);
  }
  return ports;
}

/** A port given back a moment ago may be given out again. */
async function unusedPort(used: number[]): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (!used.includes(port)) return port;
  }
}
