/**
 * What goes wrong in people's hands: each a clear error, the right final state on chain, and no base unit lost.
 * Rules inside one service are tested beside it; here the whole stack answers.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Ed25519Account } from "@aptos-labs/ts-sdk";
import {
  bootStack,
  createJob,
  type JobPlan,
  newestUsage,
  type Stack,
  waitForMirror,
  watchUntilSettled,
} from "@computestream/dev-env";
import { encodeJobSpec, type SignedUsage, signedUsageToJson } from "@computestream/protocol";
import type { CreateJobArgs } from "@computestream/protocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const FUNDS = 100_000_000_000n;
const RATE = 123_450_000n;
const quiet = () => {};

let stack: Stack;
let buyer: Ed25519Account;
beforeAll(async () => {
  stack = await bootStack();
  buyer = await stack.newAccount(FUNDS);
});
afterAll(async () => {
  await stack?.close();
});

const plan = (command: string[], secs = 20n, more: Partial<JobPlan["spec"]> = {}): JobPlan => ({
  spec: { version: 1, title: "Bad input", command, memory_mb: 64, ...more },
  maxDurationSecs: secs,
});

describe("the chain refuses a job", () => {
  const refused = async (change: Partial<CreateJobArgs>) => {
    const escrowed = await stack.chain.balance(buyer.accountAddress.toString());
    const attempt = stack.chain.execute(
      buyer,
      stack.chain.payloads.createJob({
        provider: stack.provider.address,
        image: stack.demoImage,
        spec: encodeJobSpec({ version: 1 }),
        maxDurationSecs: 10n,
        maxRatePerHour: RATE,
        deposit: 342_917n,
        ...change,
      }),
    );
    const error = await attempt.then(
      () => null,
      (cause: { failure?: { code: string; message: string } }) => cause,
    );
    // Gas only: 342,917 base units of deposit would be missing otherwise.
    expect(escrowed - (await stack.chain.balance(buyer.accountAddress.toString()))).toBeLessThan(342_917n);
    return error?.failure;
  };

  it("whose deposit doesn't cover its maximum duration", async () => {
    // 123,450,000 * 10 / 3,600 = 342,916.67: one unit less than the rounded-up cost.
    expect(await refused({ deposit: 342_916n })).toMatchObject({ code: "E_DEPOSIT_TOO_LOW" });
  });
  it("that is longer than the market allows", async () => {
    expect(await refused({ maxDurationSecs: 604_801n, deposit: 30_000_000_000n })).toMatchObject({
      code: "E_DURATION_OUT_OF_RANGE",
    });
  });
  it("whose provider costs more than the buyer's maximum", async () => {
    expect(await refused({ maxRatePerHour: RATE - 1n })).toMatchObject({ code: "E_PRICE_ABOVE_MAXIMUM" });
  });
});

describe("a running job ends right", () => {
  const settledAs = async (job: JobPlan) => {
    const { job: address } = await createJob(stack, buyer, job);
    const { view } = await watchUntilSettled(stack, address, quiet);
    const row = await waitForMirror(stack, address);
    expect(BigInt(row.deposited)).toBe(BigInt(row.paidToProvider) + BigInt(row.fees) + BigInt(row.refunded));
    expect(row.balance).toBe("0");
    return {
      outcome: view.outcome,
      reason: view.reason,
      exitCode: view.exitCode,
      secondsBilled: row.secondsBilled,
    };
  };

  it("when it uses more memory than it asked for", async () => {
    // tail keeps a line until its end; a stream of zeros has none.
    const end = await settledAs(plan(["sh", "-c", "tail /dev/zero"], 30n, { memory_mb: 16 }));
    expect(end).toMatchObject({ outcome: "Failed", reason: "OOM_KILLED" });
  });
  it("when it never ends: at the second that was paid for", async () => {
    const end = await settledAs(plan(["sh", "-c", "while true; do sleep 1; done"], 5n));
    expect(end).toMatchObject({ outcome: "Failed", reason: "TIME_LIMIT", secondsBilled: 5 });
  });
  it("when it writes more output than it may", async () => {
    const write = "dd if=/dev/zero of=/output/big bs=1048576 count=8; sleep 20";
    const end = await settledAs(plan(["sh", "-c", write], 20n, { output_max_mb: 1 }));
    expect(end).toMatchObject({ outcome: "Failed", reason: "OUTPUT_TOO_LARGE" });
  });
});

it("an image that the provider doesn't allow is never accepted; the buyer cancels and gets everything back", async () => {
  const deposit = 342_917n;
  const created = await stack.chain.execute(
    buyer,
    stack.chain.payloads.createJob({
      provider: stack.provider.address,
      image: `sha256:${"0".repeat(64)}`,
      spec: encodeJobSpec({ version: 1 }),
      maxDurationSecs: 10n,
      maxRatePerHour: RATE,
      deposit,
    }),
  );
  const event = created.events.find((e) => e.name === "JobCreated");
  if (event?.name !== "JobCreated") throw new Error("no JobCreated");
  const { job } = event.data;
  await sleep(3_000);
  expect((await stack.chain.getJob(job))?.state).toBe("Pending");
  await stack.chain.execute(buyer, stack.chain.payloads.cancel(job));
  const row = await waitForMirror(stack, job);
  expect(row).toMatchObject({
    outcome: "Cancelled",
    refunded: deposit.toString(),
    paidToProvider: "0",
    fees: "0",
  });
});

describe("attestations", () => {
  it("that are forged or replayed are refused by the relayer and by the chain", async () => {
    const { job } = await createJob(stack, buyer, plan(["sh", "-c", "while true; do sleep 1; done"], 12n));
    let genuine: SignedUsage | null = null;
    while ((genuine?.seq ?? 0n) < 3n) {
      genuine = await newestUsage(stack, job);
      await sleep(200);
    }
    if (!genuine) throw new Error("unreachable");
    const forged = { ...genuine, seq: genuine.seq + 1n, secondsCum: genuine.secondsCum + 1n };
    const posted = await fetch(`${stack.relayer.url}/api/v1/attestations`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ attestations: [signedUsageToJson(forged)] }),
    });
    expect(await posted.text()).toContain("BAD_SIGNATURE");
    await expect(
      stack.chain.execute(buyer, stack.chain.payloads.processPayment(forged)),
    ).rejects.toMatchObject({
      failure: { code: "E_BAD_SIGNATURE" },
    });
    while (((await stack.chain.getStream(job))?.seq ?? 0n) <= genuine.seq) await sleep(200);
    await expect(
      stack.chain.execute(buyer, stack.chain.payloads.processPayment(genuine)),
    ).rejects.toMatchObject({
      failure: { code: "E_SEQ_BELOW_WATERMARK" },
    });
    await watchUntilSettled(stack, job, quiet);
    const row = await waitForMirror(stack, job);
    expect(row.secondsBilled).toBe(12);
  });
});

describe("the API", () => {
  it.each([
    ["/api/v1/jobs?limit=0", "limit"],
    ["/api/v1/jobs?state=Sleeping", "state"],
    ["/api/v1/jobs?buyer=0xnothex", "buyer"],
    ["/api/v1/providers?maxPricePerHour=-1", "maxPricePerHour"],
    ["/api/v1/jobs?cursor=%27%3B%20drop%20table%20jobs%3B--", "cursor"],
  ])("says which field of %s is wrong", async (path, field) => {
    const response = await fetch(`${stack.indexer.url}${path}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { field } });
  });
});

describe("a service that can't start says so in a sentence and exits 1", () => {
  const startAlone = (name: string, env: Record<string, string>) =>
    new Promise<{ code: number | null; output: string }>((resolve) => {
      const child = spawn(
        process.execPath,
        ["--import", createRequire(import.meta.url).resolve("tsx"), join(ROOT, name, "src/index.ts")],
        {
          cwd: ROOT,
          env: { PATH: process.env.PATH, HOST: "127.0.0.1", PORT: "0", LOG_LEVEL: "info", ...env },
        },
      );
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      child.stderr.on("data", (chunk) => {
        output += chunk;
      });
      child.on("exit", (code) => resolve({ code, output }));
    });
  const deployment = () => ({ DEPLOYMENT_FILE: join(stack.dir, "deployment.json") });
  const nowhere = "127.0.0.1:9";

  it("the indexer without PostgreSQL", async () => {
    const end = await startAlone("indexer", { ...deployment(), DATABASE_URL: `postgres://x:y@${nowhere}/z` });
    expect(end.code).toBe(1);
    expect(end.output).toContain("DATABASE_URL");
    expect(end.output).not.toContain("x:y");
  });
  it("the relayer without Redis", async () => {
    const key = join(stack.dir, "keys", "relayer.json");
    const end = await startAlone("relayer", {
      ...deployment(),
      REDIS_URL: `redis://${nowhere}`,
      KEY_FILE: key,
    });
    expect(end.code).toBe(1);
    expect(end.output).toContain("REDIS_URL");
  });
  it("the provider node without Docker", async () => {
    const end = await startAlone("provider-node", {
      ...deployment(),
      KEY_FILE: join(stack.dir, "keys", "provider-operator.json"),
      PROVIDER_ADDRESS: stack.provider.address,
      RELAYER_URL: stack.relayer.url,
      DATA_DIR: join(stack.dir, "no-docker"),
      DOCKER_SOCKET: "/nonexistent/docker.sock",
      IPFS_API_URL: stack.ipfs.apiUrl,
      IMAGE_ALLOWLIST: stack.demoImage,
    });
    expect(end.code).toBe(1);
    expect(end.output).toContain("DOCKER_SOCKET");
  });
  it("on another chain than its deployment record's", async () => {
    const foreign = createServer((_req, res) => {
      res.setHeader("content-type", "application/json");
      res.end(
        JSON.stringify({
          chain_id: 250,
          ledger_version: "1",
          ledger_timestamp: "1",
          epoch: "1",
          oldest_ledger_version: "0",
          block_height: "1",
          oldest_block_height: "0",
          node_role: "full_node",
        }),
      );
    });
    await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
    const nodeUrl = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}/v1`;
    const end = await startAlone("indexer", {
      ...deployment(),
      NODE_URL: nodeUrl,
      DATABASE_URL: stack.postgres.url,
    });
    foreign.close();
    expect(end.code).toBe(1);
    expect(end.output).toContain("CHAIN_MISMATCH");
  });
  it("when its port is taken", async () => {
    const port = new URL(stack.indexer.url).port;
    const end = await startAlone("indexer", {
      ...deployment(),
      DATABASE_URL: stack.postgres.url,
      PORT: port,
    });
    expect(end.code).toBe(1);
    expect(end.output).toContain(port);
  });
});
