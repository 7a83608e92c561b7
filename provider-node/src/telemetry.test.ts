import { tmpdir } from "node:os";
import { type TelemetryMessage, zNodeMessage } from "@computestream/protocol";
import { expect, it } from "vitest";
import { cpuPercent, parseGpus, startTelemetry } from "./telemetry.ts";

it("tells the processor's share between two looks", () => {
  expect(cpuPercent({ busyMs: 100, totalMs: 1_000 }, { busyMs: 350, totalMs: 2_000 })).toBe(25);
  expect(cpuPercent({ busyMs: 100, totalMs: 1_000 }, { busyMs: 100, totalMs: 1_000 })).toBe(undefined);
});

it("reads the driver's lines and leaves out what a card doesn't tell", () => {
  expect(parseGpus("37, 61, 120.55, 1024, 81559\n0, 33, [N/A], 3, 81559\n")).toEqual([
    { percent: 37, celsius: 61, watts: 120.55, vramUsedMb: 1024, vramTotalMb: 81_559 },
    { percent: 0, celsius: 33, vramUsedMb: 3, vramTotalMb: 81_559 },
  ]);
  expect(parseGpus("")).toEqual([]);
});

it("sends what the hub takes, with the node's own word about its state", async () => {
  const told: TelemetryMessage[] = [];
  let accepting = true;
  let jobs = 0;
  const telemetry = startTelemetry({
    dataDir: tmpdir(),
    hasGpus: false,
    nodeVersion: "1.2.3",
    jobsRunning: () => jobs,
    accepting: () => accepting,
    mode: () => (accepting ? "open" : "draining"),
    send: (message) => told.push(message),
    intervalMs: 10,
  });
  await expect.poll(() => told.at(-1)?.status).toBe("online");
  jobs = 2;
  await expect
    .poll(() => told.at(-1))
    .toMatchObject({ status: "busy", jobsRunning: 2, nodeVersion: "1.2.3" });
  accepting = false;
  await expect.poll(() => told.at(-1)?.status).toBe("maintenance");
  telemetry.close();
  const last = told.at(-1) as TelemetryMessage;
  expect(zNodeMessage.parse(JSON.parse(JSON.stringify(last)))).toEqual(last);
  expect(last.ramTotalMb).toBeGreaterThan(0);
  expect(last.diskTotalMb).toBeGreaterThan(0);
});
