import type { TelemetryDto } from "@computestream/protocol/api";
import { expect, it } from "vitest";
import { meanOf, telemetryFigures } from "./telemetry.ts";

const told: TelemetryDto = {
  at: 0,
  status: "busy",
  jobsRunning: 2,
  cpuPercent: 41.6,
  ramUsedMb: 3000,
  ramTotalMb: 16_000,
  diskUsedMb: 100,
  diskTotalMb: null,
  cpuCelsius: null,
  gpuPercent: [90, 71],
  gpuCelsius: [60, 65],
  gpuWatts: [200.4, 150.2],
  vramUsedMb: [10, 20],
  vramTotalMb: [80, 80],
  nodeVersion: "1",
};
const mb = (value: number) => `${value} MB`;

it("tells what several GPUs do together: the mean at work, the hottest, the sum of memory and power", () => {
  expect(telemetryFigures(told, mb)).toEqual([
    { label: "Processor", value: "42 %" },
    { label: "Memory", value: "3000 MB", note: "of 16000 MB" },
    { label: "Disk", value: "100 MB" },
    { label: "2 GPUs", value: "81 %", note: "65 °C" },
    { label: "GPU memory", value: "30 MB", note: "of 160 MB" },
    { label: "GPU power", value: "351 W" },
    { label: "Jobs running", value: "2" },
  ]);
});

it("leaves out what a machine didn't measure", () => {
  const bare = {
    ...told,
    status: "maintenance" as const,
    cpuPercent: null,
    ramUsedMb: null,
    diskUsedMb: null,
    gpuPercent: [],
    gpuCelsius: [],
    gpuWatts: [],
    vramUsedMb: [],
  };
  expect(telemetryFigures(bare, mb)).toEqual([{ label: "Jobs running", value: "2", note: "in maintenance" }]);
  expect(meanOf([])).toBeNull();
});
