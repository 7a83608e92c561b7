import type { ProviderDto } from "@computestream/protocol/api";
import { expect, it } from "vitest";
import { applyFilter, filterFromSearch, filterToSearch, NO_FILTER } from "./provider-filter.ts";

const asset = { address: "0xa", symbol: "MOVE", decimals: 8 };
const machine = (provider: string, change: Partial<ProviderDto>): ProviderDto =>
  ({
    provider,
    asset,
    gpuCount: 0,
    gpuModel: "",
    region: "local",
    pricePerHour: "100000000",
    slots: 1,
    slotsBusy: 0,
    available: true,
    registeredAt: 0,
    stake: "0",
    jobsCompleted: 0,
    jobsFailed: 0,
    jobsExpired: 0,
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
  machine("0x2", { pricePerHour: "100000000", slotsBusy: 1, jobsCompleted: 9, jobsFailed: 1 }),
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

it("sorts by stake, age and proven reliability", () => {
  expect(ids({ sort: "stake" })[0]).toBe("0x1");
  expect(ids({ sort: "newest" })[0]).toBe("0x3");
  expect(ids({ sort: "reliability" })).toEqual(["0x3", "0x2", "0x1"]);
});

it("survives the address bar", () => {
  const filter = { ...NO_FILTER, kind: "gpu" as const, maxPrice: "2.5", freeOnly: true };
  expect(filterFromSearch(filterToSearch(filter))).toEqual(filter);
  expect(filterToSearch(NO_FILTER)).toBe("");
  expect(filterFromSearch("kind=evil&sort=x")).toEqual(NO_FILTER);
});
