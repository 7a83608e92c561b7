/** The relay's memory on a real Redis, against a node that loses, refuses and answers late on demand. */
import {
  ChainId,
  Ed25519Account,
  generateTransactionPayloadWithABI,
  RawTransaction,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { normalizeAddress, toHex } from "@computestream/protocol";
import { ChainError, createPayloads, type Outcome } from "@computestream/protocol/client";
import { zSubmission } from "@computestream/protocol/writes";
import { pino } from "pino";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";
import { createRelayedStore } from "../src/store/relayed.ts";
import { functionsOf } from "../src/transactions/index.ts";
import { createRelayDesk, type RelayDesk } from "../src/transactions/relay.ts";
import { readSubmission, unsponsoredBytes } from "../src/transactions/rules.ts";

const logger = pino({ level: "silent" });
const PACKAGE = normalizeAddress("0x33");
const keys = createKeys({ chainId: 4, packageAddress: PACKAGE });
const FUNCTION = `${PACKAGE}::job_registry::cancel`;

type Fate = "commit" | "commit_unheard" | "lose" | "refuse";

function createNode() {
  const node = {
    fates: [] as Fate[],
    aheadSecs: 0,
    next: 0n,
    sent: [] as string[],
    committed: new Map<string, Outcome>(),
    async ledger() {
      const secs = BigInt(Math.floor(Date.now() / 1000) + node.aheadSecs);
      return { chainId: 4, version: 1n, timestampUsecs: secs * 1_000_000n };
    },
    sequenceNumber: async () => node.next,
    findByHash: async (hash: string) => node.committed.get(hash) ?? null,
    async submit({ hash }: { hash: string }) {
      node.sent.push(hash);
      const fate = node.fates.shift() ?? "commit";
      if (fate === "refuse") throw new ChainError({ code: "INVALID_AUTH_KEY", module: null, message: "no" });
      if (fate !== "lose") {
        node.next += 1n;
        const facts = { version: 7n, gasUsed: 3n, timestampUsecs: 0n, events: [], failure: null };
        node.committed.set(hash, { hash, success: true, ...facts });
      }
      if (fate !== "commit")
        throw new ChainError({ code: "NODE_UNREACHABLE", module: null, message: "" }, { retryable: true });
    },
  };
  return node;
}

let redis: RedisPart;
let connections: RedisConnections;
let node: ReturnType<typeof createNode>;
let desks: RelayDesk[];
let sender: Ed25519Account;

beforeAll(async () => {
  redis = await startRedis();
  connections = await connectRedis(redis.url, logger);
});
afterAll(async () => {
  await connections?.close();
  await redis?.close();
});
beforeEach(async () => {
  await connections.commands.flushall();
  node = createNode();
  sender = Ed25519Account.generate();
  desks = [];
});
afterEach(() => Promise.all(desks.map((desk) => desk.close())));

const storeOf = () => createRelayedStore(connections.commands, keys);

function desk(): RelayDesk {
  const made = createRelayDesk({
    client: node,
    rules: { chainId: 4, functions: functionsOf(PACKAGE, ["jobs/cancel"]) },
    store: storeOf(),
    sponsoring: null,
    logger,
  });
  desks.push(made);
  return made;
}

function submission(waitMs = 300) {
  const data = createPayloads(PACKAGE).cancel(normalizeAddress("0x51"));
  if (!data.abi) throw new Error("no ABI");
  const raw = new RawTransaction(
    sender.accountAddress,
    0n,
    generateTransactionPayloadWithABI({ ...data, abi: data.abi }),
    1_000n,
    100n,
    BigInt(Math.floor(Date.now() / 1000) + 60),
    new ChainId(4),
  );
  const authenticator = sender.signTransactionWithAuthenticator(new SimpleTransaction(raw));
  return zSubmission.parse({
    rawTransaction: toHex(raw.bcsToBytes()),
    authenticator: toHex(authenticator.bcsToBytes()),
    waitMs,
  });
}

describe("the relay", () => {
  it("records a transaction before it is sent", async () => {
    const recorded: boolean[] = [];
    const { submit } = node;
    node.submit = async (signed) => {
      recorded.push((await storeOf().find(signed.hash))?.record.function === FUNCTION);
      return submit(signed);
    };
    expect(await desk().take(submission())).toMatchObject({ status: "success", version: "7", gasUsed: "3" });
    expect(recorded).toEqual([true]);
  });

  it("finds what got through although the node's answer was lost", async () => {
    node.fates = ["commit_unheard"];
    expect(await desk().take(submission())).toMatchObject({ status: "success" });
    expect(node.sent).toHaveLength(1);
  });

  it("brings what a process recorded and didn't live to send, from any other", async () => {
    const payment = readSubmission(submission());
    const { hash, bytes } = unsponsoredBytes(payment);
    const raw = payment.transaction.rawTransaction;
    await storeOf().put({
      hash,
      bytes: toHex(bytes),
      sender: normalizeAddress(sender.accountAddress.toString()),
      sequenceNumber: "0",
      expiresAt: `${raw.expiration_timestamp_secs}`,
      function: FUNCTION,
      sponsored: false,
    });
    const successor = desk();
    expect(await successor.outcome(hash)).toMatchObject({ status: "pending", onChain: false });
    successor.start();
    await expect.poll(async () => (await successor.outcome(hash))?.status).toBe("success");
    expect(node.sent).toEqual([hash]);
    expect(await storeOf().open(10)).toEqual([]);
  });

  it("sends what the network lost once more, and tells that it is pending until then", async () => {
    node.fates = ["lose"];
    const first = desk();
    const taken = await first.take(submission(0));
    expect(taken).toMatchObject({ status: "pending", error: null });
    first.start();
    await expect.poll(async () => (await first.outcome(taken.hash))?.status).toBe("success");
    expect(node.sent).toEqual([taken.hash, taken.hash]);
  });

  it("gives up what has expired, or whose number another transaction used, and nothing else", async () => {
    node.fates = ["lose", "lose", "lose", "lose"];
    const one = desk();
    const expiring = await one.take(submission(0));
    node.aheadSecs = 120;
    one.start();
    await expect
      .poll(async () => (await one.outcome(expiring.hash))?.error?.code)
      .toBe("TRANSACTION_EXPIRED");
    expect(await one.outcome(expiring.hash)).toMatchObject({ status: "failed", onChain: false });
    node.aheadSecs = 0;
    sender = Ed25519Account.generate();
    node.fates = ["lose"];
    const overtaken = await one.take(submission(0));
    node.next = 1n;
    await expect
      .poll(async () => (await one.outcome(overtaken.hash))?.error?.code, { timeout: 5_000 })
      .toBe("SEQUENCE_NUMBER_USED");
  });

  it("believes the chain more than its own record", async () => {
    node.fates = ["refuse"];
    const refused = await desk().take(submission());
    expect(refused).toMatchObject({ status: "failed", onChain: false, error: { code: "INVALID_AUTH_KEY" } });
    // Somebody else brought the same bytes when they were good.
    await node.submit({ hash: refused.hash });
    expect(await desk().outcome(refused.hash)).toMatchObject({
      status: "success",
      onChain: true,
      error: null,
    });
  });

  it("says nothing of a hash that nobody knows", async () => {
    expect(await desk().outcome(`0x${"ab".repeat(32)}`)).toBeNull();
  });
});
