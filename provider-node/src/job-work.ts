/**
 * An accepted job until its result is on chain: container, metering, exit, publishing, report.
 * It doesn't choose its steps (reconcile.ts does); each may be cut short anywhere and is found again.
 */
import { gpuIndicesOf, isEnded, type JobSpec, type SignedUsage } from "@computestream/protocol";
import type { JobView, OutputArgs } from "@computestream/protocol/client";
import { codeOf, messageOf } from "./errors.ts";
import { mostSecs } from "./job-chain.ts";
import { type JobParts, refused, SOON } from "./job-parts.ts";
import type { StopCause } from "./journal.ts";
import { conclude } from "./reconcile.ts";
import type { ContainerStatus } from "./runtime/container-runtime.ts";

export interface JobWork {
  create(job: JobView, spec: JobSpec): Promise<number>;
  /** The `start` transaction. */
  open(): Promise<number>;
  launch(): Promise<number>;
  meter(job: JobView, container: ContainerStatus, spec: JobSpec | null): Promise<number>;
  stop(job: JobView, cause: StopCause, container: ContainerStatus | null): Promise<number>;
  recordExit(job: JobView, container: ContainerStatus | null): Promise<number>;
  proveMeanwhile(job: JobView): Promise<void>;
  report(job: JobView): Promise<number>;
}

const STOP_GRACE_SECS = 2;
const START_ATTEMPTS = 3;
const MB = 1024 * 1024;
/** Of a container that was killed. */
const KILLED_EXIT_CODE = 137;
/** The engine hears of an end and of memory that ran out by different ways: it may know the second a moment later. */
const CAUSE_KNOWN_MS = 1_000;
const LOOK_AGAIN_MS = 100;

export function createJobWork(parts: JobParts): JobWork {
  const { ctx, journal, log, chain, side, image, tell, ranSecs, now } = parts;
  const { client, runtime, hub } = ctx;
  const address = journal.job;
  let startFailures = 0;
  let isTold = false;
  /** When an end by a kill that wasn't ours, for no known reason, was first seen. */
  let killSeenAtMs: number | null = null;
  /** The newest attestation of this process. */
  let lastUsage: SignedUsage | null = null;

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
        gpus: gpuIndicesOf(job.gpuMask),
        mostSecs: mostSecs(job, ctx.limits.maxJobSecs),
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

  async function open(): Promise<number> {
    const outcome = await chain.transact("start", client.payloads.start(address));
    if (!outcome.success) throw refused("START_REFUSED", outcome);
    return SOON;
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
      isTold = true;
      return SOON;
    } catch (error) {
      if (codeOf(error) !== "START_FAILED" || ++startFailures < START_ATTEMPTS) throw error;
      log.warn({ err: messageOf(error) }, "container can't be started");
      tell("creating", { detail: messageOf(error) });
      await journal.append({ t: "failing", reason: "START_FAILED" });
      return SOON;
    }
  }

  async function attest(job: JobView, secs: bigint, force: boolean): Promise<SignedUsage | null> {
    const usage = await chain.attest(job, secs, { logRoot: side.logRoot, force });
    if (usage) hub.attest(usage);
    lastUsage = usage ?? lastUsage;
    return usage;
  }

  async function meter(job: JobView, container: ContainerStatus, spec: JobSpec | null): Promise<number> {
    side.attach();
    if (!journal.state.started && container.startedAtNs !== null) {
      await journal.append({ t: "started", startedAtNs: container.startedAtNs, bootId: ctx.bootId });
    }
    if (!isTold) tell("running");
    isTold = true;
    const usage = await attest(job, ranSecs(container), false);
    if (spec && side.outputTooLarge(spec.output_max_mb * MB)) return stop(job, "OUTPUT_TOO_LARGE", container);
    if (usage) await chain.settleWhenIgnored(usage, now());
    return untilNextSecond(container.startedAtNs);
  }

  async function stop(job: JobView, cause: StopCause, container: ContainerStatus | null): Promise<number> {
    if (!journal.state.stopping) {
      if (cause === "TIME_LIMIT" && (await wasExtended(job, container))) return SOON;
      log.info({ cause }, "stopping the container");
      await journal.append({ t: "stopping", cause });
    }
    await runtime.stop(address, cause === "TIME_LIMIT" ? STOP_GRACE_SECS : 0);
    return SOON;
  }

  /** A buyer may have paid for more at the last moment: looked up once before a job is stopped for good. */
  async function wasExtended(job: JobView, container: ContainerStatus | null): Promise<boolean> {
    chain.invalidate();
    await chain.readStream();
    return ranSecs(container) < chain.capSecs(job);
  }

  async function recordExit(job: JobView, container: ContainerStatus | null): Promise<number> {
    if (container?.exitCode === KILLED_EXIT_CODE && !container.oomKilled && !journal.state.stopping) {
      killSeenAtMs ??= Date.now();
      if (Date.now() - killSeenAtMs < CAUSE_KNOWN_MS) return LOOK_AGAIN_MS;
    }
    if (container) await side.drainLogs();
    const ran = ranSecs(container);
    const cap = chain.capSecs(job);
    await journal.append({
      t: "exited",
      exitCode: container?.exitCode ?? null,
      oomKilled: container?.oomKilled ?? false,
      ranSecs: ran < cap ? ran : cap,
      at: Date.now(),
    });
    log.info({ exitCode: container?.exitCode, secs: ran.toString() }, "container exited");
    if (!isEnded(job.state)) await attest(job, ran, false);
    return SOON;
  }

  /**
   * Publishing may take as long as the chain's stall windows: whatever ran is proven before, so that even a job that
   * expires meanwhile is paid for it.
   */
  async function proveMeanwhile(job: JobView): Promise<void> {
    const ran = ranSecs(null);
    if (ran === 0n || !(await chain.readStream()) || chain.isProven(job, ran)) return;
    if (!lastUsage) await attest(job, ran, true);
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
      outputSize: BigInt(published?.bytes ?? 0),
    };
    const newest = { logRoot: side.logRoot, force: true, whole: true };
    const usage = job.state === "Running" ? await chain.attest(job, ranSecs(null), newest) : null;
    const payload =
      conclusion.result === "complete"
        ? client.payloads.complete(address, result, usage)
        : client.payloads.fail(address, conclusion.reason, result, usage);
    const outcome = await chain.transact(conclusion.result, payload);
    if (!outcome.success) throw refused("REPORT_REFUSED", outcome);
    ctx.metrics.jobsFinished.inc({
      result: conclusion.result === "fail" ? conclusion.reason : "COMPLETED",
    });
    return SOON;
  }

  return { create, open, launch, meter, stop, recordExit, proveMeanwhile, report };
}

/** Milliseconds until the container's next whole second is complete. */
function untilNextSecond(startedAtNs: bigint | null): number {
  if (startedAtNs === null) return 1_000;
  const startedMs = Number(startedAtNs / 1_000_000n);
  const into = (((Date.now() - startedMs) % 1_000) + 1_000) % 1_000;
  return 1_000 - into + 2;
}
