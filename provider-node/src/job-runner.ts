/**
 * One job from its first sight to its last trace: observes, asks reconcile.ts, performs one step, again.
 * It doesn't know other jobs; every step may be cut short anywhere and is found again from chain, container and journal.
 */
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  decodeJobSpec,
  isEnded,
  type JOB_PHASES,
  type JobSpec,
  type SignedUsage,
} from "@computestream/protocol";
import type { JobView, Outcome, OutputArgs } from "@computestream/protocol/client";
import type { NodeContext } from "./context.ts";
import { codeOf, messageOf, NodeError } from "./errors.ts";
import { capSecs, createJobChain } from "./job-chain.ts";
import { createJobContainer } from "./job-container.ts";
import { createJobImage } from "./job-image.ts";
import { createJobOutput } from "./job-output.ts";
import type { Journal, StopCause } from "./journal.ts";
import { wholeSecs } from "./meter.ts";
import { judge, needsOf, type Verdict } from "./policy.ts";
import { conclude, decide, type Step } from "./reconcile.ts";
import type { ContainerStatus } from "./runtime/container-runtime.ts";

export interface JobRunner {
  readonly job: string;
  /** The chain may have changed: read it again now. */
  wake(): void;
  /** Resolves when the job needs nothing more, or after `stop`. */
  readonly finished: Promise<void>;
  /** Stops acting and leaves the container as it is. */
  stop(): Promise<void>;
}

const SOON = 0;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15_000;
const BUSY_MS = 1_000;
const STOP_GRACE_SECS = 2;
const START_ATTEMPTS = 3;
/** How long the hub gets to bring a terminated job's last seconds to the chain before the node does it itself. */
const PROVE_AFTER_MS = 2_000;
const HUB_MEMORY_MS = 600_000;
const MB = 1024 * 1024;

type Phase = (typeof JOB_PHASES)[number];

export function createJobRunner(ctx: NodeContext, journal: Journal): JobRunner {
  const { client, operator, runtime, hub, settings } = ctx;
  const address = journal.job;
  const log = ctx.log.child({ job: address });
  const workDir = join(ctx.dataDir, "work", address);
  const abort = new AbortController();
  const chain = createJobChain(ctx, journal);
  const side = createJobContainer(ctx, address, () => nudge());
  const image = createJobImage(ctx, {
    signal: abort.signal,
    onProgress: (progress) => tell("pulling", progress),
    onChange: () => nudge(),
  });

  const output = createJobOutput(ctx, journal, {
    workDir,
    onPhase: (phase, detail) => tell(phase, detail === undefined ? {} : { detail }),
    onChange: () => nudge(),
  });

  let startFailures = 0;
  let waitingFor: string | null = null;
  /** The newest attestation of this process. */
  let lastUsage: SignedUsage | null = null;
  let provingSince: number | null = null;
  let lastPhase: Phase | null = null;
  let finished = false;
  let nudged = false;
  let nudge: () => void = markNudged;

  function ranSecs(container: ContainerStatus | null): bigint {
    const { exited, signed, started } = journal.state;
    if (exited) return exited.ranSecs;
    const startNs = container?.startedAtNs ?? null;
    if (startNs === null) return signed?.secondsCum ?? 0n;
    // After a boot the engine dates the end of what died with the machine by the time it noticed.
    if (started && started.bootId !== ctx.bootId) return signed?.secondsCum ?? 0n;
    return wholeSecs(startNs, container?.finishedAtNs ?? BigInt(Date.now()) * 1_000_000n);
  }

  function tell(phase: Phase, extra: { percent?: number; detail?: string } = {}): void {
    if (phase !== lastPhase) log.info({ phase, ...extra }, "job phase");
    lastPhase = phase;
    const { containerId, imageId } = journal.state;
    hub.status({
      type: "job_status",
      job: address,
      phase,
      at: Date.now(),
      ...(containerId ? { containerId: containerId.slice(0, 80) } : {}),
      ...(imageId ? { imageDigest: imageId.slice(0, 100) } : {}),
      ...(extra.percent === undefined ? {} : { percent: extra.percent }),
      ...(extra.detail === undefined ? {} : { detail: extra.detail.slice(0, 500) }),
    });
  }

  async function accept(verdict: Verdict): Promise<number> {
    if (!verdict.ok) return BUSY_MS;
    const needs = needsOf(verdict.spec);
    if (!ctx.capacity.tryReserve(address, needs)) {
      waitFor(`Waiting for ${ctx.capacity.shortage(needs) ?? "room"} on the machine`);
      return BUSY_MS;
    }
    let outcome: Outcome;
    try {
      outcome = await chain.transact("accept", client.payloads.accept(address));
    } catch (error) {
      if (codeOf(error) === "TX_REFUSED") ctx.capacity.release(address);
      throw error;
    }
    if (outcome.success) {
      ctx.metrics.jobsAccepted.inc();
      return SOON;
    }
    // Slots taken on chain, paused, cancelled in between: the next reading of the job tells which.
    ctx.capacity.release(address);
    if (outcome.failure) waitFor(`Not accepted yet: ${outcome.failure.message}`);
    throw refused("ACCEPT_REFUSED", outcome);
  }

  /** Tells the buyer once why a pending job isn't taken yet; a pull that goes on tells its own progress. */
  function waitFor(detail: string): void {
    if (waitingFor === detail || image.state.kind === "pulling") return;
    waitingFor = detail;
    tell("pulling", { detail });
  }

  async function create(job: JobView, spec: JobSpec): Promise<number> {
    tell("creating");
    const found = await runtime.findImage(job.image);
    if (!found) {
      image.forget();
      return SOON;
    }
    try {
      const created = await runtime.create({
        job: address,
        image: found,
        spec,
        capSecs: capSecs(job),
      });
      await journal.append({ t: "container", id: created.id, imageId: created.imageId });
      startFailures = 0;
      return SOON;
    } catch (error) {
      if (codeOf(error) !== "RUNTIME_REFUSED" || ++startFailures < START_ATTEMPTS) throw error;
      log.error({ err: messageOf(error) }, "container can't be created");
      await journal.append({ t: "failing", reason: "CREATE_FAILED" });
      return SOON;
    }
  }

  async function launch(): Promise<number> {
    if (!journal.state.starting) await journal.append({ t: "starting" });
    try {
      const status = await runtime.start(address);
      if (status.startedAtNs !== null) {
        await journal.append({ t: "started", startedAtNs: status.startedAtNs, bootId: ctx.bootId });
      }
      side.attach();
      tell("running");
      return SOON;
    } catch (error) {
      if (codeOf(error) !== "START_FAILED" || ++startFailures < START_ATTEMPTS) throw error;
      log.warn({ err: messageOf(error) }, "container can't be started");
      tell("creating", { detail: messageOf(error) });
      await journal.append({ t: "failing", reason: "START_FAILED" });
      return SOON;
    }
  }

  async function meter(job: JobView, container: ContainerStatus, spec: JobSpec | null): Promise<number> {
    side.attach();
    if (!journal.state.started && container.startedAtNs !== null) {
      await journal.append({ t: "started", startedAtNs: container.startedAtNs, bootId: ctx.bootId });
    }
    if (lastPhase !== "running") tell("running");
    const usage = await chain.attest(job, ranSecs(container), { logRoot: side.logRoot });
    if (usage) hub.attest(usage);
    lastUsage = usage ?? lastUsage;
    if (spec && side.outputTooLarge(spec.output_max_mb * MB)) return stopContainer("OUTPUT_TOO_LARGE");
    if (usage) await chain.settleWhenIgnored(usage, now());
    return untilNextSecond(container.startedAtNs);
  }

  async function stopContainer(cause: StopCause): Promise<number> {
    if (!journal.state.stopping) {
      log.info({ cause }, "stopping the container");
      await journal.append({ t: "stopping", cause });
    }
    await runtime.stop(address, cause === "TIME_LIMIT" ? STOP_GRACE_SECS : 0);
    return SOON;
  }

  async function recordExit(job: JobView, container: ContainerStatus | null): Promise<number> {
    if (container) await side.drainLogs();
    const ran = ranSecs(container);
    const cap = capSecs(job);
    await journal.append({
      t: "exited",
      exitCode: container?.exitCode ?? null,
      oomKilled: container?.oomKilled ?? false,
      ranSecs: ran < cap ? ran : cap,
      at: Date.now(),
    });
    log.info({ exitCode: container?.exitCode, secs: ran.toString() }, "container exited");
    const usage = isEnded(job.state) ? null : await chain.attest(job, ran, { logRoot: side.logRoot });
    if (usage) hub.attest(usage);
    lastUsage = usage ?? lastUsage;
    return SOON;
  }

  /**
   * Publishing may take as long as the chain's stall windows: whatever ran is proven before, so that even a job that
   * expires meanwhile is paid for it.
   */
  async function proveMeanwhile(job: JobView): Promise<void> {
    const ran = ranSecs(null);
    if (ran === 0n || !(await chain.readStream()) || chain.isProven(job, ran)) return;
    if (!lastUsage) {
      lastUsage = await chain.attest(job, ran, { logRoot: side.logRoot, force: true });
      if (lastUsage) hub.attest(lastUsage);
    }
    if (lastUsage) await chain.settleWhenIgnored(lastUsage, now());
  }

  async function report(job: JobView): Promise<number> {
    tell("completing");
    const conclusion = conclude(journal.state);
    const { published } = journal.state;
    const result: OutputArgs = {
      exitCode: BigInt(conclusion.result === "fail" ? conclusion.exitCode : 0),
      outputUris: published?.uris ?? [],
      outputSha256: published?.sha256 ?? "0x",
      outputRoot: published?.root ?? "0x",
    };
    const newest = { logRoot: side.logRoot, force: true };
    const usage = job.state === "Running" ? await chain.attest(job, ranSecs(null), newest) : null;
    const payload =
      conclusion.result === "complete"
        ? client.payloads.complete(address, result, usage)
        : client.payloads.fail(address, conclusion.reason, result, usage);
    const outcome = await chain.transact(conclusion.result, payload);
    if (outcome.success) {
      ctx.metrics.jobsFinished.inc({
        result: conclusion.result === "fail" ? conclusion.reason : "COMPLETED",
      });
      return SOON;
    }
    throw refused("REPORT_REFUSED", outcome);
  }

  async function prove(job: JobView): Promise<number> {
    const usage = await chain.attest(job, ranSecs(null), { logRoot: side.logRoot, force: true });
    if (usage) hub.attest(usage);
    provingSince ??= Date.now();
    chain.invalidate();
    if (usage && (!hub.connected || Date.now() - provingSince > PROVE_AFTER_MS)) {
      await chain.transact("process_payment", client.payloads.processPayment(usage));
      return SOON;
    }
    return BUSY_MS;
  }

  async function cleanup(job: JobView): Promise<number> {
    await output.close();
    await side.close();
    await runtime.remove(address);
    await rm(workDir, { recursive: true, force: true });
    const outcome = job.outcome ?? job.state;
    if (outcome === "Expired" && journal.state.exited) {
      log.error("the job expired on chain before its result was there; what was proven is paid");
    }
    const conclusion = conclude(journal.state);
    if (outcome === "Completed") tell("done");
    else
      tell("failed", {
        detail: conclusion.result === "fail" && outcome === "Failed" ? conclusion.reason : outcome,
      });
    await journal.append({ t: "done", state: job.state });
    await leave();
    return SOON;
  }

  async function refuse(code: string, reason: string): Promise<number> {
    await journal.append({ t: "refused", code, reason });
    ctx.metrics.jobsRefused.inc({ code });
    log.warn({ code, reason }, "job not accepted");
    tell("failed", { detail: `${code}: ${reason}` });
    await leave();
    return SOON;
  }

  async function leave(): Promise<void> {
    finished = true;
    ctx.capacity.release(address);
    await side.close();
    await ctx.journals.archive(journal);
    // The hub may be away just now: what it should still hear is kept a little longer.
    setTimeout(() => hub.forget(address), HUB_MEMORY_MS).unref();
  }

  async function perform(
    step: Step,
    job: JobView,
    container: ContainerStatus | null,
    verdict: Verdict,
  ): Promise<number> {
    const decoded = decodeJobSpec(job.spec);
    const spec = decoded.ok ? decoded.spec : null;
    switch (step.do) {
      case "wait":
        if (step.why === "draining") waitFor("The machine takes no new jobs now");
        return settings.reconcileIntervalMs;
      case "forget":
        log.debug({ why: step.why }, "nothing to do for the job");
        await leave();
        return SOON;
      case "refuse":
        return refuse(step.code, step.reason);
      case "pull":
        await image.want(job.image);
        return SOON;
      case "accept":
        return accept(verdict);
      case "create":
        if (!spec) throw new NodeError("SPEC_INVALID", "the spec of an accepted job can't be read");
        return create(job, spec);
      case "open": {
        const outcome = await chain.transact("start", client.payloads.start(address));
        if (!outcome.success) throw refused("START_REFUSED", outcome);
        return SOON;
      }
      case "launch":
        return launch();
      case "meter":
        return meter(job, container as ContainerStatus, spec);
      case "stop":
        return stopContainer(step.cause);
      case "record-exit":
        return recordExit(job, container);
      case "give-up":
        await journal.append({ t: "failing", reason: step.reason });
        return SOON;
      case "publish":
        output.advance(container ? spec : null);
        await proveMeanwhile(job);
        return BUSY_MS;
      case "report":
        return report(job);
      case "prove":
        return prove(job);
      case "waive": {
        const outcome = await chain.transact("finalize", client.payloads.finalize(address));
        if (!outcome.success) throw refused("FINALIZE_REFUSED", outcome);
        return SOON;
      }
      case "cleanup":
        return cleanup(job);
    }
  }

  // ---- the loop -------------------------------------------------------------------------------------------------

  async function advance(): Promise<number> {
    const { openTx } = journal.state;
    if (openTx) {
      chain.invalidate();
      if (!(await operator.resolve(openTx, journal))) return BUSY_MS;
    }
    const job = await chain.readJob();
    const container = job.state === "Pending" ? null : await runtime.inspect(address);
    const verdict = judge(job, ctx.limits);
    if (verdict.ok && (job.state === "Accepted" || job.state === "Running")) {
      ctx.capacity.hold(address, needsOf(verdict.spec));
    }
    const ran = ranSecs(container);
    if (job.state === "Terminated") await chain.readStream();
    const step = decide({
      job,
      verdict,
      image: image.state,
      container,
      journal: journal.state,
      chainNow: ctx.chainNow(),
      now: now(),
      accepting: ctx.accepting(),
      ranSecs: ran,
      capSecs: capSecs(job),
      proven: chain.isProven(job, ran),
    });
    if (step.do !== "meter" && step.do !== "wait") log.debug({ step }, "next step");
    return perform(step, job, container, verdict);
  }

  function now(): bigint {
    const host = BigInt(Math.floor(Date.now() / 1000));
    const chain = ctx.chainNow();
    return host > chain ? host : chain;
  }

  async function loop(): Promise<void> {
    let failures = 0;
    while (!finished && !abort.signal.aborted) {
      let delayMs: number;
      try {
        delayMs = await advance();
        failures = 0;
      } catch (error) {
        delayMs = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures++, 10));
        const retryable = error instanceof NodeError ? error.retryable : false;
        log[retryable && failures < 5 ? "warn" : "error"](
          { code: codeOf(error), err: retryable ? messageOf(error) : error, retryInMs: delayMs },
          "step failed, trying again",
        );
        if (error instanceof NodeError && error.code === "JOURNAL_CORRUPT") return;
      }
      if (delayMs > 0 && !finished && !abort.signal.aborted && !nudged) await pause(delayMs);
      nudged = false;
    }
  }

  async function pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      nudge = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    nudge = markNudged;
  }

  function markNudged(): void {
    nudged = true;
  }

  const running = loop().catch((error) => log.error({ err: error }, "job runner ended"));

  return {
    job: address,
    finished: running,
    wake() {
      chain.invalidate();
      nudge();
    },
    async stop() {
      abort.abort();
      nudge();
      await running;
      await output.close();
      await side.close();
      await journal.close();
    },
  };
}

/** A transaction that the chain took and refused: tried again with growing pauses, because each try costs gas. */
function refused(code: string, outcome: Outcome): NodeError {
  return new NodeError(code, outcome.failure?.message ?? "the chain refused", { retryable: true });
}

/** Milliseconds until the container's next whole second is complete. */
function untilNextSecond(startedAtNs: bigint | null): number {
  if (startedAtNs === null) return 1_000;
  const startedMs = Number(startedAtNs / 1_000_000n);
  const into = (((Date.now() - startedMs) % 1_000) + 1_000) % 1_000;
  return 1_000 - into + 2;
}

/** The kernel's boot, so that times from before it are known as such. */
export async function readBootId(): Promise<string> {
  return readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    () => "unknown",
  );
}
