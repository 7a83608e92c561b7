/**
 * What callers of the entry functions give, with the defaults of what they leave out.
 * It doesn't know the order of arguments on chain.
 */
import type { CountersignedUsage, SignedUsage } from "../attestation.ts";
import type { Requirements } from "../terms.ts";
import type { Machine } from "./view-types.ts";

/** What a machine is and how much of it is let: given at registration, changed while no job runs. */
export interface MachineArgs extends Machine {
  /** 32 bytes as hex for each GPU (`deviceCommitment`); default none. */
  devices?: string[];
  slots: bigint;
}

export interface RegisterProviderArgs extends MachineArgs {
  operator: string;
  attestKey: string;
  pricePerHour: bigint;
  /** Added for each GPU of a job; default 0. */
  gpuPricePerHour?: bigint;
  asset: string;
  stake: bigint;
}

/** What every order has. */
export interface OrderArgs {
  image: string;
  /** Default 0. */
  gpus?: bigint;
  maxDurationSecs: bigint;
  maxRatePerHour: bigint;
  /** Of each job, when several are made. */
  deposit: bigint;
  /** Seconds' worth that wait for the buyer's confirmation; default 0. */
  holdbackSecs?: bigint;
  /** 1..10, default 5. */
  priority?: number;
  /** Ed25519 key that countersigns, 32 bytes as hex; default none. */
  buyerKey?: string;
}

/** Made by `encodeJobSpec`: one job's, or one for each job of a batch. */
interface OneSpec {
  spec: string;
}
interface Specs {
  specs: string[];
}

/** An order from one provider. */
interface DirectOrderArgs extends OrderArgs {
  provider: string;
}
/** An order from the first active provider that fits. */
interface OpenOrderArgs extends OrderArgs {
  asset: string;
  /** What isn't said, any machine meets. */
  requirements?: Partial<Requirements>;
}

export interface CreateJobArgs extends DirectOrderArgs, OneSpec {}
export interface CreateJobsArgs extends DirectOrderArgs, Specs {}
export interface CreateOpenJobArgs extends OpenOrderArgs, OneSpec {}
export interface CreateOpenJobsArgs extends OpenOrderArgs, Specs {}

export interface OutputArgs {
  exitCode: bigint;
  outputUris: string[];
  /** 0x for none. */
  outputSha256: string;
  outputRoot: string;
  /** Bytes of the pack that `outputRoot` commits to. */
  outputSize: bigint;
}

/** What a settlement takes: the provider's signature, and the buyer's where there is one. */
export type PayableUsage = SignedUsage | CountersignedUsage;

/** A job's newest attestation, or null for "nothing new". */
export type MaybeUsage = SignedUsage | null;
