/**
 * The package's view functions: called with JSON, decoded to the camelCase bigint shapes of view-types.ts.
 * It doesn't know transactions; a missing object is null, a failed read is a `ChainError`.
 */
import { z } from "zod";
import { list, MISFIT, quickly } from "../field-readers.ts";
import { NO_ADDRESS, normalizeAddress, zAddress, zU64 } from "../primitives.ts";
import { ChainError, explainFailure } from "./errors.ts";
import { decode, type NodeApi } from "./node.ts";
import { readJobView, readStreamView } from "./view-readers.ts";
import {
  zCaseView,
  zJobView,
  zParametersView,
  zProviderView,
  zRecordView,
  zStakeView,
  zStreamView,
} from "./view-schemas.ts";
import type {
  CaseView,
  JobView,
  MarketParameters,
  ProviderView,
  RecordView,
  StakeView,
  StreamView,
} from "./view-types.ts";

/** A getter answers null when there is no such object and throws when the node can't be read: never take one for the other. */
export interface Views {
  parameters(): Promise<MarketParameters>;
  admin(): Promise<string>;
  /** Metadata addresses of the assets that new providers may take. */
  assets(): Promise<string[]>;
  getProvider(address: string): Promise<ProviderView | null>;
  /** In the order of registration; `limit` is at most 100. */
  listProviders(offset: bigint, limit: bigint): Promise<ProviderView[]>;
  providerCount(): Promise<bigint>;
  /** Jobs that are accepted or running on a provider. */
  activeJobs(provider: string): Promise<string[]>;
  getStake(provider: string): Promise<StakeView | null>;
  getRecord(provider: string): Promise<RecordView | null>;
  getJob(address: string): Promise<JobView | null>;
  /** In the order asked, without those that don't exist. */
  getJobs(jobs: string[]): Promise<JobView[]>;
  getStream(job: string): Promise<StreamView | null>;
  getStreams(jobs: string[]): Promise<StreamView[]>;
  /** What a settlement would pay at `now` (unix seconds) with `secondsAttested` proven, gross and its fee. */
  quoteSettlement(
    job: string,
    secondsAttested: bigint,
    now: bigint,
  ): Promise<{ amount: bigint; fee: bigint } | null>;
  /** The case open on a job. */
  getCase(job: string): Promise<CaseView | null>;
  /** Of any fungible asset. */
  assetMetadata(asset: string): Promise<{ symbol: string; decimals: number }>;
  /** The job that a quote's money became; null of an unused or refunded quote. */
  jobOfQuote(quote: string): Promise<string | null>;
  /** Spendable balance of the market's asset in base units. */
  balance(address: string): Promise<bigint>;
}

export function createViews(options: { node: NodeApi; packageAddress: string; asset: string }): Views {
  const { node, packageAddress, asset } = options;

  /** All that a view returns: most return one value. */
  async function callAll<T>(p: {
    function: string;
    typeArguments?: string[];
    arguments: unknown[];
    returns: z.ZodType<T>;
    /** The same in a fraction of the time, as far as it goes. */
    read?: (body: unknown) => T;
  }): Promise<T> {
    const answer = await node.postJson("/view", {
      function: p.function,
      type_arguments: p.typeArguments ?? [],
      arguments: p.arguments,
    });
    if (!answer.ok) throw new ChainError(explainFailure(packageAddress, answer.failure.message));
    const { read } = p;
    const value = read && quickly(() => read(answer.body));
    return value ?? decode(p.returns, answer.body, `view ${p.function}`);
  }

  async function call<T>(name: string, args: unknown[], returns: z.ZodType<T>): Promise<T> {
    const [value] = await callAll({
      function: `${packageAddress}::${name}`,
      arguments: args,
      returns: z.tuple([returns]),
    });
    return value;
  }

  async function callMany<T>(
    name: string,
    addresses: string[],
    readOne: (value: unknown) => T,
    returns: z.ZodType<T>,
  ): Promise<T[]> {
    const [values] = await callAll({
      function: `${packageAddress}::${name}`,
      arguments: [addresses.map(normalizeAddress)],
      returns: z.tuple([z.array(returns)]),
      read: (body): [T[]] => {
        const [one, ...others] = list(body, (value) => list(value, readOne));
        if (!one || others.length > 0) throw MISFIT;
        return [one];
      },
    });
    return values;
  }

  /** `absent` is the abort with which the getter says that there is no such object. */
  async function orNull<T>(read: Promise<T>, absent: string): Promise<T | null> {
    try {
      return await read;
    } catch (error) {
      if (error instanceof ChainError && error.failure.code === absent) return null;
      throw error;
    }
  }

  const find = <T>(name: string, address: string, returns: z.ZodType<T>, absent: string) =>
    orNull(call(name, [normalizeAddress(address)], returns), absent);

  return {
    parameters: () => call("market::parameters", [], zParametersView),
    admin: () => call("market::admin", [], zAddress),
    assets: () => call("market::assets", [], z.array(zAddress)),
    getProvider: (address) =>
      find("provider_registry::get_provider", address, zProviderView, "E_NO_PROVIDER"),
    listProviders: (offset, limit) =>
      call("provider_registry::list_providers", [`${offset}`, `${limit}`], z.array(zProviderView)),
    providerCount: () => call("provider_registry::provider_count", [], zU64),
    activeJobs: (provider) =>
      call("provider_registry::active_jobs", [normalizeAddress(provider)], z.array(zAddress)),
    getStake: (provider) => find("stake::get_stake", provider, zStakeView, "E_NO_STAKE"),
    getRecord: (provider) => find("reputation::get_record", provider, zRecordView, "E_NO_RECORD"),
    getJob: (address) => find("job_registry::get_job", address, zJobView, "E_NO_JOB"),
    getJobs: (jobs) => callMany("job_registry::get_jobs", jobs, readJobView, zJobView),
    getStream: (job) => find("payment_stream::get_stream", job, zStreamView, "E_NO_STREAM"),
    getStreams: (jobs) => callMany("payment_stream::get_streams", jobs, readStreamView, zStreamView),
    quoteSettlement: (job, secondsAttested, now) =>
      orNull(
        callAll({
          function: `${packageAddress}::payment_stream::quote_settlement`,
          arguments: [normalizeAddress(job), `${secondsAttested}`, `${now}`],
          returns: z.tuple([zU64, zU64]),
        }).then(([amount, fee]) => ({ amount, fee })),
        "E_NO_STREAM",
      ),
    getCase: (job) => find("dispute::get_case", job, zCaseView, "E_NO_CASE"),
    assetMetadata: async (address) => {
      const ask = <T>(name: string, returns: z.ZodType<T>) =>
        callAll({
          function: `0x1::fungible_asset::${name}`,
          typeArguments: ["0x1::fungible_asset::Metadata"],
          arguments: [normalizeAddress(address)],
          returns: z.tuple([returns]),
        });
      const [[symbol], [decimals]] = await Promise.all([
        ask("symbol", z.string()),
        ask("decimals", z.number().int().min(0).max(255)),
      ]);
      return { symbol, decimals };
    },
    jobOfQuote: async (quote) => {
      const job = await call("job_quotes::job_of", [normalizeAddress(quote)], zAddress);
      return job === NO_ADDRESS ? null : job;
    },
    balance: async (address) => {
      const [balance] = await callAll({
        function: "0x1::primary_fungible_store::balance",
        typeArguments: ["0x1::fungible_asset::Metadata"],
        arguments: [normalizeAddress(address), asset],
        returns: z.tuple([zU64]),
      });
      return balance;
    },
  };
}
