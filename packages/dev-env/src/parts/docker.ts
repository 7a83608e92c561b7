/**
 * A Docker engine to run jobs in: the machine's own where there is one, else a private dockerd.
 * It doesn't know images or containers.
 */

import { spawn } from "node:child_process";
import { closeSync, existsSync, lstatSync, mkdirSync, openSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { SetupError } from "../errors.ts";
import { findProgram } from "./programs.ts";

export interface DockerPart {
  socketPath: string;
  /** True when this call started the engine. */
  started: boolean;
  /** Stops an engine that was started here; one that was found stays. */
  close(): Promise<void>;
}

const SYSTEM_SOCKET = "/var/run/docker.sock";
/** Short: a unix socket's path holds 107 bytes. Shared by everything this user runs on the machine. */
const HOME = `/tmp/computestream-docker-${process.getuid?.() ?? 0}`;
const START_TIMEOUT_MS = 60_000;
/** The engine itself gives containers 15 s. */
const STOP_TIMEOUT_MS = 30_000;

/** Reuses a reachable engine (DOCKER_SOCKET given by the caller, the system's, our own), else starts one as root. */
export async function startDocker(options: { socketPath?: string } = {}): Promise<DockerPart> {
  const own = join(HOME, "docker.sock");
  for (const socketPath of options.socketPath ? [options.socketPath] : [SYSTEM_SOCKET, own]) {
    if (socketPath === own) claimHome();
    if (await answers(socketPath)) return { socketPath, started: false, async close() {} };
  }
  if (options.socketPath) {
    throw new SetupError(
      "DOCKER_UNREACHABLE",
      `No Docker engine answers at ${options.socketPath}.`,
      "Start it, or leave DOCKER_SOCKET unset.",
    );
  }
  const dockerd = findProgram("dockerd");
  if (process.getuid?.() !== 0 || dockerd === null) {
    throw new SetupError(
      "DOCKER_UNREACHABLE",
      "No Docker engine answers and none can be started here.",
      "Start Docker (Docker Desktop, or systemctl start docker) and make sure this user may use /var/run/docker.sock; as root on Debian: apt-get install docker.io.",
    );
  }
  const release = await lock(join(HOME, "starting"));
  try {
    if (await answers(own)) return { socketPath: own, started: false, async close() {} };
    return await startPrivate(dockerd, own);
  } finally {
    release();
  }
}

/** /tmp is everybody's: a folder that another user made there could hold anything, and the engine runs as root. */
function claimHome(): void {
  mkdirSync(HOME, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(HOME);
  if (uid === (process.getuid?.() ?? uid) && (mode & 0o022) === 0) return;
  throw new SetupError(
    "DOCKER_HOME_FOREIGN",
    `${HOME} belongs to another user or can be written by others.`,
    "Remove it and start again.",
  );
}

async function startPrivate(dockerd: string, socketPath: string): Promise<DockerPart> {
  const logFile = join(HOME, "dockerd.log");
  rmSync(socketPath, { force: true });
  rmSync(join(HOME, "docker.pid"), { force: true });
  const log = openSync(logFile, "a");
  // Detached: test files and services share the engine, so it must outlive whichever started it.
  const child = spawn(
    dockerd,
    [
      "--host",
      `unix://${socketPath}`,
      "--data-root",
      join(HOME, "data"),
      "--exec-root",
      join(HOME, "run"),
      "--pidfile",
      join(HOME, "docker.pid"),
      // Jobs have no network: the engine needs neither bridge nor firewall rules, so it touches nothing of the host's.
      "--bridge=none",
      "--iptables=false",
      "--ip6tables=false",
    ],
    { detached: true, stdio: ["ignore", log, log] },
  );
  closeSync(log);
  let gone = false;
  child.once("exit", () => {
    gone = true;
  });
  child.once("error", () => {
    gone = true;
  });
  child.unref();
  const until = Date.now() + START_TIMEOUT_MS;
  while (!gone && Date.now() < until) {
    if (await answers(socketPath)) {
      return {
        socketPath,
        started: true,
        async close() {
          child.kill("SIGTERM");
          const until = Date.now() + STOP_TIMEOUT_MS;
          while (!gone && Date.now() < until) await sleep(50);
          if (!gone) child.kill("SIGKILL");
        },
      };
    }
    await sleep(200);
  }
  child.kill("SIGKILL");
  throw new SetupError(
    "DOCKER_UNREACHABLE",
    "dockerd didn't come up.",
    `Its log is ${logFile}; a container without privileges can't run it.`,
  );
}

async function answers(socketPath: string): Promise<boolean> {
  if (!existsSync(socketPath)) return false;
  try {
    await new Docker({ socketPath, timeout: 5_000 }).ping();
    return true;
  } catch {
    return false;
  }
}

/** One starter at a time; a lock older than the start's own limit is a crashed starter's. */
async function lock(path: string): Promise<() => void> {
  for (;;) {
    try {
      const fd = openSync(path, "wx");
      writeSync(fd, String(process.pid));
      closeSync(fd);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const age = existsSync(path) ? Date.now() - statSync(path).mtimeMs : 0;
      if (age > START_TIMEOUT_MS) rmSync(path, { force: true });
      else await sleep(200);
    }
  }
}
