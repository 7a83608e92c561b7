/**
 * What the chain says about jobs, providers and time, remembered for moments.
 * It doesn't decide anything: a caller whose action moves money asks the chain itself.
 */
import {
  type ChainClient,
  ChainError,
  type JobView,
  type ProviderView,
  type StreamView,
} from "@computestream/protocol/client";
import { UnavailableError } from "../errors.ts";
import { createBatchReader } from "./batch-reader.ts";

type Reader = Pick<ChainClient, "getJobs" | "getProvider" | "getStreams" | "ledger">;

export interface JobFacts {
  job: JobView;
  /** null before the stream opens. */
  stream: StreamFacts | null;
}

export interface StreamFacts {
  /** Ed25519 key, 32 bytes as hex, that was copied into the stream when it opened. */
  attestKey: string;
  /** What is proven on chain already. */
  seq: bigint;
  secondsCum: bigint;
  /** No attestation counts any more, whatever the time: sealed or closed. */
  isFinal: boolean;
  /** From here on, by the chain's clock, no attestation counts either; 0 while the job runs. */
  proveUntil: bigint;
}

export interface ChainViews {
  /** null when the chain has no such job. Throws `UnavailableError` when the node can't be read. */
  job(address: string): Promise<JobView | null>;
  /** What is remembered, however old; null when nothing is. */
  knownJob(address: string): JobView | null;
  /** Like `job`, never older than `maxAgeMs`. */
  freshJob(address: string, maxAgeMs: number): Promise<JobView | null>;
  provider(address: string): Promise<ProviderView | null>;
  jobFacts(address: string): Promise<JobFacts | null>;
  /** The same without asking; undefined when that takes a question. */
  knownFacts(address: string): JobFacts | null | undefined;
  /** What others have read of the chain or heard of in its events keeps what is known here current. */
  noteStreams(streams: Iterable<StreamView>): void;
  noteJobs(jobs: Iterable<JobView>): void;
  /** A stream as the chain told it at most `maxAgeMs` ago, without asking; null when it must be read. */
  recentStream(job: string, maxAgeMs: number): { view: StreamView; ageMs: number } | null;
  /** The next question about the job is asked of the chain. */
  forget(job: string): void;
  /** Unix seconds: the later of this machine's clock and the chain's. */
  nowSecs(): bigint;
  /** Unix seconds of the chain's clock when it was last read, 0 before: it never runs ahead of the chain. */
  chainSecs(): bigint;
  /** Reads the chain's clock; its timestamp in unix seconds. */
  refreshClock(): Promise<bigint>;
}

const PROVIDER_TTL_MS = 5_000;
/** What changes of a running job but its settlements, the settler sees: this only bounds how long it may be missed. */
const RUNNING_TTL_MS = 120_000;
const OTHER_TTL_MS = 500;
const CACHE_MAX = 50_000;
/** Addresses in one view call. */
const JOBS_AT_ONCE = 50;
const STREAMS_AT_ONCE = 100;

export function createChainViews(client: Reader, clock: () => number = Date.now): ChainViews {
  const readJob = createBatchReader(
    (addresses) => client.getJobs(addresses),
    (view) => view.job,
    JOBS_AT_ONCE,
  );
  const readStream = createBatchReader(
    (addresses) => client.getStreams(addresses),
    (view) => view.job,
    STREAMS_AT_ONCE,
  );
  const jobs = createCache<JobView>(
    readJob,
    // A running job's facts change once, at its end, which the settler notes; before and after, states move.
    (view) => (view?.state === "Running" ? RUNNING_TTL_MS : OTHER_TTL_MS),
    clock,
  );
  const providers = createCache<ProviderView>(
    (address) => client.getProvider(address),
    (view) => (view ? PROVIDER_TTL_MS : OTHER_TTL_MS),
    clock,
  );
  const streams = createCache<{ view: StreamView; facts: StreamFacts }>(
    async (address) => {
      const view = await readStream(address);
      return view && { view, facts: factsOf(view) };
    },
    (stream) => (stream ? RUNNING_TTL_MS : OTHER_TTL_MS),
    clock,
  );
  let chainAheadMs = 0;
  let chainSecs = 0n;

  return {
    job: (address) => jobs.get(address),
    knownJob: (address) => jobs.peek(address),
    freshJob: (address, maxAgeMs) => jobs.get(address, maxAgeMs),
    provider: (address) => providers.get(address),
    async jobFacts(address) {
      const job = await jobs.get(address);
      if (!job) return null;
      return { job, stream: job.startedAt === 0n ? null : ((await streams.get(address))?.facts ?? null) };
    },
    knownFacts(address) {
      const job = jobs.fresh(address);
      if (!job) return job;
      const stream = job.startedAt === 0n ? null : streams.fresh(address);
      return stream === undefined ? undefined : { job, stream: stream?.facts ?? null };
    },
    noteStreams(seen) {
      for (const stream of seen) {
        // Reads and events cross on their way: what is proven doesn't go back, and what is final stays it.
        if (isBehind(stream, streams.peek(stream.job)?.facts)) continue;
        streams.set(stream.job, { view: stream, facts: factsOf(stream) });
        if (stream.endedAt > 0n || stream.closed) jobs.forgetIf(stream.job, (job) => job.state === "Running");
      }
    },
    noteJobs(seen) {
      for (const job of seen) {
        // A read of another moment doesn't replace what counts here, nor say that a stream runs which has ended since.
        const hasEnded = (streams.peek(job.job)?.view.endedAt ?? 0n) > 0n;
        if (!jobs.fresh(job.job) && !(hasEnded && job.state === "Running")) jobs.set(job.job, job);
      }
    },
    recentStream(job, maxAgeMs) {
      const entry = streams.entry(job);
      return entry?.value && entry.ageMs < maxAgeMs ? { view: entry.value.view, ageMs: entry.ageMs } : null;
    },
    forget(job) {
      jobs.forgetIf(job, () => true);
      streams.forgetIf(job, () => true);
    },
    nowSecs: () => BigInt(Math.floor((clock() + chainAheadMs) / 1000)),
    async refreshClock() {
      const { timestampUsecs } = await readChain(() => client.ledger());
      chainAheadMs = Math.max(0, Number(timestampUsecs / 1000n) - clock());
      chainSecs = timestampUsecs / 1_000_000n;
      return chainSecs;
    },
    chainSecs: () => chainSecs,
  };
}

function factsOf(stream: StreamView): StreamFacts {
  const { attestKey, seq, secondsAttested, sealed, closed, proveUntil } = stream;
  return { attestKey, seq, secondsCum: secondsAttested, isFinal: sealed || closed, proveUntil };
}

function isBehind(stream: StreamView, known: StreamFacts | undefined): boolean {
  if (!known) return false;
  if (stream.seq < known.seq || (known.proveUntil > 0n && stream.proveUntil === 0n)) return true;
  return known.isFinal && !(stream.sealed || stream.closed);
}

/** Once more after a failure that may pass, such as a kept-alive connection that the node has just closed. */
async function readChain<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read().catch((error: unknown) => {
      if (error instanceof ChainError && error.retryable) return read();
      throw error;
    });
  } catch (error) {
    throw new UnavailableError("CHAIN_UNAVAILABLE", "The chain's node can't be read; try again.", error);
  }
}

/** One read at a time for each address; a failed read is not remembered. */
function createCache<T>(
  read: (address: string) => Promise<T | null>,
  ttlMs: (value: T | null) => number,
  clock: () => number,
) {
  const entries = new Map<string, { value: T | null; readAt: number }>();
  const pending = new Map<string, Promise<T | null>>();
  const set = (address: string, value: T | null): void => {
    if (!entries.has(address) && entries.size >= CACHE_MAX)
      entries.delete(entries.keys().next().value as string);
    entries.set(address, { value, readAt: clock() });
  };
  return {
    set,
    /** undefined when it must be read. */
    fresh(address: string): T | null | undefined {
      const entry = entries.get(address);
      return entry && clock() - entry.readAt < ttlMs(entry.value) ? entry.value : undefined;
    },
    peek: (address: string): T | null => entries.get(address)?.value ?? null,
    entry(address: string): { value: T | null; ageMs: number } | null {
      const entry = entries.get(address);
      return entry ? { value: entry.value, ageMs: clock() - entry.readAt } : null;
    },
    forgetIf(address: string, test: (value: T) => boolean): void {
      const entry = entries.get(address);
      if (entry?.value && test(entry.value)) entries.delete(address);
    },
    get(address: string, maxAgeMs = Number.POSITIVE_INFINITY): Promise<T | null> {
      const entry = entries.get(address);
      if (entry && clock() - entry.readAt < Math.min(ttlMs(entry.value), maxAgeMs))
        return Promise.resolve(entry.value);
      const running = pending.get(address);
      if (running) return running;
      const started = readChain(() => read(address))
        .then((value) => {
          set(address, value);
          return value;
        })
        .finally(() => pending.delete(address));
      pending.set(address, started);
      return started;
    },
  };
}
