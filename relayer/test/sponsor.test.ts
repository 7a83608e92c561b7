/** The sponsor on a real Redis, against a node that loses, refuses and answers late on demand. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  AccountAddress,
  ChainId,
  Ed25519Account,
  generateTransactionPayloadWithABI,
  RawTransaction,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { ChainError, type Outcome } from "@computestream/protocol/client";
import { type SignedPayment, transferPayload } from "@computestream/x402";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { loadSigner, type SponsorSigner } from "../src/chain/signer.ts";
import { createSponsor, type SponsorChain, type SponsorDesk } from "../src/sponsor/sponsor.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";
import { BACKGROUND, createSponsoredStore, type Limits, type Sponsored } from "../src/store/sponsored.ts";

const logger = pino({ level: "silent" });
const keys = createKeys({ chainId: 4, packageAddress: "0x33" });
const PLENTY: Limits = { perWallet: 100, perFunction: 100, budget: 1_000_000_000n };
const FOR = { binding: "b", claim: "quote-1", purpose: "quote" };

type Fate = "commit" | "commit_unheard" | "lose" | "refuse" | "fail";

/** Knows hashes, one sender's next number and the time. */
function createNode() {
  const node = {
    fates: [] as Fate[],
    nowSecs: 1_000n,
    next: 0n,
    sent: [] as string[],
    committed: new Map<string, Outcome>(),
    commit(hash: string, success = true): void {
      node.next += 1n;
      const failure = success ? null : { code: "E_SOMETHING", module: "m", message: "something" };
      const events: Outcome["events"] = [];
      node.committed.set(hash, {
        hash,
        success,
        version: 1n,
        gasUsed: 1n,
        timestampUsecs: 0n,
        events,
        failure,
      });
    },
    async ledger() {
      return { chainId: 4, version: 1n, timestampUsecs: node.nowSecs * 1_000_000n };
    },
    sequenceNumber: async () => node.next,
    findByHash: async (hash: string) => node.committed.get(hash) ?? null,
    async submit({ hash }: { hash: string }) {
      node.sent.push(hash);
      const fate = node.fates.shift() ?? "commit";
      if (fate === "refuse") throw new ChainError({ code: "BAD", module: null, message: "refused" });
      if (fate === "commit" || fate === "commit_unheard" || fate === "fail")
        node.commit(hash, fate !== "fail");
      if (fate !== "commit" && fate !== "fail")
        throw new ChainError({ code: "NODE_UNREACHABLE", module: null, message: "" }, { retryable: true });
    },
  };
  return node;
}

let redis: RedisPart;
let connections: RedisConnections;
let home: string;
let signer: SponsorSigner;
let payer: Ed25519Account;
let node: ReturnType<typeof createNode>;

beforeAll(async () => {
  redis = await startRedis();
  connections = await connectRedis(redis.url, logger);
  home = mkdtempSync(join(tmpdir(), "sponsor-"));
  const keyFile = join(home, "key.json");
  const privateKey = Ed25519Account.generate().privateKey.toHexString();
  writeFileSync(keyFile, JSON.stringify({ privateKey }), { mode: 0o600 });
  signer = loadSigner(keyFile);
});
afterAll(async () => {
  await connections?.close();
  await redis?.close();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(async () => {
  await connections.commands.flushall();
  node = createNode();
  payer = Ed25519Account.generate();
});

const sponsor = (limits = PLENTY, client: object = { ...node, deployment: { chainId: 4 } }): SponsorDesk =>
  createSponsor({
    client: client as unknown as SponsorChain,
    signer,
    policy: { functions: new Set(), maxGasAmount: 1n, maxGasUnitPrice: 1n, maxTimeoutSecs: 60 },
    limits,
    store: createSponsoredStore(connections.commands, keys),
    duePurposes: new Set(["quote"]),
    logger,
    waitMs: 200,
    doubtMs: 100,
  });

/** 1,000 units of gas at 100. */
function payment(sequenceNumber = 0n, amount = 1n): SignedPayment {
  const data = transferPayload("0xa", "0xb", amount);
  if (!data.abi) throw new Error("no ABI");
  const transaction = new SimpleTransaction(
    new RawTransaction(
      payer.accountAddress,
      sequenceNumber,
      generateTransactionPayloadWithABI({ ...data, abi: data.abi }),
      1_000n,
      100n,
      1_050n,
      new ChainId(4),
    ),
    AccountAddress.from(signer.address),
  );
  return { transaction, authenticator: payer.signTransactionWithAuthenticator(transaction) };
}

const due = () => connections.commands.zrange(keys.quotesDue, "0", "-1");

describe("sponsor", () => {
  it("records a payment before it is sent, and tells its success once", async () => {
    const recorded: number[] = [];
    const submit = node.submit;
    node.submit = async (signed) => {
      recorded.push(await connections.commands.zcard(keys.sponsoredOpen));
      return submit(signed);
    };
    const desk = sponsor();
    const settled = await desk.settle(payment(), FOR);
    expect(settled).toEqual({ state: "committed", hash: node.sent[0], events: [] });
    expect(recorded).toEqual([1]);
    expect(await due()).toEqual(["quote-1"]);
    expect(await desk.resume(payment(), "b")).toMatchObject({
      state: "refused",
      refusal: { reason: "duplicate_settlement" },
    });
    expect(node.sent).toHaveLength(1);
  });

  it("of replicas with one payment at once, one settles it", async () => {
    const desks = Array.from({ length: 6 }, () => sponsor());
    const settled = await Promise.all(desks.map((desk) => desk.settle(payment(), FOR)));
    expect(settled.map(({ state }) => state).sort()).toEqual(["committed", ...Array(5).fill("refused")]);
    expect(node.committed.size).toBe(1);
  });

  it("never takes a lost answer for a failure: pending first, then settled once, wherever it is asked for", async () => {
    node.fates = ["lose"];
    const pending = await sponsor().settle(payment(), FOR);
    expect(pending).toEqual({ state: "pending", hash: node.sent[0] });
    expect(await due()).toEqual([]);
    // It got through after all, and another replica is asked.
    node.commit(node.sent[0] ?? "");
    const settled = await Promise.all([sponsor(), sponsor()].map((desk) => desk.resume(payment(), "b")));
    expect(settled.map((s) => s?.state).sort()).toEqual(["committed", "refused"]);
    expect(await due()).toEqual(["quote-1"]);
    expect(node.sent).toHaveLength(1);
  });

  it("is pending for whoever asks while it is only followed in the background, and a duplicate beside another who asks", async () => {
    node.fates = Array(20).fill("lose");
    const paid = payment();
    const pending = await sponsor().settle(paid, FOR);
    expect(pending).toEqual({ state: "pending", hash: node.sent[0] });
    const store = createSponsoredStore(connections.commands, keys);
    const [record] = (await store.open(1)) as [Sponsored];
    const background = `${BACKGROUND}1`;
    expect(await store.takeUp(record, background, 60_000)).toBe(true);
    expect(await sponsor().resume(paid, FOR.binding)).toEqual(pending);
    await store.release(record, background);
    expect(await store.takeUp(record, "request", 60_000)).toBe(true);
    expect(await sponsor().resume(paid, FOR.binding)).toMatchObject({
      state: "refused",
      refusal: { reason: "duplicate_settlement" },
    });
  });

  it("finds the outcome of a submission whose answer was lost", async () => {
    node.fates = ["commit_unheard"];
    expect(await sponsor().settle(payment(), FOR)).toMatchObject({ state: "committed" });
  });

  it("doesn't count a payment for something else than it was made for", async () => {
    const desk = sponsor();
    node.fates = ["lose"];
    await desk.settle(payment(), FOR);
    expect(await desk.resume(payment(), "other")).toMatchObject({
      state: "refused",
      refusal: { reason: "duplicate_settlement", message: "This payment was made for something else." },
    });
    expect(await desk.resume(payment(0n, 2n), "b")).toMatchObject({
      state: "refused",
      refusal: { message: "The sender's sequence number is taken by another payment." },
    });
  });

  it("lets a quote be paid again once its payment can never come", async () => {
    const desk = sponsor();
    node.fates = ["lose"];
    await desk.settle(payment(), FOR);
    expect(await desk.settle(payment(1n), FOR)).toMatchObject({ refusal: { reason: "quote_already_paid" } });
    node.nowSecs = 1_051n;
    expect(await desk.resume(payment(), "b")).toMatchObject({
      state: "failed",
      message: "It was not committed before it expired.",
    });
    // The number is free too.
    expect(await desk.resume(payment(0n, 2n), "b")).toBe(null);
    expect(await desk.settle(payment(0n, 2n), FOR)).toMatchObject({ state: "committed" });
  });

  it("a payment that fails on chain pays for nothing", async () => {
    node.fates = ["fail"];
    expect(await sponsor().settle(payment(), FOR)).toMatchObject({ state: "failed", message: "something" });
    expect(await due()).toEqual([]);
    expect(await sponsor().settle(payment(1n), FOR)).toMatchObject({ state: "committed" });
  });

  it("a payment the node refuses at first was never sent", async () => {
    node.fates = ["refuse"];
    expect(await sponsor().settle(payment(), FOR)).toMatchObject({ state: "failed", message: "refused" });
    expect(await connections.commands.zcard(keys.sponsoredOpen)).toBe(0);
  });

  it("takes a node that lags behind another for late, and not for the payment's end", async () => {
    node.fates = ["lose"];
    const desk = sponsor();
    await desk.settle(payment(), FOR);
    const [hash = ""] = node.sent;
    node.commit(hash);
    // The first node to be asked tells the account's new number, the second hasn't heard of the transaction yet.
    const findByHash = node.findByHash;
    let asked = 0;
    node.findByHash = async (wanted) => (asked++ === 0 ? null : findByHash(wanted));
    expect(await sponsor().resume(payment(), "b")).toMatchObject({ state: "committed", hash });
    expect(await due()).toEqual(["quote-1"]);
  });

  it("is pending, and told later, where its success is known and can't be read", async () => {
    const paid = payment();
    node.fates = ["lose"];
    await sponsor().settle(paid, FOR);
    const [hash = ""] = node.sent;
    node.commit(hash);
    const other = sponsor();
    other.start();
    await expect.poll(due, { timeout: 5_000 }).toEqual(["quote-1"]);
    await other.close();
    const findByHash = node.findByHash;
    node.findByHash = async () => {
      throw new ChainError({ code: "NODE_UNREACHABLE", module: null, message: "" }, { retryable: true });
    };
    expect(await sponsor().resume(paid, FOR.binding)).toEqual({ state: "pending", hash });
    node.findByHash = findByHash;
    expect(await sponsor().resume(paid, FOR.binding)).toMatchObject({ state: "committed", hash });
  });

  it("counts the whole maximum while the end isn't known, then what was used", async () => {
    const counted = () =>
      connections.commands.get(keys.sponsorCount(Math.floor(Date.now() / 86_400_000), "gas"));
    const desk = sponsor();
    node.fates = ["lose"];
    await desk.settle(payment(), FOR);
    expect(await counted()).toBe("100000");
    node.nowSecs = 1_051n;
    expect(await desk.resume(payment(), "b")).toMatchObject({ state: "failed" });
    expect(await counted()).toBe("0");
    // One unit of gas at 100, whether it did what it should or not.
    node.nowSecs = 1_000n;
    node.fates = ["fail"];
    await desk.settle(payment(), FOR);
    expect(await counted()).toBe("100");
    await desk.settle(payment(1n), FOR);
    expect(await counted()).toBe("200");
  });

  it("doesn't keep the bytes of what has ended", async () => {
    await sponsor().settle(payment(), FOR);
    const store = createSponsoredStore(connections.commands, keys);
    const held = await store.holderOf("quote-1");
    expect(held?.record).toMatchObject({ hash: node.sent[0], bytes: "", binding: "b" });
  });

  it("follows what it can while another can't be followed", async () => {
    const store = createSponsoredStore(connections.commands, keys);
    const record = (mark: string): Sponsored => ({
      hash: `0x${mark}`,
      bytes: "0xff",
      sender: `0x${mark}`,
      sequenceNumber: "0",
      expiresAt: "1050",
      function: "f",
      maxFee: "1",
      ...FOR,
      claim: mark,
    });
    const claim = (one: Sponsored, nowMs: number) =>
      store.claim(one, { token: "dead", busyMs: 1, limits: PLENTY, nowMs });
    await claim(record("a"), 1);
    await claim(record("b"), 2);
    await connections.commands.zadd(keys.sponsoredOpen, 0, "0xdead:0");
    const findByHash = node.findByHash;
    node.findByHash = async (hash) => {
      if (hash === "0xa") throw new TypeError("an answer that nobody thought of");
      return findByHash(hash);
    };
    node.commit("0xb");
    const desk = sponsor();
    desk.start();
    await expect.poll(due, { timeout: 5_000 }).toEqual(["b"]);
    await desk.close();
    expect(await connections.commands.zrange(keys.sponsoredOpen, "0", "-1")).toEqual(["0xa:0"]);
  });

  it("says that the node is away when it can't simulate", async () => {
    const simple = async () => Promise.reject(new TypeError("fetch failed"));
    const client = { ...node, deployment: { chainId: 4 }, aptos: { transaction: { simulate: { simple } } } };
    await expect(sponsor(PLENTY, client).simulate(payment())).rejects.toMatchObject({
      status: 503,
      code: "CHAIN_UNAVAILABLE",
    });
  });

  it("sends what a process recorded and never sent", async () => {
    const store = createSponsoredStore(connections.commands, keys);
    const { transaction, authenticator } = payment();
    const { hash, bytes } = signer.cosign(transaction, authenticator);
    const record = {
      hash,
      bytes: `0x${Buffer.from(bytes).toString("hex")}`,
      sender: payer.accountAddress.toStringLong(),
      sequenceNumber: "0",
      expiresAt: "1050",
      function: "f",
      maxFee: "1",
      ...FOR,
    };
    // Its right to follow ends with the process, here at once.
    await store.claim(record, { token: "dead", busyMs: 1, limits: PLENTY, nowMs: Date.now() });
    const desk = sponsor();
    desk.start();
    await expect.poll(due, { timeout: 5_000 }).toEqual(["quote-1"]);
    expect(node.sent).toEqual([hash]);
    await desk.close();
    // Nobody was told yet, so the payer is, once.
    expect(await sponsor().resume(payment(), "b")).toMatchObject({ state: "committed" });
    expect(await sponsor().resume(payment(), "b")).toMatchObject({ state: "refused" });
  });

  it("keeps to its limits, and counts only what it records", async () => {
    const limited = sponsor({ ...PLENTY, perFunction: 1 });
    expect(await limited.settle(payment(), { ...FOR, claim: null })).toMatchObject({ state: "committed" });
    expect(await limited.settle(payment(1n), { ...FOR, claim: null })).toMatchObject({
      refusal: { reason: "sponsor_limit_reached" },
    });
    // One unit of gas at 100 was used; 100,000 more at most fit 100,100 base units and not 100,099.
    const tight = { ...PLENTY, budget: 100_099n };
    expect(await sponsor(tight).settle(payment(1n), { ...FOR, claim: null })).toMatchObject({
      refusal: { reason: "sponsor_limit_reached" },
    });
    const enough = { ...PLENTY, budget: 100_100n };
    expect(await sponsor(enough).settle(payment(1n), { ...FOR, claim: null })).toMatchObject({
      state: "committed",
    });
  });
});
