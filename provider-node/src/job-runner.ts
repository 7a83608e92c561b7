/**
 * One job from its first sight to its last trace: observes, asks reconcile.ts, performs one step, again.
 * It doesn't know other jobs; every step may be cut short anywhere and is found again from chain, container and journal.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeJobSpec, isEnded, NO_ADDRESS } from "@computestream/protocol";
import type { JobView, StreamView } from "@computestream/protocol/client";
import type { NodeContext } from "./context.ts";
import { codeOf, messageOf, NodeError } from "./errors.ts";
import { createJobChain } from "./job-chain.ts";
import { createJobClose } from "./job-close.ts";
import { createJobContainer } from "./job-container.ts";
import { createJobImage } from "./job-image.ts";
import { createJobOutput } from "./job-output.ts";
import { BUSY_MS, type JobParts, type Phase, SOON } from "./job-parts.ts";
import { createJobTake } from "./job-take.ts";
import { createJobWork } from "./job-work.ts";
import type { Journal } from "./journal.ts";
import { wholeSecs } from "./meter.ts";
import { judge, needsOf, type Resources, type Verdict } from "./policy.ts";
import { decide, type Observation, type Step } from "./reconcile.ts";
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

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15_000;
const HUB_MEMORY_MS = 600_000;
const MB = 1024 * 1024;

export function createJobRunner(ctx: NodeContext, journal: Journal): JobRunner {
  const { operator, runtime, hub, settings } = ctx;
  const address = journal.job;
  const log = ctx.log.child({ job: address });
  const workDir = join(ctx.dataDir, "work", address);
  const abort = new AbortController();
  const parts: JobParts = {
    ctx,
    journal,
    log,
    workDir,
    chain: createJobChain(ctx, journal),
    side: createJobContainer(ctx, address, () => nudge()),
    image: createJobImage(ctx, {
      signal: abort.signal,
      onProgress: (progress) => tell("pulling", progress),
      onChange: () => nudge(),
    }),
    output: createJobOutput(ctx, journal, {
      workDir,
      onPhase: (phase, detail) => tell(phase, detail === undefined ? {} : { detail }),
      onChange: () => nudge(),
    }),
    tell,
    ranSecs,
    now,
    signal: abort.signal,
  };
  const { chain, side, image, output } = parts;
  const take = createJobTake(parts);
  const work = createJobWork(parts);
  const close = createJobClose(parts);

  /** As last read; false until then. */
  let isOurs = false;
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
    // An open order isn't ours to speak of before we have it.
    if (!isOurs) return;
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
    if (isOurs) await ctx.journals.archive(journal);
    else await ctx.journals.discard(journal);
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
        if (step.why === "draining") take.waitFor("The machine takes no new jobs now");
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
        return take.accept(job, verdict);
      case "create":
        if (!spec) throw new NodeError("SPEC_INVALID", "the spec of an accepted job can't be read");
        return work.create(job, spec);
      case "open":
        return work.open();
      case "launch":
        return work.launch();
      case "meter":
        return work.meter(job, container as ContainerStatus, spec);
      case "stop":
        return work.stop(job, step.cause, container);
      case "record-exit":
        return work.recordExit(job, container);
      case "give-up":
        await journal.append({ t: "failing", reason: step.reason });
        return SOON;
      case "publish":
        output.advance(container ? spec : null);
        await work.proveMeanwhile(job);
        return BUSY_MS;
      case "report":
        return work.report(job);
      case "prove":
        return close.prove(job);
      case "free":
        return close.free(job);
      case "answer":
        return close.answer(job);
      case "resolve":
        return close.resolve();
      case "waive":
      case "finalize":
        return close.finalize();
      case "cleanup":
        await close.sweep(job);
        await journal.append({ t: "done", state: job.state });
        await leave();
        return SOON;
    }
  }

  // ---- the loop -------------------------------------------------------------------------------------------------

  async function observe(job: JobView, verdict: Verdict): Promise<Observation> {
    const container = job.state === "Pending" ? null : await runtime.inspect(address);
    const stream = job.startedAt > 0n ? await chain.readStream() : null;
    const ran = ranSecs(container);
    const { provider } = ctx.limits;
    return {
      job,
      taken: take.outbid || (job.isOpen && job.provider !== NO_ADDRESS && job.provider !== provider),
      openCase: job.caseUntil > 0n ? await chain.readCase(job) : null,
      held: stream !== null && stream.earned > stream.paid,
      final: stream !== null && isFinal(job, stream, ctx.chainNow()),
      verdict,
      image: image.state,
      container,
      journal: journal.state,
      chainNow: ctx.chainNow(),
      now: now(),
      accepting: ctx.accepting(),
      ranSecs: ran,
      capSecs: chain.capSecs(job),
      proven: chain.isProven(job, ran),
    };
  }

  async function advance(): Promise<number> {
    const { openTx } = journal.state;
    if (openTx) {
      chain.invalidate();
      if (!(await operator.resolve(openTx, journal))) return BUSY_MS;
    }
    const job = await chain.readJob();
    isOurs = job.provider === ctx.limits.provider;
    const verdict = judge(job, ctx.limits);
    const observation = await observe(job, verdict);
    const { container } = observation;
    if (verdict.ok && (job.state === "Accepted" || job.state === "Running")) {
      ctx.capacity.hold(address, needsOf(job, verdict.spec), job.gpuMask);
    } else if (isEnded(job.state) && !container) ctx.capacity.hold(address, keptOutput(), 0n);
    const step = decide(observation);
    if (step.do !== "meter" && step.do !== "wait") log.debug({ step }, "next step");
    return perform(step, job, container, verdict);
  }

  /** All that a job takes of the machine once its container is gone. */
  function keptOutput(): Resources {
    const diskMb = Math.ceil((journal.state.published?.bytes ?? 0) / MB);
    return { cpuCores: 0, memoryMb: 0, gpus: 0, diskMb, slots: 0 };
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
          {
            code: codeOf(error),
            err: retryable ? messageOf(error) : error,
            remedy: error instanceof NodeError ? error.remedy : undefined,
            retryInMs: delayMs,
          },
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

/** As the chain sees it: it counts the whole time the job was open, whatever the container did meanwhile. */
function isFinal(job: JobView, stream: StreamView, chainNow: bigint): boolean {
  if (stream.sealed || (stream.endedAt > 0n && chainNow >= stream.proveUntil)) return true;
  const wallSecs = job.endedAt - job.startedAt;
  const provable = stream.fundedSecs < wallSecs ? stream.fundedSecs : wallSecs;
  return job.endedAt > 0n && stream.secondsAttested >= provable;
}

/** The kernel's boot, so that times from before it are known as such. */
export async function readBootId(): Promise<string> {
  return readFile("/proc/sys/kernel/random/boot_id", "utf8").then(
    (text) => text.trim(),
    () => "unknown",
  );
}
