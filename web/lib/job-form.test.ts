import type { ProviderDto } from "@computestream/protocol/api";
import { describe, expect, it } from "vitest";
import { ANY_MACHINE, checkDraft, type JobDraft } from "./job-form.ts";
import { NO_WISHES } from "./open-order.ts";

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
  gpusBusy: 0,
  devices: 0,
  pricePerHour: "123450000",
  gpuPricePerHour: "0",
  asset: { address: "0xa", symbol: "MOVE", decimals: 8 },
  stake: "100000000",
  status: "Active",
  available: true,
  registeredAt: 0,
  lastHeartbeatAt: 0,
  jobsCompleted: 0,
  jobsFailed: 0,
  jobsExpired: 0,
  faults: 0,
  score: 5000,
  secondsServed: 0,
  earned: "0",
};

const draft: JobDraft = {
  ...NO_WISHES,
  provider: "0x1",
  title: "Count",
  image: "computestream/demo",
  command: "sh -c 'echo hi'",
  cpuCores: "1",
  memoryMb: "256",
  gpus: "0",
  outputMaxMb: "64",
  durationSecs: "60",
  holdbackSecs: "",
};

const known = {
  provider,
  asset: { address: "0xa", symbol: "MOVE", decimals: 8 },
  limits: {
    minDurationSecs: 1,
    maxDurationSecs: 3600,
    maxHoldbackSecs: 600,
    acceptWindowSecs: 120,
    challengeWindowSecs: 3600,
    paused: false,
  },
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

describe("a job with GPUs", () => {
  // 1.2345 + 2 * 9 = 19.2345 an hour
  const rig = { ...provider, gpuCount: 4, gpuModel: "H200", gpuPricePerHour: "900000000" };

  it("is priced as base plus every GPU, exactly", () => {
    const check = checkDraft({ ...draft, gpus: "2" }, { ...known, provider: rig });
    expect(check.errors).toEqual({});
    expect(check.ratePerHour).toBe(1_923_450_000n);
    // 1923450000 * 60 / 3600 = 32057500
    expect(check.order).toMatchObject({
      kind: "direct",
      gpus: 2n,
      maxRatePerHour: 1_923_450_000n,
      deposit: 32_057_500n,
    });
    expect(JSON.parse(check.order?.spec ?? "{}").gpus).toBe(2);
    // 1923450000 * 7 / 3600 = 3740041.67
    const short = checkDraft({ ...draft, gpus: "2", durationSecs: "7" }, { ...known, provider: rig });
    expect(short.cost).toBe(3_740_042n);
  });

  it("asks for no more GPUs than the machine has, and waits for those that are busy", () => {
    const check = (gpus: string, gpusBusy: number) =>
      checkDraft({ ...draft, gpus }, { ...known, provider: { ...rig, gpusBusy } });
    expect(check("5", 0).errors.gpus).toMatch(/4 GPUs/);
    // What is asked for stays known: other machines are compared by it.
    expect(check("5", 0).gpus).toBe(5);
    expect(check("1.5", 0).errors.gpus).toBeTruthy();
    expect(check("2", 3).blocked).toMatch(/Only 1 of this machine's 4 GPUs/);
    expect(check("2", 2).blocked).toBeNull();
  });

  it("refuses a price that the chain can't count", () => {
    const dear = { ...rig, pricePerHour: "1", gpuPricePerHour: "18446744073709551615" };
    const check = checkDraft({ ...draft, gpus: "1" }, { ...known, provider: dear, balance: null });
    expect(check.errors.gpus).toMatch(/more than the chain can count/);
    expect(check.order).toBeNull();
  });
});

describe("holdback", () => {
  it("is none when left empty, and whole seconds within the market's limit", () => {
    expect(checkDraft(draft, known).order?.holdbackSecs).toBe(0n);
    expect(checkDraft({ ...draft, holdbackSecs: "600" }, known).order?.holdbackSecs).toBe(600n);
    for (const holdbackSecs of ["601", "-1", "2.5", "x"]) {
      expect(checkDraft({ ...draft, holdbackSecs }, known).errors.holdbackSecs).toBeTruthy();
    }
  });
});

describe("an order from any machine", () => {
  const open: JobDraft = {
    ...draft,
    provider: ANY_MACHINE,
    cpuCores: "1.5",
    memoryMb: "1500",
    maxPrice: "2",
  };
  const anyone = { ...known, provider: null };

  it("locks the buyer's maximum and asks for what the job needs", () => {
    const check = checkDraft({ ...open, gpus: "1", wantedGpuModel: "H200", wantedStake: "3" }, anyone);
    expect(check.errors).toEqual({});
    // 200000000 * 60 / 3600 = 3333333.33
    expect(check.order).toEqual({
      kind: "open",
      asset: "0xa",
      image: "computestream/demo",
      spec: check.order?.spec,
      gpus: 1n,
      maxDurationSecs: 60n,
      maxRatePerHour: 200_000_000n,
      deposit: 3_333_334n,
      holdbackSecs: 0n,
      requirements: {
        gpuModel: "H200",
        vramGb: 0n,
        cpuCores: 2n,
        ramGb: 2n,
        diskGb: 1n,
        region: "",
        sandbox: "",
        minStake: 300_000_000n,
      },
    });
  });

  it("needs a price, and names what can't be read", () => {
    const wrong = { ...open, maxPrice: "", wantedVramGb: "lots", wantedStake: "1,5" };
    const check = checkDraft(wrong, anyone);
    expect(Object.keys(check.errors).sort()).toEqual(["maxPrice", "wantedStake", "wantedVramGb"]);
    expect(check.cost).toBeNull();
    expect(check.order).toBeNull();
  });

  it("forgets wishes about GPUs when the job uses none", () => {
    const check = checkDraft({ ...open, wantedGpuModel: "H200", wantedVramGb: "80" }, anyone);
    expect(check.open?.requirements).toMatchObject({ gpuModel: "", vramGb: 0n });
  });

  it("is held against the wallet's balance too", () => {
    expect(checkDraft(open, { ...anyone, balance: 3_333_333n }).blocked).toMatch(/0\.00000001 MOVE short/);
    expect(checkDraft(open, { ...anyone, balance: 3_333_334n }).blocked).toBeNull();
  });
});
