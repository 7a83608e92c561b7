/**
 * The structs that the package's views return, decoded from JSON to the shapes of view-types.ts.
 * It doesn't know which view returns which.
 */
import { z } from "zod";
import { caseKindName } from "../dispute.ts";
import { jobStateName } from "../job-state.ts";
import { zAddress, zHex, zU64, zU128 } from "../primitives.ts";
import { providerStatusName } from "../provider-status.ts";
import { zJobRules, zMachine, zOutput, zParameters, zTerms, zU8 } from "../structs.ts";
import type {
  CaseView,
  JobView,
  MarketParameters,
  ProviderView,
  RecordView,
  StakeView,
  StreamView,
} from "./view-types.ts";

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;
type CamelKeys<T> = { [K in keyof T & string as Camel<K>]: T[K] };

const camelNames = new Map<string, string>();

/** Only names of the schemas here come, so it is remembered for good. */
function camelName(name: string): string {
  const known = camelNames.get(name);
  if (known !== undefined) return known;
  const camel = name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  camelNames.set(name, camel);
  return camel;
}

function camelKeys<T extends object>(value: T): CamelKeys<T> {
  const camel: Record<string, unknown> = {};
  for (const name of Object.keys(value)) camel[camelName(name)] = value[name as keyof T];
  return camel as CamelKeys<T>;
}

/** A number on chain as its name here; an unknown number is another version of the modules. */
function zNamed<T extends string>(nameOf: (code: number) => T) {
  return zU8.transform((code, ctx) => {
    try {
      return nameOf(code);
    } catch (error) {
      ctx.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });
}

export const zParametersView = zParameters.transform((view): MarketParameters => camelKeys(view));

const record = {
  jobs_completed: zU64,
  jobs_failed: zU64,
  jobs_expired: zU64,
  faults: zU64,
  seconds_served: zU64,
  earned: zU64,
  score: zU64,
};

const stake = { asset: zAddress, staked: zU64, unbonding: zU64, unlocks_at: zU64 };

export const zStakeView = z
  .object({ provider: zAddress, ...stake })
  .transform((view): StakeView => camelKeys(view));

export const zRecordView = z
  .object({ provider: zAddress, ...record })
  .transform((view): RecordView => camelKeys(view));

export const zProviderView = z
  .object({
    provider: zAddress,
    owner: zAddress,
    operator: zAddress,
    attest_key: zHex,
    machine: zMachine,
    devices: z.array(zHex),
    slots: zU64,
    slots_busy: zU64,
    gpus_busy: zU64,
    price_per_hour: zU64,
    gpu_price_per_hour: zU64,
    ...stake,
    status: zNamed(providerStatusName),
    last_heartbeat_at: zU64,
    registered_at: zU64,
    bound_stake: zU64,
    liable_until: zU64,
    ...record,
  })
  .transform(
    ({ machine, gpus_busy, ...view }): ProviderView => ({
      ...camelKeys(machine),
      ...camelKeys(view),
      gpusBusyMask: gpus_busy,
    }),
  );

export const zStreamView = z
  .object({
    job: zAddress,
    payer: zAddress,
    payee: zAddress,
    asset: zAddress,
    attest_key: zHex,
    rate_per_hour: zU64,
    deposited: zU64,
    max_duration_secs: zU64,
    funded_secs: zU64,
    holdback_secs: zU64,
    held_rate_per_hour: zU64,
    started_at: zU64,
    ended_at: zU64,
    prove_until: zU64,
    seq: zU64,
    seconds_attested: zU64,
    seconds_confirmed: zU64,
    seconds_billed: zU64,
    acc: zU128,
    earned: zU64,
    paid: zU64,
    fee_paid: zU64,
    keeper_paid: zU64,
    fee_bps: zU64,
    keeper_share_bps: zU64,
    balance: zU64,
    last_progress_at: zU64,
    stalled_at: zU64,
    sealed: z.boolean(),
    closed: z.boolean(),
  })
  .transform((view): StreamView => camelKeys(view));

export const zJobView = z
  .object({
    job: zAddress,
    terms: zTerms,
    is_open: z.boolean(),
    terms_hash: zHex,
    rules: zJobRules,
    state: zNamed(jobStateName),
    outcome: zNamed(jobStateName),
    gpu_mask: zU64,
    devices: z.array(zHex),
    created_at: zU64,
    accept_by: zU64,
    start_by: zU64,
    started_at: zU64,
    ended_at: zU64,
    claim_until: zU64,
    challenge_until: zU64,
    settled_at: zU64,
    case_until: zU64,
    faulted: z.boolean(),
    output: zOutput,
  })
  .transform(({ terms, rules, output, ...view }): JobView => {
    const { job_spec, requirements, ...rest } = terms;
    const { gpus, ...machine } = requirements;
    return {
      ...camelKeys(rest),
      spec: job_spec,
      gpus,
      requirements: camelKeys(machine),
      rules: camelKeys(rules),
      ...camelKeys(output),
      ...camelKeys(view),
      // Pending (0) is never an outcome: on chain it stands for "none yet".
      outcome: view.outcome === "Pending" ? null : view.outcome,
    };
  });

export const zCaseView = z
  .object({
    job: zAddress,
    kind: zNamed(caseKindName),
    buyer: zAddress,
    bond: zU64,
    deadline: zU64,
    chunk_index: zU64,
    reason: z.string(),
    default_award: zU64,
    opened_at: zU64,
  })
  .transform((view): CaseView => camelKeys(view));
