import type { ProviderDto } from "@computestream/protocol/api";
import { describe, expect, it } from "vitest";
import { meets, NO_WISHES, offersFor, readWishes } from "./open-order.ts";

const asset = { address: "0xa", symbol: "MOVE", decimals: 8 };
const machine = (change: Partial<ProviderDto>): ProviderDto =>
  ({
    provider: "0x1",
    asset,
    gpuModel: "H200",
    gpuCount: 4,
    gpusBusy: 0,
    vramGb: 141,
    cpuCores: 16,
    ramGb: 128,
    diskGb: 500,
    region: "eu-north",
    sandbox: "docker",
    stake: "200000000",
    slots: 2,
    slotsBusy: 0,
    pricePerHour: "100000000",
    gpuPricePerHour: "200000000",
    available: true,
    ...change,
  }) as ProviderDto;
const wish = (change: object, gpus = 1) =>
  readWishes({ ...NO_WISHES, cpuCores: "1", memoryMb: "256", outputMaxMb: "64", ...change }, gpus, asset);

describe("meets", () => {
  const needs = (change: object) => wish(change).terms.requirements;

  it("takes any machine where nothing is asked, and equal texts only where something is", () => {
    expect(meets(machine({}), needs({}), 4)).toBe(true);
    expect(meets(machine({}), needs({ wantedRegion: "eu-north" }), 1)).toBe(true);
    expect(meets(machine({}), needs({ wantedRegion: "eu" }), 1)).toBe(false);
    expect(meets(machine({}), needs({ wantedGpuModel: "h200" }), 1)).toBe(false);
    expect(meets(machine({}), needs({ wantedSandbox: "kata" }), 1)).toBe(false);
  });

  it("takes numbers as the least", () => {
    expect(meets(machine({}), needs({}), 5)).toBe(false);
    expect(meets(machine({}), needs({ wantedVramGb: "141" }), 1)).toBe(true);
    expect(meets(machine({}), needs({ wantedVramGb: "142" }), 1)).toBe(false);
    expect(meets(machine({}), needs({ cpuCores: "16.5" }), 1)).toBe(false);
    // 131072 MB are 128 GB, one more is 129.
    expect(meets(machine({}), needs({ memoryMb: "131072" }), 1)).toBe(true);
    expect(meets(machine({}), needs({ memoryMb: "131073" }), 1)).toBe(false);
    expect(meets(machine({}), needs({ wantedStake: "2" }), 1)).toBe(true);
    expect(meets(machine({}), needs({ wantedStake: "2.00000001" }), 1)).toBe(false);
  });
});

it("tells how many machines would do, how many at this price, and how many at once", () => {
  const fleet = [
    machine({}),
    machine({ gpusBusy: 3 }),
    machine({ slotsBusy: 2 }),
    machine({ gpuPricePerHour: "300000000" }),
    machine({ available: false }),
    machine({ gpuCount: 1 }),
    machine({ asset: { ...asset, address: "0xb" } }),
  ];
  // 1 + 2 * 2 = 5 an hour; the dear one asks 1 + 2 * 3 = 7.
  const { terms } = wish({ maxPrice: "5" }, 2);
  expect(offersFor(fleet, terms, 2, "0xa")).toEqual({
    meeting: 4,
    affordable: 3,
    ready: 1,
    cheapest: 500_000_000n,
  });
  const none = offersFor(fleet, wish({ maxPrice: "4.99999999" }, 2).terms, 2, "0xa");
  expect(none).toMatchObject({ affordable: 0, ready: 0, cheapest: 500_000_000n });
  expect(offersFor([], terms, 2, "0xa").cheapest).toBeNull();
});

it("names texts that are too long for the chain", () => {
  expect(wish({ maxPrice: "1", wantedRegion: "x".repeat(129) }).errors).toEqual({
    wantedRegion: "At most 128 bytes.",
  });
  expect(wish({ maxPrice: "1", wantedRegion: "é".repeat(64) }).errors).toEqual({});
});
