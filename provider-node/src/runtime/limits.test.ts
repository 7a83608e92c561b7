import { zJobSpec } from "@computestream/protocol";
import { describe, expect, it } from "vitest";
import { containerConfig, containerUser } from "./limits.ts";

const job = `0x${"1".repeat(64)}`;
const names = {
  container: "computestream-1",
  volume: "computestream-1",
  labels: { "computestream.job": job },
};
const IMAGE = { id: "sha256:1", user: "", volumes: [] as string[] };
const plan = (spec: object, { image = IMAGE, gpus = [] as number[] } = {}) => ({
  job,
  image,
  spec: zJobSpec.parse({ version: 1, ...spec }),
  gpus,
  mostSecs: 100n,
});

describe("the container", () => {
  it("is exactly this, and nothing a job says adds to it", () => {
    const spec = {
      command: ["sh", "-c", "echo hi"],
      env: { A: "1" },
      cpu_cores: 1.5,
      memory_mb: 256,
      output_max_mb: 64,
    };
    expect(containerConfig(plan(spec), names)).toEqual({
      name: "computestream-1",
      Image: "sha256:1",
      Entrypoint: ["sh"],
      Cmd: ["-c", "echo hi"],
      User: "65534:65534",
      Env: [
        "HOME=/tmp",
        "A=1",
        "NVIDIA_VISIBLE_DEVICES=void",
        `COMPUTESTREAM_JOB=${job}`,
        "COMPUTESTREAM_OUTPUT=/output",
      ],
      Labels: { "computestream.job": job },
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
        ShmSize: 16_777_216,
        Init: true,
        Devices: [],
        DeviceRequests: [],
        Memory: 268_435_456,
        MemorySwap: 268_435_456,
        NanoCpus: 1_500_000_000,
        PidsLimit: 256,
        OomScoreAdj: 500,
        Ulimits: [
          { Name: "nofile", Soft: 4_096, Hard: 4_096 },
          { Name: "fsize", Soft: 68_157_440, Hard: 68_157_440 },
          { Name: "cpu", Soft: 210, Hard: 210 },
          { Name: "core", Soft: 0, Hard: 0 },
          { Name: "memlock", Soft: 0, Hard: 0 },
        ],
        Binds: [],
        Mounts: [
          { Type: "volume", Source: "computestream-1", Target: "/output", VolumeOptions: { NoCopy: true } },
        ],
        Tmpfs: { "/tmp": "rw,noexec,nosuid,nodev,size=67108864,mode=1777" },
        RestartPolicy: { Name: "no" },
        AutoRemove: false,
        LogConfig: { Type: "json-file", Config: { "max-size": "16m", "max-file": "2" } },
      },
    });
  });

  it("runs the image's own command when the job names none", () => {
    const config = containerConfig(plan({}), names);
    expect(config).not.toHaveProperty("Entrypoint");
    expect(config).not.toHaveProperty("Cmd");
  });
  it("gives little memory little tmpfs", () => {
    const { HostConfig } = containerConfig(plan({ memory_mb: 16 }), names);
    expect(HostConfig.Tmpfs["/tmp"]).toContain("size=4194304");
    expect(HostConfig.ShmSize).toBe(4_194_304);
  });
  it("covers volumes the image declares", () => {
    const image = { id: "sha256:1", user: "", volumes: ["/data", "/output", "/tmp"] };
    expect(containerConfig(plan({}, { image }), names).HostConfig.Tmpfs).toEqual({
      "/tmp": "rw,noexec,nosuid,nodev,size=67108864,mode=1777",
      "/data": "rw,noexec,nosuid,nodev,size=1048576,mode=1777",
    });
  });
  it("sees the GPUs it was accepted with and no others, whatever its spec says", () => {
    const devices = (spec: object, gpus: number[]) =>
      containerConfig(plan(spec, { gpus }), names).HostConfig.DeviceRequests;
    expect(devices({ gpus: 2 }, [1, 3])).toEqual([
      { Driver: "nvidia", DeviceIDs: ["1", "3"], Capabilities: [["gpu"]] },
    ]);
    expect(devices({ gpus: 2 }, [])).toEqual([]);
  });
});

it.each([
  ["", "65534:65534"],
  ["root", "65534:65534"],
  ["0", "65534:65534"],
  ["0:0", "65534:65534"],
  ["0:1000", "65534:65534"],
  ["00", "65534:65534"],
  ["app", "65534:65534"],
  ["1000", "1000:65534"],
  ["1000:0", "1000:65534"],
  ["1000:1000", "1000:1000"],
  ["4294967296", "65534:65534"],
])("an image's user %j runs as %s", (user, expected) => {
  expect(containerUser(user)).toBe(expected);
});

it("no variable of a job chooses its GPUs", () => {
  const env = {
    NVIDIA_VISIBLE_DEVICES: "all",
    NVIDIA_MIG_MONITOR_DEVICES: "all",
    NVIDIA_DRIVER_CAPABILITIES: "utility",
  };
  const nvidia = (gpus: number[]) =>
    containerConfig(plan({ env }, { gpus }), names).Env.filter((entry) => entry.startsWith("NVIDIA_"));
  expect(nvidia([])).toEqual(["NVIDIA_DRIVER_CAPABILITIES=utility", "NVIDIA_VISIBLE_DEVICES=void"]);
  expect(nvidia([0])).toEqual(["NVIDIA_DRIVER_CAPABILITIES=utility"]);
});
