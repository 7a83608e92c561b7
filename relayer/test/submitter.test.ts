/** The submitter on a real Redis, against a fake chain that loses, refuses and answers late on demand. */
import { randomUUID } from "node:crypto";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { toHex } from "@computestream/protocol";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createLeaseKeeper } from "../src/chain/lease.ts";
import { createSubmitter, type Submission } from "../src/chain/submitter.ts";
import { createIntentStore, type IntentStore, type Lease } from "../src/store/intents.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";
import { createFakeChain, FAKE_SIGNER, type FakeChain } from "./fake-chain.ts";

const logger = pino({ level: "silent" });
const settle: Submission = {
  kind: "settle",
  payload: { function: "0x1::m::f", functionArguments: [] },
  jobs: ["0x1"],
  seqs: [7n],
};

let redis: RedisPart;
let connections: RedisConnections;
let intents: IntentStore;
let lease: Lease;
let chain: FakeChain;

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
  const keys = createKeys({ chainId: 4, packageAddress: "0x33" });
  intents = createIntentStore(connections.commands, keys, FAKE_SIGNER.address);
  lease = (await intents.acquire(randomUUID(), 60_000)) as Lease;
  chain = createFakeChain();
});

const FILLER = { function: "0x1::m::nothing", functionArguments: [] } as const;
const submitter = (held: () => Lease | null = () => lease) =>
  createSubmitter({
    chain,
    signer: FAKE_SIGNER,
    intents,
    lease: held,
    logger,
    filler: { ...FILLER, functionArguments: [] },
  });
const signedKinds = async () =>
  (await intents.journal()).flatMap((entry) =>
    entry.type === "intent" ? [`${entry.kind} ${entry.sequenceNumber}`] : [],
  );
const results = async () =>
  (await intents.journal()).flatMap((entry) => (entry.type === "result" ? [entry.result] : []));

describe("submitter", () => {
  it("journals before sending and records what came of it", async () => {
    const seen: number[] = [];
    const submit = chain.submit;
    chain.submit = async (signed) => {
      seen.push((await intents.open()).length);
      return submit(signed);
    };
    const outcome = await submitter().send(settle);
    expect(outcome.success).toBe(true);
    expect(seen).toEqual([1]);
    expect(await intents.open()).toEqual([]);
    const [intent, result] = await intents.journal();
    expect(intent).toMatchObject({
      type: "intent",
      hash: outcome.hash,
      jobs: ["0x1"],
      seqs: ["7"],
      fence: lease.fence,
    });
    expect(result).toMatchObject({ type: "result", hash: outcome.hash, result: "committed", version: "1" });
  });

  it("returns a failure that stands on chain, with its number used", async () => {
    chain.fates = ["fail"];
    expect((await submitter().send(settle)).failure?.code).toBe("E_SOMETHING");
    expect(await results()).toEqual(["failed"]);
    expect(chain.next).toBe(1n);
  });

  it("follows the hash when the answer to a submission is lost, and sends nothing twice", async () => {
    chain.fates = ["commit_unheard"];
    const outcome = await submitter().send(settle);
    expect(outcome.success).toBe(true);
    expect(chain.sent.length).toBe(1);
    expect(await results()).toEqual(["committed"]);
  });

  it("resends the same bytes when a submission was lost", async () => {
    chain.fates = ["lose", "lose", "commit"];
    expect((await submitter().send(settle)).success).toBe(true);
    expect(new Set(chain.sent.map(({ hash }) => hash)).size).toBe(1);
    expect(chain.sent.length).toBe(3);
  });

  it("gives a lost transaction up only once it has expired, then uses its number again", async () => {
    chain.fates = ["lose"];
    const submit = chain.submit;
    chain.submit = async (signed) => {
      await submit(signed).catch((error: unknown) => {
        chain.nowSecs += 1000n;
        throw error;
      });
    };
    await expect(submitter().send(settle)).rejects.toThrow("TRANSACTION_EXPIRED");
    expect(await results()).toEqual(["expired"]);
    expect(chain.next).toBe(0n);
    expect((await submitter().send(settle)).success).toBe(true);
    expect(chain.sent.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0n, 0n]);
    expect(new Set(chain.sent.map(({ hash }) => hash)).size).toBe(2);
  });

  it("sees that its number was taken by another transaction", async () => {
    chain.fates = ["number_taken"];
    await expect(submitter().send(settle)).rejects.toThrow("TRANSACTION_SUPERSEDED");
    expect(await results()).toEqual(["superseded"]);
    expect((await submitter().send(settle)).success).toBe(true);
  });

  it("ends at a refusal and says why", async () => {
    chain.fates = ["refuse"];
    await expect(submitter().send(settle)).rejects.toThrow("INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE");
    expect(await results()).toEqual(["refused"]);
    expect(await intents.open()).toEqual([]);
  });

  it.each([
    ["before it was sent", [] as const, 0],
    ["after it was sent and lost", ["lose"] as const, 1],
    ["after it was committed", ["commit_unheard"] as const, 1],
  ])(
    "takes up after a crash %s: one commit, never a second transaction",
    async (_when, fates, sentBefore) => {
      // The first life ends right after its submission: its process never learns anything.
      chain.fates = [...fates];
      const submit = chain.submit;
      chain.submit = async (signed) => {
        if (sentBefore > 0) await submit(signed).catch(() => undefined);
        throw new Error("killed");
      };
      await expect(submitter().send(settle)).rejects.toThrow("killed");
      expect((await intents.open()).length).toBe(1);

      chain.submit = submit;
      const [result] = await submitter().reconcile();
      expect(result?.result).toBe("committed");
      expect(chain.committed.size).toBe(1);
      expect(new Set(chain.sent.map(({ hash }) => hash)).size).toBe(1);
      expect(await intents.open()).toEqual([]);
    },
  );

  it("reconciles what is open before it signs anything new", async () => {
    const submit = chain.submit;
    chain.submit = async () => {
      throw new Error("killed");
    };
    await expect(submitter().send(settle)).rejects.toThrow("killed");
    chain.submit = submit;
    await submitter().send({ ...settle, seqs: [8n] });
    expect(chain.sent.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0n, 1n]);
    expect(
      (await intents.journal()).filter((entry) => entry.type === "intent").map((entry) => entry.seqs),
    ).toEqual([["7"], ["8"]]);
  });

  it("has several on their way at a time, numbered and sent in order of call", async () => {
    const many = submitter();
    let together = 0;
    const { waitFor } = chain;
    chain.waitFor = async (hash, options) => {
      together = Math.max(together, many.inFlight);
      await new Promise((resolve) => setTimeout(resolve, 50));
      return waitFor(hash, options);
    };
    await Promise.all([1n, 2n, 3n, 4n, 5n, 6n].map((seq) => many.send({ ...settle, seqs: [seq] })));
    expect(chain.sent.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
    expect(together).toBe(4);
    expect(await results()).toEqual(Array(6).fill("committed"));
  });

  it("fills the number of a refused transaction, so that those behind it run", async () => {
    chain.fates = ["commit", "commit", "refuse"];
    const { submit } = chain;
    chain.submit = async (signed) => {
      // The first is refused when the others are signed already, so that none of them can take its number.
      if (chain.next === 0n && chain.sent.length < 2 && (await intents.open())[0]?.hash === signed.hash) {
        await expect.poll(() => chain.sent.length).toBe(2);
      }
      return submit(signed);
    };
    const many = submitter();
    const sends = await Promise.allSettled([1n, 2n, 3n].map((seq) => many.send({ ...settle, seqs: [seq] })));
    expect(sends.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    await expect.poll(results).toHaveLength(4);
    expect((await signedKinds()).sort()).toEqual(["fill 0", "settle 0", "settle 1", "settle 2"]);
    expect(chain.next).toBe(3n);
    expect(await intents.open()).toEqual([]);
    // The number was free again: nothing of the filler's is left to repair.
    await many.send({ ...settle, seqs: [4n] });
    expect(chain.next).toBe(4n);
  });

  it("gives a refused number to the next submission when nothing waits behind it", async () => {
    chain.fates = ["refuse"];
    const one = submitter();
    await expect(one.send(settle)).rejects.toThrow();
    await one.send({ ...settle, seqs: [8n] });
    expect(await signedKinds()).toEqual(["settle 0", "settle 0"]);
  });

  it("fills the gap that a killed process left between what it had journalled", async () => {
    // Numbers 0 and 2 are journalled and unsent; nobody knows of a 1.
    const submit = chain.submit;
    chain.submit = async () => {
      throw new Error("killed");
    };
    await expect(submitter().send(settle)).rejects.toThrow("killed");
    const [first] = await intents.open();
    if (!first) throw new Error("nothing was journalled");
    const third = await chain.build("0x1", settle.payload, { sequenceNumber: 2n, expireInSecs: 30 });
    const { hash, bytes, expiresAt } = chain.sign(undefined as never, third);
    const journalled = {
      ...first,
      hash,
      bytes: toHex(bytes),
      sequenceNumber: "2",
      expiresAt: `${expiresAt}`,
    };
    await intents.record(lease, journalled);
    chain.submit = submit;
    expect((await submitter().reconcile()).map(({ result }) => result)).toContain("committed");
    await expect.poll(async () => (await intents.open()).length).toBe(0);
    expect(await signedKinds()).toEqual(["settle 0", "settle 2", "fill 1"]);
    expect(chain.next).toBe(3n);
  });

  it("keeps calls in order", async () => {
    const one = submitter();
    await Promise.all([1n, 2n, 3n].map((seq) => one.send({ ...settle, seqs: [seq] })));
    expect(chain.sent.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0n, 1n, 2n]);
  });

  it("sends nothing without the lock", async () => {
    await expect(submitter(() => null).send(settle)).rejects.toThrow("Another instance");
    expect(chain.sent).toEqual([]);
  });

  it("sends nothing when the lock passed on unnoticed: the journal refuses the stale holder", async () => {
    const stale = lease;
    await intents.release(lease);
    const newer = (await intents.acquire(randomUUID(), 60_000)) as Lease;
    expect(newer.fence).toBeGreaterThan(stale.fence);
    await expect(submitter(() => stale).send(settle)).rejects.toThrow("passed to another");
    expect(chain.sent).toEqual([]);
    expect(await intents.journal()).toEqual([]);
  });

  it("leaves what it can't finish when it is closed for the next start", async () => {
    const closing = submitter();
    const submit = chain.submit;
    chain.submit = async (signed) => {
      chain.reachable = false;
      return submit(signed);
    };
    const sending = closing.send(settle);
    const ended = expect(sending).rejects.toThrow("stopping");
    await expect.poll(() => chain.reachable, { timeout: 10_000 }).toBe(false);
    await closing.close(300);
    await ended;
    expect((await intents.open()).length).toBe(1);
    chain.reachable = true;
    chain.submit = submit;
    expect((await submitter().reconcile()).map(({ result }) => result)).toEqual(["committed"]);
  });
});

describe("lease", () => {
  it("is one instance's at a time and passes on when its holder falls silent", async () => {
    await intents.release(lease);
    const keeper = (events: string[]) =>
      createLeaseKeeper({
        intents,
        instance: randomUUID(),
        ttlMs: 400,
        onGained: () => events.push("gained"),
        onLost: () => events.push("lost"),
        logger,
      });
    // The first holder takes the lock once and never renews it, like a killed process.
    const silent = (await intents.acquire(randomUUID(), 400)) as Lease;
    const events: string[] = [];
    const second = keeper(events);
    second.start();
    await expect.poll(() => second.current()?.fence ?? 0, { timeout: 10_000 }).toBeGreaterThan(silent.fence);
    expect(events).toEqual(["gained"]);

    const others: string[] = [];
    const third = keeper(others);
    third.start();
    await second.close();
    await expect.poll(() => third.current() !== null, { timeout: 10_000 }).toBe(true);
    expect(second.current()).toBe(null);
    await third.close();
  });

  it("is given up when the store can't be asked for as long as it lasts", async () => {
    let now = 0;
    let reachable = true;
    const events: string[] = [];
    const keeper = createLeaseKeeper({
      intents: {
        acquire: async () => ({ fence: 1, token: "1" }),
        renew: async () => {
          if (!reachable) throw new Error("away");
          return true;
        },
        release: async () => undefined,
      },
      instance: "a",
      ttlMs: 100,
      onGained: () => events.push("gained"),
      onLost: () => events.push("lost"),
      logger,
      clock: () => now,
    });
    keeper.start();
    await expect.poll(() => keeper.current(), { timeout: 10_000 }).not.toBe(null);
    reachable = false;
    now = 100;
    expect(keeper.current()).toBe(null);
    await expect.poll(() => events, { timeout: 10_000 }).toContain("lost");
    await keeper.close();
  });
});
