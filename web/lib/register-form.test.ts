import { expect, it } from "vitest";
import { checkMachine, type MachineDraft } from "./register-form.ts";

const draft: MachineDraft = {
  name: "rack 1",
  operator: "0x2",
  attestKey: `0x${"AB".repeat(32)}`,
  gpuModel: "",
  gpuCount: "0",
  vramGb: "0",
  cpuCores: "8",
  ramGb: "32",
  diskGb: "100",
  region: "eu-north",
  sandbox: "docker",
  slots: "4",
  pricePerHour: "1.2345",
  gpuPricePerHour: "9",
  stake: "2",
};
const known = {
  asset: { address: "0xa", symbol: "MOVE", decimals: 8 },
  minStake: 100_000_000n,
  balance: null,
};

it("turns a description into exact arguments", () => {
  const { args, errors } = checkMachine(draft, known);
  expect(errors).toEqual({});
  expect(args).toMatchObject({
    operator: `0x${"2".padStart(64, "0")}`,
    attestKey: `0x${"ab".repeat(32)}`,
    pricePerHour: 123_450_000n,
    gpuPricePerHour: 0n,
    stake: 200_000_000n,
    slots: 4n,
    asset: "0xa",
  });
});

it("names each field that is wrong", () => {
  const wrong = {
    name: "",
    operator: "bob",
    attestKey: "0x12",
    cpuCores: "0",
    ramGb: "1.5",
    pricePerHour: "a lot",
  };
  const { args, errors } = checkMachine({ ...draft, ...wrong }, known);
  expect(args).toBeNull();
  expect(Object.keys(errors).sort()).toEqual(Object.keys(wrong).sort());
});

it("asks for a model when there is a GPU", () => {
  expect(checkMachine({ ...draft, gpuCount: "1" }, known).errors.gpuModel).toBeTruthy();
});

it("holds the stake against the market's least and the wallet's balance", () => {
  expect(checkMachine({ ...draft, stake: "0.99999999" }, known).errors.stake).toBe("At least 1 MOVE.");
  expect(checkMachine(draft, { ...known, balance: 199_999_999n }).errors.stake).toMatch(/1\.99999999 MOVE/);
});

it("prices GPUs only where there are some, and keeps to the registry's bounds", () => {
  const rig = { ...draft, gpuCount: "64", gpuModel: "H200", slots: "256" };
  expect(checkMachine(rig, known).args).toMatchObject({ gpuCount: 64n, gpuPricePerHour: 900_000_000n });
  const over = checkMachine({ ...rig, gpuCount: "65", slots: "257", gpuPricePerHour: "free" }, known);
  expect(Object.keys(over.errors).sort()).toEqual(["gpuCount", "gpuPricePerHour", "slots"]);
});
