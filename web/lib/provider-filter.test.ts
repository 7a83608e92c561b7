import type { ProviderDto } from "@computestream/protocol/api";
import { expect, it } from "vitest";
import {
  applyFilter,
  filterFromSearch,
  filterToSearch,
  freeGpus,
  NO_FILTER,
  priceFor,
} from "./provider-filter.ts";

const asset = { address: "0xa", symbol: "MOVE", decimals: 8 };
const machine = (provider: string, change: Partial<ProviderDto>): ProviderDto =>
  ({
    provider,
    asset,
    gpuCount: 0,
    gpusBusy: 0,
    gpuModel: "",
    region: "local",
    pricePerHour: "100000000",
    gpuPricePerHour: "0",
    slots: 1,
    slotsBusy: 0,
    available: true,
    registeredAt: 0,
    stake: "0",
    jobsCompleted: 0,
    score: 5_000,
    ...change,
  }) as ProviderDto;

const fleet = [
  machine("0x1", {
    gpuCount: 2,
    gpuModel: "H200",
    pricePerHour: "900000000",
    region: "eu-north",
    stake: "5",
  }),
  machine("0x2", { pricePerHour: "100000000", slotsBusy: 1, jobsCompleted: 9, score: 9_000 }),
  machine("0x3", { pricePerHour: "99999999", available: false, jobsCompleted: 1, registeredAt: 7 }),
];
const ids = (change: object) => applyFilter(fleet, { ...NO_FILTER, ...change }).map((p) => p.provider);

it("keeps what matches and sorts by price", () => {
  expect(ids({})).toEqual(["0x3", "0x2", "0x1"]);
  expect(ids({ kind: "gpu" })).toEqual(["0x1"]);
  expect(ids({ kind: "cpu" })).toEqual(["0x3", "0x2"]);
  expect(ids({ gpu: "h2" })).toEqual(["0x1"]);
  expect(ids({ region: "EU" })).toEqual(["0x1"]);
});

it("compares prices exactly", () => {
  expect(ids({ maxPrice: "0.99999999" })).toEqual(["0x3"]);
  expect(ids({ maxPrice: "1" })).toEqual(["0x3", "0x2"]);
});

it("ignores a price that is not one, rather than hiding everything", () => {
  expect(ids({ maxPrice: "cheap" })).toHaveLength(3);
});

it("knows free slots from availability", () => {
  expect(ids({ availableOnly: true })).toEqual(["0x2", "0x1"]);
  expect(ids({ freeOnly: true })).toEqual(["0x1"]);
});

it("sorts by stake, age and reputation, of equals the one with more jobs first", () => {
  expect(ids({ sort: "stake" })[0]).toBe("0x1");
  expect(ids({ sort: "newest" })[0]).toBe("0x3");
  expect(ids({ sort: "score" })).toEqual(["0x2", "0x3", "0x1"]);
});

it("compares machines for a GPU job by the price with one GPU", () => {
  const dear = machine("0x4", { gpuCount: 1, pricePerHour: "1", gpuPricePerHour: "900000000" });
  const cheap = machine("0x5", { gpuCount: 4, pricePerHour: "300000000", gpuPricePerHour: "500000000" });
  const sorted = (kind: "any" | "gpu") =>
    applyFilter([cheap, dear], { ...NO_FILTER, kind }).map((p) => p.provider);
  expect(sorted("any")).toEqual(["0x4", "0x5"]);
  expect(sorted("gpu")).toEqual(["0x5", "0x4"]);
  // 3 + 1 * 5 = 8, 3 + 4 * 5 = 23
  expect(priceFor(cheap, 1)).toBe(800_000_000n);
  expect(priceFor(cheap, 4)).toBe(2_300_000_000n);
  const limited = applyFilter([cheap, dear], { ...NO_FILTER, kind: "gpu", maxPrice: "8" });
  expect(limited.map((p) => p.provider)).toEqual(["0x5"]);
});

it("counts the GPUs that no job uses", () => {
  expect(freeGpus({ gpuCount: 8, gpusBusy: 3 })).toBe(5);
});

it("survives the address bar", () => {
  const filter = { ...NO_FILTER, kind: "gpu" as const, maxPrice: "2.5", freeOnly: true };
  expect(filterFromSearch(filterToSearch(filter))).toEqual(filter);
  expect(filterToSearch(NO_FILTER)).toBe("");
  expect(filterFromSearch("kind=evil&sort=x")).toEqual(NO_FILTER);
});
