/**
 * What the node needs from whatever runs containers.
 * It doesn't know Docker; every answer is what is observed now, and "can't tell" is a retryable error, never null.
 */
import type { Readable } from "node:stream";
import type { JobSpec } from "@computestream/protocol";

export interface ContainerPlan {
  job: string;
  image: ImageInfo;
  spec: JobSpec;
  /** The GPUs it sees, by their numbers on this machine. */
  gpus: number[];
  /** Whole seconds the job may run at most, however often it is extended. */
  mostSecs: bigint;
}

export interface ImageInfo {
  /** Content-addressed: sha256:… */
  id: string;
  /** The image's own user; may be empty, a name or a number. */
  user: string;
  /** Paths the image declares as volumes: they'd be writable and unbounded. */
  volumes: string[];
}

export interface ContainerStatus {
  id: string;
  job: string;
  imageId: string;
  /** `created` = never ran. */
  state: "created" | "running" | "exited";
  startedAtNs: bigint | null;
  finishedAtNs: bigint | null;
  exitCode: number | null;
  /** Docker's word: can be true with exit code 0 when only a child was killed. */
  oomKilled: boolean;
}

export interface RuntimeInfo {
  cpuCores: number;
  memoryMb: number;
  /** GPUs can be handed to containers. */
  gpus: boolean;
  version: string;
}

export interface LogLine {
  stream: "stdout" | "stderr";
  atNs: bigint;
  /** Without its newline; at most LOG_LINE_MAX_BYTES. */
  text: string;
}

export interface PullOptions {
  signal: AbortSignal;
  maxBytes: number;
  onProgress(percent: number, detail: string): void;
}

/** All methods throw `NodeError` `RUNTIME_UNREACHABLE` (retryable) while the engine can't be asked. */
export interface ContainerRuntime {
  readonly name: "docker" | "simulated";
  /** Throws when the engine can't run jobs as this node must run them. */
  check(): Promise<RuntimeInfo>;
  /** This node's containers, running or not. */
  list(): Promise<ContainerStatus[]>;
  inspect(job: string): Promise<ContainerStatus | null>;
  /** null when the image isn't on this machine. */
  findImage(image: string): Promise<ImageInfo | null>;
  /** Throws `IMAGE_UNAVAILABLE` (final) or `PULL_FAILED` (retryable). */
  pullImage(image: string, options: PullOptions): Promise<ImageInfo>;
  /** Idempotent: an existing container of the job is returned. */
  create(plan: ContainerPlan): Promise<ContainerStatus>;
  /** Throws `START_FAILED` when the container can't run. */
  start(job: string): Promise<ContainerStatus>;
  /** SIGTERM, after `graceSecs` SIGKILL; 0 = SIGKILL at once. No error when it isn't running. */
  stop(job: string, graceSecs: number): Promise<void>;
  /** Resolves when the container isn't running or the signal aborts. */
  waitExit(job: string, signal: AbortSignal): Promise<void>;
  /** Lines from `sinceNs` on, in order, until the container ends or the signal aborts. */
  followLogs(
    job: string,
    sinceNs: bigint,
    onLine: (line: LogLine) => void,
    signal: AbortSignal,
  ): Promise<void>;
  /** Size of the output as it would be packed; stops counting above `limitBytes`. */
  outputBytes(job: string, limitBytes: number): Promise<number>;
  /** The output folder of a stopped container as a tar stream whose first path segment is the folder itself. */
  readOutput(job: string): Promise<Readable>;
  /** The container and its output. No error when they are gone. */
  remove(job: string): Promise<void>;
}
