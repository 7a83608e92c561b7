import { describe, expect, it } from "vitest";
import { decodeEvent, EventDecodeError } from "./events.ts";
import { normalizeAddress } from "./primitives.ts";

const PACKAGE = normalizeAddress("0xcafe");
const settled = {
  job: "0x0b",
  buyer: "0xB0B",
  provider: "0x1",
  outcome: 3,
  seconds: "90",
  deposited: "5000000",
  paid: "3712500",
  fees: "37500",
  refunded: "1250000",
  timestamp: "1700000090",
};

describe("decodeEvent", () => {
  it("decodes amounts to bigint and addresses to one spelling", () => {
    expect(decodeEvent(PACKAGE, `${PACKAGE}::job_registry::JobSettled`, settled)).toEqual({
      module: "job_registry",
      name: "JobSettled",
      data: {
        job: `0x${"0".repeat(63)}b`,
        buyer: `0x${"0".repeat(61)}b0b`,
        provider: `0x${"0".repeat(63)}1`,
        outcome: 3,
        seconds: 90n,
        deposited: 5_000_000n,
        paid: 3_712_500n,
        fees: 37_500n,
        refunded: 1_250_000n,
        timestamp: 1_700_000_090n,
      },
    });
  });

  it.each(["0xcafe", "0xCAFE", "0x0cafe", PACKAGE])("knows the package spelled %s", (address) => {
    const event = decodeEvent(address, "0xcafe::provider_registry::ProviderHeartbeat", {
      provider: "0x1",
      timestamp: "7",
    });
    expect(event?.name).toBe("ProviderHeartbeat");
  });

  it.each([
    "0x1::fungible_asset::Deposit",
    "0xcaff::job_registry::JobSettled",
    `0x1::coin::CoinEvent<${PACKAGE}::job_registry::JobSettled>`,
    "u64",
    "",
    "not::an::event",
  ])("passes over %j: it isn't the package's", (type) => {
    expect(decodeEvent(PACKAGE, type, settled)).toBeNull();
  });

  it.each(["job_registry::JobUnheardOf", "dispute::DisputeOpened"])(
    "refuses an unknown %s of the package",
    (name) => {
      expect(() => decodeEvent(PACKAGE, `0xcafe::${name}`, settled)).toThrow(EventDecodeError);
    },
  );

  it.each([
    ["paid", 3712500],
    ["paid", "-1"],
    ["paid", undefined],
    ["outcome", "3"],
    ["outcome", 256],
    ["buyer", "bob"],
  ])("refuses %s = %j", (field, value) => {
    expect(() =>
      decodeEvent(PACKAGE, "0xcafe::job_registry::JobSettled", { ...settled, [field]: value }),
    ).toThrow("0xcafe::job_registry::JobSettled");
  });
});
