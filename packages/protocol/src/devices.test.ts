import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { chooseGpus, countGpus, deviceCommitment, gpuIndicesOf, gpuMaskOf } from "./devices.ts";

describe("a device's commitment", () => {
  const UUID = "GPU-5f1c2f3e";

  it("is SHA3-256 of one text with its domain", () => {
    const text = `computestream::device.v1\nowner: 0x${"0".repeat(61)}abc\ndevice: GPU-5f1c2f3e\nsalt: s3cret`;
    expect(deviceCommitment("0xABC", UUID, "s3cret")).toBe(
      `0x${createHash("sha3-256").update(text).digest("hex")}`,
    );
  });

  it("is another for another owner, device or salt", () => {
    const all = [
      deviceCommitment("0x1", UUID, "a"),
      deviceCommitment("0x2", UUID, "a"),
      deviceCommitment("0x1", `${UUID}0`, "a"),
      deviceCommitment("0x1", UUID, "b"),
    ];
    expect(new Set(all).size).toBe(4);
  });

  it.each([
    ["GPU\nsalt: x", "a"],
    ["GPU", "a\nb"],
  ])("isn't made of %j and %j, which another pair could spell too", (uuid, salt) => {
    expect(() => deviceCommitment("0x1", uuid, salt)).toThrow(RangeError);
  });
});

describe("masks of GPUs", () => {
  it("have bit i for GPU i", () => {
    expect(gpuMaskOf([])).toBe(0n);
    expect(gpuMaskOf([0, 2])).toBe(0b101n);
    expect(gpuMaskOf([63])).toBe(9_223_372_036_854_775_808n);
    expect(gpuIndicesOf(0b1010n)).toEqual([1, 3]);
    expect(gpuIndicesOf(2n ** 64n - 1n)).toHaveLength(64);
    expect(countGpus(0b1011n)).toBe(3);
  });

  it.each([-1, 64, 1.5])("have no bit for GPU %s", (index) => {
    expect(() => gpuMaskOf([index])).toThrow(RangeError);
  });

  it("choose the lowest free ones", () => {
    expect(chooseGpus({ gpuCount: 4n, busyMask: 0b0010n, gpus: 2n })).toBe(0b0101n);
    expect(chooseGpus({ gpuCount: 4n, busyMask: 0b0011n, gpus: 2n })).toBe(0b1100n);
    expect(chooseGpus({ gpuCount: 64n, busyMask: 0n, gpus: 64n })).toBe(2n ** 64n - 1n);
  });

  it("choose none for a job without GPUs", () => {
    expect(chooseGpus({ gpuCount: 0n, busyMask: 0n, gpus: 0n })).toBe(0n);
    expect(chooseGpus({ gpuCount: 2n, busyMask: 0b11n, gpus: 0n })).toBe(0n);
  });

  it("say when too few are free", () => {
    expect(chooseGpus({ gpuCount: 4n, busyMask: 0b0111n, gpus: 2n })).toBeNull();
    expect(chooseGpus({ gpuCount: 0n, busyMask: 0n, gpus: 1n })).toBeNull();
  });
});
