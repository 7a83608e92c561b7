/** What a job can and can't do, seen from inside a real container of a real engine. */
import { randomBytes } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importDemoImage, startDocker } from "@computestream/dev-env/parts";
import { type JobSpecInput, zJobSpec } from "@computestream/protocol";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wholeSecs } from "../src/meter.ts";
import { packOutput } from "../src/publish/pack.ts";
import type { ContainerRuntime, ContainerStatus, LogLine } from "../src/runtime/container-runtime.ts";
import { createDockerRuntime } from "../src/runtime/docker-runtime.ts";
import { startRegistry } from "./registry.ts";

const MB = 1024 * 1024;
let docker: Awaited<ReturnType<typeof startDocker>>;
let imageId: string;
let runtime: ContainerRuntime;
const jobs: string[] = [];
const scope = randomBytes(8).toString("hex");
const options = () => ({ socketPath: docker.socketPath, provider: "0x1", packageAddress: "0x2", scope });

beforeAll(async () => {
  docker = await startDocker();
  imageId = (await importDemoImage(docker.socketPath)).imageId;
  runtime = createDockerRuntime(options());
});
afterAll(async () => {
  for (const job of jobs) await runtime?.remove(job);
  await docker?.close();
});

const newJob = () => {
  const job = `0x${randomBytes(32).toString("hex")}`;
  jobs.push(job);
  return job;
};

async function create(command: string[], spec: Partial<JobSpecInput> = {}, mostSecs = 60n): Promise<string> {
  const job = newJob();
  const image = await runtime.findImage(imageId);
  if (!image) throw new Error("the demo image is there");
  await runtime.create({
    job,
    image,
    spec: zJobSpec.parse({ version: 1, command, memory_mb: 64, ...spec }),
    gpus: [],
    mostSecs,
  });
  return job;
}

async function exit(job: string): Promise<ContainerStatus> {
  await runtime.waitExit(job, AbortSignal.timeout(30_000));
  const status = await runtime.inspect(job);
  if (!status) throw new Error("the container is there until it is removed");
  return status;
}

async function run(script: string, spec: Partial<JobSpecInput> = {}) {
  const job = await create(["sh", "-c", script], spec);
  await runtime.start(job);
  const status = await exit(job);
  const lines: LogLine[] = [];
  await runtime.followLogs(job, 0n, (line) => lines.push(line), AbortSignal.timeout(10_000));
  const text = (stream: string) =>
    lines
      .filter((l) => l.stream === stream)
      .map((l) => l.text)
      .join("\n");
  return { job, status, lines, stdout: text("stdout"), stderr: text("stderr") };
}

const pack = async (job: string, limitBytes = MB) =>
  packOutput(await runtime.readOutput(job), { dir: mkdtempSync(join(tmpdir(), "docker-test-")), limitBytes });

describe("from inside, a job", () => {
  it("has no network but its own loopback", async () => {
    const { stdout, stderr } = await run(
      "ls /sys/class/net; wc -l < /proc/net/route; nc -w 1 1.1.1.1 80 < /dev/null; echo nc=$?; " +
        "ping -c 1 -W 1 1.1.1.1 > /dev/null; echo ping=$?",
    );
    // One interface; a routing table of its heading and nothing else.
    expect(stdout.split("\n")).toEqual(["lo", "1", "nc=1", "ping=1"]);
    expect(stderr).toContain("nreachable");
  });

  it("isn't root, has no capability and can't gain any", async () => {
    const { stdout } = await run(
      "id -u; id -g; grep -E '^(Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):' /proc/self/status",
    );
    expect(stdout.replace(/\t/g, " ").split("\n")).toEqual([
      "65534",
      "65534",
      "CapInh: 0000000000000000",
      "CapPrm: 0000000000000000",
      "CapEff: 0000000000000000",
      "CapBnd: 0000000000000000",
      "CapAmb: 0000000000000000",
      "NoNewPrivs: 1",
      "Seccomp: 2",
    ]);
  });

  it("can't become root, mount, make devices or change owners", async () => {
    const { stdout } = await run(
      "su -c true root; echo su=$?; mount -t tmpfs x /tmp; echo mount=$?; mknod /tmp/sda b 8 0; echo mknod=$?; " +
        "touch /tmp/f; chown 0 /tmp/f; echo chown=$?; hostname evil; echo hostname=$?",
    );
    expect(stdout.split("\n").filter((line) => /=/.test(line))).toEqual([
      expect.stringMatching(/^su=[1-9]/),
      expect.stringMatching(/^mount=[1-9]/),
      expect.stringMatching(/^mknod=[1-9]/),
      expect.stringMatching(/^chown=[1-9]/),
      expect.stringMatching(/^hostname=[1-9]/),
    ]);
  });

  it("can write to /output, /tmp and shared memory, and nowhere else", async () => {
    const { stdout } = await run(
      "for d in / /bin /etc /dev /sys /proc /run /var /home /root /output /tmp /dev/shm; do " +
        "if echo x > $d/probe 2>/dev/null; then echo $d; fi; done; find / -xdev -writable -type d 2>/dev/null",
    );
    const [written, found] = [new Set<string>(), new Set<string>()];
    for (const line of stdout.split("\n"))
      (["/output", "/tmp", "/dev/shm"].includes(line) ? written : found).add(line);
    expect([...written].sort()).toEqual(["/dev/shm", "/output", "/tmp"]);
    expect([...found].filter(Boolean)).toEqual([]);
  });

  it("can't run what it wrote to /tmp, nor fill the machine from there", async () => {
    const { stdout, stderr } = await run(
      "cp /bin/busybox /tmp/b; /tmp/b true; echo run=$?; dd if=/dev/zero of=/tmp/big bs=1048576 count=100; wc -c < /tmp/big",
    );
    expect(stdout).toMatch(/run=126/);
    expect(stderr).toMatch(/No space left|File too large/);
    // A quarter of 64 MB.
    expect(Number(stdout.split("\n").at(-1))).toBeLessThanOrEqual(16 * MB);
  });

  it("sees no engine socket, no host process and no device of the host", async () => {
    const { stdout } = await run(
      "ls /var/run /run 2>/dev/null; ps -o pid | wc -l; find /dev -type b; echo end",
    );
    expect(stdout).not.toMatch(/docker/);
    expect(Number(stdout.match(/^\s*(\d+)$/m)?.[1])).toBeLessThan(10);
    expect(stdout.split("\n").at(-1)).toBe("end");
    expect(stdout).not.toMatch(/\/dev\/(sd|vd|nvme|loop)/);
  });

  it("can't have more than its processes", async () => {
    const { stdout, stderr } = await run(
      "i=0; while [ $i -lt 400 ]; do sleep 5 & i=$((i+1)); done; echo started",
      { memory_mb: 256 },
    );
    expect(stderr).toMatch(/can't fork|Resource temporarily unavailable/);
    expect(stdout).not.toContain("started");
  });

  it("is killed when it takes more memory than it asked for", async () => {
    const { status } = await run("tail /dev/zero", { memory_mb: 16 });
    expect(status).toMatchObject({ state: "exited", exitCode: 137, oomKilled: true });
  });

  it("gets its own argv and environment, never through a shell", async () => {
    const job = await create(["printf", "%s|", "a b", "$HOME", ";", "$(id)"], { env: { A: "1" } });
    await runtime.start(job);
    await exit(job);
    const lines: LogLine[] = [];
    await runtime.followLogs(job, 0n, (line) => lines.push(line), AbortSignal.timeout(10_000));
    expect(lines.map((line) => line.text)).toEqual(["a b|$HOME|;|$(id)|"]);
    const { stdout } = await run("env", { env: { GREETING: "hello" } });
    expect(stdout).toContain("GREETING=hello");
    expect(stdout).toContain("HOME=/tmp");
  });
});

describe("a container", () => {
  it.each([0, 1, 7, 42])("tells its exit code %d and its exact run time", async (code) => {
    const { status } = await run(`sleep 1.2; exit ${code}`);
    expect(status).toMatchObject({ state: "exited", exitCode: code, oomKilled: false });
    expect(wholeSecs(status.startedAtNs ?? 0n, status.finishedAtNs ?? 0n)).toBeGreaterThanOrEqual(1n);
  });

  it("is created once and started once, however often it is asked", async () => {
    const job = await create(["sleep", "30"]);
    const image = await runtime.findImage(imageId);
    const spec = zJobSpec.parse({ version: 1, command: ["other"] });
    if (!image) throw new Error("the demo image is there");
    const [first, second] = await Promise.all([
      runtime.inspect(job),
      runtime.create({ job, image, spec, gpus: [], mostSecs: 1n }),
    ]);
    expect(second.id).toBe(first?.id);
    const started = await runtime.start(job);
    expect(await runtime.start(job)).toEqual(started);
    await runtime.stop(job, 0);
    expect(await exit(job)).toMatchObject({ state: "exited", exitCode: 137 });
    await runtime.stop(job, 0);
    await runtime.stop(job, 1);
  });

  it("is stopped by SIGTERM when it obeys, by SIGKILL when it doesn't", async () => {
    const polite = await create([
      "sh",
      "-c",
      "trap 'echo bye > /output/last; exit 3' TERM; while :; do sleep 0.1; done",
    ]);
    const stubborn = await create(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"]);
    await Promise.all([runtime.start(polite), runtime.start(stubborn)]);
    await Promise.all([runtime.stop(polite, 2), runtime.stop(stubborn, 1)]);
    expect(await exit(polite)).toMatchObject({ exitCode: 3 });
    expect(await exit(stubborn)).toMatchObject({ exitCode: 137 });
    expect((await pack(polite)).files).toBe(1);
  });

  it("that can't be started says so and stays `created`", async () => {
    const job = await create(["/no/such/program"]);
    const outcome = await runtime.start(job).then(
      () => exit(job),
      (error: { code: string }) => error,
    );
    // With an init process the engine starts that one, which then exits with 127.
    if ("code" in outcome) expect(outcome.code).toBe("START_FAILED");
    else expect(outcome).toMatchObject({ state: "exited", exitCode: 127 });
  });

  it("is found again by a second runtime of the same scope, and by no other", async () => {
    const job = await create(["true"]);
    const again = createDockerRuntime(options());
    expect((await again.list()).map((status) => status.job)).toContain(job);
    const other = createDockerRuntime({ ...options(), scope: "other" });
    expect(await other.list()).toEqual([]);
    expect(await other.inspect(job)).toBeNull();
  });

  it("is removed with its output, and removing it again is fine", async () => {
    const { job } = await run("echo x > /output/a");
    await runtime.remove(job);
    expect(await runtime.inspect(job)).toBeNull();
    await expect(runtime.readOutput(job)).rejects.toMatchObject({ code: "RUNTIME_REFUSED" });
    await runtime.remove(job);
  });
});

describe("an output", () => {
  it("survives the container's end and is packed without links and specials", async () => {
    const { job } = await run(
      "cd /output; mkdir d; echo one > d/a; ln -s /etc/passwd leak; ln d/a copy; mkfifo f 2>/dev/null; chmod 700 d; chmod 600 d/a",
    );
    const packed = await pack(job);
    // d/, d/a and its second name: three headers, two blocks of content, the end.
    expect(packed).toMatchObject({ files: 2, bytes: 3 * 512 + 2 * 512 + 1_024 });
    expect(packed.skipped).toContainEqual(expect.stringContaining("leak"));
  });

  it("is measured while the job runs", async () => {
    const job = await create([
      "sh",
      "-c",
      "mkdir /output/d; dd if=/dev/zero of=/output/d/a bs=1024 count=100; ln -s / /output/root; sleep 30",
    ]);
    await runtime.start(job);
    // Two directories or links of one block each, and the file.
    const expected = 512 + 512 + (512 + 102_400);
    await expect.poll(() => runtime.outputBytes(job, MB)).toBe(expected);
    expect(await runtime.outputBytes(job, 1_000)).toBeGreaterThan(1_000);
    await runtime.stop(job, 0);
  });

  it("that is too large is noticed while running and refused at packing", async () => {
    const { job, stderr } = await run("dd if=/dev/zero of=/output/big bs=1048576 count=8", {
      output_max_mb: 1,
    });
    expect(await runtime.outputBytes(job, MB)).toBeGreaterThan(MB);
    expect(stderr).not.toContain("8+0 records out");
    await expect(pack(job)).rejects.toMatchObject({ code: "OUTPUT_TOO_LARGE" });
  });
});

describe("logs", () => {
  it("come by stream, in order, and can be resumed from any instant", async () => {
    const { job, lines } = await run("for i in 1 2 3; do echo out$i; echo err$i >&2; sleep 0.05; done");
    expect(lines.filter((l) => l.stream === "stdout").map((l) => l.text)).toEqual(["out1", "out2", "out3"]);
    expect(lines.filter((l) => l.stream === "stderr").map((l) => l.text)).toEqual(["err1", "err2", "err3"]);
    const third = lines.find((line) => line.text === "out3");
    const rest: string[] = [];
    await runtime.followLogs(
      job,
      third?.atNs ?? 0n,
      (line) => rest.push(line.text),
      AbortSignal.timeout(10_000),
    );
    expect(rest).toContain("out3");
    expect(rest).not.toContain("out2");
  });

  it("are cut into bounded lines", async () => {
    const { lines } = await run("head -c 100000 /dev/zero | tr '\\0' x; echo; printf '\\377\\376\\n'");
    expect(lines.length).toBeGreaterThan(6);
    expect(Math.max(...lines.map((line) => line.text.length))).toBeLessThanOrEqual(16_384);
    expect(
      lines
        .map((line) => line.text)
        .join("")
        .match(/x/g),
    ).toHaveLength(100_000);
  });
});

describe("a pull", () => {
  const pulling = (image: string, over: { maxBytes?: number; signal?: AbortSignal } = {}) => {
    const told: number[] = [];
    const signal = over.signal ?? AbortSignal.timeout(30_000);
    const onProgress = (percent: number) => told.push(percent);
    return {
      told,
      done: runtime.pullImage(image, { signal, maxBytes: over.maxBytes ?? 10 * MB, onProgress }),
    };
  };

  it("gets exactly the pinned image, and knows its user and volumes", async () => {
    const registry = await startRegistry(randomBytes(8).toString("hex"), 3 * MB);
    try {
      expect(await runtime.findImage(registry.image)).toBeNull();
      const { done } = pulling(registry.image);
      const image = await done;
      expect(image).toMatchObject({
        user: "1234",
        volumes: ["/data"],
        id: expect.stringMatching(/^sha256:/),
      });
      expect(await runtime.findImage(registry.image)).toEqual(image);

      // The engine makes a nameless volume for /data of every container that doesn't cover it: none may stay behind.
      const engine = new Docker({ socketPath: docker.socketPath });
      const volumes = async () =>
        ((await engine.listVolumes()).Volumes ?? [])
          .map(({ Name }) => Name)
          .filter((name) => /^[0-9a-f]{64}$/.test(name));
      const before = new Set(await volumes());
      const job = newJob();
      const spec = zJobSpec.parse({ version: 1, memory_mb: 64 });
      await runtime.create({ job, image, spec, gpus: [], mostSecs: 60n });
      await runtime.remove(job);
      expect((await volumes()).filter((name) => !before.has(name))).toEqual([]);
    } finally {
      await registry.close();
    }
  });

  it("of an image that isn't there is final; of a registry that isn't there is not", async () => {
    const registry = await startRegistry("x", 10);
    const absent = registry.image.replace(/sha256:.*/, `sha256:${"0".repeat(64)}`);
    await expect(pulling(absent).done).rejects.toMatchObject({ code: "IMAGE_UNAVAILABLE", retryable: false });
    await registry.close();
    const gone = `${registry.host}/test/other@sha256:${"1".repeat(64)}`;
    await expect(pulling(gone).done).rejects.toMatchObject({ code: "PULL_FAILED", retryable: true });
  });

  it("is broken off above its size and its time", async () => {
    const large = await startRegistry(randomBytes(8).toString("hex"), 8 * MB);
    const slow = await startRegistry(randomBytes(8).toString("hex"), 1_000, 60_000);
    try {
      await expect(pulling(large.image, { maxBytes: MB }).done).rejects.toMatchObject({
        code: "IMAGE_UNAVAILABLE",
      });
      expect(await runtime.findImage(large.image)).toBeNull();
      const signal = AbortSignal.timeout(500);
      await expect(pulling(slow.image, { signal }).done).rejects.toMatchObject({ retryable: true });
      expect(await runtime.findImage(slow.image)).toBeNull();
    } finally {
      await Promise.all([large.close(), slow.close()]);
    }
  });
});

describe("an engine", () => {
  it("that isn't there is an error worth a retry, never an answer", async () => {
    const gone = createDockerRuntime({ ...options(), socketPath: "/tmp/no-such-docker.sock" });
    const unreachable = {
      code: "RUNTIME_UNREACHABLE",
      retryable: true,
      remedy: expect.stringContaining("DOCKER_SOCKET"),
    };
    await expect(gone.check()).rejects.toMatchObject(unreachable);
    await expect(gone.inspect(newJob())).rejects.toMatchObject(unreachable);
    await expect(gone.list()).rejects.toMatchObject(unreachable);
    await expect(gone.stop(newJob(), 0)).rejects.toMatchObject(unreachable);
  });

  it("tells what the machine has", async () => {
    const info = await runtime.check();
    expect(info.cpuCores).toBeGreaterThan(0);
    expect(info.memoryMb).toBeGreaterThan(0);
  });

  it("has no image that isn't there", async () => {
    const absent = `sha256:${"0".repeat(64)}`;
    expect(await runtime.findImage(absent)).toBeNull();
    const pull = { signal: AbortSignal.timeout(10_000), maxBytes: MB, onProgress() {} };
    await expect(runtime.pullImage(absent, pull)).rejects.toMatchObject({ code: "IMAGE_UNAVAILABLE" });
  });
});
