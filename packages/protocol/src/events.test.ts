import { describe, expect, it } from "vitest";
import { z } from "zod";
import { decodeEvent, EVENT_SCHEMAS, EventDecodeError } from "./events.ts";
import { NO_ADDRESS, normalizeAddress } from "./primitives.ts";

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

/** Names of the plain fields of an event and of the structs inside it. */
function fieldsOf(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodPipe) return fieldsOf(schema.in as z.ZodType);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, field]) =>
    field instanceof z.ZodObject ? fieldsOf(field) : [name],
  );
}

describe("decodeEvent", () => {
  it("decodes amounts to bigint and addresses to one spelling", () => {
    expect(decodeEvent(PACKAGE, `${PACKAGE}::job::JobSettled`, settled)).toEqual({
      module: "job",
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

  it("spreads the structs inside an event into its fields", () => {
    const requirements = {
      gpu_model: "H100",
      gpus: "2",
      vram_gb: "80",
      cpu_cores: "0",
      ram_gb: "0",
      disk_gb: "0",
      region: "",
      sandbox: "docker",
      min_stake: "5",
    };
    const terms = {
      buyer: "0xb0b",
      provider: "0x0",
      asset: "0xa",
      image: "a:1",
      job_spec: "{}",
      requirements,
      rate_per_hour: "3600",
      max_duration_secs: "60",
      deposit: "61",
      holdback_secs: "10",
      priority: 7,
      buyer_key: "0x",
    };
    const created = { job: "0x1", terms, is_open: true, terms_hash: "0x", accept_by: "9", timestamp: "8" };
    expect(decodeEvent(PACKAGE, "0xcafe::job::JobCreated", created)?.data).toEqual({
      job: normalizeAddress("0x1"),
      buyer: normalizeAddress("0xb0b"),
      provider: NO_ADDRESS,
      asset: normalizeAddress("0xa"),
      image: "a:1",
      spec: "{}",
      gpu_model: "H100",
      gpus: 2n,
      vram_gb: 80n,
      cpu_cores: 0n,
      ram_gb: 0n,
      disk_gb: 0n,
      region: "",
      sandbox: "docker",
      min_stake: 5n,
      rate_per_hour: 3600n,
      max_duration_secs: 60n,
      deposit: 61n,
      holdback_secs: 10n,
      priority: 7,
      buyer_key: "0x",
      is_open: true,
      terms_hash: "0x",
      accept_by: 9n,
      timestamp: 8n,
    });
  });

  it("tells the windows of a job that expired with money held back", () => {
    const expired = {
      job: "0x1",
      expired_by: "0x2",
      claim_until: "7",
      challenge_until: "3607",
      timestamp: "7",
    };
    expect(decodeEvent(PACKAGE, "0xcafe::job::JobExpired", expired)?.data).toMatchObject({
      claim_until: 7n,
      challenge_until: 3_607n,
    });
    const { challenge_until: _, ...without } = expired;
    expect(() => decodeEvent(PACKAGE, "0xcafe::job::JobExpired", without)).toThrow(EventDecodeError);
  });

  it("refuses an event whose struct lacks a field", () => {
    const output = { exit_code: "0", reason: "", output_uris: [], output_sha256: "0x", output_root: "0x" };
    const completed = {
      job: "0x1",
      provider: "0x2",
      claim_until: "1",
      challenge_until: "0",
      timestamp: "1",
      output,
    };
    expect(() => decodeEvent(PACKAGE, "0xcafe::job::JobCompleted", completed)).toThrow(EventDecodeError);
    const whole = { ...completed, output: { ...output, output_size: "7" } };
    expect(decodeEvent(PACKAGE, "0xcafe::job::JobCompleted", whole)?.data).toMatchObject({
      exit_code: 0n,
      output_size: 7n,
      claim_until: 1n,
    });
  });

  it("loses no field where a struct is spread: no two have the same name", () => {
    for (const schemas of Object.values(EVENT_SCHEMAS)) {
      for (const [name, schema] of Object.entries(schemas)) {
        const names = fieldsOf(schema);
        expect({ name, names: [...new Set(names)] }).toEqual({ name, names });
      }
    }
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
    "0xcaff::job::JobSettled",
    `0x1::coin::CoinEvent<${PACKAGE}::job::JobSettled>`,
    "u64",
    "",
    "not::an::event",
  ])("passes over %j: it isn't the package's", (type) => {
    expect(decodeEvent(PACKAGE, type, settled)).toBeNull();
  });

  it.each(["job::JobUnheardOf", "job_registry::JobSettled", "payment_stream::StreamSettled"])(
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
    expect(() => decodeEvent(PACKAGE, "0xcafe::job::JobSettled", { ...settled, [field]: value })).toThrow(
      "0xcafe::job::JobSettled",
    );
  });
});
