import {
  encodeJobSpec,
  type JobSpecInput,
  type JobState,
  NO_ADDRESS,
  NO_REQUIREMENTS,
} from "@computestream/protocol";
import type { ProviderView } from "@computestream/protocol/client";
import { describe, expect, it } from "vitest";
import { isAllowedImage, isPinnedImage, judge, meetsOrder, type PolicyLimits } from "./policy.ts";

const PROVIDER = `0x${"a".repeat(64)}`;
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const IMAGE = `docker.io/library/busybox@${DIGEST}`;

const limits: PolicyLimits = {
  provider: PROVIDER,
  imageAllowlist: ["docker.io/library/*", DIGEST],
  capacity: { cpuCores: 4, memoryMb: 8_192, gpus: 1, diskMb: 600, slots: 2 },
  outputMaxMb: 500,
  maxJobSecs: 3_600n,
};

const job = (
  over: {
    image?: string;
    spec?: Partial<JobSpecInput> | string;
    secs?: bigint;
    provider?: string;
    isOpen?: boolean;
    state?: JobState;
    gpus?: bigint;
  } = {},
) => ({
  provider: over.provider ?? PROVIDER,
  isOpen: over.isOpen ?? false,
  state: over.state ?? ("Pending" as const),
  gpus: over.gpus ?? BigInt(typeof over.spec === "object" ? (over.spec.gpus ?? 0) : 0),
  image: over.image ?? IMAGE,
  spec: typeof over.spec === "string" ? over.spec : encodeJobSpec({ version: 1, ...over.spec }),
  maxDurationSecs: over.secs ?? 60n,
});

const codeOf = (over: Parameters<typeof job>[0]) => {
  const verdict = judge(job(over), limits);
  return verdict.ok ? "OK" : verdict.code;
};

describe("a job is taken only when", () => {
  it.each([
    ["everything fits", {}, "OK"],
    [
      "it takes the whole machine",
      { spec: { cpu_cores: 4, memory_mb: 8_192, gpus: 1, output_max_mb: 200 } },
      "OK",
    ],
    ["it runs exactly as long as allowed", { secs: 3_600n }, "OK"],
    ["it is ours", { provider: `0x${"b".repeat(64)}` }, "WRONG_PROVIDER"],
    ["it is open to all", { provider: NO_ADDRESS, isOpen: true }, "OK"],
    [
      "nobody else has taken it",
      { provider: `0x${"b".repeat(64)}`, isOpen: true, state: "Accepted" },
      "WRONG_PROVIDER",
    ],
    ["its image is pinned, not tagged", { image: "docker.io/library/busybox:1.36" }, "IMAGE_NOT_PINNED"],
    ["its image is pinned, not bare", { image: "docker.io/library/busybox" }, "IMAGE_NOT_PINNED"],
    ["its digest is whole", { image: "docker.io/library/busybox@sha256:0123" }, "IMAGE_NOT_PINNED"],
    ["its image is allowed", { image: `ghcr.io/someone/miner@${DIGEST}` }, "IMAGE_NOT_ALLOWED"],
    ["its local image is allowed", { image: `sha256:${"f".repeat(64)}` }, "IMAGE_NOT_ALLOWED"],
    ["its spec is JSON", { spec: "rm -rf /" }, "SPEC_INVALID"],
    ["its spec asks for nothing unknown", { spec: '{"version":1,"privileged":true}' }, "SPEC_INVALID"],
    ["its spec asks for no network", { spec: '{"version":1,"network":"host"}' }, "SPEC_INVALID"],
    ["it ends in time", { secs: 3_601n }, "DURATION_TOO_LONG"],
    ["its cores exist", { spec: { cpu_cores: 4.1 } }, "CPU_TOO_LARGE"],
    ["its memory exists", { spec: { memory_mb: 8_193 } }, "MEMORY_TOO_LARGE"],
    ["its GPUs exist", { spec: { gpus: 2 } }, "GPU_UNAVAILABLE"],
    ["it pays for the GPUs it asks for", { spec: { gpus: 1 }, gpus: 0n }, "GPU_NOT_ORDERED"],
    ["the GPUs it pays for exist, used or not", { gpus: 2n }, "GPU_UNAVAILABLE"],
    ["its output is one we publish", { spec: { output_max_mb: 501 } }, "OUTPUT_TOO_LARGE"],
    ["its output fits the disk three times", { spec: { output_max_mb: 201 } }, "DISK_TOO_LARGE"],
  ] as const)("%s", (_name, over, code) => {
    expect(codeOf(over)).toBe(code);
  });

  it("tells what the spec lacks", () => {
    expect(judge(job({ spec: '{"version":2}' }), limits)).toMatchObject({
      code: "SPEC_INVALID",
      reason: expect.stringContaining("version"),
    });
  });
});

describe("an open order is one for this provider only when", () => {
  const ASSET = `0x${"d".repeat(64)}`;
  const provider = {
    status: "Active",
    asset: ASSET,
    pricePerHour: 100n,
    gpuPricePerHour: 50n,
    gpuModel: "H100",
    gpuCount: 2n,
    vramGb: 80n,
    cpuCores: 16n,
    ramGb: 64n,
    diskGb: 500n,
    region: "eu",
    sandbox: "docker",
    staked: 1_000n,
  } as ProviderView;
  const order = (over: object, wanted: object) => ({
    asset: ASSET,
    gpus: 2n,
    // 100 and twice 50: exactly this provider's price.
    ratePerHour: 200n,
    requirements: { ...NO_REQUIREMENTS, ...wanted },
    ...over,
  });
  it.each<[string, object, object, object, boolean]>([
    ["it asks for nothing more", {}, {}, {}, true],
    [
      "it asks for exactly what is here",
      {},
      {
        gpuModel: "H100",
        vramGb: 80n,
        cpuCores: 16n,
        ramGb: 64n,
        diskGb: 500n,
        region: "eu",
        sandbox: "docker",
      },
      {},
      true,
    ],
    ["the stake is large enough", {}, { minStake: 1_001n }, {}, false],
    ["the model is the same", {}, { gpuModel: "h100" }, {}, false],
    ["the region is the same", {}, { region: "us" }, {}, false],
    ["the sandbox is the same", {}, { sandbox: "gvisor" }, {}, false],
    ["the GPUs' memory is enough", {}, { vramGb: 81n }, {}, false],
    ["the cores are enough", {}, { cpuCores: 17n }, {}, false],
    ["the memory is enough", {}, { ramGb: 65n }, {}, false],
    ["the disk is enough", {}, { diskGb: 501n }, {}, false],
    ["the GPUs are there", { gpus: 3n, ratePerHour: 1_000n }, {}, {}, false],
    ["its maximum covers the price with the GPUs", { ratePerHour: 199n }, {}, {}, false],
    ["it pays in the provider's asset", { asset: PROVIDER }, {}, {}, false],
    ["the provider takes jobs", {}, {}, { status: "Draining" }, false],
  ])("%s", (_name, over, wanted, change, meets) => {
    expect(meetsOrder(order(over, wanted), { ...provider, ...change })).toBe(meets);
  });
});

describe("an image reference", () => {
  it.each([
    [`busybox@${DIGEST}`, true],
    [`localhost:5000/a/b.c_d-e@${DIGEST}`, true],
    [`busybox:1.36@${DIGEST}`, true],
    [DIGEST, true],
    ["busybox:latest", false],
    [`busybox@${DIGEST.toUpperCase()}`, false],
    [`busybox@${DIGEST}x`, false],
    [`../busybox@${DIGEST}`, false],
    [`busy box@${DIGEST}`, false],
    [`-v@${DIGEST}`, false],
    [`\nbusybox@${DIGEST}`, false],
    [`${"a/".repeat(300)}a@${DIGEST}`, false],
  ])("%j pinned: %s", (image, pinned) => {
    expect(isPinnedImage(image)).toBe(pinned);
  });

  it("is allowed exactly, or by a prefix that ends in a star; an empty list allows nothing", () => {
    expect(isAllowedImage(IMAGE, [IMAGE])).toBe(true);
    expect(isAllowedImage(IMAGE, ["docker.io/library/busybox@*"])).toBe(true);
    expect(isAllowedImage(IMAGE, ["docker.io/library/busybox"])).toBe(false);
    expect(isAllowedImage(IMAGE, ["library/busybox@*"])).toBe(false);
    expect(isAllowedImage(IMAGE, [])).toBe(false);
  });
});
