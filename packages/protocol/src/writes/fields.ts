/**
 * The fields that bodies of writes are made of.
 * It doesn't know bounds: the chain refuses with a named code.
 */
import { z } from "zod";
import { zCountersignedUsage, zSignedUsage } from "../attestation.ts";
import { zAddress, zHash32, zHex, zU64 } from "../primitives.ts";
import { PROVIDER_STATUSES } from "../provider-status.ts";

export const zProviderField = z.strictObject({ provider: zAddress.describe("The provider's object.") });
export const zJobField = z.strictObject({ job: zAddress.describe("The job's object.") });

const zKey32 = zHash32.describe("Ed25519 public key, 32 bytes.");
const zOptionalBytes = zHex.default("0x").describe("Bytes as hex; 0x for none.");

/** `MachineArgs`. */
export const zMachineFields = z.strictObject({
  name: z.string(),
  gpuModel: z.string().default(""),
  gpuCount: zU64.prefault("0"),
  vramGb: zU64.prefault("0"),
  cpuCores: zU64,
  ramGb: zU64,
  diskGb: zU64,
  region: z.string(),
  sandbox: z.string(),
  devices: z.array(zHash32).max(64).default([]).describe("A commitment for each GPU, or none."),
  slots: zU64.describe("Jobs at a time."),
});

/** `RegisterProviderArgs`. */
export const zRegistration = zMachineFields.extend({
  operator: zAddress.describe("The account whose key the provider node holds."),
  attestKey: zKey32,
  pricePerHour: zU64.describe("Base units of the asset."),
  gpuPricePerHour: zU64.prefault("0").describe("Added for each GPU of a job."),
  asset: zAddress,
  stake: zU64.describe("Base units, taken from the owner."),
});

export const zStatusFields = zProviderField.extend({ status: z.enum(PROVIDER_STATUSES) });

const zOrderFields = z.strictObject({
  image: z.string().min(1).max(1_024),
  gpus: zU64.prefault("0"),
  maxDurationSecs: zU64,
  maxRatePerHour: zU64.describe("Base units an hour at most."),
  deposit: zU64.describe("Base units, of each job when several are made."),
  holdbackSecs: zU64.prefault("0").describe("Seconds' worth that wait for the buyer's confirmation."),
  priority: z.number().int().min(1).max(10).default(5),
  buyerKey: zOptionalBytes.describe("Ed25519 key that countersigns; 0x for none."),
});
const zSpec = z.string().max(65_536).describe("As encodeJobSpec of packages/protocol makes it.");
const zSpecs = z.array(zSpec).min(1).max(100).describe("One for each job: all are made, or none.");

export const zRequirementFields = z.strictObject({
  gpuModel: z.string().default(""),
  vramGb: zU64.prefault("0"),
  cpuCores: zU64.prefault("0"),
  ramGb: zU64.prefault("0"),
  diskGb: zU64.prefault("0"),
  region: z.string().default(""),
  sandbox: z.string().default(""),
  minStake: zU64.prefault("0"),
});
const zOpenFields = zOrderFields.extend({
  asset: zAddress,
  requirements: zRequirementFields.prefault({}).describe("What isn't said, any machine meets."),
});

export const zJobOrder = zOrderFields.extend({ provider: zAddress, spec: zSpec });
export const zJobOrders = zOrderFields.extend({ provider: zAddress, specs: zSpecs });
export const zOpenJobOrder = zOpenFields.extend({ spec: zSpec });
export const zOpenJobOrders = zOpenFields.extend({ specs: zSpecs });

/** The newest attestation, or that there is nothing new. */
export const zMaybeUsage = zSignedUsage
  .omit({ job: true })
  .nullable()
  .default(null)
  .describe("The job's newest attestation; null when there is nothing new.");

/** Each form exactly: a malformed countersignature must not pass for none. */
export const zPayableUsage = z.union([zCountersignedUsage.strict(), zSignedUsage.strict()]);
export const zUsage = zSignedUsage.strict();

/** `OutputArgs`. */
export const zOutputFields = zJobField.extend({
  exitCode: zU64,
  outputUris: z.array(z.string().max(2_048)).max(16).default([]),
  outputSha256: zOptionalBytes,
  outputRoot: zOptionalBytes,
  outputSize: zU64.prefault("0"),
  usage: zMaybeUsage,
});

/** `QuoteTerms` without the order's hash. */
export const zQuoteFields = z.strictObject({
  payer: zAddress,
  clerk: zAddress,
  redeemBy: zU64,
  nonce: zHex,
});
/** `QuotedOrder`: every field as the quote's hash binds it. */
export const zQuotedOrder = zJobOrder.extend({
  gpus: zU64,
  holdbackSecs: zU64,
  priority: z.number().int().min(0).max(255),
  buyerKey: zHex,
});
