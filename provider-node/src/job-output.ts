/**
 * A finished job's output on its way out: read from the container, packed, put into the stores, remembered.
 * It doesn't know the chain; what it found is in the journal when it is done.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { JobSpec } from "@computestream/protocol";
import type { NodeContext } from "./context.ts";
import { createDeadline } from "./deadline.ts";
import { codeOf, messageOf } from "./errors.ts";
import type { Journal } from "./journal.ts";
import { type PackedOutput, packOutput } from "./publish/pack.ts";
import { publish } from "./publish/publish.ts";
import { conclude } from "./reconcile.ts";

const MB = 1024 * 1024;
const NO_OUTPUT = { uris: [], sha256: "0x", root: "0x", bytes: 0 };
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15_000;
/** What a try gets at least: a node that was away longer than the grace still makes one. */
const TRY_LEAST_MS = 10_000;
/** Errors of the publishing itself: past the grace they are the job's result. An engine that is away isn't. */
const FINAL_PAST_GRACE = ["PUBLISH_FAILED", "OUTPUT_UNREADABLE"];

export interface JobOutputOptions {
  workDir: string;
  onPhase(phase: "packing" | "uploading", detail?: string): void;
  /** Something is in the journal that wasn't, or the next try is due. */
  onChange(): void;
}

export interface JobOutput {
  /**
   * Begins to publish, unless that is under way: the journal ends with `published`, or with `failing` and
   * `OUTPUT_TOO_LARGE` or `PUBLISH_FAILED`. `spec` is null when there is nothing to read.
   */
  advance(spec: JobSpec | null): void;
  /** Breaks off and waits until nothing is touched any more. */
  close(): Promise<void>;
}

export function createJobOutput(
  ctx: Pick<NodeContext, "runtime" | "stores" | "settings" | "log">,
  journal: Journal,
  options: JobOutputOptions,
): JobOutput {
  const { workDir, onPhase, onChange } = options;
  const log = ctx.log.child({ job: journal.job });
  const stop = new AbortController();
  let running: Promise<void> | null = null;
  let failures = 0;

  async function attempt(spec: JobSpec | null): Promise<void> {
    try {
      await publishOnce(spec);
    } catch (error) {
      if (stop.signal.aborted) return;
      const retryInMs = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures++, 10));
      log.warn({ code: codeOf(error), err: messageOf(error), retryInMs }, "the output isn't published yet");
      await sleep(retryInMs, undefined, { signal: stop.signal }).catch(() => {});
    }
  }

  async function publishOnce(spec: JobSpec | null): Promise<void> {
    const { exited, stopping } = journal.state;
    if (!spec || stopping === "OUTPUT_TOO_LARGE") return journal.append({ t: "published", ...NO_OUTPUT });
    const graceMs = (exited?.at ?? 0) + ctx.settings.publishGraceSecs * 1_000 - Date.now();
    const deadline = createDeadline(stop.signal, Math.max(TRY_LEAST_MS, graceMs));
    try {
      const pack = await packed(spec, deadline.signal);
      await uploaded(pack, deadline.signal);
    } catch (error) {
      if (stop.signal.aborted) throw error;
      if (codeOf(error) === "OUTPUT_TOO_LARGE") {
        return journal.append({ t: "failing", reason: "OUTPUT_TOO_LARGE" });
      }
      if (!FINAL_PAST_GRACE.includes(codeOf(error)) || (graceMs > 0 && !deadline.passed)) throw error;
      log.error({ code: codeOf(error), err: messageOf(error) }, "the output can't be published in time");
      await journal.append({ t: "failing", reason: "PUBLISH_FAILED" });
    } finally {
      deadline.close();
    }
  }

  async function packed(spec: JobSpec, signal: AbortSignal): Promise<PackedOutput> {
    onPhase("packing");
    const source = await ctx.runtime.readOutput(journal.job);
    const pack = await packOutput(source, { dir: workDir, limitBytes: spec.output_max_mb * MB, signal });
    if (pack.skipped.length > 0) log.warn({ skipped: pack.skipped }, "entries left out of the output");
    return pack;
  }

  async function uploaded(pack: PackedOutput, signal: AbortSignal): Promise<void> {
    if (pack.files === 0 && conclude(journal.state).result === "fail") {
      return journal.append({ t: "published", ...NO_OUTPUT });
    }
    onPhase("uploading", `${pack.bytes} bytes`);
    const uris = await publish(ctx.stores, journal.job, pack, {
      signal,
      onFailure: (store, message) => {
        log.warn({ store, err: message }, "upload failed");
        if (!signal.aborted)
          onPhase("uploading", `${pack.bytes} bytes; ${store} doesn't take them yet, trying again`);
      },
    });
    const { sha256, root, bytes } = pack;
    await journal.append({ t: "published", uris, sha256, root, bytes });
  }

  return {
    advance(spec) {
      if (running || stop.signal.aborted) return;
      running = attempt(spec).finally(() => {
        running = null;
        if (!stop.signal.aborted) onChange();
      });
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}
