/** The whole node against a real chain, a real engine and real stores; it dies without warning and nothing changes. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { importDemoImage, startChain, startDocker, startIpfs, startS3 } from "@computestream/dev-env/parts";
import {
  encodeJobSpec,
  type JobSpecInput,
  outputRoot,
  type SignedUsage,
  toHex,
  verifyUsage,
} from "@computestream/protocol";
import { type ChainClient, createChainClient, type JobView } from "@computestream/protocol/client";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type NodeProcess, startNodeProcess } from "./node-process.ts";
import { type RecordingHub, startRecordingHub } from "./recording-hub.ts";

const MOVE = 100_000_000n;
/** 1.2345 MOVE an hour: 34,291.67 base units a second, so rounding shows. */
const RATE = 123_450_000n;
const FEE_BPS = 100n;

let chain: Awaited<ReturnType<typeof startChain>>;
let docker: Awaited<ReturnType<typeof startDocker>>;
let s3: Awaited<ReturnType<typeof startS3>>;
let ipfs: Awaited<ReturnType<typeof startIpfs>>;
let hub: RecordingHub;
let node: NodeProcess;
let client: ChainClient;
let image: string;
let provider: string;
let buyer: Ed25519Account;
const operator = Ed25519Account.generate();
const dir = mkdtempSync(join(tmpdir(), "agent-test-"));
const attestKey = operator.publicKey.toUint8Array();
let nodeEnv: Record<string, string>;

beforeAll(async () => {
  [chain, docker, s3, ipfs, hub] = await Promise.all([
    startChain(),
    startDocker(),
    startS3(),
    startIpfs(),
    startRecordingHub(),
  ]);
  client = createChainClient({ deployment: chain.deployment });
  image = (await importDemoImage(docker.socketPath)).imageId;
  const owner = Ed25519Account.generate();
  buyer = Ed25519Account.generate();
  for (const account of [owner, operator, buyer]) {
    await chain.fund(account.accountAddress.toString(), 1_000n * MOVE);
  }
  const registered = await client.execute(
    owner,
    client.payloads.registerProvider({
      operator: operator.accountAddress.toString(),
      attestKey: toHex(attestKey),
      name: "Test",
      gpuModel: "none",
      gpuCount: 0n,
      vramGb: 0n,
      cpuCores: 2n,
      ramGb: 4n,
      diskGb: 10n,
      region: "test",
      sandbox: "docker",
      slots: 4n,
      pricePerHour: RATE,
      asset: chain.deployment.asset.address,
      stake: (await client.parameters()).minStake,
    }),
  );
  const event = registered.events.find((found) => found.name === "ProviderRegistered");
  if (event?.name !== "ProviderRegistered") throw new Error("no ProviderRegistered");
  provider = event.data.provider;

  const keyFile = join(dir, "operator.json");
  writeFileSync(keyFile, JSON.stringify({ privateKey: operator.privateKey.toHexString() }), { mode: 0o600 });
  const deploymentFile = join(dir, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(chain.deployment));
  nodeEnv = {
    DEPLOYMENT_FILE: deploymentFile,
    KEY_FILE: keyFile,
    PROVIDER_ADDRESS: provider,
    RELAYER_URL: hub.url,
    DATA_DIR: join(dir, "data"),
    DOCKER_SOCKET: docker.socketPath,
    S3_ENDPOINT: s3.endpoint,
    S3_REGION: s3.region,
    S3_BUCKET: s3.bucket,
    S3_ACCESS_KEY_ID: s3.accessKeyId,
    S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    IPFS_API_URL: ipfs.apiUrl,
    IMAGE_ALLOWLIST: image,
    POLL_INTERVAL_MS: "100",
    RECONCILE_INTERVAL_MS: "1000",
    HEARTBEAT_INTERVAL_MS: "0",
  };
  node = await startNodeProcess(nodeEnv);
});

afterAll(async () => {
  if (node) writeFileSync(join(tmpdir(), "agent-test.log"), node.lines.join("\n"));
  await node?.terminate();
  await Promise.all([hub?.close(), chain?.close(), s3?.close(), ipfs?.close(), docker?.close()]);
});

interface Order {
  command: string[];
  secs?: bigint;
  spec?: Partial<JobSpecInput>;
  image?: string;
}

async function order({ command, secs = 30n, spec = {}, image: reference = image }: Order) {
  // Rounded up: what the chain asks for at least.
  const deposit = (RATE * secs + 3_599n) / 3_600n;
  const outcome = await client.execute(
    buyer,
    client.payloads.createJob({
      provider,
      image: reference,
      spec: encodeJobSpec({ version: 1, command, memory_mb: 64, ...spec }),
      maxDurationSecs: secs,
      maxRatePerHour: RATE,
      deposit,
    }),
  );
  const created = outcome.events.find((event) => event.name === "JobCreated");
  if (created?.name !== "JobCreated") throw new Error("no JobCreated");
  return { job: created.data.job, deposit };
}

async function until(job: string, wanted: (view: JobView) => boolean): Promise<JobView> {
  for (;;) {
    const view = await client.getJob(job);
    if (view && wanted(view)) return view;
    await sleep(50);
  }
}
const settled = (job: string) => until(job, (view) => view.state === "Settled");

/** Worked out from the seconds alone, by the rules of docs/protocol.md. */
async function expectMoney(job: string, deposit: bigint, seconds: bigint) {
  const stream = await client.getStream(job);
  const gross = (RATE * seconds) / 3_600n;
  expect(stream).toMatchObject({
    secondsBilled: seconds,
    paid: gross,
    feePaid: (gross * FEE_BPS) / 10_000n,
    deposited: deposit,
    balance: 0n,
    closed: true,
  });
}

/** Every attestation the hub ever saw: genuine, and never two of one seq. */
function expectHonest(job: JobView, usages: SignedUsage[]) {
  const bySeq = new Map<bigint, string>();
  let last = 0n;
  for (const usage of usages) {
    const { seq, secondsCum, tLast, logRoot, signature } = usage;
    const { chainId, packageAddress } = chain.deployment;
    const signed = {
      chainId,
      packageAddress,
      job: job.job,
      termsHash: job.termsHash,
      seq,
      secondsCum,
      tLast,
      logRoot,
    };
    expect(verifyUsage(signed, signature, attestKey)).toBe(true);
    expect(bySeq.get(seq) ?? signature).toBe(signature);
    bySeq.set(seq, signature);
    expect(secondsCum).toBeGreaterThanOrEqual(last);
    expect(secondsCum).toBeLessThanOrEqual(tLast - job.startedAt);
    last = secondsCum;
  }
}

async function fetchOutput(uri: string): Promise<Buffer> {
  const url = uri.startsWith("s3://")
    ? uri.replace("s3:/", s3.endpoint)
    : `${ipfs.gatewayUrl.replace(/\/ipfs\/?$/, "")}/ipfs/${uri.slice("ipfs://".length)}`;
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

async function expectOutput(view: JobView) {
  expect(view.outputUris.map((uri) => uri.split(":")[0])).toEqual(["s3", "ipfs"]);
  for (const uri of view.outputUris) {
    const bytes = await fetchOutput(uri);
    expect(`0x${createHash("sha256").update(bytes).digest("hex")}`).toBe(view.outputSha256);
    expect(toHex(outputRoot(bytes))).toBe(view.outputRoot);
  }
}

async function containersOf(job: string) {
  return new Docker({ socketPath: docker.socketPath }).listContainers({
    all: true,
    filters: { label: [`computestream.job=${job}`] },
  });
}

/** Offsets without gap or repeat, once the hub's repeats after reconnects are dropped by offset. */
function expectWholeLog(job: string, texts: string[]) {
  const byOffset = new Map(hub.logs(job).map((message) => [message.offset, message.text]));
  expect([...byOffset.keys()].sort((a, b) => a - b)).toEqual(texts.map((_, i) => i));
  expect([...byOffset].sort(([a], [b]) => a - b).map(([, text]) => text)).toEqual(texts);
}

describe("a job", () => {
  it("runs, is attested each second, published, completed and paid for exactly its seconds", async () => {
    const script = "echo hello; sleep 3.3; echo result > /output/result; echo oops >&2";
    const { job, deposit } = await order({ command: ["sh", "-c", script] });
    const view = await settled(job);
    expect(view).toMatchObject({ outcome: "Completed", exitCode: 0n, reason: "" });
    await expectOutput(view);
    await expectMoney(job, deposit, 3n);
    const usages = hub.attestations(job);
    expectHonest(view, usages);
    expect(usages.map((usage) => usage.secondsCum)).toEqual([1n, 2n, 3n]);
    await expect.poll(() => hub.phases(job).at(-1)).toBe("done");
    expect(hub.phases(job)).toEqual(["creating", "running", "packing", "uploading", "completing", "done"]);
    expect(hub.lastStatus(job)).toMatchObject({
      imageDigest: image,
      containerId: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expectWholeLog(job, ["hello", "oops"]);
    expect(await containersOf(job)).toEqual([]);
  });

  it("that exits with a code fails with it, keeps its output and is paid for its seconds", async () => {
    const { job, deposit } = await order({ command: ["sh", "-c", "sleep 1.2; echo x > /output/x; exit 7"] });
    const view = await settled(job);
    expect(view).toMatchObject({ outcome: "Failed", exitCode: 7n, reason: "EXIT_CODE_7" });
    await expectOutput(view);
    await expectMoney(job, deposit, 1n);
  });

  it("that never ends is stopped at the funded second", async () => {
    const { job, deposit } = await order({ command: ["sh", "-c", "while :; do sleep 0.1; done"], secs: 3n });
    const view = await settled(job);
    expect(view).toMatchObject({ outcome: "Failed", reason: "TIME_LIMIT", outputUris: [] });
    await expectMoney(job, deposit, 3n);
  });

  it("that takes too much memory says so", async () => {
    const { job } = await order({ command: ["sh", "-c", "tail /dev/zero"], spec: { memory_mb: 16 } });
    expect(await settled(job)).toMatchObject({ outcome: "Failed", reason: "OOM_KILLED", exitCode: 137n });
  });

  it("whose output is too large is stopped and publishes nothing", async () => {
    const write = "for i in 1 2 3; do dd if=/dev/zero of=/output/$i bs=1000000 count=1; done; sleep 30";
    const { job } = await order({ command: ["sh", "-c", write], spec: { output_max_mb: 2 } });
    expect(await settled(job)).toMatchObject({
      outcome: "Failed",
      reason: "OUTPUT_TOO_LARGE",
      outputUris: [],
    });
  });

  it("whose program doesn't exist fails without a second paid", async () => {
    const { job, deposit } = await order({ command: ["/no/such/program"] });
    const view = await settled(job);
    expect(view.outcome).toBe("Failed");
    expect(["START_FAILED", "EXIT_CODE_127"]).toContain(view.reason);
    await expectMoney(job, deposit, 0n);
  });

  it("whose image isn't allowed is never accepted; the buyer takes everything back", async () => {
    const foreign = `evil@sha256:${"0".repeat(64)}`;
    const { job } = await order({ command: ["true"], image: foreign });
    await expect
      .poll(() => hub.lastStatus(job), { timeout: 20_000 })
      .toMatchObject({
        phase: "failed",
        detail: expect.stringContaining("IMAGE_NOT_ALLOWED"),
      });
    expect((await client.getJob(job))?.state).toBe("Pending");
    await client.execute(buyer, client.payloads.cancel(job));
    expect(await settled(job)).toMatchObject({ outcome: "Cancelled" });
  });

  it("that its buyer terminates is stopped at once and paid to that second, by the node itself when the hub is idle", async () => {
    const { job, deposit } = await order({ command: ["sh", "-c", "while :; do sleep 0.1; done"] });
    await expect.poll(() => hub.attestations(job).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(2);
    await client.execute(buyer, client.payloads.terminate(job, null));
    // Settled by the node: it proves what ran and waives the part of a second in which nothing did.
    const view = await settled(job);
    expect(view.outcome).toBe("Terminated");
    await expect.poll(() => containersOf(job), { timeout: 20_000 }).toEqual([]);
    const stream = await client.getStream(job);
    const last = hub.attestations(job).at(-1);
    expect(last?.secondsCum).toBeGreaterThanOrEqual(2n);
    expect(stream?.secondsBilled).toBe(last?.secondsCum);
    expect(stream?.secondsBilled).toBeLessThanOrEqual(view.endedAt - view.startedAt);
    await expectMoney(job, deposit, stream?.secondsBilled ?? 0n);
  });
});

describe("a node killed without warning", () => {
  it("goes on with the container where it was: every second, every line, no seq twice", async () => {
    const script =
      "i=0; while [ $i -lt 9 ]; do echo $i; echo $i > /output/last; i=$((i+1)); sleep 1; done; sleep 0.5";
    const { job, deposit } = await order({ command: ["sh", "-c", script] });
    await expect.poll(() => hub.attestations(job).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(3);
    const [before] = await containersOf(job);
    await node.kill();
    await sleep(2_000);
    expect((await containersOf(job))[0]?.State).toBe("running");
    await node.restart();
    const view = await settled(job);
    expect(view.outcome).toBe("Completed");
    await expectOutput(view);
    await expectMoney(job, deposit, 9n);
    expectHonest(view, hub.attestations(job));
    expectWholeLog(job, ["0", "1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(hub.lastStatus(job)?.containerId).toBe(before?.Id);
  });

  it("finds a container that ended meanwhile, with its exact seconds", async () => {
    const { job, deposit } = await order({ command: ["sh", "-c", "echo x > /output/x; sleep 4.4"] });
    await expect.poll(() => hub.attestations(job).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
    await node.kill();
    await expect.poll(async () => (await containersOf(job))[0]?.State, { timeout: 20_000 }).toBe("exited");
    await sleep(3_000);
    await node.restart();
    const view = await settled(job);
    expect(view.outcome).toBe("Completed");
    await expectMoney(job, deposit, 4n);
    expectHonest(view, hub.attestations(job));
  });

  it("stops a job at its funded second as soon as it is back, and bills no more", async () => {
    const { job, deposit } = await order({ command: ["sh", "-c", "while :; do sleep 0.1; done"], secs: 4n });
    await expect.poll(() => hub.attestations(job).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
    await node.kill();
    await sleep(5_000);
    await node.restart();
    expect(await settled(job)).toMatchObject({ outcome: "Failed", reason: "TIME_LIMIT" });
    await expectMoney(job, deposit, 4n);
  });

  it.each(["creating", "running", "packing", "uploading", "completing"])(
    "at phase %s ends the job once, with the same seconds",
    async (phase) => {
      const { job, deposit } = await order({ command: ["sh", "-c", "echo x > /output/x; sleep 2.5"] });
      while (!hub.phases(job).includes(phase)) await sleep(5);
      await node.kill();
      await node.restart();
      const view = await settled(job);
      expect(view.outcome).toBe("Completed");
      await expectOutput(view);
      await expectMoney(job, deposit, 2n);
      expectHonest(view, hub.attestations(job));
      await expect.poll(() => containersOf(job), { timeout: 20_000 }).toEqual([]);
    },
  );
});

describe("the node", () => {
  it("tells the buyer what a job waits for that doesn't fit yet, and takes it when there is room", async () => {
    const first = await order({ command: ["sleep", "4"], spec: { cpu_cores: 1.5 } });
    await until(first.job, (view) => view.state === "Running");
    const second = await order({ command: ["true"], spec: { cpu_cores: 1 } });
    await expect
      .poll(() => hub.lastStatus(second.job)?.detail, { timeout: 20_000 })
      .toBe("Waiting for a free core on the machine");
    expect((await client.getJob(second.job))?.state).toBe("Pending");
    expect((await settled(second.job)).outcome).toBe("Completed");
    expect((await settled(first.job)).outcome).toBe("Completed");
  });

  it("whose stores never answer has every second on chain meanwhile, then fails the job and is paid for them", async () => {
    const mute = createServer(() => {});
    await new Promise<void>((resolve) => mute.listen(0, "127.0.0.1", resolve));
    await node.terminate();
    node = await startNodeProcess({
      ...nodeEnv,
      S3_BUCKET: "",
      IPFS_API_URL: `http://127.0.0.1:${(mute.address() as AddressInfo).port}`,
      PUBLISH_GRACE_SECS: "1",
      SELF_SETTLE_AFTER_SECS: "1",
    });
    try {
      const { job, deposit } = await order({ command: ["sh", "-c", "echo x > /output/x; sleep 2.2"] });
      await expect.poll(() => hub.lastStatus(job)?.phase, { timeout: 30_000 }).toBe("uploading");
      await expect
        .poll(async () => (await client.getStream(job))?.secondsBilled, { timeout: 30_000 })
        .toBe(2n);
      expect((await client.getJob(job))?.state).toBe("Running");
      expect(await settled(job)).toMatchObject({ outcome: "Failed", reason: "PUBLISH_FAILED" });
      await expectMoney(job, deposit, 2n);
      await expect.poll(() => containersOf(job), { timeout: 20_000 }).toEqual([]);
    } finally {
      await node.terminate();
      mute.closeAllConnections();
      mute.close();
      node = await startNodeProcess(nodeEnv);
    }
  });

  it("leaves containers running on SIGTERM and goes on after", async () => {
    const { job, deposit } = await order({ command: ["sh", "-c", "sleep 4.5"] });
    await expect.poll(() => hub.attestations(job).length, { timeout: 30_000 }).toBeGreaterThanOrEqual(1);
    expect(await node.terminate()).toBe(0);
    expect((await containersOf(job))[0]?.State).toBe("running");
    await node.restart();
    expect(await settled(job)).toMatchObject({ outcome: "Completed" });
    await expectMoney(job, deposit, 4n);
  });

  it("finds jobs that were ordered while it was away", async () => {
    expect(await node.terminate()).toBe(0);
    const { job } = await order({ command: ["true"] });
    await node.restart();
    expect(await settled(job)).toMatchObject({ outcome: "Completed" });
  });

  it("shows health and metrics", async () => {
    await expect.poll(async () => (await fetch(`${node.url}/health`)).status, { timeout: 10_000 }).toBe(200);
    expect(await (await fetch(`${node.url}/health`)).json()).toMatchObject({
      status: "ok",
      chain: true,
      runtime: true,
      hub: true,
    });
    const metrics = await (await fetch(`${node.url}/metrics`)).text();
    expect(metrics).toMatch(/node_jobs_finished_total\{result="COMPLETED"\} [1-9]/);
  });

  it("never writes its key to its log", () => {
    const secret = (JSON.parse(readFileSync(nodeEnv.KEY_FILE ?? "", "utf8")) as { privateKey: string })
      .privateKey;
    expect(node.lines.join("\n")).not.toContain(secret.replace(/^.*0x/, ""));
  });

  it.each([
    [
      "a key that isn't the operator's",
      "OPERATOR_MISMATCH",
      () => {
        const file = join(dir, "other.json");
        const privateKey = Ed25519PrivateKey.generate().toHexString();
        writeFileSync(file, JSON.stringify({ privateKey }), { mode: 0o600 });
        return { KEY_FILE: file };
      },
    ],
    ["no Docker", "DOCKER_SOCKET", () => ({ DOCKER_SOCKET: "/nonexistent.sock" })],
    ["an unknown provider", "PROVIDER_UNKNOWN", () => ({ PROVIDER_ADDRESS: "0x123" })],
    ["no chain", "NODE_URL", () => ({ NODE_URL: "http://127.0.0.1:9/v1" })],
    ["no bucket", "S3_BUCKET", () => ({ S3_BUCKET: "no-such-bucket" })],
    ["a taken port", "PORT", () => ({ PORT: new URL(node.url).port })],
  ])("doesn't start with %s and says %s", async (_name, said, over) => {
    await expect(startNodeProcess({ ...nodeEnv, DATA_DIR: join(dir, "other"), ...over() })).rejects.toThrow(
      said,
    );
  });
});
