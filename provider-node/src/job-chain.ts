/**
 * One job's side of the chain: its views, read as seldom as correctness allows, its transactions, its attestations.
 * It doesn't know containers or what comes next.
 */
import { fundedSecs, type SignedUsage } from "@computestream/protocol";
import type { JobView, Outcome, StreamView } from "@computestream/protocol/client";
import type { Payload } from "./chain.ts";
import type { NodeContext } from "./context.ts";
import { NodeError } from "./errors.ts";
import type { Journal } from "./journal.ts";
import { nextUsage } from "./meter.ts";

export interface JobChain {
  /** The view, at most `reconcileIntervalMs` old and never older than the last `invalidate`. */
  readJob(): Promise<JobView>;
  /** At most a few seconds old; null before the stream opens. */
  readStream(): Promise<StreamView | null>;
  invalidate(): void;
  /** Sends and, whatever came of it, has everything read again. */
  transact(kind: string, payload: Payload): Promise<Outcome>;
  /** Journals the next point, then signs it. null while there is nothing new; `force` repeats known seconds. */
  attest(
    job: JobView,
    ranSecs: bigint,
    options: { logRoot: string; force?: boolean },
  ): Promise<SignedUsage | null>;
  /** True when everything that `ranSecs` can still earn is proven on chain, as last read. */
  isProven(job: JobView, ranSecs: bigint): boolean;
  /** Settles for ourselves when nobody has brought our seconds to the chain for too long. */
  settleWhenIgnored(usage: SignedUsage, nowSecs: bigint): Promise<void>;
}

const STREAM_REFRESH_MS = 5_000;
const SELF_SETTLE_PAUSE_MS = 10_000;

/** Whole seconds that the deposit and the maximum duration allow. */
export function capSecs(job: JobView): bigint {
  return fundedSecs(job.deposit, job.ratePerHour, job.maxDurationSecs);
}

export function createJobChain(ctx: NodeContext, journal: Journal): JobChain {
  const { client, operator, settings } = ctx;
  const address = journal.job;
  let view: JobView | null = null;
  let viewAt = 0;
  let stream: StreamView | null = null;
  let streamAt = 0;
  let settledAt = 0;
  /** Counts invalidations: a reading begun before one is old when it arrives. */
  let epoch = 0;

  async function readJob(): Promise<JobView> {
    if (view && Date.now() - viewAt < settings.reconcileIntervalMs) return view;
    const begun = epoch;
    const read = await client.getJob(address);
    if (!read) {
      throw new NodeError("JOB_UNKNOWN", "the chain doesn't know the job: a lagging node or another chain", {
        retryable: true,
      });
    }
    view = read;
    viewAt = begun === epoch ? Date.now() : 0;
    return read;
  }

  async function readStream(): Promise<StreamView | null> {
    if (stream && Date.now() - streamAt < STREAM_REFRESH_MS) return stream;
    stream = await client.getStream(address);
    streamAt = Date.now();
    return stream;
  }

  function invalidate(): void {
    epoch += 1;
    viewAt = 0;
    streamAt = 0;
  }

  async function transact(kind: string, payload: Payload): Promise<Outcome> {
    try {
      return await operator.execute(kind, payload, journal);
    } finally {
      invalidate();
    }
  }

  return {
    readJob,
    readStream,
    invalidate,
    transact,
    async attest(job, ranSecs, { logRoot, force = false }) {
      const known = await readStream();
      const point = nextUsage({
        startedAt: job.startedAt,
        endedAt: job.endedAt,
        capSecs: capSecs(job),
        ranSecs,
        nowSecs: BigInt(Math.floor(Date.now() / 1000)),
        signed: journal.state.signed,
        chain: { seq: known?.seq ?? 0n, secondsAttested: known?.secondsAttested ?? 0n },
      });
      const told = journal.state.signed?.secondsCum ?? 0n;
      if (point.secondsCum === 0n || (!force && point.secondsCum <= told)) return null;
      await journal.append({ t: "signed", ...point });
      ctx.metrics.attestations.inc();
      const { chainId, packageAddress } = client.deployment;
      const { termsHash } = job;
      return ctx.key.signUsage({ ...point, chainId, packageAddress, job: address, termsHash, logRoot });
    },
    isProven(job, ranSecs) {
      if (!stream) return false;
      const { secondsAttested } = stream;
      const open = job.endedAt > 0n ? job.endedAt - job.startedAt : ranSecs;
      return [ranSecs, capSecs(job), open].some((limit) => secondsAttested >= limit);
    },
    async settleWhenIgnored(usage, nowSecs) {
      if (!stream || Date.now() - settledAt < SELF_SETTLE_PAUSE_MS) return;
      const silent = nowSecs - stream.lastProgressAt > BigInt(settings.selfSettleAfterSecs);
      if (!silent && stream.stalledAt === 0n) return;
      settledAt = Date.now();
      ctx.log.warn({ job: address }, "no progress on chain: settling ourselves");
      await transact("process_payment", client.payloads.processPayment(usage));
    },
  };
}
