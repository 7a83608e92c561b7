/**
 * DEVELOPMENT ONLY: pretends to run containers, for machines without an engine and for load tests of the agent.
 * It runs no code of the job. Env of the spec steers it: SIM_SECONDS, SIM_EXIT_CODE, SIM_OOM, SIM_OUTPUT_BYTES.
 */
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import tar from "tar-stream";
import { NodeError } from "../errors.ts";
import { isPinnedImage } from "../policy.ts";
import type { ContainerPlan, ContainerRuntime, ContainerStatus, ImageInfo } from "./container-runtime.ts";

interface Simulated {
  plan: ContainerPlan;
  startedAtNs: bigint | null;
  /** When it ends, or ended. */
  endsAtNs: bigint | null;
  exitCode: number;
  oomKilled: boolean;
}

/** `nowNs` is the simulation's clock. */
export function createSimulatedRuntime(options: {
  cpuCores: number;
  memoryMb: number;
  nowNs?: () => bigint;
}): ContainerRuntime {
  const nowNs = options.nowNs ?? (() => BigInt(Date.now()) * 1_000_000n);
  const containers = new Map<string, Simulated>();

  function statusOf(
    job: string,
    { plan, startedAtNs, endsAtNs, exitCode, oomKilled }: Simulated,
  ): ContainerStatus {
    const ended = endsAtNs !== null && nowNs() >= endsAtNs;
    return {
      id: `simulated-${createHash("sha256").update(job).digest("hex").slice(0, 16)}`,
      job,
      imageId: plan.image.id,
      state: startedAtNs === null ? "created" : ended ? "exited" : "running",
      startedAtNs,
      finishedAtNs: ended ? endsAtNs : null,
      exitCode: ended ? exitCode : null,
      oomKilled: ended && oomKilled,
    };
  }

  function imageOf(image: string): ImageInfo | null {
    if (!isPinnedImage(image)) return null;
    return { id: image.slice(image.indexOf("sha256:")), user: "", volumes: [] };
  }

  const outputSize = (plan: ContainerPlan) => Number(plan.spec.env.SIM_OUTPUT_BYTES ?? 64);

  async function inspect(job: string): Promise<ContainerStatus | null> {
    const found = containers.get(job);
    return found ? statusOf(job, found) : null;
  }

  async function mustInspect(job: string): Promise<ContainerStatus> {
    const status = await inspect(job);
    if (!status) throw new NodeError("CONTAINER_LOST", "the container is gone", { retryable: true });
    return status;
  }

  async function waitExit(job: string, signal: AbortSignal): Promise<void> {
    for (let status = await inspect(job); status?.state === "running"; status = await inspect(job)) {
      const endsAtNs = containers.get(job)?.endsAtNs ?? 0n;
      const ms = Math.max(1, Number((endsAtNs - nowNs()) / 1_000_000n) + 1);
      await sleep(Math.min(ms, 500), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
    }
  }

  return {
    name: "simulated",
    check: async () => ({ ...options, gpus: true, version: "simulated" }),
    list: async () => [...containers].map(([job, found]) => statusOf(job, found)),
    inspect,
    findImage: async (image) => imageOf(image),
    async pullImage(image) {
      const found = imageOf(image);
      if (!found) throw new NodeError("IMAGE_UNAVAILABLE", "the image isn't pinned");
      return found;
    },
    async create(plan) {
      if (!containers.has(plan.job)) {
        const exitCode = Number(plan.spec.env.SIM_EXIT_CODE ?? 0);
        const oomKilled = plan.spec.env.SIM_OOM === "1";
        containers.set(plan.job, { plan, startedAtNs: null, endsAtNs: null, exitCode, oomKilled });
      }
      return mustInspect(plan.job);
    },
    async start(job) {
      const found = containers.get(job);
      if (found && found.startedAtNs === null) {
        found.startedAtNs = nowNs();
        const secs = Number(found.plan.spec.env.SIM_SECONDS ?? 5);
        found.endsAtNs = found.startedAtNs + BigInt(Math.round(secs * 1e9));
      }
      return mustInspect(job);
    },
    async stop(job) {
      const found = containers.get(job);
      if (!found || statusOf(job, found).state !== "running") return;
      found.endsAtNs = nowNs();
      found.exitCode = 137;
    },
    waitExit,
    async followLogs(job, sinceNs, onLine, signal) {
      const startedAtNs = containers.get(job)?.startedAtNs ?? null;
      if (startedAtNs !== null && startedAtNs >= sinceNs) {
        onLine({ stream: "stdout", atNs: startedAtNs, text: "simulated: no code runs" });
      }
      await waitExit(job, signal);
    },
    async outputBytes(job) {
      const found = containers.get(job);
      return found ? outputSize(found.plan) + 1_536 : 0;
    },
    async readOutput(job) {
      const found = containers.get(job);
      const pack = tar.pack();
      pack.entry({ name: "output/", type: "directory" });
      if (found) pack.entry({ name: "output/result.bin" }, Buffer.alloc(outputSize(found.plan), 0x2e));
      pack.finalize();
      return pack as unknown as Readable;
    },
    async remove(job) {
      containers.delete(job);
    },
  };
}
