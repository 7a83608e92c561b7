import type { ProviderDto } from "@computestream/protocol/api";
import { describe, expect, it } from "vitest";
import { checkDraft, type JobDraft } from "./job-form.ts";

const provider: ProviderDto = {
  provider: "0x1",
  owner: "0x2",
  operator: "0x3",
  name: "test machine",
  gpuModel: "",
  gpuCount: 0,
  vramGb: 0,
  cpuCores: 4,
  ramGb: 8,
  diskGb: 10,
  region: "local",
  sandbox: "docker",
  slots: 2,
  slotsBusy: 0,
  pricePerHour: "123450000",
  asset: { address: "0xa", symbol: "MOVE", decimals: 8 },
  stake: "100000000",
  available: true,
  registeredAt: 0,
  lastHeartbeatAt: 0,
  jobsCompleted: 0,
  jobsFailed: 0,
  jobsExpired: 0,
  secondsServed: 0,
  earned: "0",
};

const draft: JobDraft = {
  provider: "0x1",
  title: "Count",
  image: "computestream/demo",
  command: "sh -c 'echo hi'",
  cpuCores: "1",
  memoryMb: "256",
  gpus: "0",
  outputMaxMb: "64",
  durationSecs: "60",
};

const known = {
  provider,
  limits: { minDurationSecs: 1, maxDurationSecs: 3600, paused: false },
  balance: 100_000_000n,
  feeReserve: 0n,
};

describe("checkDraft", () => {
  it("prices the whole maximum duration, rounded up", () => {
    // 123450000 * 60 / 3600 = 2057500
    const check = checkDraft(draft, known);
    expect(check.errors).toEqual({});
    expect(check.blocked).toBeNull();
    expect(check.order).toMatchObject({
      deposit: 2_057_500n,
      maxRatePerHour: 123_450_000n,
      maxDurationSecs: 60n,
    });
    // 123450000 * 7 / 3600 = 240041.67
    expect(checkDraft({ ...draft, durationSecs: "7" }, known).cost).toBe(240_042n);
  });

  it("puts title and argv in the spec", () => {
    const spec = JSON.parse(checkDraft(draft, known).order?.spec ?? "{}");
    expect(spec).toMatchObject({
      version: 1,
      title: "Count",
      command: ["sh", "-c", "echo hi"],
      memory_mb: 256,
    });
  });

  it("names each wrong field and still prices what it can", () => {
    const check = checkDraft(
      { ...draft, image: " ", command: "sh -c 'x", cpuCores: "64", memoryMb: "8", gpus: "1" },
      known,
    );
    expect(Object.keys(check.errors).sort()).toEqual(["command", "cpuCores", "gpus", "image", "memoryMb"]);
    expect(check.order).toBeNull();
    expect(check.cost).toBe(2_057_500n);
  });

  it("refuses a duration outside the market's limits or not whole", () => {
    for (const durationSecs of ["0", "3601", "1.5", "", "-3", "1e3"]) {
      expect(checkDraft({ ...draft, durationSecs }, known).errors.durationSecs).toBeTruthy();
    }
  });

  it("refuses a spec larger than the chain takes", () => {
    const command = Array.from({ length: 4 }, () => "x".repeat(2000)).join(" ");
    expect(checkDraft({ ...draft, command }, known).errors.command).toMatch(/4096/);
  });

  it("says why a right order can't be placed", () => {
    const blocked = (change: object) => checkDraft(draft, { ...known, ...change }).blocked;
    expect(blocked({ balance: 2_057_499n })).toMatch(/0\.00000001 MOVE short/);
    expect(blocked({ provider: { ...provider, available: false } })).toMatch(/isn't taking jobs/);
    expect(blocked({ provider: { ...provider, slotsBusy: 2 } })).toMatch(/busy/);
    expect(blocked({ limits: { ...known.limits, paused: true } })).toMatch(/paused/);
    expect(blocked({ balance: 2_057_500n })).toBeNull();
    expect(blocked({ balance: 2_057_500n, feeReserve: 3n })).toMatch(
      /0\.00000003 MOVE short .* network's fee/,
    );
  });
});
