/** The client against a real devnet with the real modules: every view, payload, event and abort it knows. */
import { Ed25519Account, Ed25519PrivateKey, Serializer } from "@aptos-labs/ts-sdk";
import { type ChainPart, startChain } from "@computestream/dev-env/parts";
import { sha3_256 } from "@noble/hashes/sha3.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { encodeUsage, type SignedUsage, signUsage, type UsageV1 } from "../src/attestation.ts";
import {
  type ChainClient,
  ChainError,
  type CreateJobArgs,
  createChainClient,
  createNodeApi,
  entryFunction,
  type NodeApi,
  type Outcome,
} from "../src/client/index.ts";
import { EVENT_SCHEMAS, type EventOf, type ProtocolEventName } from "../src/events.ts";
import { ENTRY_FUNCTIONS } from "../src/generated/abi.ts";
import { fromHex, normalizeAddress, toHex } from "../src/primitives.ts";

const FUNDS = 100_000_000_000n;
/** One MOVE-cent a second, so that seconds are readable in amounts. */
const RATE_PER_SEC = 1_000_000n;
const STAKE = 100_000_000n;
const LOG_ROOT = `0x${"22".repeat(32)}`;
const NOWHERE = normalizeAddress("0xdead");

let chain: ChainPart;
let client: ChainClient;
let node: NodeApi;
let provider: string;
const account = () => new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });
const [owner, operator, buyer] = [account(), account(), account()];
const addressOf = (of: Ed25519Account) => of.accountAddress.toStringLong();

beforeAll(async () => {
  chain = await startChain();
  client = createChainClient({ deployment: chain.deployment });
  node = createNodeApi({ nodeUrl: chain.nodeUrl, packageAddress: chain.deployment.packageAddress });
  for (const of of [owner, operator, buyer]) await chain.fund(addressOf(of), FUNDS);
  const registered = await client.execute(owner, client.payloads.registerProvider(registration()));
  provider = event(registered, "ProviderRegistered").data.provider;
});

afterAll(() => chain?.close());

function registration() {
  return {
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
    pricePerHour: RATE_PER_SEC * 3600n,
    asset: chain.deployment.asset.address,
    stake: STAKE,
  };
}

function event<N extends ProtocolEventName>(outcome: Outcome, name: N): EventOf<N> {
  const found = outcome.events.filter((candidate) => candidate.name === name);
  if (found.length !== 1) throw new Error(`expected one ${name}, got ${found.length}`);
  return found[0] as EventOf<N>;
}

async function createJob(args: Partial<CreateJobArgs> = {}): Promise<{ job: string; outcome: Outcome }> {
  const payload = client.payloads.createJob({
    provider,
    image: "busybox@sha256:0",
    spec: '{"version":1}',
    maxDurationSecs: 60n,
    maxRatePerHour: RATE_PER_SEC * 3600n,
    deposit: RATE_PER_SEC * 60n + 5n,
    ...args,
  });
  const outcome = await client.execute(buyer, payload);
  return { job: event(outcome, "JobCreated").data.job, outcome };
}

async function startedJob(): Promise<{ job: string; startedAt: bigint; created: Outcome }> {
  const { job, outcome } = await createJob();
  await client.execute(operator, client.payloads.accept(job));
  const started = await client.execute(operator, client.payloads.start(job));
  return { job, startedAt: event(started, "JobStarted").data.started_at, created: outcome };
}

async function chainReaches(secs: bigint): Promise<void> {
  while ((await client.ledger()).timestampUsecs / 1_000_000n < secs) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function usageOf(p: { job: string; seq: bigint; secondsCum: bigint; tLast: bigint }): Promise<UsageV1> {
  const termsHash = (await client.getJob(p.job))?.termsHash ?? "";
  const { chainId, packageAddress } = chain.deployment;
  return { chainId, packageAddress, termsHash, logRoot: LOG_ROOT, ...p };
}

const sign = (usage: UsageV1): SignedUsage => signUsage(usage, operator.privateKey.toUint8Array());

async function view(name: string, args: unknown[]): Promise<unknown> {
  const answer = await node.postJson("/view", {
    function: `${chain.deployment.packageAddress}::${name}`,
    type_arguments: [],
    arguments: args,
  });
  if (!answer.ok) throw new Error(answer.failure.message);
  return (answer.body as unknown[])[0];
}

async function refusal(promise: Promise<unknown>): Promise<ChainError["failure"]> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ChainError)) throw new Error(`expected a ChainError, got ${String(error)}`);
  return error.failure;
}

describe("a provider", () => {
  it("is read back as it was registered", async () => {
    expect(await client.getProvider(provider)).toMatchObject({
      provider,
      owner: addressOf(owner),
      operator: addressOf(operator),
      attestKey: registration().attestKey,
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
      slotsBusy: 0n,
      pricePerHour: 3_600_000_000n,
      asset: chain.deployment.asset.address,
      stake: STAKE,
      unbonding: 0n,
      earned: 0n,
    });
  });

  it("is available after a heartbeat and as its owner or operator says", async () => {
    await client.execute(operator, client.payloads.heartbeat(provider));
    await client.execute(owner, client.payloads.setAvailability(provider, false));
    expect((await client.getProvider(provider))?.available).toBe(false);
    await client.execute(operator, client.payloads.setAvailability(provider, true));
    expect(await client.getProvider(provider)).toMatchObject({ available: true });
    expect((await client.getProvider(provider))?.lastHeartbeatAt).toBeGreaterThan(0n);
  });

  it("changes its price for later jobs", async () => {
    const repriced = await client.execute(owner, client.payloads.updatePrice(provider, 7_200n));
    expect(event(repriced, "ProviderPriceChanged").data.price_per_hour).toBe(7_200n);
    await client.execute(owner, client.payloads.updatePrice(provider, RATE_PER_SEC * 3600n));
  });
});

describe("a job from creation to settlement", () => {
  it("pays the provider and the treasury by the second and refunds the rest, to the base unit", async () => {
    const before = {
      buyer: await client.balance(addressOf(buyer)),
      owner: await client.balance(addressOf(owner)),
      treasury: await client.balance(chain.deployment.packageAddress),
    };
    const { job, startedAt, created } = await startedJob();
    const record = (await client.transactions(created.version, 1))[0];
    const gasPaid = (record?.gasUsed ?? 0n) * (record?.gasUnitPrice ?? 0n);
    expect(await client.getStream(job)).toMatchObject({
      job,
      payer: addressOf(buyer),
      payee: addressOf(owner),
      ratePerHour: 3_600_000_000n,
      deposited: 60_000_005n,
      maxDurationSecs: 60n,
      startedAt,
      endedAt: 0n,
      seq: 0n,
      secondsBilled: 0n,
      paid: 0n,
      feeBps: 100n,
      balance: 60_000_005n,
      stalledAt: 0n,
      closed: false,
    });

    await chainReaches(startedAt + 2n);
    const two = await usageOf({ job, seq: 1n, secondsCum: 2n, tLast: startedAt + 2n });
    const paidOnce = await client.execute(buyer, client.payloads.processPayment(sign(two)));
    const keeperRecord = (await client.transactions(paidOnce.version, 1))[0];
    const keeperGas = (keeperRecord?.gasUsed ?? 0n) * (keeperRecord?.gasUnitPrice ?? 0n);
    // 2 s * 1_000_000 = 2_000_000 gross, 1% fee = 20_000.
    expect(event(paidOnce, "StreamSettled").data).toMatchObject({
      job,
      seq: 1n,
      seconds_attested: 2n,
      seconds_billed: 2n,
      amount: 2_000_000n,
      fee: 20_000n,
      paid: 2_000_000n,
      fee_paid: 20_000n,
      balance: 58_000_005n,
    });

    await chainReaches(startedAt + 3n);
    const three = await usageOf({ job, seq: 2n, secondsCum: 3n, tLast: startedAt + 3n });
    const output = {
      exitCode: 0n,
      outputUris: ["s3://outputs/job.tar"],
      outputSha256: `0x${"aa".repeat(32)}`,
      outputRoot: `0x${"bb".repeat(32)}`,
    };
    const completed = await client.execute(operator, client.payloads.complete(job, output, sign(three)));
    // 3 s = 3_000_000 gross, 30_000 fee; the rest of 60_000_005 comes back.
    expect(event(completed, "JobSettled").data).toMatchObject({
      outcome: 3,
      seconds: 3n,
      deposited: 60_000_005n,
      paid: 2_970_000n,
      fees: 30_000n,
      refunded: 57_000_005n,
    });

    expect(await client.getJob(job)).toMatchObject({
      job,
      buyer: addressOf(buyer),
      provider,
      image: "busybox@sha256:0",
      spec: '{"version":1}',
      deposit: 60_000_005n,
      state: "Settled",
      outcome: "Completed",
      startedAt,
      ...output,
      reason: "",
    });
    expect(await client.getStream(job)).toMatchObject({
      secondsBilled: 3n,
      closed: true,
    });
    expect(await client.balance(addressOf(owner))).toBe(before.owner + 2_970_000n);
    expect(await client.balance(chain.deployment.packageAddress)).toBe(before.treasury + 30_000n);
    expect(await client.balance(addressOf(buyer))).toBe(before.buyer - 3_000_000n - gasPaid - keeperGas);
    expect(await view("escrow::balance", [job])).toBe("0");
  });

  it("is a failure with a reason when the container failed", async () => {
    const { job } = await startedJob();
    const nothing = { exitCode: 137n, outputUris: [], outputSha256: "0x", outputRoot: "0x" };
    const failed = await client.execute(operator, client.payloads.fail(job, "out of memory", nothing, null));
    expect(event(failed, "JobSettled").data).toMatchObject({
      outcome: 4,
      paid: 0n,
      fees: 0n,
      refunded: 60_000_005n,
    });
    expect(await client.getJob(job)).toMatchObject({
      outcome: "Failed",
      exitCode: 137n,
      reason: "out of memory",
    });
  });

  it("comes back whole when it is cancelled before start", async () => {
    const { job } = await createJob();
    expect(await client.getJob(job)).toMatchObject({ state: "Pending", outcome: null });
    const cancelled = await client.execute(buyer, client.payloads.cancel(job));
    expect(event(cancelled, "JobSettled").data).toMatchObject({ outcome: 5, refunded: 60_000_005n });
    expect(await client.getStream(job)).toBeNull();
  });

  it("is terminated by the buyer with the provider's last word", async () => {
    const { job, startedAt } = await startedJob();
    await chainReaches(startedAt + 1n);
    const usage = await usageOf({ job, seq: 1n, secondsCum: 1n, tLast: startedAt + 1n });
    const terminated = await client.execute(buyer, client.payloads.terminate(job, sign(usage)));
    const left = event(terminated, "JobTerminated").data;
    const view = await client.getJob(job);
    if (view?.state === "Terminated") {
      await chainReaches(left.claim_until);
      await client.execute(buyer, client.payloads.finalize(job));
    }
    expect(await client.getJob(job)).toMatchObject({ state: "Settled", outcome: "Terminated" });
    expect(await client.getStream(job)).toMatchObject({
      secondsBilled: 1n,
      paid: 1_000_000n,
      feePaid: 10_000n,
    });
  });
});

describe("attestations", () => {
  it("have the bytes that the chain builds for itself, and its terms hash", async () => {
    const { job } = await createJob();
    const usage = await usageOf({ job, seq: 7n, secondsCum: 300n, tLast: 1_700_000_001n });
    const onChain = await view("attestation::usage_message", [
      usage.chainId,
      usage.packageAddress,
      job,
      usage.termsHash,
      "7",
      "300",
      "1700000001",
      LOG_ROOT,
    ]);
    expect(toHex(encodeUsage(usage))).toBe(onChain);

    const terms = new Serializer();
    for (const address of [job, addressOf(buyer), provider, chain.deployment.asset.address]) {
      terms.serializeFixedBytes(fromHex(address));
    }
    terms.serializeU64(3_600_000_000n);
    terms.serializeU64(60n);
    terms.serializeU64(60_000_005n);
    terms.serializeStr("busybox@sha256:0");
    terms.serializeStr('{"version":1}');
    expect(usage.termsHash).toBe(toHex(sha3_256(terms.toUint8Array())));
  });

  it("that are bad are skipped with their code in a batch, and the good ones are paid", async () => {
    const [good, bad] = [await startedJob(), await startedJob()];
    await chainReaches(bad.startedAt + 1n);
    const goodUsage = await usageOf({ job: good.job, seq: 1n, secondsCum: 1n, tLast: good.startedAt + 1n });
    const badUsage = await usageOf({ job: bad.job, seq: 1n, secondsCum: 1n, tLast: bad.startedAt + 1n });
    const settled = await client.execute(
      buyer,
      client.payloads.processPayments([{ ...sign(badUsage), seq: 2n }, sign(goodUsage)]),
    );
    expect(event(settled, "SettlementSkipped").data).toMatchObject({ job: bad.job, code: 103n });
    expect(event(settled, "StreamSettled").data).toMatchObject({ job: good.job, amount: 1_000_000n });
    expect(
      (await client.getStreams([good.job, NOWHERE, bad.job])).map(({ job, paid }) => ({ job, paid })),
    ).toEqual([
      { job: good.job, paid: 1_000_000n },
      { job: bad.job, paid: 0n },
    ]);
  });
});

describe("refusals", () => {
  it("are named with a sentence", async () => {
    expect(await refusal(createJob({ maxRatePerHour: 1n }))).toEqual({
      code: "E_PRICE_ABOVE_MAXIMUM",
      module: "job_registry",
      message: "The provider's price is above your maximum: raise the maximum or choose another provider.",
    });
    expect(await refusal(createJob({ deposit: 1n }))).toMatchObject({ code: "E_DEPOSIT_TOO_LOW" });
    const { job } = await createJob();
    expect(await refusal(client.execute(buyer, client.payloads.accept(job)))).toMatchObject({
      code: "E_NOT_OPERATOR",
      module: "provider_registry",
    });
    const { packageAddress, asset } = chain.deployment;
    const usurped = entryFunction(packageAddress, "market", "set_asset_allowed", [asset.address, false]);
    expect(await refusal(client.execute(buyer, usurped))).toMatchObject({
      code: "E_NOT_ADMIN",
      module: "market",
    });
  });

  it("of a forged attestation name the signature", async () => {
    const { job, startedAt } = await startedJob();
    await chainReaches(startedAt + 1n);
    const usage = await usageOf({ job, seq: 1n, secondsCum: 1n, tLast: startedAt + 1n });
    const forged = signUsage(usage, new Uint8Array(32).fill(9));
    expect(await refusal(client.execute(buyer, client.payloads.processPayment(forged)))).toMatchObject({
      code: "E_BAD_SIGNATURE",
    });
  });

  it("of an account without money say so", async () => {
    const pauper = account();
    const { code } = await refusal(client.execute(pauper, client.payloads.heartbeat(provider)));
    expect(["INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE", "SENDING_ACCOUNT_DOES_NOT_EXIST"]).toContain(code);
  });

  it("aren't objects that don't exist: those are null", async () => {
    expect(await client.getJob(NOWHERE)).toBeNull();
    expect(await client.getProvider(NOWHERE)).toBeNull();
    expect(await client.getStream(NOWHERE)).toBeNull();
    expect(await client.getStreams([NOWHERE])).toEqual([]);
  });
});

describe("transactions", () => {
  it("have the hash under which the chain then knows them, and may be sent twice", async () => {
    const built = await client.build(operator.accountAddress, client.payloads.heartbeat(provider));
    const signed = client.sign(operator, built);
    expect(await client.findByHash(signed.hash)).toBeNull();
    await client.submit(signed);
    await client.submit(signed);
    const outcome = await client.waitFor(signed.hash);
    expect(outcome).toMatchObject({ hash: signed.hash, success: true, failure: null });
    await client.submit(signed);
    expect(await client.findByHash(signed.hash)).toEqual(outcome);
    expect(await client.sequenceNumber(addressOf(operator))).toBe(signed.sequenceNumber + 1n);
  });

  it("are listed in order without a gap, with the same events as their outcome", async () => {
    const outcome = await client.execute(operator, client.payloads.heartbeat(provider));
    const records = await client.transactions(outcome.version - 2n, 3);
    expect(records.map((record) => record.version)).toEqual([
      outcome.version - 2n,
      outcome.version - 1n,
      outcome.version,
    ]);
    const last = records[2];
    expect(last).toMatchObject({ hash: outcome.hash, sender: addressOf(operator), success: true });
    expect(last?.events.map((entry) => entry.event)).toEqual(outcome.events);
    expect(await client.transactions(outcome.version + 1_000_000n, 10)).toEqual([]);
  });

  it("for another chain are refused", async () => {
    const chainId = chain.deployment.chainId === 77 ? 78 : 77;
    const elsewhere = createChainClient({ deployment: { ...chain.deployment, chainId } });
    expect(await refusal(elsewhere.assertChain())).toMatchObject({ code: "CHAIN_MISMATCH" });
    expect(await refusal(elsewhere.execute(operator, client.payloads.heartbeat(provider)))).toMatchObject({
      code: "BAD_CHAIN_ID",
    });
    await client.assertChain();
  });
});

describe("the market", () => {
  it("has the defaults", async () => {
    expect(await client.parameters()).toEqual({
      feeBps: 100n,
      treasury: chain.deployment.packageAddress,
      minStake: 100_000_000n,
      unbondingSecs: 86_400n,
      acceptWindowSecs: 120n,
      startWindowSecs: 600n,
      stallAfterSecs: 60n,
      stallGraceSecs: 60n,
      claimWindowSecs: 15n,
      minDurationSecs: 1n,
      maxDurationSecs: 604_800n,
      paused: false,
    });
  });
});

describe("the modules on chain", () => {
  const zAbi = z.object({
    abi: z.object({
      name: z.string(),
      exposed_functions: z.array(
        z.object({ name: z.string(), is_entry: z.boolean(), params: z.array(z.string()) }),
      ),
      structs: z.array(
        z.object({
          name: z.string(),
          is_event: z.boolean().optional(),
          fields: z.array(z.object({ name: z.string(), type: z.string() })),
        }),
      ),
    }),
  });

  async function abiOf(module: string) {
    const answer = await node.get(`/accounts/${chain.deployment.packageAddress}/module/${module}`);
    if (!answer.ok) throw new Error(answer.failure.message);
    return zAbi.parse(answer.body).abi;
  }

  it.each(Object.entries(EVENT_SCHEMAS))(
    "%s emits the fields that are decoded here",
    async (module, schemas) => {
      const { structs } = await abiOf(module);
      for (const [name, schema] of Object.entries(schemas)) {
        const { shape } = schema instanceof z.ZodPipe ? schema.in : schema;
        const fields = structs.find((struct) => struct.name === name)?.fields.map((field) => field.name);
        expect({ name, fields: fields?.sort() }).toEqual({ name, fields: Object.keys(shape).sort() });
      }
      const events = structs.filter((struct) => struct.is_event).map((struct) => struct.name);
      expect(events.filter((name) => !(name in schemas))).toEqual([]);
    },
  );

  it.each(Object.entries(ENTRY_FUNCTIONS))(
    "%s takes the arguments that are sent from here",
    async (module, known) => {
      const { exposed_functions } = await abiOf(module);
      const own = new RegExp(`0x0*${chain.deployment.packageAddress.replace(/^0x0*/, "")}::`, "g");
      const onChain = exposed_functions
        .filter((fn) => fn.is_entry)
        .map((fn) => [
          fn.name,
          fn.params.filter((type) => type !== "&signer").map((type) => type.replace(own, "{package}::")),
        ]);
      expect(Object.fromEntries(onChain)).toEqual(known);
    },
  );
});
