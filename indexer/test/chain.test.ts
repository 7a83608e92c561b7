/** The indexer's own process against a real devnet with the real modules. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { type ChainPart, startChain } from "@computestream/dev-env/parts";
import { encodeJobSpec, type SignedUsage, signUsage, toHex } from "@computestream/protocol";
import { type JobDto, zHealth, zJob, zPage, zProvider, zStats, zTick } from "@computestream/protocol/api";
import { type ChainClient, createChainClient, type Outcome } from "@computestream/protocol/client";
import type { EventOf, ProtocolEventName } from "@computestream/protocol/events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDatabases, until } from "./parts.ts";

const TSX = createRequire(import.meta.url).resolve("tsx");
const source = (name: string) => fileURLToPath(new URL(`../src/${name}`, import.meta.url));

/** 10,000 base units a second. */
const PER_SEC = 10_000n;
const DEPOSIT = PER_SEC * 60n;

let databases: Awaited<ReturnType<typeof startDatabases>>;
let chain: ChainPart;
let client: ChainClient;
let env: Record<string, string>;
let indexer: { url: string; child: ChildProcess };
let provider: string;
const account = () => new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });
const [owner, operator, buyer] = [account(), account(), account()];
const addressOf = (of: Ed25519Account) => of.accountAddress.toStringLong();

beforeAll(async () => {
  databases = await startDatabases();
  chain = await startChain();
  client = createChainClient({ deployment: chain.deployment });
  for (const of of [owner, operator, buyer]) await chain.fund(addressOf(of), 100_000_000_000n);
  const DEPLOYMENT_FILE = join(mkdtempSync(join(tmpdir(), "indexer-chain-")), "deployment.json");
  writeFileSync(DEPLOYMENT_FILE, JSON.stringify(chain.deployment));
  const DATABASE_URL = await databases.database();
  env = { PATH: process.env.PATH ?? "", PORT: "0", DEPLOYMENT_FILE, DATABASE_URL, POLL_INTERVAL_MS: "50" };
  indexer = await startIndexer();
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
      slots: 4n,
      pricePerHour: PER_SEC * 3600n,
      asset: chain.deployment.asset.address,
      stake: 100_000_000n,
    }),
  );
  provider = event(registered, "ProviderRegistered").data.provider;
}, 120_000);

afterAll(async () => {
  indexer?.child.kill("SIGKILL");
  await chain?.close();
  await databases?.close();
});

async function startIndexer(): Promise<typeof indexer> {
  const child = spawn(process.execPath, ["--import", TSX, source("index.ts")], { env });
  let output = "";
  child.stdout.on("data", (data) => {
    output += data;
  });
  child.stderr.pipe(process.stderr);
  const url = await until(async () => /"msg":"ready","url":"([^"]+)"/.exec(output)?.[1], "the indexer");
  return { url, child };
}

function event<N extends ProtocolEventName>(outcome: Outcome, name: N): EventOf<N> {
  const found = outcome.events.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found as EventOf<N>;
}

async function read(path: string): Promise<unknown> {
  const response = await fetch(`${indexer.url}/api/v1${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}

const caughtUp = async () => {
  const { version } = await client.ledger();
  await until(
    async () => BigInt(zHealth.parse(await read("/health")).version) >= version,
    `version ${version}`,
  );
};

async function createJob(title: string): Promise<string> {
  const outcome = await client.execute(
    buyer,
    client.payloads.createJob({
      provider,
      image: "busybox@sha256:0",
      spec: encodeJobSpec({ version: 1, title }),
      maxDurationSecs: 60n,
      maxRatePerHour: PER_SEC * 3600n,
      deposit: DEPOSIT,
    }),
  );
  return event(outcome, "JobCreated").data.job;
}

async function startedJob(title: string) {
  const job = await createJob(title);
  await client.execute(operator, client.payloads.accept(job));
  const started = await client.execute(operator, client.payloads.start(job));
  return { job, startedAt: event(started, "JobStarted").data.started_at };
}

async function usageAt(job: string, startedAt: bigint, secs: bigint): Promise<SignedUsage> {
  await until(
    async () => (await client.ledger()).timestampUsecs / 1_000_000n >= startedAt + secs,
    `second ${secs}`,
  );
  const { chainId, packageAddress } = chain.deployment;
  const termsHash = (await client.getJob(job))?.termsHash ?? "";
  const usage = {
    chainId,
    packageAddress,
    termsHash,
    job,
    seq: secs,
    secondsCum: secs,
    tLast: startedAt + secs,
    logRoot: `0x${"22".repeat(32)}`,
  };
  return signUsage(usage, operator.privateKey.toUint8Array());
}

const output = {
  exitCode: 0n,
  outputUris: ["s3://outputs/x"],
  outputSha256: `0x${"aa".repeat(32)}`,
  outputRoot: `0x${"bb".repeat(32)}`,
};
const noOutput = { exitCode: 1n, outputUris: [], outputSha256: "0x", outputRoot: "0x" };

/** Field by field what the chain's own views say. */
async function expectMirrored(job: string): Promise<JobDto> {
  await caughtUp();
  const dto = zJob.parse(await read(`/jobs/${job}`));
  const view = await client.getJob(job);
  const stream = await client.getStream(job);
  expect(view).not.toBeNull();
  expect(dto).toMatchObject({
    buyer: view?.buyer,
    provider: view?.provider,
    state: view?.state,
    outcome: view?.state === "Settled" ? view.outcome : null,
    spec: view?.spec,
    ratePerHour: String(view?.ratePerHour),
    createdAt: Number(view?.createdAt),
    acceptBy: Number(view?.acceptBy),
    startedAt: Number(view?.startedAt),
    endedAt: Number(view?.endedAt),
    deposited: String(view?.deposit),
    outputUris: view?.outputUris,
    reason: view?.reason,
  });
  if (stream) {
    expect(dto).toMatchObject({
      balance: String(stream.balance),
      paidToProvider: String(stream.paid - stream.feePaid),
      fees: String(stream.feePaid),
      feeBps: Number(stream.feeBps),
      secondsBilled: Number(stream.secondsBilled),
      secondsAttested: Number(stream.secondsAttested),
      stalledAt: Number(stream.stalledAt),
    });
  }
  const sum = BigInt(dto.paidToProvider) + BigInt(dto.fees) + BigInt(dto.refunded) + BigInt(dto.balance);
  expect(sum).toBe(DEPOSIT);
  return dto;
}

describe("the mirror of a real chain", () => {
  it("agrees with the chain's views through every way a job can end, across a kill", async () => {
    const cancelled = await createJob("cancelled");
    await expectMirrored(cancelled);
    await client.execute(buyer, client.payloads.cancel(cancelled));
    expect(await expectMirrored(cancelled)).toMatchObject({
      outcome: "Cancelled",
      refunded: "600000",
      balance: "0",
    });

    const failed = await startedJob("failed");
    await client.execute(operator, client.payloads.fail(failed.job, "out of memory", noOutput, null));
    expect(await expectMirrored(failed.job)).toMatchObject({
      outcome: "Failed",
      reason: "out of memory",
      exitCode: 1,
      outputSha256: null,
      refunded: "600000",
    });

    const run = await startedJob("completed");
    await client.execute(buyer, client.payloads.processPayment(await usageAt(run.job, run.startedAt, 1n)));
    // 1 s: 10,000 gross, 1 % of it is 100.
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Running",
      title: "completed",
      paidToProvider: "9900",
      fees: "100",
      balance: "590000",
    });
    expect(zStats.parse(await read("/stats"))).toMatchObject({
      jobsRunning: 1,
      ratePerHourRunning: "36000000",
    });
    expect(
      zPage(zJob)
        .parse(await read("/streams"))
        .items.map((j) => j.job),
    ).toEqual([run.job]);

    indexer.child.kill("SIGKILL");
    await client.execute(buyer, client.payloads.processPayment(await usageAt(run.job, run.startedAt, 2n)));
    indexer = await startIndexer();
    await client.execute(
      operator,
      client.payloads.complete(run.job, output, await usageAt(run.job, run.startedAt, 3n)),
    );
    expect(await expectMirrored(run.job)).toMatchObject({
      state: "Settled",
      outcome: "Completed",
      exitCode: 0,
      outputSha256: output.outputSha256,
      outputRoot: output.outputRoot,
      secondsBilled: 3,
      paidToProvider: "29700",
      fees: "300",
      refunded: "570000",
      balance: "0",
    });
    const ticks = zPage(zTick).parse(await read(`/jobs/${run.job}/ticks`)).items;
    expect(ticks.map((t) => [t.secondsBilled, t.amount, t.paid])).toEqual([
      [3, "10000", "30000"],
      [2, "10000", "20000"],
      [1, "10000", "10000"],
    ]);

    const early = await startedJob("terminated");
    await client.execute(
      buyer,
      client.payloads.terminate(early.job, await usageAt(early.job, early.startedAt, 1n)),
    );
    const left = await expectMirrored(early.job);
    if (left.state === "Terminated") {
      const claimUntil = (await client.getJob(early.job))?.claimUntil ?? 0n;
      await until(
        async () => (await client.ledger()).timestampUsecs / 1_000_000n >= claimUntil,
        "the end of the claim window",
      );
      await client.execute(buyer, client.payloads.finalize(early.job));
    }
    expect(await expectMirrored(early.job)).toMatchObject({
      outcome: "Terminated",
      paidToProvider: "9900",
      fees: "100",
      refunded: "590000",
    });

    await client.execute(operator, client.payloads.heartbeat(provider));
    await client.execute(owner, client.payloads.updatePrice(provider, 7_200n));
    await client.execute(owner, client.payloads.setAvailability(provider, false));
    await caughtUp();
    const view = await client.getProvider(provider);
    expect(zProvider.parse(await read(`/providers/${provider}`))).toMatchObject({
      owner: view?.owner,
      operator: view?.operator,
      name: "Workbench",
      pricePerHour: "7200",
      available: false,
      slots: Number(view?.slots),
      slotsBusy: Number(view?.slotsBusy),
      stake: String(view?.stake),
      lastHeartbeatAt: Number(view?.lastHeartbeatAt),
      registeredAt: Number(view?.registeredAt),
      jobsCompleted: Number(view?.jobsCompleted),
      jobsFailed: Number(view?.jobsFailed),
      jobsExpired: Number(view?.jobsExpired),
      secondsServed: Number(view?.secondsServed),
      earned: String(view?.earned),
    });
  });

  it("equals a rebuild from version 0, by the command that says so", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", TSX, source("verify.ts")], {
      env,
    });
    expect(JSON.parse(stdout)).toMatchObject({
      equal: true,
      unbalancedJobs: 0,
      tables: {
        jobs: { rows: 4, onlyLive: 0, onlyRebuilt: 0 },
        providers: { rows: 1 },
        stream_ticks: { rows: 4 },
        provider_heartbeats: { rows: 1 },
        market_parameters: { rows: 1 },
        assets: { rows: 1 },
      },
    });
  });
});
