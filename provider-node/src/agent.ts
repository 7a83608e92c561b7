/**
 * The reconcile loop over all jobs: finds them on chain, in the journal and among the containers, and runs each.
 * It doesn't know what a job needs next (reconcile.ts, job-runner.ts); losing any one source loses nothing.
 */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ChainError, type ProviderView } from "@computestream/protocol/client";
import type { IntentLog } from "./chain.ts";
import { type ChainFollower, createChainFollower, type Sighting } from "./chain-follower.ts";
import type { NodeContext } from "./context.ts";
import { codeOf, messageOf, NodeError } from "./errors.ts";
import { createJobRunner, type JobRunner } from "./job-runner.ts";
import { isOnOffer, judge, meetsOrder } from "./policy.ts";

export interface Agent {
  /** Resolves when every known job has a runner and the chain is being followed. */
  start(): Promise<void>;
  health(): AgentHealth;
  /** Resolves when no job is left. */
  drained(): Promise<void>;
  /** Leaves containers running; nothing is told to the chain. */
  close(): Promise<void>;
}

export interface AgentHealth {
  ok: boolean;
  chain: boolean;
  runtime: boolean;
  hub: boolean;
  jobs: number;
  cursor: string;
}

export interface AgentOptions {
  pollIntervalMs: number;
  heartbeatIntervalMs: number;
  startVersion: bigint;
  onChainTime(secs: bigint): void;
}

const RUNTIME_PROBE_MS = 5_000;
const POLL_BACKOFF_MOST_MS = 10_000;
const PRUNE_INTERVAL_MS = 3_600_000;
const LOG_KEPT_MS = 7 * 24 * 3_600_000;

/** The provider object, checked against the key this node holds. Throws `NodeError` with the remedy. */
export async function checkProvider(
  client: NodeContext["client"],
  provider: string,
  key: { address: string; publicKey: string },
): Promise<ProviderView> {
  const view = await client
    .assertChain()
    .then(() => client.getProvider(provider))
    .catch((cause) => {
      if (!(cause instanceof ChainError)) throw cause;
      throw new NodeError(cause.failure.code, cause.failure.message, {
        remedy: "Start the chain's node, or point NODE_URL and DEPLOYMENT_FILE to the same chain.",
        cause,
      });
    });
  if (!view) {
    throw new NodeError("PROVIDER_UNKNOWN", `There is no provider ${provider} on this chain.`, {
      remedy: "Register it first, or correct PROVIDER_ADDRESS.",
    });
  }
  if (view.operator !== key.address) {
    throw new NodeError(
      "OPERATOR_MISMATCH",
      `The provider's operator is ${view.operator}, KEY_FILE holds ${key.address}.`,
      { remedy: "Use the operator's key, or change the operator with update_operator." },
    );
  }
  if (view.attestKey !== key.publicKey) {
    throw new NodeError(
      "ATTEST_KEY_MISMATCH",
      `The provider's attestation key is ${view.attestKey}, KEY_FILE holds ${key.publicKey}.`,
      { remedy: "Use that key, or change it with update_operator." },
    );
  }
  return view;
}

export function createAgent(ctx: NodeContext, options: AgentOptions): Agent {
  const { client, runtime, journals, log, metrics } = ctx;
  const runners = new Map<string, Promise<JobRunner | null>>();
  const stop = new AbortController();
  const tasks: Promise<void>[] = [];
  let follower: ChainFollower | null = null;
  let chainUp = false;
  let runtimeUp = false;

  /** One runner per job; null when the job is behind us. */
  function watch(job: string): Promise<JobRunner | null> {
    const existing = runners.get(job);
    if (existing) return existing;
    const starting = begin(job);
    runners.set(job, starting);
    starting.catch(() => runners.delete(job));
    return starting;
  }

  async function begin(job: string): Promise<JobRunner | null> {
    const journal = await journals.open(job);
    try {
      if (journal.fresh) {
        const late = ((await client.getJob(job))?.startedAt ?? 0n) > 0n;
        await journal.append({ t: "seen", job, ...(late ? { late } : {}) });
        if (late) log.warn({ job }, "the job started before this node's memory of it begins");
      }
    } catch (error) {
      await journal.close();
      throw error;
    }
    const runner = createJobRunner(ctx, journal);
    void runner.finished.then(() => runners.delete(job));
    return runner;
  }

  async function onJob(job: string, why: Sighting): Promise<void> {
    const known = runners.get(job);
    if (known) return (await known)?.wake();
    if (why === "mentioned" || (await journals.isArchived(job))) return;
    if (why === "on-offer" && !(await wants(job))) return;
    await watch(job);
  }

  /** Whether to compete for an open order: the chain would give it to us, and this node would run it. */
  async function wants(job: string): Promise<boolean> {
    if (!ctx.settings.openJobs || !ctx.accepting()) return false;
    const [order, provider] = await Promise.all([
      client.getJob(job),
      client.getProvider(ctx.limits.provider),
    ]);
    if (!order || !provider || !isOnOffer(order) || !meetsOrder(order, provider)) return false;
    const verdict = judge(order, ctx.limits);
    if (!verdict.ok) log.debug({ job, code: verdict.code }, "open order left to others");
    return verdict.ok;
  }

  async function adopt(): Promise<void> {
    for (const job of await journals.list()) {
      // One damaged journal must not keep the other jobs from being served.
      await watch(job).catch((error) =>
        log.error({ job, code: codeOf(error), err: error }, "job can't be resumed"),
      );
    }
    for (const container of await runtime.list()) {
      if (runners.has(container.job)) continue;
      log.warn(
        { job: container.job, container: container.id },
        "container without a journal: watching its job",
      );
      await watch(container.job);
    }
    for (const job of await client.activeJobs(ctx.limits.provider)) {
      if (runners.has(job)) continue;
      if (await journals.isArchived(job)) {
        log.error({ job }, "the chain counts a job as active that this node has finished with");
        continue;
      }
      log.warn({ job }, "job of ours without a journal: watching it");
      await watch(job);
    }
  }

  async function follow(target: ChainFollower): Promise<void> {
    let failures = 0;
    while (!stop.signal.aborted) {
      let delayMs = options.pollIntervalMs;
      try {
        await target.poll();
        options.onChainTime((await client.ledger()).timestampUsecs / 1_000_000n);
        if (!chainUp) log.info({ cursor: target.cursor.toString() }, "following the chain");
        chainUp = true;
        failures = 0;
      } catch (error) {
        if (chainUp || failures === 0)
          log.error({ code: codeOf(error), err: messageOf(error) }, "the chain can't be followed");
        chainUp = false;
        delayMs = Math.min(POLL_BACKOFF_MOST_MS, delayMs * 2 ** Math.min(failures++, 8));
      }
      metrics.chainUp.set(chainUp ? 1 : 0);
      metrics.chainCursor.set(Number(target.cursor));
      metrics.jobsHeld.set(ctx.capacity.held());
      metrics.hubConnected.set(ctx.hub.connected ? 1 : 0);
      await rest(delayMs);
    }
  }

  async function probeRuntime(): Promise<void> {
    while (!stop.signal.aborted) {
      try {
        await runtime.check();
        if (!runtimeUp) log.info("the container engine answers");
        runtimeUp = true;
      } catch (error) {
        if (runtimeUp)
          log.error({ err: messageOf(error) }, "the container engine doesn't answer; jobs keep their state");
        runtimeUp = false;
      }
      metrics.runtimeUp.set(runtimeUp ? 1 : 0);
      await rest(RUNTIME_PROBE_MS);
    }
  }

  async function heartbeat(): Promise<void> {
    const memory: IntentLog = { append: async () => {} };
    while (!stop.signal.aborted) {
      // A lost heartbeat needs no reconciliation: the next one says the same.
      await ctx.operator
        .execute("heartbeat", client.payloads.heartbeat(ctx.limits.provider), memory)
        .catch((error) => log.warn({ err: messageOf(error) }, "heartbeat failed"));
      await rest(options.heartbeatIntervalMs);
    }
  }

  /** Logs of finished jobs are kept for a while; a job that still runs has written to its own. */
  async function pruneLogs(): Promise<void> {
    while (!stop.signal.aborted) {
      const dir = join(ctx.dataDir, "logs");
      for (const name of await readdir(dir).catch(() => [])) {
        const path = join(dir, name);
        const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
        const live = runners.has(name.replace(/\.ndjson$/, ""));
        if (!live && Date.now() - mtimeMs > LOG_KEPT_MS) await rm(path, { force: true });
      }
      await rest(PRUNE_INTERVAL_MS);
    }
  }

  async function rest(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: stop.signal }).catch(() => {});
  }

  return {
    async start() {
      options.onChainTime((await client.ledger()).timestampUsecs / 1_000_000n);
      await adopt();
      runtimeUp = true;
      follower = await createChainFollower({
        client,
        provider: ctx.limits.provider,
        cursorFile: join(ctx.dataDir, "cursor"),
        startVersion: options.startVersion,
        onJob,
      });
      tasks.push(follow(follower), probeRuntime(), pruneLogs());
      if (options.heartbeatIntervalMs > 0) tasks.push(heartbeat());
    },
    health: () => ({
      ok: chainUp && runtimeUp,
      chain: chainUp,
      runtime: runtimeUp,
      hub: ctx.hub.connected,
      jobs: runners.size,
      cursor: (follower?.cursor ?? 0n).toString(),
    }),
    async drained() {
      while (runners.size > 0 && !stop.signal.aborted) await rest(500);
    },
    async close() {
      stop.abort();
      await Promise.all(tasks);
      for (const runner of await Promise.all(runners.values())) await runner?.stop();
    },
  };
}
