/**
 * One real job from creation to the last base unit, on a running stack, and the evidence that it went right.
 * It doesn't boot anything and prints nothing: progress goes to `report`.
 */
import { createHash } from "node:crypto";
import type { Ed25519Account } from "@aptos-labs/ts-sdk";
import { formatUnits, normalizeAddress } from "@computestream/protocol";
import type { JobDto } from "@computestream/protocol/api";
import type { JobView } from "@computestream/protocol/client";
import { fetchOutput } from "./fetch-output.ts";
import {
  type ContainerIdentity,
  createJob,
  fetchTicks,
  type JobPlan,
  keeperFees,
  newestUsage,
  waitForMirror,
  watchUntilSettled,
} from "./jobs.ts";
import type { Stack } from "./stack.ts";

export const SCENARIOS = ["complete", "terminate", "fail"] as const;
export type Scenario = (typeof SCENARIOS)[number];

export interface ScenarioResult {
  ok: boolean;
  scenario: Scenario;
  job: string;
  state: string;
  outcome: string | null;
  seconds: number;
  deposited: string;
  paid: string;
  /** Of the market, the keepers' part included. */
  fees: string;
  keeperFees: string;
  refunded: string;
  /** Event sums, escrow and the three accounts' real balances agree to the base unit. */
  conserved: boolean;
  container: ContainerIdentity | null;
  exitCode: number;
  reason: string;
  output: { uri: string; uris: string[]; sha256: string; fetched: Record<string, boolean> } | null;
  ticks: number;
  /** What didn't hold; empty when ok. */
  problems: string[];
  timings_ms: Record<string, number>;
}

const BUYER_FUNDS = 100_000_000_000n;

const jobSpec = (title: string, command: string[]): JobPlan["spec"] => ({
  version: 1,
  title,
  command,
  memory_mb: 64,
});

const JOBS: Record<Scenario, JobPlan> = {
  complete: {
    spec: jobSpec("Count primes", [
      "sh",
      "-c",
      `for pass in 1 2 3 4 5 6; do
         awk -v to=$((pass * 3000)) 'BEGIN { for (n = 2; n <= to; n++) { p = 1; for (d = 2; d * d <= n; d++) if (n % d == 0) { p = 0; break } c += p } print to, c }' >> /output/primes.txt
         echo "pass $pass of 6: $(tail -n 1 /output/primes.txt)"; sleep 1
       done
       sha256sum /output/primes.txt`,
    ]),
    maxDurationSecs: 60n,
  },
  terminate: {
    spec: jobSpec("A long run that the buyer ends half-way", [
      "sh",
      "-c",
      "while true; do date; sleep 1; done",
    ]),
    maxDurationSecs: 16n,
  },
  fail: {
    spec: jobSpec("A job that fails", [
      "sh",
      "-c",
      "echo working; sleep 3; echo partial > /output/partial.txt; echo broken >&2; exit 7",
    ]),
    maxDurationSecs: 30n,
  },
};

/** Where each scenario must end. */
const OUTCOMES: Record<Scenario, string> = { complete: "Completed", terminate: "Terminated", fail: "Failed" };

export async function runScenario(
  stack: Stack,
  scenario: Scenario,
  report: (line: string) => void,
): Promise<ScenarioResult> {
  const { chain, deployment } = stack;
  const plan = JOBS[scenario];
  const timings: Record<string, number> = {};
  const began = performance.now();
  const mark = (name: string) => {
    timings[name] = Math.round(performance.now() - began);
  };

  const buyer = await stack.newAccount(BUYER_FUNDS);
  const treasury = (await chain.parameters()).treasury;
  const owner = stack.provider.owner.accountAddress.toString();
  const before = { owner: await chain.balance(owner), treasury: await chain.balance(treasury) };

  const { job, deposit, version } = await createJob(stack, buyer, plan);
  const units = (amount: bigint | string) =>
    `${formatUnits(BigInt(amount), deployment.asset.decimals)} ${deployment.asset.symbol}`;
  mark("created");
  report(`job ${job} created, ${units(deposit)} locked for at most ${plan.maxDurationSecs} s`);

  const { view, container } = await watchUntilSettled(stack, job, report, async (ticks) => {
    if (scenario !== "terminate") return false;
    const billed = ticks.at(-1)?.secondsBilled ?? 0;
    if (BigInt(billed) < plan.maxDurationSecs / 2n) return false;
    report(`the buyer ends it after ${billed} paid seconds`);
    await chain.execute(buyer, chain.payloads.terminate(job, await newestUsage(stack, job)));
    mark("terminated");
    return true;
  });
  mark("settled");

  const stream = await chain.getStream(job);
  const keepers = await keeperFees(stack, job, version);
  const mirrored = await waitForMirror(stack, job);
  mark("mirrored");
  const ticks = await fetchTicks(stack, job);
  const problems = await findProblems({
    stack,
    scenario,
    view,
    mirrored,
    container,
    before,
    treasury,
    owner,
    buyer,
    keepers,
  });
  const output = await checkOutput(stack, view, problems);
  mark("output_checked");

  return {
    ok: problems.length === 0,
    scenario,
    job,
    state: view.state,
    outcome: view.outcome,
    seconds: Number(stream?.secondsBilled ?? 0n),
    deposited: mirrored.deposited,
    paid: mirrored.paidToProvider,
    fees: mirrored.fees,
    keeperFees: mirrored.keeperFees,
    refunded: mirrored.refunded,
    conserved: !problems.some((problem) => problem.startsWith("money:")),
    container,
    exitCode: Number(view.exitCode),
    reason: view.reason,
    output,
    ticks: ticks.length,
    problems,
    timings_ms: timings,
  };
}

async function findProblems(p: {
  stack: Stack;
  scenario: Scenario;
  view: JobView;
  mirrored: JobDto;
  container: ContainerIdentity | null;
  before: { owner: bigint; treasury: bigint };
  treasury: string;
  owner: string;
  buyer: Ed25519Account;
  keepers: Map<string, bigint>;
}): Promise<string[]> {
  const problems: string[] = [];
  const check = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem);
  };
  const { chain } = p.stack;
  const deposited = BigInt(p.mirrored.deposited);
  const paid = BigInt(p.mirrored.paidToProvider);
  const fees = BigInt(p.mirrored.fees);
  const toKeepers = BigInt(p.mirrored.keeperFees);
  const refunded = BigInt(p.mirrored.refunded);
  const kept = [...p.keepers.values()].reduce((sum, part) => sum + part, 0n);
  check(deposited === paid + fees + refunded, "money: deposited is not paid + fees + refunded");
  check(BigInt(p.mirrored.balance) === 0n, "money: escrow is not empty");
  check(
    (await chain.balance(p.owner)) - p.before.owner === paid,
    "money: the provider's balance didn't rise by paid",
  );
  check(
    (await chain.balance(p.treasury)) - p.before.treasury === fees - toKeepers,
    "money: the treasury didn't rise by the fees less the keepers' part",
  );
  check(kept === toKeepers, "money: the keepers' parts don't add up");
  const buyer = normalizeAddress(p.buyer.accountAddress.toString());
  const gas = await gasPaidBy(p.stack, buyer);
  // A buyer that ends its job settles it by the way, and is its keeper for that.
  const expected = BUYER_FUNDS - deposited + refunded + (p.keepers.get(buyer) ?? 0n) - gas;
  check((await chain.balance(buyer)) === expected, "money: the buyer's balance is off");
  check(p.view.outcome === OUTCOMES[p.scenario], `outcome is ${p.view.outcome}, not ${OUTCOMES[p.scenario]}`);
  check(p.container !== null, "no container of this job was seen in Docker");
  if (p.scenario === "fail") check(p.view.exitCode === 7n, `exit code is ${p.view.exitCode}, not 7`);
  return problems;
}

async function gasPaidBy(stack: Stack, address: string): Promise<bigint> {
  const response = await fetch(`${stack.deployment.nodeUrl}/accounts/${address}/transactions?limit=100`);
  if (!response.ok) throw new Error(`node answered ${response.status}`);
  const transactions = (await response.json()) as Array<{ gas_used: string; gas_unit_price?: string }>;
  return transactions.reduce((sum, t) => sum + BigInt(t.gas_used) * BigInt(t.gas_unit_price ?? "0"), 0n);
}

/** Fetches every published copy and compares its hash with the chain's. */
async function checkOutput(
  stack: Stack,
  view: JobView,
  problems: string[],
): Promise<ScenarioResult["output"]> {
  if (view.outputUris.length === 0) {
    if (view.outcome === "Completed") problems.push("a completed job has no output");
    return null;
  }
  const expected = view.outputSha256;
  const fetched: Record<string, boolean> = {};
  for (const uri of view.outputUris) {
    const bytes = await fetchOutput(stack, uri);
    fetched[uri] = `0x${createHash("sha256").update(bytes).digest("hex")}` === expected;
    if (!fetched[uri]) problems.push(`${uri} doesn't have the hash that stands on chain`);
  }
  for (const scheme of ["s3:", "ipfs:"]) {
    if (!view.outputUris.some((uri) => uri.startsWith(scheme)))
      problems.push(`no ${scheme}// copy of the output`);
  }
  return { uri: view.outputUris[0] as string, uris: view.outputUris, sha256: expected, fetched };
}
