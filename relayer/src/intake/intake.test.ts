import { type JobState, type SignedUsage, signUsage } from "@computestream/protocol";
import { describe, expect, it } from "vitest";
import { publicKeyOf } from "../../test/keys.ts";
import type { JobFacts } from "../chain/views.ts";
import type { PutResult } from "../store/attestations.ts";
import { createIntake } from "./intake.ts";
import { checkJob, checkUsage } from "./rules.ts";

const address = (byte: string) => `0x${byte.repeat(32)}`;
const JOB = address("11");
const PROVIDER = address("22");
const PACKAGE = address("33");
const TERMS = address("44");
const ROOT = address("00");
const key = new Uint8Array(32).fill(7);
const otherKey = new Uint8Array(32).fill(8);

function sign(over: Partial<Parameters<typeof signUsage>[0]> = {}, privateKey = key): SignedUsage {
  const fields = { chainId: 4, packageAddress: PACKAGE, job: JOB, termsHash: TERMS, logRoot: ROOT };
  return signUsage({ ...fields, seq: 10n, secondsCum: 10n, tLast: 1010n, ...over }, privateKey);
}

function intake(put: PutResult = "stored", state: JobState = "Running", proveUntil = 0n) {
  const stored: SignedUsage[] = [];
  const facts = {
    job: { job: JOB, provider: PROVIDER, termsHash: TERMS, state, startedAt: 1000n },
    stream: { attestKey: publicKeyOf(key), seq: 3n, secondsCum: 3n, isFinal: false, proveUntil },
  } as JobFacts;
  const part = createIntake({
    chainId: 4,
    packageAddress: PACKAGE,
    views: {
      knownFacts: () => undefined,
      jobFacts: async (job) => (job === JOB ? facts : null),
      nowSecs: () => 1010n,
      chainSecs: () => 1009n,
    },
    store: {
      putMany: async (usages) => {
        stored.push(...usages);
        return usages.map(() => put);
      },
    },
  });
  const code = async (usage: SignedUsage, sender: string | null = PROVIDER) =>
    (await part.take(usage, sender))?.code ?? null;
  return { code, stored };
}

it("answers what comes in its turn, and nothing that a newer one has replaced", async () => {
  const stored: bigint[][] = [];
  const facts = {
    job: { job: JOB, provider: PROVIDER, termsHash: TERMS, state: "Running", startedAt: 1000n },
    stream: { attestKey: publicKeyOf(key), seq: 3n, secondsCum: 3n, isFinal: false, proveUntil: 0n },
  } as JobFacts;
  const part = createIntake({
    chainId: 4,
    packageAddress: PACKAGE,
    views: {
      knownFacts: () => facts,
      jobFacts: async () => facts,
      nowSecs: () => 1020n,
      chainSecs: () => 1019n,
    },
    store: {
      putMany: async (usages) => {
        stored.push(usages.map(({ seq }) => seq));
        return usages.map(() => "stored" as const);
      },
    },
  });
  const answers: string[] = [];
  const offer = (usage: SignedUsage) =>
    part.offer(usage, PROVIDER, (rejection) => answers.push(`${usage.seq} ${rejection?.code ?? "taken"}`));
  for (const seq of [10n, 11n, 12n]) void offer(sign({ seq, secondsCum: seq, tLast: 1000n + seq }));
  await expect.poll(() => answers).toEqual(["12 taken"]);
  void offer(sign({ seq: 13n, secondsCum: 13n, tLast: 1013n }, otherKey));
  await expect.poll(() => answers).toEqual(["12 taken", "13 BAD_SIGNATURE"]);
  // Whoever is about to settle the job doesn't wait for its turn.
  const newest = sign({ seq: 14n, secondsCum: 14n, tLast: 1014n });
  void offer(newest);
  expect(await part.freshen([JOB])).toEqual(new Map([[JOB, newest]]));
  expect(stored).toEqual([[12n], [14n]]);
  // Of what it doesn't take it doesn't know what is the newest.
  void offer({ ...sign({ seq: 15n, secondsCum: 15n, tLast: 1015n }), secondsCum: 16n });
  expect((await part.freshen([JOB])).size).toBe(0);
  expect((await part.freshen([JOB])).size).toBe(0);
  expect(part.waiting).toBe(0);
  part.close();
});

it("doesn't hold up one job for another that the chain hasn't told of yet", async () => {
  const facts = (job: string) =>
    ({
      job: { job, provider: PROVIDER, termsHash: TERMS, state: "Running", startedAt: 1000n },
      stream: { attestKey: publicKeyOf(key), seq: 3n, secondsCum: 3n, isFinal: false, proveUntil: 0n },
    }) as JobFacts;
  const KNOWN = address("55");
  const GONE = address("66");
  const asked = new Map<string, (found: JobFacts | null) => void>();
  let isKnown = false;
  const stored: string[] = [];
  const part = createIntake({
    chainId: 4,
    packageAddress: PACKAGE,
    views: {
      knownFacts: (job) => (job === KNOWN || (isKnown && job === JOB) ? facts(job) : undefined),
      jobFacts: (job) => new Promise((resolve) => asked.set(job, resolve)),
      nowSecs: () => 1020n,
      chainSecs: () => 1019n,
    },
    store: {
      putMany: async (usages) => {
        stored.push(...usages.map(({ job, seq }) => `${job.slice(2, 4)} ${seq}`));
        return usages.map(() => "stored" as const);
      },
    },
  });
  const answers: string[] = [];
  const offer = (usage: SignedUsage, sender = PROVIDER) =>
    part.offer(usage, sender, (rejection) => answers.push(`${usage.seq} ${rejection?.code ?? "taken"}`));
  const at = (seq: bigint, over = {}) => sign({ seq, secondsCum: seq, tLast: 1000n + seq, ...over });
  expect(offer(at(10n))).toBeUndefined();
  expect(offer(at(10n, { job: GONE }))).toBeUndefined();
  // Of another's job, which isn't known yet either: it takes nobody's place.
  expect(offer(at(19n), address("77"))).toBeUndefined();
  expect(offer(at(11n))).toBeUndefined();
  expect(offer(at(12n, { job: KNOWN }))).toBeUndefined();
  await expect.poll(() => answers).toEqual(["12 taken"]);
  expect(part.waiting).toBe(3);
  // Known by another way meanwhile: an older one that waits must not come after a newer one.
  isKnown = true;
  expect(offer(at(13n))).toBeUndefined();
  asked.get(GONE)?.(null);
  await expect.poll(() => answers).toEqual(["12 taken", "10 JOB_UNKNOWN"]);
  isKnown = false;
  part.close();

  const served = createIntake({
    chainId: 4,
    packageAddress: PACKAGE,
    views: {
      knownFacts: () => undefined,
      jobFacts: async (job) => facts(job),
      nowSecs: () => 1020n,
      chainSecs: () => 1019n,
    },
    store: {
      putMany: async (usages) => {
        stored.push(...usages.map(({ job, seq }) => `${job.slice(2, 4)} ${seq}`));
        return usages.map(() => "stored" as const);
      },
    },
  });
  const told: string[] = [];
  const tell = (usage: SignedUsage, sender: string) =>
    served.offer(usage, sender, (rejection) => told.push(`${usage.seq} ${rejection?.code ?? "taken"}`));
  tell(at(10n), PROVIDER);
  tell(at(11n, {}), PROVIDER);
  tell(at(19n), address("77"));
  tell(sign({ seq: 12n, secondsCum: 12n, tLast: 1012n, job: KNOWN }, otherKey), PROVIDER);
  await expect.poll(() => told.sort()).toEqual(["11 taken", "12 BAD_SIGNATURE", "19 NOT_YOUR_JOB"]);
  expect(stored).toEqual(["55 12", "11 11"]);
  served.close();
});

describe("intake", () => {
  it("keeps a genuine attestation", async () => {
    const { code, stored } = intake();
    const usage = sign();
    expect(await code(usage)).toBe(null);
    expect(stored).toEqual([usage]);
  });
  it("takes a repeat without complaint", async () => {
    expect(await intake("repeat").code(sign())).toBe(null);
  });
  it.each([
    ["another key", sign({}, otherKey)],
    ["another chain", sign({ chainId: 5 })],
    ["another package", sign({ packageAddress: address("34") })],
    ["other terms", sign({ termsHash: address("45") })],
    ["more seconds than were signed", { ...sign(), secondsCum: 9n }],
    ["a later seq than was signed", { ...sign(), seq: 11n }],
    ["another log root than was signed", { ...sign(), logRoot: address("01") }],
  ])("refuses a signature with %s, and stores nothing", async (_what, usage) => {
    const { code, stored } = intake();
    expect(await code(usage)).toBe("BAD_SIGNATURE");
    expect(stored).toEqual([]);
  });
  it("refuses a foreign job, an unknown job, and one that doesn't run", async () => {
    expect(await intake().code(sign(), address("23"))).toBe("NOT_YOUR_JOB");
    expect(await intake().code(sign({ job: address("12") }))).toBe("JOB_UNKNOWN");
    expect(await intake("stored", "Settled").code(sign())).toBe("JOB_NOT_RUNNING");
    expect(await intake("stored", "Accepted").code(sign())).toBe("JOB_NOT_RUNNING");
    expect(await intake("stored", "Terminated").code(sign())).toBe(null);
  });
  it("refuses what comes once nothing can be proven any more, by the chain's own clock", async () => {
    expect(await intake("stored", "Terminated", 1009n).code(sign())).toBe("JOB_NOT_RUNNING");
    expect(await intake("stored", "Terminated", 1010n).code(sign())).toBe(null);
  });
  it("refuses what the store contradicts", async () => {
    expect(await intake("stale").code(sign())).toBe("SEQ_STALE");
    expect(await intake("equivocation").code(sign())).toBe("EQUIVOCATION");
    expect(await intake("went_back").code(sign())).toBe("SECONDS_WENT_BACK");
  });
  it("refuses numbers beyond a u64 instead of failing", async () => {
    expect(await intake().code({ ...sign(), seq: 1n << 64n })).toBe("OUT_OF_RANGE");
  });
});

describe("rules", () => {
  const facts = {
    provider: PROVIDER,
    state: "Running" as const,
    startedAt: 1000n,
    watermark: { seq: 3n, secondsCum: 3n },
    isFinal: false,
  };
  const usage = (seq: bigint, secondsCum: bigint, tLast: bigint) => ({ ...sign(), seq, secondsCum, tLast });

  it("bounds time: not before the start, not far ahead, no more seconds than time", () => {
    expect(checkUsage(usage(4n, 0n, 999n), facts, 1010n)?.code).toBe("TIME_BEFORE_START");
    expect(checkUsage(usage(4n, 4n, 1025n), facts, 1010n)).toBe(null);
    expect(checkUsage(usage(4n, 4n, 1026n), facts, 1010n)?.code).toBe("TIME_IN_FUTURE");
    expect(checkUsage(usage(4n, 10n, 1010n), facts, 1010n)).toBe(null);
    expect(checkUsage(usage(4n, 11n, 1010n), facts, 1010n)?.code).toBe("SECONDS_EXCEED_TIME");
  });
  it("keeps the order of the chain's watermark", () => {
    expect(checkUsage(usage(2n, 3n, 1010n), facts, 1010n)?.code).toBe("SEQ_STALE");
    expect(checkUsage(usage(3n, 3n, 1010n), facts, 1010n)).toBe(null);
    expect(checkUsage(usage(3n, 4n, 1010n), facts, 1010n)?.code).toBe("EQUIVOCATION");
    expect(checkUsage(usage(4n, 2n, 1010n), facts, 1010n)?.code).toBe("SECONDS_WENT_BACK");
  });
  it("refuses a job whose stream takes no attestation any more", () => {
    expect(checkJob({ ...facts, state: "Terminated", isFinal: true }, null)?.code).toBe("JOB_NOT_RUNNING");
  });
  it("doesn't ask for a sender where none is told", () => {
    expect(checkJob(facts, null)).toBe(null);
  });
});
