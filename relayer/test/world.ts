/**
 * A market on a real devnet with a relayer process on it: what the chain tests act on.
 * It doesn't run containers: `attest` signs what a provider node would sign.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { type ChainPart, type ManagedProcess, startChain, startProcess } from "@computestream/dev-env/parts";
import {
  encodeJobSpec,
  maxCost,
  normalizeAddress,
  type SignedUsage,
  signedUsageToJson,
  signUsage,
  toHex,
} from "@computestream/protocol";
import {
  type ChainClient,
  createChainClient,
  type JobView,
  type MarketParameters,
  type Outcome,
} from "@computestream/protocol/client";

const TSX = createRequire(import.meta.url).resolve("tsx");
const RELAYER = fileURLToPath(new URL("../src/index.ts", import.meta.url));
const FUNDS = 100_000_000_000n;
const STAKE = 100_000_000n;

/** Windows so short that the keeper's tests end; `LONG` ones let no other test meet the keeper. */
export const SHORT = { accept: 3n, start: 3n, stallAfter: 6n, stallGrace: 2n, claim: 5n };
export const LONG = { accept: 300n, start: 300n, stallAfter: 300n, stallGrace: 300n, claim: 300n };

export interface Provider {
  address: string;
  account: Ed25519Account;
}

export interface RelayerProcess {
  url: string;
  process: ManagedProcess;
}

export interface World {
  chain: ChainPart;
  client: ChainClient;
  buyer: Ed25519Account;
  home: string;
  relayerAddress: string;
  keyFile: string;
  register(ratePerHour: bigint): Promise<Provider>;
  /** A job of that provider; with `until` "Running" (the default) its stream is open. */
  job(
    provider: Provider,
    maxDurationSecs: bigint,
    options?: { until?: "Pending" | "Accepted" | "Running"; holdbackSecs?: bigint; buyerKey?: string },
  ): Promise<JobView>;
  attest(provider: Provider, job: JobView, seconds: bigint, over?: { seq?: bigint }): SignedUsage;
  /** For jobs created from now on. */
  setWindows(windows: typeof SHORT): Promise<void>;
  setDisputeTerms(
    terms: Partial<
      Pick<MarketParameters, "challengeWindowSecs" | "answerWindowSecs" | "arbitrationWindowSecs">
    >,
  ): Promise<void>;
  execute(account: Ed25519Account, payload: Parameters<ChainClient["execute"]>[1]): Promise<Outcome>;
  /** Waits until the chain's clock has reached this second of the job. */
  reachSecond(job: JobView, second: bigint): Promise<void>;
  startRelayer(redisUrl: string, env?: Record<string, string>): Promise<RelayerProcess>;
  close(): Promise<void>;
}

export const address = (account: Ed25519Account): string =>
  normalizeAddress(account.accountAddress.toString());

export async function post(relayer: Pick<RelayerProcess, "url">, ...usages: SignedUsage[]) {
  const response = await fetch(`${relayer.url}/api/v1/attestations`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ attestations: usages.map(signedUsageToJson) }),
  });
  const body = (await response.json()) as { error?: { code: string } };
  return { status: response.status, code: body.error?.code ?? null };
}

export async function startWorld(): Promise<World> {
  const chain = await startChain();
  const client = createChainClient({ deployment: chain.deployment, nodeUrl: chain.nodeUrl });
  const { chainId, packageAddress, asset } = chain.deployment;
  const home = mkdtempSync(join(tmpdir(), "relayer-world-"));
  const deploymentFile = join(home, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(chain.deployment));
  const newAccount = async (): Promise<Ed25519Account> => {
    const account = Ed25519Account.generate();
    await chain.fund(address(account), FUNDS);
    return account;
  };
  const buyer = await newAccount();
  const relayerAccount = await newAccount();
  const keyFile = join(home, "key.json");
  writeFileSync(keyFile, JSON.stringify({ privateKey: relayerAccount.privateKey.toHexString() }), {
    mode: 0o600,
  });
  const processes: ManagedProcess[] = [];

  const execute: World["execute"] = (account, payload) => client.execute(account, payload);
  const eventOf = (outcome: Outcome, name: string): Record<string, unknown> => {
    const event = outcome.events.find((candidate) => candidate.name === name);
    if (!event) throw new Error(`${name} was not emitted`);
    return event.data;
  };

  const setWindows: World["setWindows"] = async (windows) => {
    const { accept, start, stallAfter, stallGrace, claim } = windows;
    const terms = {
      acceptWindowSecs: accept,
      startWindowSecs: start,
      stallAfterSecs: stallAfter,
      stallGraceSecs: stallGrace,
      claimWindowSecs: claim,
    };
    await execute(chain.admin, client.payloads.setWindows(terms));
  };
  await setWindows(LONG);

  return {
    chain,
    client,
    buyer,
    home,
    keyFile,
    relayerAddress: address(relayerAccount),
    execute,
    setWindows,
    async setDisputeTerms(terms) {
      const all = { ...(await client.parameters()), ...terms };
      await execute(chain.admin, client.payloads.setDisputeTerms(all));
    },
    async register(pricePerHour) {
      const account = await newAccount();
      const outcome = await execute(
        account,
        client.payloads.registerProvider({
          operator: address(account),
          attestKey: toHex(account.publicKey.toUint8Array()),
          name: "test",
          gpuModel: "none",
          gpuCount: 0n,
          vramGb: 0n,
          cpuCores: 4n,
          ramGb: 8n,
          diskGb: 10n,
          region: "here",
          sandbox: "runc",
          slots: 50n,
          pricePerHour,
          asset: asset.address,
          stake: STAKE,
        }),
      );
      return { address: String(eventOf(outcome, "ProviderRegistered").provider), account };
    },
    async job(provider, maxDurationSecs, { until = "Running", holdbackSecs = 0n, buyerKey } = {}) {
      const view = await client.getProvider(provider.address);
      if (!view) throw new Error("no such provider");
      const outcome = await execute(
        buyer,
        client.payloads.createJob({
          provider: provider.address,
          image: `busybox@sha256:${"0".repeat(64)}`,
          spec: encodeJobSpec({ version: 1, title: "test" }),
          maxDurationSecs,
          maxRatePerHour: view.pricePerHour,
          deposit: maxCost(view.pricePerHour, maxDurationSecs),
          holdbackSecs,
          ...(buyerKey === undefined ? {} : { buyerKey }),
        }),
      );
      const job = String(eventOf(outcome, "JobCreated").job);
      if (until !== "Pending")
        await execute(provider.account, client.payloads.accept(provider.address, job, 0n));
      if (until === "Running") await execute(provider.account, client.payloads.start(job));
      const created = await client.getJob(job);
      if (!created) throw new Error("the job was not created");
      return created;
    },
    attest: (provider, job, seconds, over = {}) =>
      signUsage(
        {
          chainId,
          packageAddress,
          job: job.job,
          termsHash: job.termsHash,
          seq: over.seq ?? seconds,
          secondsCum: seconds,
          tLast: job.startedAt + seconds,
          logRoot: `0x${"00".repeat(32)}`,
        },
        provider.account.privateKey.toUint8Array(),
      ),
    async reachSecond(job, second) {
      const waitMs = Number(job.startedAt + second) * 1000 - Date.now();
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    },
    async startRelayer(redisUrl, env = {}) {
      let url = "";
      const child = await startProcess({
        name: "relayer",
        command: process.execPath,
        args: ["--import", TSX, RELAYER],
        env: {
          PATH: process.env.PATH,
          PORT: "0",
          DEPLOYMENT_FILE: deploymentFile,
          NODE_URL: chain.nodeUrl,
          REDIS_URL: redisUrl,
          KEY_FILE: keyFile,
          TICK_INTERVAL_MS: "500",
          LOCK_TTL_MS: "2000",
          LOG_LEVEL: "debug",
          ...env,
        },
        logFile: join(home, `relayer-${processes.length}.log`),
        readyLine(line) {
          if (!line.includes('"msg":"ready"')) return false;
          url = (JSON.parse(line) as { url: string }).url;
          return true;
        },
      });
      processes.push(child);
      return { url, process: child };
    },
    async close() {
      await Promise.all(processes.map((child) => child.close()));
      await chain.close();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
