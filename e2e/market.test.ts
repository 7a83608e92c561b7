/**
 * Orders that are more than one price for one run, on the whole stack: open to all, held back, extended.
 * Amounts are worked out by hand: 123,450,000 base units an hour are 34,291 + 2/3 a second.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Ed25519Account } from "@aptos-labs/ts-sdk";
import {
  bootStack,
  createJob,
  fetchJob,
  type JobPlan,
  keeperFees,
  type Stack,
  waitForMirror,
  watchUntilSettled,
} from "@computestream/dev-env";
import type { JobDto } from "@computestream/protocol/api";
import type { JobView } from "@computestream/protocol/client";
import { afterAll, beforeAll, expect, it } from "vitest";

const quiet = () => {};

let stack: Stack;
let buyer: Ed25519Account;
beforeAll(async () => {
  stack = await bootStack();
  buyer = await stack.newAccount(100_000_000_000n);
});
afterAll(async () => {
  await stack?.close();
});

const plan = (script: string, secs: bigint, more: Partial<JobPlan> = {}): JobPlan => ({
  spec: { version: 1, title: "Market", command: ["sh", "-c", script], memory_mb: 64 },
  maxDurationSecs: secs,
  ...more,
});

async function until(job: string, wanted: (view: JobView) => boolean): Promise<JobView> {
  for (;;) {
    const view = await stack.chain.getJob(job);
    if (view && wanted(view)) return view;
    await sleep(100);
  }
}

async function mirrored(job: string, wanted: (row: JobDto) => boolean): Promise<JobDto> {
  for (;;) {
    const row = await fetchJob(stack, job);
    if (row && wanted(row)) return row;
    await sleep(100);
  }
}

function expectWhole(row: JobDto): void {
  expect(BigInt(row.deposited)).toBe(BigInt(row.paidToProvider) + BigInt(row.fees) + BigInt(row.refunded));
  expect(row.balance).toBe("0");
}

it("an order open to all is taken by the provider that is there, at its price", async () => {
  const { job } = await createJob(
    stack,
    buyer,
    plan("echo open > /output/x; sleep 2.5", 10n, { isOpen: true }),
  );
  const { view, container } = await watchUntilSettled(stack, job, quiet);
  expect(view).toMatchObject({ outcome: "Completed", isOpen: true, provider: stack.provider.address });
  expect(container).not.toBeNull();
  const row = await waitForMirror(stack, job);
  expect(row).toMatchObject({ isOpen: true, provider: stack.provider.address, ratePerHour: "123450000" });
  // Two seconds: 68,583.33 in all, of which 1 % is the market's.
  expect(row).toMatchObject({ secondsBilled: 2, paidToProvider: "67898", fees: "685" });
  expectWhole(row);
});

it("money held back waits for the buyer, and is paid the moment it confirms", async () => {
  const held = plan("echo held > /output/x; sleep 4.5", 10n, { holdbackSecs: 3n });
  const { job, version } = await createJob(stack, buyer, held);
  await until(job, (view) => view.state === "Completed");
  // Four seconds are earned, 137,166.67; all but three of them, 34,291.67, are paid: 34,291 less 342.
  const waiting = await mirrored(job, (row) => row.state === "Completed");
  expect(waiting).toMatchObject({
    outcome: null,
    secondsBilled: 4,
    paidToProvider: "33949",
    fees: "342",
    held: "102875",
    balance: "102875",
    sealed: true,
  });
  // The rest of the deposit, 342,917 less 137,166, is back already.
  expect(waiting.refunded).toBe("205751");
  await stack.chain.execute(buyer, stack.chain.payloads.confirm(job));
  const row = await waitForMirror(stack, job);
  expect(row).toMatchObject({
    outcome: "Completed",
    secondsConfirmed: 4,
    held: "0",
    paidToProvider: "135795",
    fees: "1371",
    // A tenth of the fee, whoever the keepers were.
    keeperFees: "137",
  });
  expectWhole(row);
  const keepers = await keeperFees(stack, job, version);
  expect([...keepers.values()].reduce((sum, part) => sum + part, 0n)).toBe(137n);
});

it("an extended job runs on in its container and is paid to the last second", async () => {
  const busy = "end=$(($(date +%s) + 8)); while [ $(date +%s) -lt $end ]; do :; done; echo done > /output/x";
  const { job, deposit } = await createJob(stack, buyer, plan(busy, 5n));
  expect(deposit).toBe(171_459n);
  await until(job, (view) => view.state === "Running");
  // Fifteen seconds cost 514,375.
  await stack.chain.execute(buyer, stack.chain.payloads.extend(job, 10n, 514_375n - deposit));
  const { view } = await watchUntilSettled(stack, job, quiet);
  expect(view).toMatchObject({ outcome: "Completed", reason: "" });
  const row = await waitForMirror(stack, job);
  expect(row).toMatchObject({ maxDurationSecs: 15, deposited: "514375" });
  expect(row.secondsBilled).toBeGreaterThan(5);
  expect(BigInt(row.paidToProvider) + BigInt(row.fees)).toBe(
    (123_450_000n * BigInt(row.secondsBilled)) / 3_600n,
  );
  expectWhole(row);
});
