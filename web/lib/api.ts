/**
 * Every HTTP request the site makes: the indexer's read API, the relayer's job status, the faucet, output downloads.
 * It doesn't know React or the chain; answers are parsed against the shared contract.
 */
import {
  type HealthDto,
  type JobDto,
  type JobEventDto,
  type LedgerEntryDto,
  type ProviderAnswer,
  type ProviderDto,
  type PublicConfig,
  type StatsDto,
  type TickDto,
  type WalletDto,
  zApiError,
  zHealth,
  zJob,
  zJobEvent,
  zLedgerEntry,
  zPage,
  zProvider,
  zProviderAnswer,
  zStats,
  zTick,
  zWallet,
} from "@computestream/protocol/api";
import { z } from "zod";
import type { NodeStatus } from "./stages.ts";

const TIMEOUT_MS = 10_000;

/** A request that didn't give what was asked for; `message` is a sentence with the remedy. */
export class ApiError extends Error {
  readonly code: string;
  /** 0 when no answer came. */
  readonly status: number;
  constructor(code: string, message: string, status: number, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
  }
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export type Query = Record<string, string | number | boolean | null | undefined>;

/** A signed attestation as JSON, as it goes on chain with a termination. */
const zAttestation = z.object({
  job: z.string(),
  seq: z.string().transform(BigInt),
  secondsCum: z.string().transform(BigInt),
  tLast: z.string().transform(BigInt),
  logRoot: z.string(),
  signature: z.string(),
});
export type Attestation = z.output<typeof zAttestation>;

/** The part of `zJobStatus` that is shown; declared here to keep the hub's signing code out of the bundle. */
const zNodeStatus = z.object({
  phase: z.enum(["pulling", "creating", "running", "packing", "uploading", "completing", "done", "failed"]),
  percent: z.number().optional(),
  detail: z.string().optional(),
  containerId: z.string().optional(),
  imageDigest: z.string().optional(),
  at: z.number(),
});
export type NodeStatusDto = z.output<typeof zNodeStatus> & NodeStatus;

export interface Api {
  health(signal?: AbortSignal): Promise<HealthDto>;
  stats(signal?: AbortSignal): Promise<StatsDto>;
  providers(query: Query, signal?: AbortSignal): Promise<Page<ProviderDto>>;
  /** null when there is no such provider. */
  provider(address: string, signal?: AbortSignal): Promise<ProviderAnswer | null>;
  jobs(query: Query, signal?: AbortSignal): Promise<Page<JobDto>>;
  job(address: string, signal?: AbortSignal): Promise<JobDto | null>;
  streams(query: Query, signal?: AbortSignal): Promise<Page<JobDto>>;
  ticks(job: string, query: Query, signal?: AbortSignal): Promise<Page<TickDto>>;
  events(job: string, query: Query, signal?: AbortSignal): Promise<Page<JobEventDto>>;
  /** What the market holds for a wallet; one without anything has it too. */
  wallet(address: string, signal?: AbortSignal): Promise<WalletDto>;
  ledger(address: string, query: Query, signal?: AbortSignal): Promise<Page<LedgerEntryDto>>;
  /** The whole ledger as a file. */
  ledgerCsvUrl(address: string): string;
  /** The node's last word on a job, or null before the first. */
  jobStatus(job: string, signal?: AbortSignal): Promise<NodeStatusDto | null>;
  /** The newest attestation the relayer holds, or null: then a termination proves nothing new. */
  newestAttestation(job: string, signal?: AbortSignal): Promise<Attestation | null>;
  /** Asks the faucet for test money; returns the hashes of its transactions. */
  fund(address: string, amount: bigint): Promise<string[]>;
  /** An output file; `onProgress` gets received and, if told, total bytes. */
  download(
    url: string,
    onProgress: (received: number, total: number | null) => void,
    signal?: AbortSignal,
  ): Promise<Uint8Array>;
}

export function createApi(
  config: Pick<PublicConfig, "indexerUrl" | "relayerUrl" | "faucetUrl">,
  fetcher: typeof fetch = (...args) => fetch(...args),
): Api {
  const indexer = <T>(path: string, schema: z.ZodType<T>, query: Query = {}, signal?: AbortSignal) =>
    getJson(fetcher, "indexer", `${config.indexerUrl}/api/v1${path}${search(query)}`, schema, signal);
  const relayer = <T>(path: string, schema: z.ZodType<T>, signal?: AbortSignal) =>
    getJson(fetcher, "relayer", `${config.relayerUrl}/api/v1${path}`, schema, signal);
  return {
    health: (signal) => indexer("/health", zHealth, {}, signal),
    stats: (signal) => indexer("/stats", zStats, {}, signal),
    providers: (query, signal) => indexer("/providers", zPage(zProvider), query, signal),
    provider: (address, signal) => orNull(indexer(`/providers/${address}`, zProviderAnswer, {}, signal)),
    jobs: (query, signal) => indexer("/jobs", zPage(zJob), query, signal),
    job: (address, signal) => orNull(indexer(`/jobs/${address}`, zJob, {}, signal)),
    streams: (query, signal) => indexer("/streams", zPage(zJob), query, signal),
    ticks: (job, query, signal) => indexer(`/jobs/${job}/ticks`, zPage(zTick), query, signal),
    events: (job, query, signal) => indexer(`/jobs/${job}/events`, zPage(zJobEvent), query, signal),
    wallet: (address, signal) => indexer(`/wallets/${address}`, zWallet, {}, signal),
    ledger: (address, query, signal) =>
      indexer(`/wallets/${address}/ledger`, zPage(zLedgerEntry), query, signal),
    ledgerCsvUrl: (address) => `${config.indexerUrl}/api/v1/wallets/${address}/ledger?format=csv&limit=5000`,
    jobStatus: (job, signal) => orNull(relayer(`/jobs/${job}/status`, zNodeStatus, signal)),
    newestAttestation: (job, signal) => orNull(relayer(`/jobs/${job}/attestation`, zAttestation, signal)),
    async fund(address, amount) {
      if (!config.faucetUrl) throw new ApiError("NO_FAUCET", "This network has no faucet.", 0);
      const response = await request(fetcher, "faucet", `${config.faucetUrl}/fund`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ address, amount: Number(amount) }),
      });
      const body = await parse("faucet", response, z.object({ txn_hashes: z.array(z.string()) }));
      return body.txn_hashes;
    },
    async download(url, onProgress, signal) {
      const response = await request(fetcher, "output store", url, signal ? { signal } : {}, null);
      return readAll(response, onProgress);
    },
  };
}

/** Follows the cursor to the end, at most `maxPages` pages. */
export async function allPages<T>(
  load: (cursor: string | undefined) => Promise<Page<T>>,
  maxPages: number,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < maxPages; page++) {
    const next = await load(cursor);
    items.push(...next.items);
    if (!next.nextCursor) break;
    cursor = next.nextCursor;
  }
  return items;
}

/** With its question mark; nothing for no parameters. */
export function search(query: Query): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") params.set(key, String(value));
  }
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

async function orNull<T>(request: Promise<T>): Promise<T | null> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

async function getJson<T>(
  fetcher: typeof fetch,
  service: string,
  url: string,
  schema: z.ZodType<T>,
  signal?: AbortSignal,
): Promise<T> {
  return parse(service, await request(fetcher, service, url, signal ? { signal } : {}), schema);
}

async function request(
  fetcher: typeof fetch,
  service: string,
  url: string,
  init: RequestInit,
  timeoutMs: number | null = TIMEOUT_MS,
): Promise<Response> {
  const signals = [init.signal, timeoutMs === null ? null : AbortSignal.timeout(timeoutMs)];
  let response: Response;
  try {
    response = await fetcher(url, { ...init, signal: AbortSignal.any(signals.filter((s) => s != null)) });
  } catch (cause) {
    if (init.signal?.aborted) throw cause;
    throw new ApiError(
      "UNREACHABLE",
      `The ${service} doesn't answer. Nothing is lost: money and jobs live on chain. Trying again helps once it is back.`,
      0,
      { cause },
    );
  }
  if (response.ok) return response;
  const told = zApiError.safeParse(await response.json().catch(() => null));
  throw new ApiError(
    told.success ? told.data.error.code : `HTTP_${response.status}`,
    told.success
      ? told.data.error.message
      : `The ${service} answered ${response.status}. Try again in a moment.`,
    response.status,
  );
}

async function parse<T>(service: string, response: Response, schema: z.ZodType<T>): Promise<T> {
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new ApiError(
    "UNEXPECTED_ANSWER",
    `The ${service} answered in a form this page doesn't know. Reload the page; if it stays, the two are of different versions.`,
    response.status,
    { cause: parsed.error },
  );
}

async function readAll(
  response: Response,
  onProgress: (received: number, total: number | null) => void,
): Promise<Uint8Array> {
  const length = Number(response.headers.get("content-length"));
  const total = Number.isFinite(length) && length > 0 ? length : null;
  const chunks: Uint8Array[] = [];
  let received = 0;
  const reader = response.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    received += value.length;
    onProgress(received, total);
  }
  const bytes = new Uint8Array(received);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
