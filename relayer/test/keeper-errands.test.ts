/** What the relayer brings to the real chain beside settlements: countersignatures and evidence of contradictions. */
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { encodeUsage, signedUsageToJson } from "@computestream/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { publicKeyOf, signBytes } from "./keys.ts";
import { type Provider, post, type RelayerProcess, startWorld, type World } from "./world.ts";

const LONG = { timeout: 60_000, interval: 200 };
const BUYER_KEY = new Uint8Array(32).fill(9);
/** A thousand base units a second. */
const RATE = 3_600_000n;
const NO_OUTPUT = { exitCode: 0n, outputUris: [], outputSha256: "0x", outputRoot: "0x", outputSize: 0n };

let world: World;
let redis: RedisPart;
let relayer: RelayerProcess;
let provider: Provider;

beforeAll(async () => {
  world = await startWorld();
  redis = await startRedis();
  provider = await world.register(RATE);
  relayer = await world.startRelayer(redis.url);
});
afterAll(async () => {
  await world?.close();
  await redis?.close();
});

it("brings the buyer's countersignature of an ended job: nothing it agrees to is held any more", async () => {
  await world.setDisputeTerms({ challengeWindowSecs: 600n });
  const job = await world.job(provider, 60n, { holdbackSecs: 50n, buyerKey: publicKeyOf(BUYER_KEY) });
  await world.reachSecond(job, 5n);
  const usage = world.attest(provider, job, 5n);
  await world.execute(provider.account, world.client.payloads.complete(job.job, NO_OUTPUT, usage));
  const held = await world.client.getStream(job.job);
  expect(held).toMatchObject({ secondsBilled: 5n, secondsConfirmed: 0n, paid: 0n });
  const { chainId, packageAddress } = world.chain.deployment;
  const bytes = encodeUsage({ ...usage, chainId, packageAddress, termsHash: job.termsHash });
  const { signature: _, ...seconds } = signedUsageToJson(usage);
  const response = await fetch(`${relayer.url}/api/v1/countersignatures`, {
    method: "POST",
    body: JSON.stringify({
      countersignatures: [{ ...seconds, countersignature: signBytes(bytes, BUYER_KEY) }],
    }),
  });
  expect(response.status).toBe(200);
  // All five seconds are agreed to: the job settles, 5 * 1,000.
  await expect.poll(async () => (await world.client.getStream(job.job))?.paid, LONG).toBe(5_000n);
  expect((await world.client.getJob(job.job))?.state).toBe("Settled");
});

it("reports a provider that signed one number twice, once", async () => {
  const job = await world.job(provider, 600n, { holdbackSecs: 50n });
  await world.reachSecond(job, 4n);
  expect(await post(relayer, world.attest(provider, job, 3n))).toMatchObject({ status: 200 });
  expect(await post(relayer, world.attest(provider, job, 4n, { seq: 3n }))).toEqual({
    status: 422,
    code: "EQUIVOCATION",
  });
  await expect.poll(async () => (await world.client.getJob(job.job))?.faulted, LONG).toBe(true);
  const metrics = await (await fetch(`${relayer.url}/metrics`)).text();
  expect(metrics).toContain('relayer_transactions_total{kind="report",result="committed"} 1');
});
