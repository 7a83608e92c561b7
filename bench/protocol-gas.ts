/**
 * What the steps of a job cost in gas on the devnet, and how far a batch brings a settlement down.
 * It doesn't know Movement's gas schedule: units are the devnet's, good for comparing one step with another.
 */
import { createHash } from "node:crypto";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { startDevnet } from "@computestream/devnet";
import {
  encodeJobSpec,
  normalizeAddress,
  OUTPUT_CHUNK_BYTES,
  outputProof,
  outputRoot,
  type SignedUsage,
  signUsage,
  toHex,
} from "@computestream/protocol";
import {
  type ChainClient,
  createChainClient,
  type JobView,
  type Outcome,
} from "@computestream/protocol/client";
import { deployPackage } from "../move/scripts/deploy-package.ts";
import type { Figure } from "./figure.ts";

const FUNDS = 1_000_000_000_000n;
const STAKE = 100_000_000n;
/** 1,000 base units a second. */
const RATE_PER_HOUR = 3_600_000n;
const DURATION_SECS = 3_600n;
const LOG_ROOT = `0x${"5a".repeat(32)}`;
const BATCHES = [10, 100, 400];
/** Enough jobs for the largest batch, on providers of at most 256 slots. */
const PROVIDERS = 2;
const JOBS_EACH = 202;

interface Provider {
  address: string;
  account: Ed25519Account;
}

export async function protocolGas(): Promise<Figure[]> {
  const devnet = await startDevnet({ dataDir: null, manualTime: true });
  try {
    return await measure(devnet.nodeUrl, devnet.faucetUrl);
  } finally {
    await devnet.close();
  }
}

async function measure(nodeUrl: string, faucetUrl: string): Promise<Figure[]> {
  const admin = Ed25519Account.generate();
  const deployment = await deployPackage({
    network: "devnet",
    nodeUrl,
    faucetUrl: faucetUrl,
    account: admin,
  });
  const client = createChainClient({ deployment, nodeUrl });
  const root = nodeUrl.replace(/\/v1\/?$/, "");
  const fund = async (account: Ed25519Account): Promise<Ed25519Account> => {
    await post(`${root}/fund`, `{"address":"${account.accountAddress.toStringLong()}","amount":${FUNDS}}`);
    return account;
  };
  const advance = (seconds: number) => post(`${root}/dev/advance_time`, JSON.stringify({ seconds }));
  const run = async (
    account: Ed25519Account,
    payload: Parameters<ChainClient["execute"]>[1],
  ): Promise<Outcome> => client.execute(account, payload, { maxGasAmount: 1_000_000 });

  const buyer = await fund(Ed25519Account.generate());
  const keeper = await fund(Ed25519Account.generate());
  const buyerAddress = normalizeAddress(buyer.accountAddress.toString());
  await run(
    admin,
    client.payloads.setDisputeTerms({
      arbiter: buyerAddress,
      challengeWindowSecs: 3_600n,
      answerWindowSecs: 3_600n,
      arbitrationWindowSecs: 3_600n,
      bondBps: 100n,
    }),
  );
  const figures: Figure[] = [];
  const gas = (name: string, outcome: Outcome, jobs = 1): number => {
    const value = Number(outcome.gasUsed) / jobs;
    figures.push({ name: `protocol.gas_${name}`, value, unit: jobs === 1 ? "units" : "units/job" });
    return value;
  };

  const providers: Provider[] = [];
  for (let i = 0; i < PROVIDERS; i++) {
    const account = await fund(Ed25519Account.generate());
    const outcome = await run(
      account,
      client.payloads.registerProvider({
        operator: normalizeAddress(account.accountAddress.toString()),
        attestKey: toHex(account.publicKey.toUint8Array()),
        name: `bench ${i}`,
        gpuModel: "none",
        gpuCount: 0n,
        vramGb: 0n,
        cpuCores: 64n,
        ramGb: 256n,
        diskGb: 1_000n,
        region: "bench",
        sandbox: "docker",
        slots: 256n,
        pricePerHour: RATE_PER_HOUR,
        asset: deployment.asset.address,
        stake: STAKE,
      }),
    );
    if (i === 0) gas("register", outcome);
    providers.push({ address: eventField(outcome, "ProviderRegistered", "provider"), account });
  }

  const spec = encodeJobSpec({ version: 1, command: ["true"] });
  const deposit = (RATE_PER_HOUR * DURATION_SECS) / 3_600n;
  const order = { image: "busybox", maxDurationSecs: DURATION_SECS, maxRatePerHour: RATE_PER_HOUR, deposit };
  const first = providers[0] as Provider;

  const opened = await run(buyer, client.payloads.createJob({ ...order, spec, provider: first.address }));
  const open = gas("create", opened);
  const one = eventField(opened, "JobCreated", "job");
  gas("accept", await run(first.account, client.payloads.accept(first.address, one, 0n)));
  const start = gas("start", await run(first.account, client.payloads.start(one)));
  const held = await started({ holdbackSecs: 60n });
  const arbitrated = await started({ holdbackSecs: 60n });

  async function started(over: { holdbackSecs?: bigint }): Promise<string> {
    const outcome = await run(
      buyer,
      client.payloads.createJob({ ...order, ...over, spec, provider: first.address }),
    );
    const job = eventField(outcome, "JobCreated", "job");
    await run(first.account, client.payloads.accept(first.address, job, 0n));
    await run(first.account, client.payloads.start(job));
    return job;
  }

  const jobs: Array<{ job: string; provider: Provider }> = [];
  for (const provider of providers) {
    for (let made = 0; made < JOBS_EACH; made += 100) {
      const specs = Array.from({ length: Math.min(100, JOBS_EACH - made) }, () => spec);
      const outcome = await run(
        buyer,
        client.payloads.createJobs({ ...order, specs, provider: provider.address }),
      );
      if (jobs.length === 0) gas("create_batched_100", outcome, specs.length);
      for (const event of outcome.events) {
        if (event.name === "JobCreated") jobs.push({ job: event.data.job, provider });
      }
    }
  }
  for (const { job, provider } of jobs) {
    await run(provider.account, client.payloads.accept(provider.address, job, 0n));
    await run(provider.account, client.payloads.start(job));
  }

  const views = new Map<string, JobView>();
  const attest = async (job: string, provider: Provider, seconds: bigint): Promise<SignedUsage> => {
    const view = views.get(job) ?? (await client.getJob(job));
    if (!view) throw new Error(`no job ${job}`);
    views.set(job, view);
    return signUsage(
      {
        chainId: deployment.chainId,
        packageAddress: deployment.packageAddress,
        job,
        termsHash: view.termsHash,
        seq: seconds,
        secondsCum: seconds,
        tLast: view.startedAt + seconds,
        logRoot: LOG_ROOT,
      },
      provider.account.privateKey.toUint8Array(),
    );
  };

  await advance(60);
  // The first settlement of all makes the receivers' stores known to the VM's caches; it isn't measured.
  await run(keeper, client.payloads.processPayment(await attest(one, first, 1n)));
  const single = gas(
    "settle_single",
    await run(keeper, client.payloads.processPayment(await attest(one, first, 2n))),
  );
  let seconds = 2n;
  for (const size of BATCHES) {
    seconds += 1n;
    const batch = await Promise.all(
      jobs.slice(0, size).map(({ job, provider }) => attest(job, provider, seconds)),
    );
    const perJob = gas(
      `settle_batched_${size}`,
      await run(keeper, client.payloads.processPayments(batch)),
      size,
    );
    if (size === 100) {
      figures.push({
        name: "protocol.gas_batched_ratio",
        value: perJob / single,
        unit: "ratio",
        goal: 0.35,
        baseline: single,
      });
    }
  }
  figures.push({
    name: "protocol.gas_settle_over_open",
    value: single / (open + start),
    unit: "ratio",
    goal: 1,
  });

  const output = new Uint8Array(3 * OUTPUT_CHUNK_BYTES + 100).fill(7);
  const result = {
    exitCode: 0n,
    outputUris: [`ipfs://${"b".repeat(59)}`],
    outputSha256: `0x${createHash("sha256").update(output).digest("hex")}`,
    outputRoot: toHex(outputRoot(output)),
    outputSize: BigInt(output.length),
  };
  gas(
    "complete",
    await run(first.account, client.payloads.complete(one, result, await attest(one, first, 5n))),
  );
  for (const job of [held, arbitrated]) {
    await run(first.account, client.payloads.complete(job, result, await attest(job, first, 50n)));
  }
  gas("challenge_output", await run(buyer, client.payloads.challengeOutput(held, 2n)));
  const chunk = output.slice(2 * OUTPUT_CHUNK_BYTES, 3 * OUTPUT_CHUNK_BYTES);
  gas(
    "answer_challenge",
    await run(first.account, client.payloads.answerChallenge(held, chunk, outputProof(output, 2))),
  );
  gas("open_arbitration", await run(buyer, client.payloads.openArbitration(arbitrated, "wrong result")));
  gas("rule", await run(buyer, client.payloads.rule(arbitrated, 1_000n)));
  const last = jobs[jobs.length - 1] as { job: string; provider: Provider };
  const a = await attest(last.job, last.provider, 20n);
  const b = { ...(await attest(last.job, last.provider, 21n)) };
  const twin = signUsage(
    {
      chainId: deployment.chainId,
      packageAddress: deployment.packageAddress,
      job: last.job,
      termsHash: (views.get(last.job) as JobView).termsHash,
      seq: a.seq,
      secondsCum: b.secondsCum,
      tLast: b.tLast,
      logRoot: LOG_ROOT,
    },
    last.provider.account.privateKey.toUint8Array(),
  );
  gas("report_contradiction", await run(keeper, client.payloads.reportContradiction(a, twin)));
  return figures;
}

function eventField(outcome: Outcome, name: string, field: string): string {
  const event = outcome.events.find((candidate) => candidate.name === name);
  if (!event) throw new Error(`${name} was not emitted: ${outcome.failure?.message ?? "no failure"}`);
  return String((event.data as Record<string, unknown>)[field]);
}

async function post(url: string, body: string): Promise<void> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
}
