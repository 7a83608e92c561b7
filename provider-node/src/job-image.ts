/**
 * The image of one job: looked for, pulled in the background within the pull's limits, tried again after a break.
 * It doesn't know the job's state; reconcile.ts decides what a missing image means.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { NodeContext } from "./context.ts";
import { createDeadline } from "./deadline.ts";
import { codeOf, messageOf } from "./errors.ts";
import type { ImageState } from "./reconcile.ts";

export interface JobImage {
  readonly state: ImageState;
  /** Looks for the image and, where it isn't here, begins to pull it. */
  want(image: string): Promise<void>;
  /** The image was removed from the machine meanwhile. */
  forget(): void;
}

export interface JobImageOptions {
  signal: AbortSignal;
  onProgress(progress: { percent?: number; detail?: string }): void;
  onChange(): void;
}

const RETRY_MS = 3_000;

export function createJobImage(
  ctx: Pick<NodeContext, "runtime" | "settings" | "log">,
  options: JobImageOptions,
): JobImage {
  let state: ImageState = { kind: "unknown" };

  async function pull(image: string): Promise<ImageState> {
    const { pullTimeoutMs, pullMaxBytes } = ctx.settings;
    const deadline = createDeadline(options.signal, pullTimeoutMs);
    try {
      return await pullUntil(image, deadline.signal, pullMaxBytes);
    } finally {
      deadline.close();
    }
  }

  async function pullUntil(image: string, signal: AbortSignal, maxBytes: number): Promise<ImageState> {
    for (;;) {
      try {
        await ctx.runtime.pullImage(image, {
          signal,
          maxBytes,
          onProgress: (percent, detail) => options.onProgress({ percent, detail }),
        });
        return { kind: "ready" };
      } catch (error) {
        if (options.signal.aborted) return { kind: "unknown" };
        const final = codeOf(error) === "IMAGE_UNAVAILABLE" || signal.aborted;
        if (final) return { kind: "failed", reason: messageOf(error) };
        ctx.log.warn({ image, err: messageOf(error) }, "pull interrupted, trying again");
        options.onProgress({ detail: messageOf(error) });
        await sleep(RETRY_MS, undefined, { signal }).catch(() => {});
      }
    }
  }

  return {
    get state() {
      return state;
    },
    async want(image) {
      if (await ctx.runtime.findImage(image)) {
        state = { kind: "ready" };
        return;
      }
      state = { kind: "pulling" };
      options.onProgress({});
      void pull(image).then((result) => {
        state = result;
        options.onChange();
      });
    },
    forget() {
      state = { kind: "unknown" };
    },
  };
}
