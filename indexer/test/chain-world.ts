/**
 * A real devnet with the real modules, a provider and a buyer on it, and the indexer's own process beside it.
 * It asserts that the mirror says what the chain's views say; which history is made is the tests' business.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { type ChainPart, startChain } from "@computestream/dev-env/parts";
import {
  countGpus,
  deviceCommitment,
  encodeJobSpec,
  FAULTS,
  outputRoot,
  outputSha256,
  type SignedUsage,
  signUsage,
  toHex,
} from "@computestream/protocol";
import { type JobDto, zHealth, zJob, zProvider } from "@computestream/protocol/api";
import {
  type ChainClient,
  type CreateJobArgs,
  createChainClient,
  type Outcome,
  type OutputArgs,
} from "@computestream/protocol/client";
import type { EventOf, ProtocolEventName } from "@computestream/protocol/events";
import { expect } from "vitest";
import { startDatabases, until } from "./parts.ts";

export const TSX = createRequire(import.meta.url).resolve("tsx");
export const source = (name: string) => fileURLToPath(new URL(`../src/${name}`, import.meta.url));

/** 10,000 base units a second: the price of a job without GPUs. Each GPU adds half of it. */
export const PER_SEC = 10_000n;
export const PER_HOUR = PER_SEC * 3600n;
export const MAX_SECS = 60n;
export const DEPOSIT = PER_SEC * MAX_SECS;
export const STAKE = 100_000_000n;

/** Three chunks. */
export const PACK = Uint8Array.from({ length: 40_000 }, (_, i) => i % 251);
export const output: OutputArgs = {
  exitCode: 0n,
  outputUris: ["s3://outputs/x"],
  outputSha256: toHex(outputSha256(PACK)),
  outputRoot: toHex(outputRoot(PACK)),
  outputSize: BigInt(PACK.length),
};
export const noOutput: OutputArgs = {
  exitCode: 1n,
  outputUris: [],
  outputSha256: "0x",
  outputRoot: "0x",
  outputSize: 0n,
};

const account = () => new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });
export const addressOf = (of: Ed25519Account) => of.accountAddress.toStringLong();

export interface StartedJob {
  job: string;
  startedAt: bigint;
}

export type ChainWorld = Awaited<ReturnType<typeof startChainWorld>>;

export async function startChainWorld() {
  const databases = await startDatabases();
  const chain: ChainPart = await startChain();
  const client: ChainClient = createChainClient({ deployment: chain.deployment });
  const [owner, operator, buyer] = [account(), account(), account()];
  for (const of of [owner, operator, buyer]) await chain.fund(addressOf(of), 100_000_000_000n);
  const DEPLOYMENT_FILE = join(mkdtempSync(join(tmpdir(), "indexer-chain-")), "deployment.json");
  writeFileSync(DEPLOYMENT_FILE, JSON.stringify(chain.deployment));
  const env = {
    PATH: process.env.PATH ?? "",
    PORT: "0",
    DEPLOYMENT_FILE,
    DATABASE_URL: await databases.database(),
    POLL_INTERVAL_MS: "50",
  };
  let indexer = await startIndexer();

  const registered = await client.execute(
    owner,
    client.payloads.registerProvider({
      operator: addressOf(operator),
      attestKey: toHex(operator.publicKey.toUint8Array()),
      name: "Workbench",
      gpuModel: "RTX 4090",
      gpuCount: 2n,
      vramGb: 24n,
      cpuCores: 16n,
      ramGb: 64n,
      diskGb: 1_000n,
      region: "eu-north",
      sandbox: "docker",
      devices: ["GPU-0", "GPU-1"].map((uuid) => deviceCommitment(addressOf(owner), uuid, "salt")),
      slots: 4n,
      pricePerHour: PER_HOUR,
      gpuPricePerHour: PER_HOUR / 2n,
      asset: chain.deployment.asset.address,
      stake: STAKE,
    }),
  );
  const provider = eventOf(registered, "ProviderRegistered").data.provider;

  async function startIndexer(): Promise<{ url: string; child: ChildProcess }> {
    const child = spawn(process.execPath, ["--import", TSX, source("index.ts")], { env });
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
    });
    child.stderr.pipe(process.stderr);
    const url = await until(async () => /"msg":"ready","url":"([^"]+)"/.exec(said)?.[1], "the indexer");
    return { url, child };
  }

  async function read(path: string): Promise<unknown> {
    const response = await fetch(`${indexer.url}/api/v1${path}`);
    if (!response.ok) throw new Error(`${path}: ${response.status}`);
    return response.json();
  }

  async function caughtUp(): Promise<void> {
    const { version } = await client.ledger();
    await until(
      async () => BigInt(zHealth.parse(await read("/health")).version) >= version,
      `version ${version}`,
    );
  }

  async function createJob(title: string, terms: Partial<CreateJobArgs> = {}): Promise<string> {
    const created = await client.execute(
      buyer,
      client.payloads.createJob({
        provider,
        image: "busybox@sha256:0",
        spec: encodeJobSpec({ version: 1, title }),
        maxDurationSecs: MAX_SECS,
        maxRatePerHour: PER_HOUR,
        deposit: DEPOSIT,
        ...terms,
      }),
    );
    return eventOf(created, "JobCreated").data.job;
  }

  async function startedJob(title: string, terms: Partial<CreateJobArgs> = {}): Promise<StartedJob> {
    const job = await createJob(title, terms);
    await client.execute(operator, client.payloads.accept(provider, job, 0n));
    const started = await client.execute(operator, client.payloads.start(job));
    return { job, startedAt: eventOf(started, "JobStarted").data.started_at };
  }

  /** Moves the chain's clock to `second` unless it is there. */
  async function reach(second: bigint): Promise<void> {
    const now = (await client.ledger()).timestampUsecs / 1_000_000n;
    if (now < second) await chain.passSecs(Number(second - now));
  }

  /** The provider's signature over the first `secs` seconds, once they have passed. */
  async function usageAt(
    { job, startedAt }: StartedJob,
    secs: bigint,
    other: { logRoot?: string } = {},
  ): Promise<SignedUsage> {
    await reach(startedAt + secs);
    const { chainId, packageAddress } = chain.deployment;
    const usage = {
      chainId,
      packageAddress,
      termsHash: (await client.getJob(job))?.termsHash ?? "",
      job,
      seq: secs,
      secondsCum: secs,
      tLast: startedAt + secs,
      logRoot: other.logRoot ?? `0x${"22".repeat(32)}`,
    };
    return signUsage(usage, operator.privateKey.toUint8Array());
  }

  /** Field by field what the chain's own views say of a job, its stream and its case. */
  async function expectMirrored(job: string): Promise<JobDto> {
    await caughtUp();
    const dto = zJob.parse(await read(`/jobs/${job}`));
    const [view, stream, open] = [
      await client.getJob(job),
      await client.getStream(job),
      await client.getCase(job),
    ];
    if (!view) throw new Error(`the chain has no job ${job}`);
    const { requirements } = view;
    expect(dto).toMatchObject({
      buyer: view.buyer,
      provider: view.provider,
      isOpen: view.isOpen,
      state: view.state,
      outcome: view.outcome,
      image: view.image,
      spec: view.spec,
      gpus: Number(view.gpus),
      requirements: {
        gpuModel: requirements.gpuModel,
        vramGb: Number(requirements.vramGb),
        cpuCores: Number(requirements.cpuCores),
        ramGb: Number(requirements.ramGb),
        diskGb: Number(requirements.diskGb),
        region: requirements.region,
        sandbox: requirements.sandbox,
        minStake: String(requirements.minStake),
      },
      priority: view.priority,
      holdbackSecs: Number(view.holdbackSecs),
      ratePerHour: String(stream?.ratePerHour ?? view.ratePerHour),
      maxDurationSecs: Number(stream?.maxDurationSecs ?? view.maxDurationSecs),
      createdAt: Number(view.createdAt),
      acceptBy: Number(view.acceptBy),
      startedAt: Number(view.startedAt),
      endedAt: Number(view.endedAt),
      claimUntil: Number(view.claimUntil),
      challengeUntil: Number(view.challengeUntil),
      settledAt: Number(view.settledAt),
      deposited: String(stream?.deposited ?? view.deposit),
      outputUris: view.outputUris,
      outputSha256: view.outputSha256 === "0x" ? null : view.outputSha256,
      outputRoot: view.outputRoot === "0x" ? null : view.outputRoot,
      outputSize: view.outputRoot === "0x" ? null : Number(view.outputSize),
      reason: view.reason,
      fault: view.faulted ? expect.toBeOneOf([...FAULTS]) : null,
      case: open && {
        kind: open.kind,
        bond: String(open.bond),
        deadline: Number(open.deadline),
        openedAt: Number(open.openedAt),
        chunkIndex: open.kind === "OutputChallenge" ? String(open.chunkIndex) : null,
        arbiter: open.kind === "Arbitration" ? view.rules.arbiter : null,
        reason: open.reason,
      },
    });
    if (stream) {
      expect(dto).toMatchObject({
        balance: String(stream.balance),
        paidToProvider: String(stream.paid - stream.feePaid),
        fees: String(stream.feePaid),
        keeperFees: String(stream.keeperPaid),
        held: String(stream.closed ? 0n : stream.earned - stream.paid),
        feeBps: Number(stream.feeBps),
        keeperShareBps: Number(stream.keeperShareBps),
        secondsBilled: Number(stream.secondsBilled),
        secondsAttested: Number(stream.secondsAttested),
        secondsConfirmed: Number(stream.secondsConfirmed),
        fundedSecs: Number(stream.fundedSecs),
        acc: String(stream.acc),
        stalledAt: Number(stream.stalledAt),
        sealed: stream.sealed,
      });
    }
    const sum = BigInt(dto.paidToProvider) + BigInt(dto.fees) + BigInt(dto.refunded) + BigInt(dto.balance);
    expect(sum).toBe(BigInt(dto.deposited));
    return dto;
  }

  async function expectProviderMirrored(): Promise<void> {
    await caughtUp();
    const view = await client.getProvider(provider);
    if (!view) throw new Error(`the chain has no provider ${provider}`);
    expect(zProvider.parse(await read(`/providers/${provider}`))).toEqual({
      provider,
      owner: view.owner,
      operator: view.operator,
      name: view.name,
      gpuModel: view.gpuModel,
      gpuCount: Number(view.gpuCount),
      vramGb: Number(view.vramGb),
      cpuCores: Number(view.cpuCores),
      ramGb: Number(view.ramGb),
      diskGb: Number(view.diskGb),
      region: view.region,
      sandbox: view.sandbox,
      slots: Number(view.slots),
      slotsBusy: Number(view.slotsBusy),
      gpusBusy: countGpus(view.gpusBusyMask),
      devices: view.devices.length,
      pricePerHour: String(view.pricePerHour),
      gpuPricePerHour: String(view.gpuPricePerHour),
      asset: chain.deployment.asset,
      stake: String(view.staked),
      status: view.status,
      available: view.status === "Active",
      registeredAt: Number(view.registeredAt),
      lastHeartbeatAt: Number(view.lastHeartbeatAt),
      jobsCompleted: Number(view.jobsCompleted),
      jobsFailed: Number(view.jobsFailed),
      jobsExpired: Number(view.jobsExpired),
      faults: Number(view.faults),
      score: Number(view.score),
      secondsServed: Number(view.secondsServed),
      earned: String(view.earned),
    });
  }

  return {
    chain,
    client,
    payloads: client.payloads,
    env,
    owner,
    operator,
    buyer,
    provider,
    read,
    caughtUp,
    createJob,
    startedJob,
    reach,
    usageAt,
    expectMirrored,
    expectProviderMirrored,
    metrics: async () => (await fetch(`${indexer.url}/metrics`)).text(),
    killIndexer: () => indexer.child.kill("SIGKILL"),
    async restartIndexer() {
      indexer = await startIndexer();
    },
    async close() {
      indexer.child.kill("SIGKILL");
      await chain.close();
      await databases.close();
    },
  };
}

export function eventOf<N extends ProtocolEventName>(outcome: Outcome, name: N): EventOf<N> {
  const found = outcome.events.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found as EventOf<N>;
}
