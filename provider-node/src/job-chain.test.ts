import type { JobView, StreamView } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import type { NodeContext } from "./context.ts";
import { capSecs, createJobChain, mostSecs } from "./job-chain.ts";
import { EMPTY_STATE, type Journal, type JournalRecord, type JournalState } from "./journal.ts";
import type { UsagePoint } from "./meter.ts";

const JOB = `0x${"1".repeat(64)}`;
const HOST_NOW = BigInt(Math.floor(Date.now() / 1000));
/** A hundred seconds at a unit a second. */
const job = {
  job: JOB,
  deposit: 100n,
  ratePerHour: 3_600n,
  maxDurationSecs: 100n,
  startedAt: 1_000n,
  endedAt: 0n,
  termsHash: `0x${"0".repeat(64)}`,
} as JobView;

describe("how long a job may run", () => {
  it("is what the terms fund until the stream tells better", () => {
    expect(capSecs(job, null, 3_600n)).toBe(100n);
  });
  it("follows the stream when the job is extended or repriced", () => {
    expect(capSecs(job, { fundedSecs: 250n } as StreamView, 3_600n)).toBe(250n);
    expect(capSecs(job, { fundedSecs: 60n } as StreamView, 3_600n)).toBe(60n);
  });
  it("ends at the node's own limit when it is extended, never before what was agreed", () => {
    expect(capSecs(job, { fundedSecs: 9_000n } as StreamView, 3_600n)).toBe(3_600n);
    expect(capSecs(job, { fundedSecs: 9_000n } as StreamView, 50n)).toBe(100n);
    expect(mostSecs(job, 3_600n)).toBe(3_600n);
  });
});

describe("an attestation", () => {
  /** `chainNow` is when the chain was last followed, and `ledgerSecs` what its clock shows when it is asked. */
  function chainOf(
    state: Partial<JournalState>,
    stream: Partial<StreamView>,
    { chainNow = HOST_NOW, ledgerSecs = chainNow }: { chainNow?: bigint; ledgerSecs?: bigint } = {},
  ) {
    const records: JournalRecord[] = [];
    const signed: UsagePoint[] = [];
    const journal = {
      job: JOB,
      state: { ...EMPTY_STATE, ...state },
      append: async (record: JournalRecord) => void records.push(record),
    } as unknown as Journal;
    const ctx = {
      client: {
        deployment: { chainId: 4, packageAddress: JOB },
        getStream: async () => ({ fundedSecs: 100n, seq: 0n, secondsAttested: 0n, ...stream }) as StreamView,
        ledger: async () => ({ timestampUsecs: ledgerSecs * 1_000_000n }),
      },
      chainNow: () => chainNow,
      limits: { maxJobSecs: 3_600n },
      metrics: { attestations: { inc: () => {} } },
      key: { signUsage: (usage: UsagePoint) => signed.push(usage) },
    } as unknown as NodeContext;
    return { chain: createJobChain(ctx, journal), records, signed };
  }
  const options = { logRoot: "0x", force: true };

  it("is in the journal before it is signed", async () => {
    const { chain, records, signed } = chainOf({}, {});
    await chain.attest(job, 7n, options);
    expect(records).toMatchObject([{ t: "signed", seq: 1n, secondsCum: 7n }]);
    expect(signed).toMatchObject([{ seq: 1n, secondsCum: 7n }]);
  });
  it("of a job that was begun and forgotten is none without a container that tells more than the chain knows", async () => {
    const { chain, records, signed } = chainOf({ late: true }, { seq: 30n, secondsAttested: 30n });
    expect(await chain.attest(job, 0n, options)).toBe(null);
    expect(await chain.attest(job, 30n, options)).toBe(null);
    expect([...records, ...signed]).toEqual([]);
  });
  it("of a job that was begun and forgotten has a number no lost one can have had", async () => {
    const started = HOST_NOW - 40n;
    const { chain, signed } = chainOf({ late: true }, { seq: 30n, secondsAttested: 30n });
    await chain.attest({ ...job, startedAt: started }, 40n, options);
    // Forty seconds at one a second, and as many tries at an end as there may have been.
    expect(signed[0]?.secondsCum).toBe(40n);
    expect(signed[0]?.seq).toBeGreaterThan(1_000n);
  });

  /** Of forty seconds run, by a clock that is an hour ahead of the chain's. */
  const late = { ...job, startedAt: HOST_NOW - 3_600n - 5n };
  const hourBehind = { chainNow: HOST_NOW - 3_600n };

  it("is never dated ahead of what the chain takes", async () => {
    const { chain, signed } = chainOf({}, {}, hourBehind);
    await chain.attest(late, 4n, options);
    await chain.attest(late, 40n, options);
    expect(signed).toMatchObject([
      { secondsCum: 4n, tLast: HOST_NOW - 3_600n },
      // Five seconds have passed on the chain, and half a minute is forgiven.
      { secondsCum: 35n, tLast: HOST_NOW - 3_600n + 30n },
    ]);
  });
  it("asks the chain's clock anew before it leaves a second out", async () => {
    const { chain, signed } = chainOf({}, {}, { ...hourBehind, ledgerSecs: HOST_NOW - 3_560n });
    await chain.attest(late, 40n, options);
    expect(signed).toMatchObject([{ secondsCum: 40n }]);
  });
  it("isn't made rather than end a job with fewer seconds than it ran, and says whose clock is wrong", async () => {
    const { chain, records } = chainOf({}, {}, hourBehind);
    const refused = chain.attest(late, 40n, { ...options, whole: true });
    await expect(refused).rejects.toMatchObject({
      code: "CLOCK_AHEAD",
      // Forty seconds run, five passed.
      message: "this machine's clock is 35 s ahead of the chain's",
      retryable: true,
      remedy: expect.stringContaining("NTP"),
    });
    expect(records).toEqual([]);
  });
});
