/**
 * A market of several nodes on a real chain with real stores, whose containers are simulated: their seconds and outputs
 * are known, and no engine is needed. It doesn't relay: the hub only records.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { type ChainPart, startChain, startIpfs, startS3 } from "@computestream/dev-env/parts";
import { encodeJobSpec, type JobSpecInput, toHex } from "@computestream/protocol";
import {
  type ChainClient,
  type CreateOpenJobArgs,
  createChainClient,
  type JobView,
  type OrderArgs,
  type Outcome,
  type RegisterProviderArgs,
  type StreamView,
} from "@computestream/protocol/client";
import { type NodeProcess, startNodeProcess } from "./node-process.ts";
import { type RecordingHub, startRecordingHub } from "./recording-hub.ts";

const MOVE = 100_000_000n;
/** 1.2345 MOVE an hour: 34,291.67 base units a second, so rounding shows. */
export const RATE = 123_450_000n;
export const IMAGE = `sha256:${"5".repeat(64)}`;

export interface MarketNode {
  provider: string;
  owner: Ed25519Account;
  process: NodeProcess;
  dataDir: string;
}

export interface Order extends Partial<OrderArgs> {
  /** Env of the simulation: SIM_SECONDS, SIM_OUTPUT_BYTES, … */
  env?: Record<string, string>;
  spec?: Partial<JobSpecInput>;
  secs?: bigint;
  /** Of an open order. */
  requirements?: CreateOpenJobArgs["requirements"];
}

export interface Market {
  chain: ChainPart;
  client: ChainClient;
  hub: RecordingHub;
  buyer: Ed25519Account;
  execute(account: Ed25519Account, payload: Parameters<ChainClient["execute"]>[1]): Promise<Outcome>;
  /** `self`: owner and operator in one. */
  startNode(
    machine?: Partial<RegisterProviderArgs>,
    env?: Record<string, string>,
    self?: Ed25519Account,
  ): Promise<MarketNode>;
  order(from: MarketNode | "open", order: Order): Promise<{ job: string; deposit: bigint }>;
  until(job: string, wanted: (view: JobView) => boolean): Promise<JobView>;
  settled(job: string): Promise<JobView>;
  stream(job: string): Promise<StreamView>;
  close(): Promise<void>;
}

export const addressOf = (account: Ed25519Account) => account.accountAddress.toStringLong();

export async function startMarket(): Promise<Market> {
  const [chain, s3, ipfs, hub] = await Promise.all([
    startChain(),
    startS3(),
    startIpfs(),
    startRecordingHub(),
  ]);
  const client = createChainClient({ deployment: chain.deployment });
  const home = mkdtempSync(join(tmpdir(), "market-test-"));
  const deploymentFile = join(home, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(chain.deployment));
  const nodes: MarketNode[] = [];
  const newAccount = async () => {
    const account = Ed25519Account.generate();
    await chain.fund(addressOf(account), 1_000n * MOVE);
    return account;
  };
  const buyer = await newAccount();
  const asset = chain.deployment.asset.address;

  const until: Market["until"] = async (job, wanted) => {
    for (;;) {
      const view = await client.getJob(job);
      if (view && wanted(view)) return view;
      await sleep(50);
    }
  };

  return {
    chain,
    client,
    hub,
    buyer,
    execute: (account, payload) => client.execute(account, payload),
    async startNode(machine = {}, env = {}, self) {
      const [owner, operator] = self ? [self, self] : [await newAccount(), await newAccount()];
      const registered = await client.execute(
        owner,
        client.payloads.registerProvider({
          operator: addressOf(operator),
          attestKey: toHex(operator.publicKey.toUint8Array()),
          name: "Test",
          gpuModel: "",
          gpuCount: 0n,
          vramGb: 0n,
          cpuCores: 8n,
          ramGb: 4n,
          diskGb: 10n,
          region: "test",
          sandbox: "simulated",
          slots: 4n,
          pricePerHour: RATE,
          asset,
          stake: (await client.parameters()).minStake,
          ...machine,
        }),
      );
      const event = registered.events.find((found) => found.name === "ProviderRegistered");
      if (event?.name !== "ProviderRegistered") throw new Error("no ProviderRegistered");
      const { provider } = event.data;
      const keyFile = join(home, `${provider}.json`);
      writeFileSync(keyFile, JSON.stringify({ privateKey: operator.privateKey.toHexString() }), {
        mode: 0o600,
      });
      const dataDir = join(home, provider);
      const process = await startNodeProcess({
        RUNTIME: "simulated",
        DEPLOYMENT_FILE: deploymentFile,
        KEY_FILE: keyFile,
        PROVIDER_ADDRESS: provider,
        RELAYER_URL: hub.url,
        DATA_DIR: dataDir,
        S3_ENDPOINT: s3.endpoint,
        S3_REGION: s3.region,
        S3_BUCKET: s3.bucket,
        S3_ACCESS_KEY_ID: s3.accessKeyId,
        S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
        IPFS_API_URL: ipfs.apiUrl,
        IMAGE_ALLOWLIST: IMAGE,
        POLL_INTERVAL_MS: "100",
        RECONCILE_INTERVAL_MS: "1000",
        HEARTBEAT_INTERVAL_MS: "0",
        ...env,
      });
      const node = { provider, owner, process, dataDir };
      nodes.push(node);
      return node;
    },
    async order(from, { env = {}, spec = {}, secs = 30n, requirements = {}, ...args }) {
      const price = args.maxRatePerHour ?? RATE;
      // Rounded up: what the chain asks for at least.
      const deposit = args.deposit ?? (price * secs + 3_599n) / 3_600n;
      const order = {
        image: IMAGE,
        spec: encodeJobSpec({ version: 1, env, memory_mb: 64, ...spec }),
        maxDurationSecs: secs,
        ...args,
        maxRatePerHour: price,
        deposit,
      };
      const outcome = await client.execute(
        buyer,
        from === "open"
          ? client.payloads.createOpenJob({ ...order, asset, requirements })
          : client.payloads.createJob({ ...order, provider: from.provider }),
      );
      const created = outcome.events.find((event) => event.name === "JobCreated");
      if (created?.name !== "JobCreated") throw new Error("no JobCreated");
      return { job: created.data.job, deposit };
    },
    until,
    settled: (job) => until(job, (view) => view.state === "Settled"),
    async stream(job) {
      const view = await client.getStream(job);
      if (!view) throw new Error("no stream");
      return view;
    },
    async close() {
      for (const [i, node] of nodes.entries()) {
        writeFileSync(join(tmpdir(), `market-test-${i}.log`), node.process.lines.join("\n"));
        await node.process.terminate();
      }
      await Promise.all([hub.close(), chain.close(), s3.close(), ipfs.close()]);
    },
  };
}
