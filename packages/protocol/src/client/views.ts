/**
 * The package's view functions: called with JSON, decoded to the camelCase bigint shapes of types.ts.
 * It doesn't know transactions; a missing object is null, a failed read is a `ChainError`.
 */
import { z } from "zod";
import { jobStateName } from "../job-state.ts";
import { normalizeAddress, zAddress, zHex, zU64 } from "../primitives.ts";
import { ChainError, explainFailure } from "./errors.ts";
import { decode, type NodeApi } from "./node.ts";
import type { JobView, MarketParameters, ProviderView, StreamView } from "./types.ts";

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;
type CamelKeys<T> = { [K in keyof T & string as Camel<K>]: T[K] };

function camelKeys<T extends object>(value: T): CamelKeys<T> {
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      field,
    ]),
  ) as CamelKeys<T>;
}

const zState = z
  .number()
  .int()
  .transform((code, ctx) => {
    try {
      return jobStateName(code);
    } catch {
      ctx.addIssue({ code: "custom", message: `unknown job state ${code}` });
      return z.NEVER;
    }
  });

const zParameters = z
  .object({
    fee_bps: zU64,
    treasury: zAddress,
    min_stake: zU64,
    unbonding_secs: zU64,
    accept_window_secs: zU64,
    start_window_secs: zU64,
    stall_after_secs: zU64,
    stall_grace_secs: zU64,
    claim_window_secs: zU64,
    min_duration_secs: zU64,
    max_duration_secs: zU64,
    paused: z.boolean(),
  })
  .transform((view): MarketParameters => camelKeys(view));

const zProviderView = z
  .object({
    provider: zAddress,
    owner: zAddress,
    operator: zAddress,
    attest_key: zHex,
    name: z.string(),
    gpu_model: z.string(),
    gpu_count: zU64,
    vram_gb: zU64,
    cpu_cores: zU64,
    ram_gb: zU64,
    disk_gb: zU64,
    region: z.string(),
    sandbox: z.string(),
    slots: zU64,
    slots_busy: zU64,
    price_per_hour: zU64,
    asset: zAddress,
    stake: zU64,
    unbonding: zU64,
    unlocks_at: zU64,
    available: z.boolean(),
    last_heartbeat_at: zU64,
    registered_at: zU64,
    jobs_completed: zU64,
    jobs_failed: zU64,
    jobs_expired: zU64,
    seconds_served: zU64,
    earned: zU64,
  })
  .transform((view): ProviderView => camelKeys(view));

const zStreamView = z
  .object({
    job: zAddress,
    payer: zAddress,
    payee: zAddress,
    asset: zAddress,
    rate_per_hour: zU64,
    deposited: zU64,
    max_duration_secs: zU64,
    started_at: zU64,
    ended_at: zU64,
    seq: zU64,
    seconds_attested: zU64,
    seconds_billed: zU64,
    paid: zU64,
    fee_paid: zU64,
    fee_bps: zU64,
    balance: zU64,
    last_progress_at: zU64,
    stalled_at: zU64,
    closed: z.boolean(),
  })
  .transform((view): StreamView => camelKeys(view));

const zJobView = z
  .object({
    job: zAddress,
    buyer: zAddress,
    provider: zAddress,
    asset: zAddress,
    image: z.string(),
    job_spec: z.string(),
    terms_hash: zHex,
    rate_per_hour: zU64,
    max_duration_secs: zU64,
    deposit: zU64,
    state: zState,
    outcome: zState,
    created_at: zU64,
    accept_by: zU64,
    start_by: zU64,
    started_at: zU64,
    ended_at: zU64,
    claim_until: zU64,
    exit_code: zU64,
    reason: z.string(),
    output_uris: z.array(z.string()),
    output_sha256: zHex,
    output_root: zHex,
  })
  // Pending (0) is never an outcome: on chain it stands for "none yet".
  .transform(
    ({ job_spec, ...view }): JobView => ({
      ...camelKeys(view),
      spec: job_spec,
      outcome: view.outcome === "Pending" ? null : view.outcome,
    }),
  );

export interface Views {
  parameters(): Promise<MarketParameters>;
  getProvider(address: string): Promise<ProviderView | null>;
  getJob(address: string): Promise<JobView | null>;
  getStream(job: string): Promise<StreamView | null>;
  getStreams(jobs: string[]): Promise<StreamView[]>;
  balance(address: string): Promise<bigint>;
}

export function createViews(options: { node: NodeApi; packageAddress: string; asset: string }): Views {
  const { node, packageAddress, asset } = options;

  async function call<T>(p: {
    function: string;
    typeArguments?: string[];
    arguments: unknown[];
    returns: z.ZodType<T>;
  }): Promise<T> {
    const answer = await node.postJson("/view", {
      function: p.function,
      type_arguments: p.typeArguments ?? [],
      arguments: p.arguments,
    });
    if (!answer.ok) throw new ChainError(explainFailure(packageAddress, answer.failure.message));
    const [value] = decode(z.array(z.unknown()).min(1), answer.body, `view ${p.function}`);
    return decode(p.returns, value, `view ${p.function}`);
  }

  /** `absent` is the abort with which the getter says that there is no such object. */
  async function find<T>(
    name: string,
    address: string,
    returns: z.ZodType<T>,
    absent: string,
  ): Promise<T | null> {
    try {
      return await call({
        function: `${packageAddress}::${name}`,
        arguments: [normalizeAddress(address)],
        returns,
      });
    } catch (error) {
      if (error instanceof ChainError && error.failure.code === absent) return null;
      throw error;
    }
  }

  return {
    parameters: () =>
      call({ function: `${packageAddress}::market::parameters`, arguments: [], returns: zParameters }),
    getProvider: (address) =>
      find("provider_registry::get_provider", address, zProviderView, "E_NO_PROVIDER"),
    getJob: (address) => find("job_registry::get_job", address, zJobView, "E_NO_JOB"),
    getStream: (job) => find("payment_stream::get_stream", job, zStreamView, "E_NO_STREAM"),
    getStreams: (jobs) =>
      call({
        function: `${packageAddress}::payment_stream::get_streams`,
        arguments: [jobs.map(normalizeAddress)],
        returns: z.array(zStreamView),
      }),
    balance: (address) =>
      call({
        function: "0x1::primary_fungible_store::balance",
        typeArguments: ["0x1::fungible_asset::Metadata"],
        arguments: [normalizeAddress(address), asset],
        returns: zU64,
      }),
  };
}
