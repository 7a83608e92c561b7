/** The command as a process on a real Redis. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createDeadLetterStore, type DeadLetterStore } from "../src/store/dead-letters.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";

const TSX = createRequire(import.meta.url).resolve("tsx");
const COMMAND = fileURLToPath(new URL("../src/dead-letters-command.ts", import.meta.url));
const address = (byte: string) => `0x${byte.repeat(32)}`;
const DEPLOYMENT = {
  network: "devnet",
  chainId: 4,
  packageAddress: address("33"),
  nodeUrl: "http://127.0.0.1:1",
  asset: { address: address("0a"), symbol: "MOVE", decimals: 8 },
  deployedAtVersion: "1",
  transactionHash: "0x1",
  deployedAt: "2026-11-21T20:00:00Z",
  modules: {},
};
const JOB = address("11");

let redis: RedisPart;
let connections: RedisConnections;
let letters: DeadLetterStore;
let home: string;

beforeAll(async () => {
  redis = await startRedis();
  connections = await connectRedis(redis.url, pino({ level: "silent" }));
  letters = createDeadLetterStore(connections.commands, createKeys(DEPLOYMENT));
  home = mkdtempSync(join(tmpdir(), "dead-letters-"));
});
afterAll(async () => {
  await connections?.close();
  await redis?.close();
  rmSync(home, { recursive: true, force: true });
});

function run(...args: string[]): Promise<{ code: number; out: string }> {
  const deploymentFile = join(home, "deployment.json");
  writeFileSync(deploymentFile, JSON.stringify(DEPLOYMENT));
  const env = { PATH: process.env.PATH, REDIS_URL: redis.url, DEPLOYMENT_FILE: deploymentFile };
  return new Promise((resolve) => {
    execFile(process.execPath, ["--import", TSX, COMMAND, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, out: stdout + stderr }),
    );
  });
}

it("lists what was refused with its reason, and has one tried again", async () => {
  await letters.add({ job: JOB, seq: 7n, code: "E_BAD_SIGNATURE", message: "Not the provider's." }, 1_000n);
  const { code, out } = await run("list");
  expect(code).toBe(0);
  expect(out).toContain(`${JOB} seq 7\n  E_BAD_SIGNATURE: Not the provider's.\n  refused 1 time(s)`);
  expect((await letters.all()).get(JOB)?.retryAt).toBe(1_030);
  expect(await run("retry", JOB)).toMatchObject({ code: 0 });
  expect((await letters.all()).get(JOB)).toMatchObject({ retryAt: 0, attempts: 1 });
});

it("says what it doesn't find, and how it is used", async () => {
  expect(await run("retry", address("12"))).toMatchObject({ code: 1 });
  expect(await run("retry", "--all")).toMatchObject({ code: 0 });
  const { code, out } = await run("forget");
  expect(code).toBe(2);
  expect(out).toContain("usage:");
});
