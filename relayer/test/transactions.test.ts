/** Writes from their names to the chain: built, signed with the SDK, relayed, sponsored or not, refused by name. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  Account,
  AccountAddress,
  ChainId,
  Deserializer,
  Ed25519Account,
  generateTransactionPayloadWithABI,
  type InputEntryFunctionData,
  RawTransaction,
  SigningSchemeInput,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { encodeJobSpec, fromHex, maxCost, toHex } from "@computestream/protocol";
import {
  type BuiltWrite,
  type RelayedTransaction,
  WRITE_NAMES,
  zBuilt,
  zRelayed,
} from "@computestream/protocol/writes";
import { transferPayload } from "@computestream/x402";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { address, type Provider, type RelayerProcess, startWorld, type World } from "./world.ts";

// 3_600_000 base units an hour: 1,000 a second.
const RATE = 3_600_000n;
const FUNDS = 10_000_000_000n;
const PLENTY = { RELAY_REQUESTS_PER_SEC: "1000" };

let world: World;
let redis: RedisPart;
let plain: RelayerProcess;
let paying: RelayerProcess;
let second: RelayerProcess;
let provider: Provider;
let sponsor: Ed25519Account;
let sponsorEnv: Record<string, string>;

async function newAccount(funds = FUNDS): Promise<Ed25519Account> {
  const account = Ed25519Account.generate();
  if (funds > 0n) await world.chain.fund(address(account), funds);
  return account;
}

beforeAll(async () => {
  world = await startWorld();
  redis = await startRedis();
  provider = await world.register(RATE);
  sponsor = await newAccount();
  const keyFile = join(world.home, "sponsor.json");
  writeFileSync(keyFile, JSON.stringify({ privateKey: sponsor.privateKey.toHexString() }), { mode: 0o600 });
  sponsorEnv = { ...PLENTY, SPONSOR_KEY_FILE: keyFile };
  plain = await world.startRelayer(redis.url, PLENTY);
  paying = await world.startRelayer(redis.url, sponsorEnv);
  second = await world.startRelayer(redis.url, sponsorEnv);
});
afterAll(async () => {
  await redis?.close();
  await world?.close();
});

interface Failed {
  error: { code: string; field?: string; message: string };
}

async function call<T>(at: RelayerProcess, path: string, body?: object, method = "POST") {
  const response = await fetch(`${at.url}${path}`, {
    method: body === undefined ? "GET" : method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, body: (await response.json()) as T };
}

const order = (secs = 60n) => ({
  provider: provider.address,
  image: `busybox@sha256:${"0".repeat(64)}`,
  spec: encodeJobSpec({ version: 1, title: "written" }),
  maxDurationSecs: `${secs}`,
  maxRatePerHour: `${RATE}`,
  deposit: `${maxCost(RATE, secs)}`,
});

async function build(at: RelayerProcess, name: string, body: object): Promise<BuiltWrite> {
  const { status, body: built } = await call<BuiltWrite>(at, `/api/v1/transactions/${name}`, body);
  expect(built).toMatchObject({ write: name });
  expect(status).toBe(200);
  return zBuilt.parse(built);
}

/** As anyone with the SDK would. */
function sign(built: BuiltWrite, account: Account) {
  const { transaction } = built;
  if (!transaction) throw new Error("nothing to sign");
  const raw = RawTransaction.deserialize(new Deserializer(fromHex(transaction.rawTransaction)));
  const feePayer = transaction.feePayer === null ? undefined : AccountAddress.from(transaction.feePayer);
  const authenticator = account.signTransactionWithAuthenticator(new SimpleTransaction(raw, feePayer));
  return {
    rawTransaction: transaction.rawTransaction,
    feePayer: transaction.feePayer,
    authenticator: toHex(authenticator.bcsToBytes()),
  };
}

const relay = (at: RelayerProcess, submission: object) =>
  call<RelayedTransaction & Failed>(at, "/api/v1/transactions", submission);
const outcomeOf = (at: RelayerProcess, hash: string) =>
  call<RelayedTransaction & Failed>(at, `/api/v1/transactions/${hash}`);
const eventOf = (relayed: RelayedTransaction, name: string): Record<string, string> => {
  const found = relayed.events.find((event) => event.name === name);
  if (!found) throw new Error(`${name} was not emitted`);
  return found.data as Record<string, string>;
};

/** Whatever a forger likes, signed properly. */
async function forge(
  account: Ed25519Account,
  data: InputEntryFunctionData,
  over: {
    chainId?: number;
    gas?: bigint;
    gasUnitPrice?: bigint;
    expiresIn?: number;
    feePayer?: string;
    sequenceNumber?: bigint;
  } = {},
) {
  if (!data.abi) throw new Error("no ABI");
  const raw = new RawTransaction(
    account.accountAddress,
    over.sequenceNumber ?? (await world.client.sequenceNumber(address(account))),
    generateTransactionPayloadWithABI({ ...data, abi: data.abi }),
    over.gas ?? 20_000n,
    over.gasUnitPrice ?? 100n,
    BigInt(Math.floor(Date.now() / 1000) + (over.expiresIn ?? 30)),
    new ChainId(over.chainId ?? world.chain.deployment.chainId),
  );
  const feePayer = over.feePayer === undefined ? undefined : AccountAddress.from(over.feePayer);
  const authenticator = account.signTransactionWithAuthenticator(new SimpleTransaction(raw, feePayer));
  return {
    rawTransaction: toHex(raw.bcsToBytes()),
    feePayer: over.feePayer ?? null,
    authenticator: toHex(authenticator.bcsToBytes()),
  };
}

describe("a write", () => {
  it("is told as the payload that a wallet takes; with a sender, as the bytes to sign", async () => {
    const buyer = await newAccount();
    const bare = await build(plain, "jobs/create", order());
    expect(bare).toMatchObject({
      function: `${world.chain.deployment.packageAddress}::job_orders::create_job`,
      typeArguments: [],
      functionArguments: [
        provider.address,
        order().image,
        order().spec,
        "0",
        "60",
        "3600000",
        // 60 s at 1,000 a second.
        "60000",
        "0",
        5,
        [],
      ],
      transaction: null,
    });
    const { transaction } = await build(plain, "jobs/create", { ...order(), sender: address(buyer) });
    expect(transaction).toMatchObject({
      feePayer: null,
      chainId: world.chain.deployment.chainId,
      sequenceNumber: "0",
      maxGasAmount: "200000",
    });
  });

  it("is refused with the field that is wrong", async () => {
    const wrong = async (body: object) => {
      const answer = await call<Failed>(plain, "/api/v1/transactions/jobs/create", body);
      return [answer.status, answer.body.error?.code, answer.body.error?.field];
    };
    expect(await wrong({ ...order(), deposit: 60000 })).toEqual([400, "BAD_INPUT", "deposit"]);
    expect(await wrong({ ...order(), provider: "me" })).toEqual([400, "BAD_INPUT", "provider"]);
    expect(await wrong({ ...order(), sender: "me" })).toEqual([400, "BAD_INPUT", "sender"]);
    expect(await wrong({ ...order(), sponsored: true })).toEqual([400, "BAD_INPUT", "sender"]);
    expect(await wrong([])).toEqual([400, "BAD_INPUT", "body"]);
    expect((await wrong({ ...order(), gasLimit: "1" }))[0]).toBe(400);
  });

  it("answers under its old names, with what their paths say", async () => {
    const old = async (method: string, path: string, body: object) => {
      const answer = await call<BuiltWrite>(plain, path, body, method);
      return {
        write: answer.body.write,
        link: answer.headers.get("link"),
        args: answer.body.functionArguments,
      };
    };
    expect(await old("POST", "/api/v1/jobs/submit", order())).toMatchObject({ write: "jobs/create" });
    expect(await old("POST", `/api/v1/nodes/${provider.address}/heartbeat`, {})).toEqual({
      write: "providers/heartbeat",
      link: '</api/v1/transactions/providers/heartbeat>; rel="canonical"',
      args: [provider.address],
    });
    const path = `/api/v1/providers/${provider.address}/availability`;
    // Maintenance is the third of the chain's statuses, counted from 0.
    expect(await old("PATCH", path, { available: false })).toMatchObject({
      args: [provider.address, 2],
    });
  });

  it("is found by the status that it leads to, and a status that nobody can write is refused", async () => {
    const job = `0x${"ab".repeat(32)}`;
    const write = async (method: string, path: string, body: object) => {
      const answer = await call<BuiltWrite & Failed>(plain, path, body, method);
      return [answer.status, answer.body.write ?? answer.body.error.field, answer.body.functionArguments];
    };
    const path = `/api/v1/jobs/${job}`;
    expect(await write("PATCH", path, { status: "running" })).toEqual([200, "jobs/start", [job]]);
    expect(await write("PATCH", path, { status: "Cancelled" })).toEqual([200, "jobs/cancel", [job]]);
    expect(await write("POST", "/api/v1/status", { job, status: "expired" })).toEqual([
      200,
      "jobs/expire",
      [job],
    ]);
    expect(
      await write("POST", "/api/v1/status", { job, provider: provider.address, status: "claimed" }),
    ).toEqual([200, "jobs/claim", [provider.address, job, "0"]]);
    for (const status of ["pending", "constructor", 3, undefined])
      expect((await write("PATCH", path, { status })).slice(0, 2)).toEqual([400, "status"]);
    expect((await write("PATCH", path, { status: "failed" })).slice(0, 2)).toEqual([400, "exitCode"]);
  });

  it("is listed and described, each under its own path", async () => {
    const list = await call<{ items: Array<{ path: string; sponsored: boolean; name: string }> }>(
      paying,
      "/api/v1/transactions",
    );
    expect(list.body.items.map(({ name }) => name)).toEqual(WRITE_NAMES);
    expect(list.body.items.filter(({ sponsored }) => sponsored).map(({ name }) => name)).toEqual([
      "jobs/create",
      "jobs/top-up",
      "jobs/cancel",
      "jobs/terminate",
      "jobs/confirm",
    ]);
    const { body } = await call<{ paths: Record<string, { post?: { requestBody: unknown } }> }>(
      plain,
      "/api/v1/openapi.json",
    );
    for (const { path } of list.body.items) expect(body.paths[path]?.post?.requestBody).toBeDefined();
    expect(JSON.stringify(body.paths["/api/v1/transactions/jobs/create"])).toContain("maxRatePerHour");
    expect(body.paths["/api/v1/status"]?.post?.requestBody).toBeDefined();
  });
});

describe("a signed transaction", () => {
  it("of a provider's owner and of a buyer gets on chain at their cost, and its events are told", async () => {
    const owner = await newAccount();
    const registered = await relay(
      plain,
      sign(
        await build(plain, "providers/register", {
          operator: address(owner),
          attestKey: toHex(owner.publicKey.toUint8Array()),
          name: "relayed",
          cpuCores: "2",
          ramGb: "4",
          diskGb: "10",
          region: "here",
          sandbox: "runc",
          slots: "3",
          pricePerHour: "7200000",
          asset: world.chain.deployment.asset.address,
          stake: "100000000",
          sender: address(owner),
        }),
        owner,
      ),
    );
    expect(registered.status).toBe(200);
    expect(zRelayed.parse(registered.body)).toMatchObject({
      status: "success",
      onChain: true,
      sponsored: false,
      error: null,
    });
    const machine = eventOf(registered.body, "ProviderRegistered").provider as string;
    const priced = await relay(
      plain,
      sign(
        await build(plain, "providers/price", {
          provider: machine,
          pricePerHour: "3600001",
          sender: address(owner),
        }),
        owner,
      ),
    );
    expect(priced.body.status).toBe("success");
    expect(await world.client.getProvider(machine)).toMatchObject({
      owner: address(owner),
      pricePerHour: 3_600_001n,
      slots: 3n,
    });

    const buyer = await newAccount();
    const created = await relay(
      plain,
      sign(await build(plain, "jobs/create", { ...order(), sender: address(buyer) }), buyer),
    );
    const { job } = eventOf(created.body, "JobCreated");
    expect(await world.client.getJob(job as string)).toMatchObject({
      buyer: address(buyer),
      deposit: 60_000n,
    });
    const { gasUsed } = created.body;
    expect(await world.client.balance(address(buyer))).toBe(FUNDS - 60_000n - BigInt(gasUsed ?? 0) * 100n);
    const told = await outcomeOf(plain, created.body.hash);
    expect(told.status).toBe(200);
    expect(told.body).toEqual(created.body);
  });

  it("of a single-key account gets there too", async () => {
    const account = Account.generate({ scheme: SigningSchemeInput.Ed25519, legacy: false });
    await world.chain.fund(account.accountAddress.toString(), FUNDS);
    const body = { ...order(), sender: account.accountAddress.toString() };
    const created = await relay(plain, sign(await build(plain, "jobs/create", body), account));
    expect(created.body).toMatchObject({ status: "success" });
  });

  it("that fails on chain is told with the abort's own name and sentence", async () => {
    const buyer = await newAccount();
    const cheap = { ...order(), maxRatePerHour: `${RATE - 1n}`, sender: address(buyer) };
    const { status, body } = await relay(plain, sign(await build(plain, "jobs/create", cheap), buyer));
    expect([status, body.status, body.onChain, body.events]).toEqual([200, "failed", true, []]);
    expect(body.error.code).toBe("E_PRICE_ABOVE_MAXIMUM");
    expect(body.error.message.length).toBeGreaterThan(20);
    expect((await outcomeOf(plain, body.hash)).body.error.code).toBe("E_PRICE_ABOVE_MAXIMUM");
  });

  it("handed in again, at either replica and at once, is one transaction", async () => {
    const buyer = await newAccount();
    const signed = sign(await build(plain, "jobs/create", { ...order(), sender: address(buyer) }), buyer);
    const answers = await Promise.all([plain, paying, second, plain, second].map((at) => relay(at, signed)));
    const [first] = answers;
    for (const answer of answers)
      expect(answer.body).toMatchObject({ hash: first?.body.hash, status: "success", error: null });
    expect((await relay(second, signed)).body).toEqual(first?.body);
    // One deposit left the account.
    expect(await world.client.sequenceNumber(address(buyer))).toBe(1n);
    expect((await world.client.balance(address(buyer))) > FUNDS - 120_000n - 100_000_000n).toBe(true);
  });

  it("that nobody waits for is on its way when it is answered, and its outcome is told later by any replica", async () => {
    const buyer = await newAccount();
    const signed = sign(await build(plain, "jobs/create", { ...order(), sender: address(buyer) }), buyer);
    const answer = await relay(plain, { ...signed, waitMs: 0 });
    expect([answer.status, answer.body.status, answer.body.onChain]).toEqual([202, "pending", false]);
    await expect.poll(async () => (await outcomeOf(second, answer.body.hash)).body.status).toBe("success");
  });

  it("that the chain's node refuses is told so, and may be sent again when it can be paid for", async () => {
    const buyer = await newAccount(0n);
    const signed = sign(await build(plain, "jobs/create", { ...order(), sender: address(buyer) }), buyer);
    const poor = await relay(plain, signed);
    expect(poor.body).toMatchObject({ status: "failed", onChain: false });
    expect(poor.body.error.code).toMatch(/INSUFFICIENT_BALANCE|SENDING_ACCOUNT_DOES_NOT_EXIST/);
    await world.chain.fund(address(buyer), FUNDS);
    expect((await relay(second, signed)).body).toMatchObject({ hash: poor.body.hash, status: "success" });
  });

  it("is refused by name when it isn't one of this market, or not as it should be", async () => {
    const buyer = await newAccount();
    const cancel = world.client.payloads.cancel(provider.address);
    const code = async (submission: object) => {
      const { status, body } = await relay(plain, submission);
      return `${status} ${body.error.code}`;
    };
    expect(await code(await forge(buyer, transferPayload("0xa", "0xb", 1n)))).toBe(
      "403 FUNCTION_NOT_RELAYED",
    );
    expect(await code(await forge(buyer, world.client.payloads.setPaused(true)))).toBe(
      "403 FUNCTION_NOT_RELAYED",
    );
    const elsewhere = {
      ...cancel,
      function: cancel.function.replace(/^0x[0-9a-f]+/, `0x${"ba".repeat(32)}`) as typeof cancel.function,
    };
    expect(await code(await forge(buyer, elsewhere))).toBe("403 FUNCTION_NOT_RELAYED");
    expect(await code(await forge(buyer, cancel, { chainId: 1 }))).toBe("422 CHAIN_ID_MISMATCH");
    expect(await code(await forge(buyer, cancel, { gas: 2_000_001n }))).toBe("422 GAS_TOO_HIGH");
    expect(await code(await forge(buyer, cancel, { gasUnitPrice: 10_001n }))).toBe(
      "422 GAS_UNIT_PRICE_TOO_HIGH",
    );
    expect(await code(await forge(buyer, cancel, { expiresIn: -1 }))).toBe("422 TRANSACTION_EXPIRED");
    expect(await code(await forge(buyer, cancel, { expiresIn: 700 }))).toBe("422 EXPIRES_TOO_LATE");
    const good = await forge(buyer, cancel);
    const other = await forge(await newAccount(), cancel);
    expect(await code({ ...good, authenticator: other.authenticator })).toBe("422 BAD_SIGNATURE");
    expect(await code({ ...good, rawTransaction: `${good.rawTransaction}00` })).toBe("400 BAD_TRANSACTION");
    expect(await code({ ...good, authenticator: "0x0012" })).toBe("400 BAD_AUTHENTICATOR");
    expect(await code({ ...good, rawTransaction: "zz" })).toBe("400 BAD_INPUT");
    expect(await code(await forge(buyer, cancel, { feePayer: address(sponsor) }))).toBe("422 NO_SPONSOR");
    expect((await outcomeOf(plain, `0x${"ab".repeat(32)}`)).body.error.code).toBe("TRANSACTION_UNKNOWN");
  });
});

describe("a sponsored transaction", () => {
  const built = (at: RelayerProcess, buyer: Ed25519Account, over: object = {}) =>
    build(at, "jobs/create", { ...order(), sender: address(buyer), sponsored: true, ...over });

  it("costs its sender nothing but what it buys, is sent once and told by any replica", async () => {
    const buyer = await newAccount(60_000n);
    const before = await world.client.balance(address(sponsor));
    const signed = sign(await built(paying, buyer), buyer);
    expect(signed.feePayer).toBe(address(sponsor));
    const answers = await Promise.all([paying, second, paying].map((at) => relay(at, signed)));
    for (const { body } of answers) expect(["success", "pending"]).toContain(body.status);
    const hash = answers[0]?.body.hash as string;
    await expect.poll(async () => (await outcomeOf(second, hash)).body.status).toBe("success");
    const told = (await relay(second, signed)).body;
    expect(told).toMatchObject({ hash, status: "success", sponsored: true, sender: address(buyer) });
    expect(eventOf(told, "JobCreated").buyer).toBe(address(buyer));
    expect(await world.client.balance(address(buyer))).toBe(0n);
    expect(before - (await world.client.balance(address(sponsor)))).toBe(BigInt(told.gasUsed ?? 0) * 100n);
  });

  it("is refused before it costs anything: not on the list, over the bounds, or bound to fail", async () => {
    const buyer = await newAccount();
    const code = async (submission: object) => {
      const { status, body } = await relay(paying, submission);
      return `${status} ${body.error.code}`;
    };
    const before = await world.client.balance(address(sponsor));
    const refused = await call<Failed>(paying, "/api/v1/transactions/providers/heartbeat", {
      provider: provider.address,
      sender: address(buyer),
      sponsored: true,
    });
    expect([refused.status, refused.body.error.code]).toEqual([403, "FUNCTION_NOT_SPONSORED"]);
    const feePayer = address(sponsor);
    const create = world.client.payloads.createJob({
      ...order(),
      maxDurationSecs: 60n,
      maxRatePerHour: RATE,
      deposit: 60_000n,
    });
    const heartbeat = world.client.payloads.heartbeat(provider.address);
    expect(await code(await forge(buyer, heartbeat, { feePayer }))).toBe("403 FUNCTION_NOT_SPONSORED");
    expect(await code(await forge(buyer, create, { feePayer, gas: 100_001n }))).toBe("422 GAS_TOO_HIGH");
    expect(await code(await forge(buyer, create, { feePayer, gasUnitPrice: 501n }))).toBe(
      "422 GAS_UNIT_PRICE_TOO_HIGH",
    );
    expect(await code(await forge(buyer, create, { feePayer, expiresIn: 120 }))).toBe("422 EXPIRES_TOO_LATE");
    expect(await code(await forge(buyer, create, { feePayer: address(buyer) }))).toBe(
      "422 FEE_PAYER_MISMATCH",
    );
    expect(await code(await forge(buyer, create, { feePayer, sequenceNumber: 5n }))).toBe(
      "422 SEQUENCE_NUMBER",
    );
    // Of the x402 list, and of nobody's here: money to anyone.
    expect(await code(await forge(buyer, transferPayload("0xa", "0xb", 1n), { feePayer }))).toBe(
      "403 FUNCTION_NOT_RELAYED",
    );
    const dear = { ...order(), maxRatePerHour: `${RATE - 1n}` };
    expect(await code(sign(await built(paying, buyer, dear), buyer))).toBe("422 E_PRICE_ABOVE_MAXIMUM");
    expect(await world.client.balance(address(sponsor))).toBe(before);
    expect(await world.client.sequenceNumber(address(buyer))).toBe(0n);
  });

  it("that takes another's number while that is on its way isn't sent beside it", async () => {
    const buyer = await newAccount();
    const [a, b] = [
      sign(await built(paying, buyer), buyer),
      sign(await built(paying, buyer, { priority: 6 }), buyer),
    ];
    const answers = await Promise.all([relay(paying, a), relay(second, b)]);
    const codes = answers.map(({ body }) => body.error?.code ?? body.status);
    expect(codes.filter((code) => code === "success" || code === "pending")).toHaveLength(1);
    expect(codes.find((code) => code !== "success" && code !== "pending")).toBe("SEQUENCE_NUMBER_TAKEN");
    await expect.poll(() => world.client.sequenceNumber(address(buyer))).toBe(1n);
  });

  it("is refused with 429 and the time when the day's limit is reached, at every replica", async () => {
    const env = { ...sponsorEnv, SPONSOR_FUNCTION_DAILY: "1" };
    const [one, two] = [await world.startRelayer(redis.url, env), await world.startRelayer(redis.url, env)];
    const buyer = await newAccount();
    expect((await relay(one, sign(await built(one, buyer), buyer))).body.status).toBe("success");
    const again = await relay(two, sign(await built(two, buyer), buyer));
    expect([again.status, again.body.error.code]).toEqual([429, "SPONSOR_LIMIT_REACHED"]);
    const retryAfter = Number(again.headers.get("retry-after"));
    expect(retryAfter > 0 && retryAfter <= 86_400).toBe(true);
    // At its own cost it may go on.
    const own = sign(await build(two, "jobs/create", { ...order(), sender: address(buyer) }), buyer);
    expect((await relay(two, own)).body.status).toBe("success");
  });
});

describe("the relay's rate limit", () => {
  it("stops an address that asks too often, and says for how long", async () => {
    const slow = await world.startRelayer(redis.url, { RELAY_REQUESTS_PER_SEC: "0.5" });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      const { status, headers } = await call(slow, "/api/v1/transactions/jobs/create", order());
      statuses.push(status);
      if (status === 429) expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
    }
    // Three at once (0.5 a second, six times), then the fourth in debt.
    expect(statuses.slice(0, 3)).toEqual([200, 200, 200]);
    expect(statuses[4]).toBe(429);
  });
});
