import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { demoMachine } from "./demo-provider.ts";
import { listGpus } from "./gpu-probe.ts";

function driverSaying(script: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "gpu-probe-")), "nvidia-smi");
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
}
const OWNER = `0x${"1".repeat(64)}`;

it("reads the cards in the driver's order", async () => {
  const driver = driverSaying('echo "GPU-b, NVIDIA H200, 143771"; echo "GPU-a, NVIDIA H200, 143771"');
  expect(await listGpus(driver)).toEqual([
    { uuid: "GPU-b", model: "NVIDIA H200", vramGb: 140 },
    { uuid: "GPU-a", model: "NVIDIA H200", vramGb: 140 },
  ]);
});

it("finds none without a driver, or with one that fails", async () => {
  expect(await listGpus("/no/such/program")).toEqual([]);
  expect(await listGpus(driverSaying("echo no devices; exit 9"))).toEqual([]);
});

it("offers a machine without GPUs honestly, and commits to those it has without naming them", () => {
  expect(demoMachine([], OWNER, "salt")).toMatchObject({
    gpuModel: "",
    gpuCount: 0n,
    vramGb: 0n,
    devices: [],
  });
  const gpus = [
    { uuid: "GPU-a", model: "NVIDIA H200", vramGb: 140 },
    { uuid: "GPU-b", model: "NVIDIA H200", vramGb: 139 },
  ];
  const machine = demoMachine(gpus, OWNER, "salt");
  // The least of them: a buyer may get any.
  expect(machine).toMatchObject({ gpuModel: "NVIDIA H200", gpuCount: 2n, vramGb: 139n });
  expect(new Set(machine.devices).size).toBe(2);
  expect(JSON.stringify(machine.devices)).not.toContain("GPU-");
  // The same card and owner are the same device on chain, whichever machine offers it.
  expect(demoMachine(gpus.slice(1), OWNER, "salt").devices).toEqual(machine.devices?.slice(1));
  expect(demoMachine(gpus, OWNER, "other salt").devices).not.toEqual(machine.devices);
});
