/**
 * Containers by the Docker engine: the only file that imports dockerode.
 * It doesn't know the chain; what a container may do is limits.ts.
 */
import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import Docker from "dockerode";
import tar from "tar-stream";
import { messageOf, NodeError } from "../errors.ts";
import { parseTimeNs } from "../meter.ts";
import { isLocalImage } from "../policy.ts";
import type {
  ContainerPlan,
  ContainerRuntime,
  ContainerStatus,
  ImageInfo,
  LogLine,
  PullOptions,
} from "./container-runtime.ts";
import { type ContainerNames, containerConfig, containerUser, OUTPUT_DIR } from "./limits.ts";
import { createLogFrames } from "./log-frames.ts";
import { folderBytes } from "./output-size.ts";

const LABEL = "computestream";

export interface DockerRuntimeOptions {
  socketPath: string;
  provider: string;
  packageAddress: string;
  /** Tells deployments apart on which addresses repeat, such as two devnets. */
  scope: string;
}

export function createDockerRuntime(options: DockerRuntimeOptions): ContainerRuntime {
  const docker = new Docker({ socketPath: options.socketPath });

  function namesOf(job: string): ContainerNames {
    const id = createHash("sha256").update(`${options.scope}\n${job}`).digest("hex").slice(0, 32);
    return {
      container: `computestream-${id}`,
      volume: `computestream-${id}`,
      labels: {
        [`${LABEL}.job`]: job,
        [`${LABEL}.provider`]: options.provider,
        [`${LABEL}.package`]: options.packageAddress,
        [`${LABEL}.scope`]: options.scope,
      },
    };
  }

  const container = (job: string) => docker.getContainer(namesOf(job).container);

  async function inspect(job: string): Promise<ContainerStatus | null> {
    const found = await absent(() => container(job).inspect());
    if (found && found.Config.Labels?.[`${LABEL}.job`] !== job) {
      throw new NodeError("CONTAINER_FOREIGN", `container ${found.Name} has our name and not our label`, {
        remedy: `Remove or rename it: docker rm ${found.Id}`,
      });
    }
    return found && statusOf(found);
  }

  async function mustInspect(job: string): Promise<ContainerStatus> {
    const status = await inspect(job);
    if (!status) throw new NodeError("CONTAINER_LOST", "the container is gone", { retryable: true });
    return status;
  }

  async function findImage(image: string): Promise<ImageInfo | null> {
    const found = await absent(() => docker.getImage(image).inspect());
    if (!found) return null;
    return {
      id: found.Id,
      user: found.Config?.User ?? "",
      volumes: Object.keys(found.Config?.Volumes ?? {}),
    };
  }

  /**
   * Gives the job's user its output folder. The volume's root belongs to root and the engine has no chown; a container
   * that never runs lends the mount, and unpacking one directory entry over it sets the owner.
   */
  async function prepareVolume(names: ContainerNames, plan: ContainerPlan): Promise<void> {
    await reach(() => docker.createVolume({ Name: names.volume, Labels: names.labels }));
    const [uid, gid] = containerUser(plan.image.user).split(":").map(Number) as [number, number];
    await removeHelper(names);
    const helper = await reach(() =>
      docker.createContainer({
        name: helperName(names),
        Image: plan.image.id,
        Entrypoint: ["never-run"],
        Labels: { [`${LABEL}.helper`]: plan.job },
        HostConfig: {
          NetworkMode: "none",
          Mounts: [
            {
              Type: "volume",
              Source: names.volume,
              Target: OUTPUT_DIR,
              VolumeOptions: { NoCopy: true, Labels: {}, DriverConfig: { Name: "local", Options: {} } },
            },
          ],
        },
      }),
    );
    try {
      const pack = tar.pack();
      pack.entry({ name: `${OUTPUT_DIR.slice(1)}/`, type: "directory", uid, gid, mode: 0o700 });
      pack.finalize();
      await reach(() => helper.putArchive(pack as unknown as NodeJS.ReadableStream, { path: "/" }));
    } finally {
      await removeHelper(names);
    }
  }

  /** With the nameless volumes that the engine makes for what its image declares; the job's own has a name and stays. */
  async function removeHelper(names: ContainerNames): Promise<void> {
    await absent(() => docker.getContainer(helperName(names)).remove({ force: true, v: true }));
  }

  return {
    name: "docker",

    async check() {
      const info = await reach(() => docker.info());
      const version = await reach(() => docker.version());
      if (info.OSType !== "linux") {
        throw new NodeError("RUNTIME_UNSUITABLE", `Docker runs ${info.OSType} containers; jobs need Linux.`, {
          remedy: "Switch the engine to Linux containers.",
        });
      }
      if (!info.MemoryLimit || !info.PidsLimit || !info.CpuCfsQuota) {
        throw new NodeError("RUNTIME_UNSUITABLE", "Docker can't limit memory, processes or CPU here.", {
          remedy: "Enable the memory, pids and cpu cgroup controllers, then restart Docker.",
        });
      }
      return {
        cpuCores: info.NCPU,
        memoryMb: Math.floor(info.MemTotal / (1024 * 1024)),
        gpus: Object.keys(info.Runtimes ?? {}).includes("nvidia"),
        version: version.Version,
      };
    },

    async list() {
      const filters = { label: [`${LABEL}.scope=${options.scope}`] };
      const found = await reach(() => docker.listContainers({ all: true, filters }));
      const statuses: ContainerStatus[] = [];
      for (const { Labels } of found) {
        const job = Labels?.[`${LABEL}.job`];
        const status = job === undefined ? null : await inspect(job);
        if (status) statuses.push(status);
      }
      return statuses;
    },

    inspect,
    findImage,

    async pullImage(image, pull) {
      if (!isLocalImage(image)) await pullFromRegistry(docker, image, pull);
      const found = await findImage(image);
      if (found) return found;
      throw new NodeError(
        "IMAGE_UNAVAILABLE",
        isLocalImage(image) ? "the image isn't on this machine" : "the image wasn't there after the pull",
      );
    },

    async create(plan) {
      const existing = await inspect(plan.job);
      if (existing) return existing;
      const names = namesOf(plan.job);
      await prepareVolume(names, plan);
      // dockerode's types lag behind the API in small ways; the object itself is tested field by field.
      const config = containerConfig(plan, names) as unknown as Docker.ContainerCreateOptions;
      await tolerate(() => docker.createContainer(config), [409]);
      return mustInspect(plan.job);
    },

    async start(job) {
      try {
        await tolerate(() => container(job).start(), [304]);
      } catch (error) {
        // The engine's answer, not its absence: the program doesn't exist, isn't executable, has the wrong format.
        if (error instanceof NodeError && error.code === "RUNTIME_REFUSED") {
          throw new NodeError("START_FAILED", error.message, { cause: error });
        }
        throw error;
      }
      return mustInspect(job);
    },

    async stop(job, graceSecs) {
      // 304 and 409: it isn't running any more.
      if (graceSecs > 0) await tolerate(() => container(job).stop({ t: graceSecs }), [304, 404]);
      else await tolerate(() => container(job).kill(), [404, 409]);
    },

    async waitExit(job, signal) {
      try {
        await absent(() => container(job).wait({ abortSignal: signal }));
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },

    async followLogs(job, sinceNs, onLine, signal) {
      const stream = (await reach(() =>
        container(job).logs({
          follow: true,
          stdout: true,
          stderr: true,
          timestamps: true,
          since: sinceText(sinceNs) as unknown as number,
          abortSignal: signal,
        }),
      )) as unknown as Readable;
      await readFrames(stream, onLine, signal);
    },

    async outputBytes(job, limitBytes) {
      const volume = await reach(() => docker.getVolume(namesOf(job).volume).inspect());
      try {
        return await folderBytes(volume.Mountpoint, limitBytes);
      } catch {
        // Another machine's or another user's folder: count what the engine would hand out.
        return countArchive(await archive(job), limitBytes);
      }
    },

    readOutput: archive,

    async remove(job) {
      await absent(() => container(job).remove({ force: true, v: true }));
      // Left behind only by an agent that was killed while it made the volume.
      await removeHelper(namesOf(job));
      await absent(() => docker.getVolume(namesOf(job).volume).remove());
    },
  };

  async function archive(job: string): Promise<Readable> {
    return (await reach(() => container(job).getArchive({ path: OUTPUT_DIR }))) as unknown as Readable;
  }
}

const helperName = (names: ContainerNames): string => `${names.container}-volume`;

type Inspection = Awaited<ReturnType<Docker.Container["inspect"]>>;

function statusOf(found: Inspection): ContainerStatus {
  const startedAtNs = parseTimeNs(found.State.StartedAt);
  const running = found.State.Running || found.State.Paused || found.State.Restarting;
  return {
    id: found.Id,
    job: found.Config.Labels?.[`${LABEL}.job`] ?? "",
    imageId: found.Image,
    // A start that failed leaves `created`; a container that ran keeps both times.
    state: running
      ? "running"
      : found.State.Status === "created" || startedAtNs === null
        ? "created"
        : "exited",
    startedAtNs,
    finishedAtNs: running ? null : parseTimeNs(found.State.FinishedAt),
    exitCode: running ? null : found.State.ExitCode,
    oomKilled: found.State.OOMKilled,
  };
}

interface EngineError {
  statusCode?: number;
  name?: string;
  json?: { message?: string };
}

/** The engine's answer, or a `NodeError` that tells its refusal from its absence. */
async function reach<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const error = cause as EngineError;
    if (error.statusCode === undefined) {
      throw new NodeError("RUNTIME_UNREACHABLE", `Docker doesn't answer: ${messageOf(cause)}`, {
        retryable: true,
        remedy: "Start Docker, or point DOCKER_SOCKET to its socket.",
        cause,
      });
    }
    throw new NodeError("RUNTIME_REFUSED", error.json?.message ?? messageOf(cause), { cause });
  }
}

/** Like `reach`, with null for answers that mean there is nothing to do. */
async function tolerate<T>(call: () => Promise<T>, statusCodes: number[]): Promise<T | null> {
  try {
    return await reach(call);
  } catch (error) {
    const { statusCode } = (error as NodeError).cause as EngineError;
    if (statusCode !== undefined && statusCodes.includes(statusCode)) return null;
    throw error;
  }
}

const absent = <T>(call: () => Promise<T>): Promise<T | null> => tolerate(call, [404]);

const REGISTRY_REFUSAL = /manifest unknown|not found|access denied|unauthorized|does not exist/i;

async function pullFromRegistry(docker: Docker, image: string, options: PullOptions): Promise<void> {
  const { signal, maxBytes, onProgress } = options;
  let stream: Readable;
  try {
    stream = (await docker.pull(image, { abortSignal: signal })) as unknown as Readable;
  } catch (cause) {
    // The registry's word on the image is final; anything else may pass.
    if (REGISTRY_REFUSAL.test(messageOf(cause))) {
      throw new NodeError("IMAGE_UNAVAILABLE", messageOf(cause), { cause });
    }
    throw new NodeError("PULL_FAILED", messageOf(cause), { retryable: true, cause });
  }
  const layers = new Map<string, { current: number; total: number }>();
  let tooLarge = false;
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(
      stream,
      (error) => {
        if (tooLarge)
          reject(new NodeError("IMAGE_UNAVAILABLE", `the image is larger than ${maxBytes} bytes`));
        else if (error)
          reject(new NodeError("PULL_FAILED", messageOf(error), { retryable: true, cause: error }));
        else resolve();
      },
      (event: { id?: string; status?: string; progressDetail?: { current?: number; total?: number } }) => {
        const { current = 0, total = 0 } = event.progressDetail ?? {};
        if (!event.id || total === 0 || event.status !== "Downloading") return;
        layers.set(event.id, { current, total });
        const sum = [...layers.values()].reduce(
          (a, layer) => ({ current: a.current + layer.current, total: a.total + layer.total }),
          { current: 0, total: 0 },
        );
        if (sum.total > maxBytes) {
          tooLarge = true;
          stream.destroy(new Error("too large"));
        }
        onProgress(Math.floor((sum.current / sum.total) * 100), `${sum.current} of ${sum.total} bytes`);
      },
    );
  });
}

async function readFrames(
  stream: Readable,
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const parse = createLogFrames();
  try {
    for await (const chunk of stream) for (const line of parse(chunk as Buffer)) onLine(line);
  } catch (cause) {
    if (signal.aborted) return;
    throw new NodeError("RUNTIME_UNREACHABLE", `the log stream broke: ${messageOf(cause)}`, {
      retryable: true,
      cause,
    });
  }
}

async function countArchive(stream: Readable, limitBytes: number): Promise<number> {
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += (chunk as Buffer).length;
    if (bytes > limitBytes + 1024) break;
  }
  stream.destroy();
  return bytes;
}

/** Seconds and nanoseconds as the engine's `since` takes them. */
function sinceText(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${(ns % 1_000_000_000n).toString().padStart(9, "0")}`;
}
