/** Stand-ins for what the chain says about jobs and providers, where a test is about something else. */
import { signUsage } from "@computestream/protocol";
import type { ChainViews } from "../src/chain/views.ts";
import { publicKeyOf } from "./keys.ts";

export const address = (byte: string): string => `0x${byte.repeat(32)}`;
export const CHAIN = { chainId: 4, packageAddress: address("33") };
export const PROVIDER = address("22");
export const JOB = address("11");
export const FOREIGN_JOB = address("12");
export const BUYER_KEY = new Uint8Array(32).fill(5);
export const PROVIDER_KEY = new Uint8Array(32).fill(7);
const TERMS = address("44");

/** One running job of one provider, started at 1000; the time is 2000. */
export function fakeViews(buyer: string): ChainViews {
  const job = (job: string, provider: string) => ({
    job,
    provider,
    buyer,
    termsHash: TERMS,
    state: "Running",
    startedAt: 1000n,
    buyerKey: job === JOB ? publicKeyOf(BUYER_KEY) : "0x",
  });
  const jobs: Record<string, ReturnType<typeof job>> = {
    [JOB]: job(JOB, PROVIDER),
    [FOREIGN_JOB]: job(FOREIGN_JOB, address("23")),
  };
  const attestKey = publicKeyOf(PROVIDER_KEY);
  return {
    job: async (address: string) => jobs[address] ?? null,
    freshJob: async (address: string) => jobs[address] ?? null,
    provider: async (address: string) =>
      address === PROVIDER
        ? { attestKey, owner: `0x${"aa".repeat(32)}`, operator: `0x${"bb".repeat(32)}` }
        : null,
    jobFacts: async (address: string) => {
      const found = jobs[address];
      return found
        ? { job: found, stream: { attestKey, seq: 0n, secondsCum: 0n, isFinal: false, proveUntil: 0n } }
        : null;
    },
    knownFacts: () => undefined,
    noteStreams: () => undefined,
    nowSecs: () => 2000n,
    chainSecs: () => 2000n,
    refreshClock: async () => 2000n,
  } as unknown as ChainViews;
}

export function usage(seq: bigint, secondsCum: bigint, over: { key?: Uint8Array; job?: string } = {}) {
  return signUsage(
    {
      ...CHAIN,
      job: over.job ?? JOB,
      termsHash: TERMS,
      seq,
      secondsCum,
      tLast: 1000n + secondsCum,
      logRoot: address("00"),
    },
    over.key ?? PROVIDER_KEY,
  );
}
