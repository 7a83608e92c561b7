/**
 * The default-deny container as one plain object: everything a job may touch is written here and nowhere else.
 * It doesn't know Docker's client; the field names are the engine's API (1.41 and newer).
 */
import type { ContainerPlan } from "./container-runtime.ts";

export const OUTPUT_DIR = "/output";
/** nobody. */
export const JOB_USER = "65534:65534";
export const JOB_UID = 65_534;

const MB = 1024 * 1024;
const TMP_MAX_BYTES = 64 * MB;
const SHM_MAX_BYTES = 16 * MB;
const PIDS_LIMIT = 256;
const OPEN_FILES = 4096;
/** Above the output limit, so that the node sees an output that is too large instead of a write that failed. */
const FILE_SIZE_SLACK_BYTES = MB;
/** CPU time is bounded a little later than the node stops the job: it only bites when the node is gone. */
const CPU_TIME_SLACK_SECS = 60;

/** Which GPUs a container sees is the node's decision, never a variable of the job's. */
const GPU_CHOICE = /^NVIDIA_(VISIBLE_DEVICES|MIG_\w+|IMEX_\w+)$/;

export interface ContainerNames {
  container: string;
  volume: string;
  labels: Record<string, string>;
}

/** The image's user when it is a number other than root; names can't be trusted to mean a non-root user. */
export function containerUser(imageUser: string): string {
  const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(imageUser);
  const uid = Number(match?.[1] ?? 0);
  if (!match || uid === 0 || uid > 2_147_483_647) return JOB_USER;
  const gid = Number(match[2] ?? JOB_UID);
  return `${uid}:${gid === 0 || gid > 2_147_483_647 ? JOB_UID : gid}`;
}

export function containerConfig(plan: ContainerPlan, names: ContainerNames) {
  const { spec, image, gpus } = plan;
  const memoryBytes = spec.memory_mb * MB;
  // tmpfs pages count against the job's memory: a quarter each leaves room for the job itself.
  const tmpBytes = Math.min(TMP_MAX_BYTES, Math.floor(memoryBytes / 4));
  const shmBytes = Math.min(SHM_MAX_BYTES, Math.floor(memoryBytes / 4));
  const fileBytes = spec.output_max_mb * MB + FILE_SIZE_SLACK_BYTES;
  const cpuSecs = Math.ceil(Number(plan.mostSecs) * Math.max(1, spec.cpu_cores)) + CPU_TIME_SLACK_SECS;
  const [program, ...args] = spec.command;
  return {
    name: names.container,
    Image: image.id,
    // argv replaces the image's entry point and command together; without one the image's own stand.
    ...(program === undefined ? {} : { Entrypoint: [program], Cmd: args }),
    User: containerUser(image.user),
    Env: [
      "HOME=/tmp",
      ...Object.entries(spec.env)
        .filter(([key]) => !GPU_CHOICE.test(key))
        .map(([key, value]) => `${key}=${value}`),
      // Where NVIDIA's runtime is the engine's default, a variable alone would hand out every GPU, the image's too.
      ...(gpus.length > 0 ? [] : ["NVIDIA_VISIBLE_DEVICES=void"]),
      `COMPUTESTREAM_JOB=${plan.job}`,
      `COMPUTESTREAM_OUTPUT=${OUTPUT_DIR}`,
    ],
    Labels: names.labels,
    Tty: false,
    OpenStdin: false,
    StopSignal: "SIGTERM",
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      NetworkMode: "none",
      ReadonlyRootfs: true,
      Privileged: false,
      CapDrop: ["ALL"],
      CapAdd: [],
      SecurityOpt: ["no-new-privileges:true"],
      IpcMode: "private",
      PidMode: "",
      ShmSize: shmBytes,
      Init: true,
      Devices: [],
      DeviceRequests:
        gpus.length > 0 ? [{ Driver: "nvidia", DeviceIDs: gpus.map(String), Capabilities: [["gpu"]] }] : [],
      Memory: memoryBytes,
      // The sum of memory and swap: equal means no swap.
      MemorySwap: memoryBytes,
      NanoCpus: Math.round(spec.cpu_cores * 1e9),
      PidsLimit: PIDS_LIMIT,
      OomScoreAdj: 500,
      Ulimits: [
        { Name: "nofile", Soft: OPEN_FILES, Hard: OPEN_FILES },
        { Name: "fsize", Soft: fileBytes, Hard: fileBytes },
        { Name: "cpu", Soft: cpuSecs, Hard: cpuSecs },
        { Name: "core", Soft: 0, Hard: 0 },
        { Name: "memlock", Soft: 0, Hard: 0 },
      ],
      Binds: [],
      Mounts: [{ Type: "volume", Source: names.volume, Target: OUTPUT_DIR, VolumeOptions: { NoCopy: true } }],
      Tmpfs: {
        "/tmp": tmpfs(tmpBytes),
        // A volume declared by the image would be writable and unbounded: a small tmpfs covers it.
        ...Object.fromEntries(
          image.volumes
            .filter((path) => path !== OUTPUT_DIR && path !== "/tmp")
            .map((path) => [path, tmpfs(MB)]),
        ),
      },
      RestartPolicy: { Name: "no" },
      AutoRemove: false,
      LogConfig: { Type: "json-file", Config: { "max-size": "16m", "max-file": "2" } },
    },
  };
}

function tmpfs(bytes: number): string {
  return `rw,noexec,nosuid,nodev,size=${bytes},mode=1777`;
}
