/**
 * One job on a running stack: creating it, following it, reading its mirror.
 * It doesn't judge what happened.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Ed25519Account } from "@aptos-labs/ts-sdk";
import {
  encodeJobSpec,
  formatUnits,
  type JobSpecInput,
  maxCost,
  priceOf,
  zSignedUsage,
} from "@computestream/protocol";
import { type JobDto, type TickDto, zJob, zPage, zTick } from "@computestream/protocol/api";
import type { JobView, MaybeUsage } from "@computestream/protocol/client";
import Docker from "dockerode";
import type { Stack } from "./stack.ts";

export interface JobPlan {
  spec: JobSpecInput;
  maxDurationSecs: bigint;
  /** Seconds' worth that wait for the buyer; default 0. */
  holdbackSecs?: bigint;
  /** Offered to every provider instead of ordered from the embedded one. */
  isOpen?: boolean;
}

/** As Docker itself tells it: evidence that something ran. */
export interface ContainerIdentity {
  id: string;
  imageDigest: string;
}

const SETTLE_TIMEOUT_MS = 90_000;
const MIRROR_TIMEOUT_MS = 20_000;
const POLL_MS = 200;

/** Creates and funds it at the provider's price for the whole maximum duration. */
export async function createJob(
  stack: Stack,
  buyer: Ed25519Account,
  plan: JobPlan,
): Promise<{ job: string; deposit: bigint; version: bigint }> {
  const provider = await stack.chain.getProvider(stack.provider.address);
  if (!provider) throw new Error("the embedded provider is not on chain");
  const gpus = BigInt(plan.spec.gpus ?? 0);
  const price = priceOf(provider, gpus);
  const deposit = maxCost(price, plan.maxDurationSecs);
  const order = {
    image: stack.demoImage,
    spec: encodeJobSpec(plan.spec),
    gpus,
    maxDurationSecs: plan.maxDurationSecs,
    maxRatePerHour: price,
    deposit,
    holdbackSecs: plan.holdbackSecs ?? 0n,
  };
  const { payloads } = stack.chain;
  const created = await stack.chain.execute(
    buyer,
    plan.isOpen
      ? payloads.createOpenJob({ ...order, asset: provider.asset })
      : payloads.createJob({ ...order, provider: provider.provider }),
  );
  const event = created.events.find((e) => e.name === "JobCreated");
  if (event?.name !== "JobCreated") throw new Error("create_job told no JobCreated");
  return { job: event.data.job, deposit, version: created.version };
}

/** Tells states and ticks as they come; `onTicks` acts once: it is called until it returns true. */
export async function watchUntilSettled(
  stack: Stack,
  job: string,
  report: (line: string) => void,
  onTicks: (ticks: TickDto[]) => Promise<boolean> = async () => false,
): Promise<{ view: JobView; container: ContainerIdentity | null }> {
  const docker = new Docker({ socketPath: stack.docker.socketPath });
  let container: ContainerIdentity | null = null;
  let told = 0;
  let phase = "";
  let acted = false;
  const until = Date.now() + SETTLE_TIMEOUT_MS;
  while (Date.now() < until) {
    const view = await stack.chain.getJob(job);
    if (!container) {
      const [found] = await docker.listContainers({
        all: true,
        filters: { label: [`computestream.job=${job}`] },
      });
      if (found) container = { id: found.Id, imageDigest: found.ImageID };
    }
    const now = view ? view.state.toLowerCase() : "unknown";
    if (now !== phase) {
      phase = now;
      report(`  ${phase}`);
    }
    const ticks = await fetchTicks(stack, job);
    for (const tick of ticks.slice(told)) {
      const units = (amount: string) => formatUnits(BigInt(amount), stack.deployment.asset.decimals);
      const fee = BigInt(tick.fee);
      const net = (BigInt(tick.amount) - fee).toString();
      const split = `provider +${units(net)} keeper +${units(tick.keeperFee)} treasury +${units((fee - BigInt(tick.keeperFee)).toString())}`;
      report(
        `  ${String(tick.secondsBilled).padStart(4)} s  ${split.padEnd(58)} left ${units(tick.balance).padEnd(11)} tx ${tick.txHash.slice(0, 10)}`,
      );
    }
    told = Math.max(told, ticks.length);
    if (!acted) acted = await onTicks(ticks);
    if (view?.state === "Settled") return { view, container };
    await sleep(POLL_MS);
  }
  throw new Error(`job ${job} was not settled after ${SETTLE_TIMEOUT_MS / 1000} s; see ${stack.dir}/logs`);
}

/** The newest attestation the relayer knows: what a buyer's client passes to `terminate`. */
export async function newestUsage(stack: Stack, job: string): Promise<MaybeUsage> {
  const response = await fetch(`${stack.relayer.url}/api/v1/jobs/${job}/attestation`);
  return response.ok ? zSignedUsage.parse(await response.json()) : null;
}

/** What each keeper got of the job's fees, from the chain's own log; whoever signs a settlement is its keeper. */
export async function keeperFees(
  stack: Pick<Stack, "chain">,
  job: string,
  sinceVersion: bigint,
): Promise<Map<string, bigint>> {
  const got = new Map<string, bigint>();
  for (let start = sinceVersion; ; ) {
    const page = await stack.chain.transactions(start, 100);
    for (const { event } of page.flatMap(({ events }) => events)) {
      if (event.name !== "StreamSettled" || event.data.job !== job) continue;
      const { keeper, keeper_fee } = event.data;
      got.set(keeper, (got.get(keeper) ?? 0n) + keeper_fee);
    }
    const last = page.at(-1);
    if (!last) return got;
    start = last.version + 1n;
  }
}

/** The indexer's row once it says Settled. */
export async function waitForMirror(stack: Stack, job: string): Promise<JobDto> {
  const until = Date.now() + MIRROR_TIMEOUT_MS;
  for (;;) {
    const mirrored = await fetchJob(stack, job);
    if (mirrored?.state === "Settled") return mirrored;
    if (Date.now() > until)
      throw new Error(`the indexer still says ${mirrored?.state ?? "nothing"} of ${job}`);
    await sleep(POLL_MS);
  }
}

export async function fetchJob(stack: Stack, job: string): Promise<JobDto | null> {
  const response = await fetch(`${stack.indexer.url}/api/v1/jobs/${job}`);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`indexer answered ${response.status}`);
  return zJob.parse(await response.json());
}

/** Oldest first. An indexer that can't be reached has told nothing yet. */
export async function fetchTicks(stack: Stack, job: string): Promise<TickDto[]> {
  const response = await fetch(`${stack.indexer.url}/api/v1/jobs/${job}/ticks`).catch(() => null);
  if (response === null || response.status === 404) return [];
  if (!response.ok) throw new Error(`indexer answered ${response.status}`);
  const { items } = zPage(zTick).parse(await response.json());
  return items.sort((a, b) => (BigInt(a.version) < BigInt(b.version) ? -1 : 1));
}
