import { expect, it } from "vitest";
import { NodeError } from "./errors.ts";
import { createJobImage } from "./job-image.ts";
import { createLogger } from "./logger.ts";
import type { ImageInfo } from "./runtime/container-runtime.ts";

const IMAGE: ImageInfo = { id: "sha256:1", user: "", volumes: [] };

/** A runtime whose pulls end as listed; the last entry repeats. */
function imageWith(outcomes: Array<ImageInfo | Error>, pullTimeoutMs = 60_000) {
  let pulls = 0;
  const abort = new AbortController();
  const told: string[] = [];
  const runtime = {
    findImage: async () => null,
    async pullImage() {
      const outcome = outcomes[Math.min(pulls++, outcomes.length - 1)];
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
  const ctx = { runtime, settings: { pullTimeoutMs, pullMaxBytes: 1 }, log: createLogger("silent") };
  const image = createJobImage(ctx as never, {
    signal: abort.signal,
    onProgress: ({ detail }) => detail && told.push(detail),
    onChange: () => told.push(image.state.kind),
  });
  return { image, abort, told, pulls: () => pulls };
}
const interrupted = new NodeError("PULL_FAILED", "connection reset", { retryable: true });

it("is ready once it is pulled", async () => {
  const { image, told } = imageWith([IMAGE]);
  expect(image.state.kind).toBe("unknown");
  await image.want("x");
  await expect.poll(() => image.state.kind).toBe("ready");
  expect(told).toEqual(["ready"]);
  image.forget();
  expect(image.state.kind).toBe("unknown");
});

it("is given up when the registry says no", async () => {
  const { image, pulls } = imageWith([new NodeError("IMAGE_UNAVAILABLE", "manifest unknown")]);
  await image.want("x");
  await expect.poll(() => image.state).toEqual({ kind: "failed", reason: "manifest unknown" });
  expect(pulls()).toBe(1);
});

it("is pulled again after a break, without haste", async () => {
  const { image, told, pulls } = imageWith([interrupted, IMAGE]);
  await image.want("x");
  await expect.poll(() => told).toEqual(["connection reset"]);
  expect(image.state.kind).toBe("pulling");
  expect(pulls()).toBe(1);
  await expect.poll(() => image.state.kind, { timeout: 10_000 }).toBe("ready");
});

it("is given up when its time is over, but not because the node stops", async () => {
  const late = imageWith([interrupted], 50);
  await late.image.want("x");
  await expect.poll(() => late.image.state).toEqual({ kind: "failed", reason: "connection reset" });
  const stopped = imageWith([interrupted]);
  await stopped.image.want("x");
  await expect.poll(() => stopped.told).toEqual(["connection reset"]);
  stopped.abort.abort();
  await expect.poll(() => stopped.image.state.kind).toBe("unknown");
});
