/**
 * What buyer and provider agree on, and its hash, to which every attestation of the job is bound.
 * It doesn't know what changed since the start: an extended or repriced job keeps the hash of its first terms.
 */
import { sha3_256 } from "@noble/hashes/sha3.js";
import { bytesField, concat, exactly, textField, u8, u64 } from "./bcs.ts";
import { fromHex, toHex } from "./primitives.ts";

/** What a machine must have beside the job's GPUs: an empty text takes any, a number is the least. */
export interface Requirements {
  gpuModel: string;
  vramGb: bigint;
  cpuCores: bigint;
  ramGb: bigint;
  diskGb: bigint;
  region: string;
  sandbox: string;
  minStake: bigint;
}

export const NO_REQUIREMENTS: Readonly<Requirements> = {
  gpuModel: "",
  vramGb: 0n,
  cpuCores: 0n,
  ramGb: 0n,
  diskGb: 0n,
  region: "",
  sandbox: "",
  minStake: 0n,
};

export interface JobTerms {
  buyer: string;
  /** `NO_ADDRESS` while nobody has accepted an open job. */
  provider: string;
  asset: string;
  image: string;
  spec: string;
  gpus: bigint;
  requirements: Requirements;
  /** Agreed at the start; an open job's is the buyer's maximum until it is accepted. */
  ratePerHour: bigint;
  maxDurationSecs: bigint;
  deposit: bigint;
  holdbackSecs: bigint;
  /** 1..10. */
  priority: number;
  /** 32 bytes as hex, or 0x when the buyer countersigns nothing. */
  buyerKey: string;
}

/**
 * `sha3_256(bcs(job, Terms))` as hex: what `get_job` tells as `termsHash` once the provider is known, so that nobody
 * need take the chain's word for what it signs. A `JobView` has all of `JobTerms`: `termsHash(view.job, view)`.
 */
export function termsHash(job: string, terms: JobTerms): string {
  return toHex(sha3_256(encodeTerms(job, terms)));
}

/** BCS of the job's address and its `Terms`. Addresses are normalised ones; throws RangeError on a bad length or range. */
export function encodeTerms(job: string, terms: JobTerms): Uint8Array {
  const { requirements } = terms;
  return concat(
    exactly(32, job, "job"),
    exactly(32, terms.buyer, "buyer"),
    exactly(32, terms.provider, "provider"),
    exactly(32, terms.asset, "asset"),
    textField(terms.image),
    textField(terms.spec),
    textField(requirements.gpuModel),
    u64(terms.gpus),
    u64(requirements.vramGb),
    u64(requirements.cpuCores),
    u64(requirements.ramGb),
    u64(requirements.diskGb),
    textField(requirements.region),
    textField(requirements.sandbox),
    u64(requirements.minStake),
    u64(terms.ratePerHour),
    u64(terms.maxDurationSecs),
    u64(terms.deposit),
    u64(terms.holdbackSecs),
    u8(terms.priority),
    bytesField(fromHex(terms.buyerKey)),
  );
}
