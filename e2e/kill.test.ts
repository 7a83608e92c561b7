/**
 * The relayer and the indexer die without warning during a running stream: the money and the tables don't notice.
 * The job runs into its funded limit, so an undisturbed run's amounts are known to the base unit.
 */
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import {
  bootStack,
  createJob,
  fetchJob,
  fetchTicks,
  type Stack,
  waitForMirror,
  watchUntilSettled,
} from "@computestream/dev-env";
import { afterAll, beforeAll, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SECS = 14n;
const ENDLESS = {
  spec: {
    version: 1 as const,
    title: "Endless",
    command: ["sh", "-c", "while true; do sleep 1; done"],
    memory_mb: 64,
  },
  maxDurationSecs: SECS,
};
const quiet = () => {};

let stack: Stack;
beforeAll(async () => {
  stack = await bootStack();
});
afterAll(async () => {
  await stack?.close();
});

async function finalAmounts(disturb: (job: string) => Promise<void>) {
  const buyer = await stack.newAccount(100_000_000_000n);
  const { job } = await createJob(stack, buyer, ENDLESS);
  const disturbed = disturb(job);
  const { view } = await watchUntilSettled(stack, job, quiet);
  await disturbed;
  const row = await waitForMirror(stack, job);
  expect(view.outcome).toBe("Failed");
  expect(view.reason).toBe("TIME_LIMIT");
  const { deposited, paidToProvider, fees, refunded, balance, secondsBilled } = row;
  return { deposited, paidToProvider, fees, refunded, balance, secondsBilled };
}

async function untilBilled(job: string, secs: number): Promise<void> {
  for (;;) {
    const stream = await stack.chain.getStream(job);
    if (stream && stream.secondsBilled >= BigInt(secs)) return;
    await sleep(100);
  }
}

it("final amounts after SIGKILLs of relayer and indexer equal an undisturbed run's", async () => {
  const undisturbed = await finalAmounts(async () => {});
  // 123,450,000 * 14 / 3,600 = 480,083.33: 480,084 locked; 480,083 earned, of which 1 % = 4,800 is the fee.
  expect(undisturbed).toEqual({
    deposited: "480084",
    paidToProvider: "475283",
    fees: "4800",
    refunded: "1",
    balance: "0",
    secondsBilled: 14,
  });

  const disturbed = await finalAmounts(async (job) => {
    await untilBilled(job, 2);
    await stack.relayer.kill();
    await stack.relayer.restart();
    await untilBilled(job, 5);
    await stack.indexer.kill();
    await stack.indexer.restart();
    await untilBilled(job, 8);
    await Promise.all([stack.relayer.kill(), stack.indexer.kill()]);
    await sleep(1_000);
    await Promise.all([stack.relayer.restart(), stack.indexer.restart()]);
  });
  expect(disturbed).toEqual(undisturbed);
});

it("the tables equal a rebuild from version 0", async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", createRequire(import.meta.url).resolve("tsx"), join(ROOT, "indexer/src/verify.ts")],
    {
      cwd: ROOT,
      env: {
        ...process.env,
        DATABASE_URL: stack.postgres.url,
        DEPLOYMENT_FILE: join(stack.dir, "deployment.json"),
        LOG_LEVEL: "warn",
      },
    },
  );
  const verdict = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as {
    equal: boolean;
    tables: Record<string, unknown>;
  };
  expect(verdict.equal).toBe(true);
  expect(Object.keys(verdict.tables).length).toBeGreaterThan(3);
});

it("the provider node killed during a run attests on where it was, to the second", async () => {
  const amounts = await finalAmounts(async (job) => {
    await untilBilled(job, 4);
    await stack.providerNode.kill();
    await stack.providerNode.restart();
  });
  expect(amounts).toMatchObject({ secondsBilled: 14, paidToProvider: "475283", fees: "4800", refunded: "1" });
});

it("every stream's ticks are in the mirror exactly once", async () => {
  const buyer = await stack.newAccount(100_000_000_000n);
  const { job } = await createJob(stack, buyer, ENDLESS);
  await untilBilled(job, 3);
  await stack.indexer.kill();
  await stack.indexer.restart();
  await watchUntilSettled(stack, job, quiet);
  await waitForMirror(stack, job);
  const ticks = await fetchTicks(stack, job);
  expect(new Set(ticks.map((tick) => `${tick.version}/${tick.index}`)).size).toBe(ticks.length);
  const sum = ticks.reduce((total, tick) => total + BigInt(tick.amount), 0n);
  expect(sum).toBe(480_083n);
  expect((await fetchJob(stack, job))?.state).toBe("Settled");
});
