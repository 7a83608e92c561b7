/**
 * One job's side of the chain: its views, read as seldom as correctness allows, its transactions, its attestations.
 * It doesn't know containers or what comes next.
 */
import { CLOCK_SKEW_SECS, fundedSecs, type SignedUsage } from "@computestream/protocol";
import type { CaseView, JobView, Outcome, StreamView } from "@computestream/protocol/client";
import type { Payload } from "./chain.ts";
import type { NodeContext } from "./context.ts";
import { NodeError } from "./errors.ts";
import { clockAhead } from "./job-parts.ts";
import type { Journal } from "./journal.ts";
import { nextUsage, takenSecs } from "./meter.ts";

export interface JobChain {
  /** The view, at most `reconcileIntervalMs` old and never older than the last `invalidate`. */
  readJob(): Promise<JobView>;
  /** At most a few seconds old; null before the stream opens. */
  readStream(): Promise<StreamView | null>;
  /** The case that the job's view tells of; null when it has been closed meanwhile. */
  readCase(job: JobView): Promise<CaseView | null>;
  invalidate(): void;
  /** Sends and, whatever came of it, has everything read again. */
  transact(kind: string, payload: Payload): Promise<Outcome>;
  /**
   * Journals the next point, then signs it. null while there is nothing new; `force` repeats known seconds. `whole`
   * throws `CLOCK_AHEAD` rather than leave a second out that the chain's clock has yet to reach.
   */
  attest(
    job: JobView,
    ranSecs: bigint,
    options: { logRoot: string; force?: boolean; whole?: boolean },
  ): Promise<SignedUsage | null>;
  /** Whole seconds the container may run, by the stream as last read: it moves when the job is extended or repriced. */
  capSecs(job: JobView): bigint;
  /** True when everything that `ranSecs` can still earn is proven on chain, as last read. */
  isProven(job: JobView, ranSecs: bigint): boolean;
  /** Settles for ourselves when nobody has brought our seconds to the chain for too long. */
  settleWhenIgnored(usage: SignedUsage, nowSecs: bigint): Promise<void>;
}

const STREAM_REFRESH_MS = 5_000;
const SELF_SETTLE_PAUSE_MS = 10_000;
/** Far above what a node signs: one a second, and a few more at an end. */
const SEQS_PER_SEC_MOST = 10n;
const SEQS_AT_ENDS_MOST = 1_000n;

/** Whole seconds the job may ever run here: what was agreed, and what this node takes when it is extended. */
export function mostSecs(job: JobView, maxJobSecs: bigint): bigint {
  return job.maxDurationSecs > maxJobSecs ? job.maxDurationSecs : maxJobSecs;
}

/** Whole seconds that the stream funds, no more than `mostSecs`. */
export function capSecs(job: JobView, stream: StreamView | null, maxJobSecs: bigint): bigint {
  const funded = stream?.fundedSecs ?? fundedSecs(job.deposit, job.ratePerHour, job.maxDurationSecs);
  const most = mostSecs(job, maxJobSecs);
  return funded < most ? funded : most;
}

export function createJobChain(ctx: NodeContext, journal: Journal): JobChain {
  const { client, operator, settings } = ctx;
  const address = journal.job;
  let view: JobView | null = null;
  let viewAt = 0;
  let stream: StreamView | null = null;
  let streamAt = 0;
  let settledAt = 0;
  let openCase: { until: bigint; view: CaseView | null } | null = null;
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
    const begun = epoch;
    stream = await client.getStream(address);
    streamAt = begun === epoch ? Date.now() : 0;
    return stream;
  }

  function invalidate(): void {
    epoch += 1;
    viewAt = 0;
    streamAt = 0;
    openCase = null;
  }

  async function transact(kind: string, payload: Payload): Promise<Outcome> {
    try {
      return await operator.execute(kind, payload, journal);
    } finally {
      invalidate();
    }
  }

  /** As last followed, but read anew before it would cost a second. */
  async function chainNowFor(job: JobView, secs: bigint): Promise<bigint> {
    const known = ctx.chainNow() > job.startedAt ? ctx.chainNow() : job.startedAt;
    const taken = takenSecs(job.startedAt, known);
    if (taken === null || secs <= taken) return known;
    return (await client.ledger()).timestampUsecs / 1_000_000n;
  }

  const cap = (job: JobView) => capSecs(job, stream, ctx.limits.maxJobSecs);

  return {
    readJob,
    readStream,
    invalidate,
    transact,
    capSecs: cap,
    async readCase(job) {
      if (openCase?.until !== job.caseUntil) {
        openCase = { until: job.caseUntil, view: await client.getCase(address) };
      }
      return openCase.view;
    },
    async attest(job, ranSecs, { logRoot, force = false, whole = false }) {
      const known = await readStream();
      const { late, signed } = journal.state;
      const proven = known?.secondsAttested ?? 0n;
      // Of a job that was begun and forgotten more may have been signed than is known here: fewer seconds under a
      // later number, or other ones under the same, are a fault.
      if (late && !signed && ranSecs <= proven) return null;
      const nowSecs = BigInt(Math.floor(Date.now() / 1000));
      const age = nowSecs > job.startedAt ? nowSecs - job.startedAt : 0n;
      const earned = ranSecs < cap(job) ? ranSecs : cap(job);
      const chainNow = await chainNowFor(job, earned);
      const taken = takenSecs(job.startedAt, chainNow) ?? earned;
      if (whole && earned > taken) {
        throw clockAhead(
          `this machine's clock is ${earned - taken + CLOCK_SKEW_SECS} s ahead of the chain's`,
        );
      }
      const point = nextUsage({
        startedAt: job.startedAt,
        endedAt: job.endedAt,
        capSecs: cap(job),
        ranSecs,
        nowSecs,
        chainNow,
        signed,
        chain: { seq: known?.seq ?? 0n, secondsAttested: proven },
        seqFloor: late && !signed ? age * SEQS_PER_SEC_MOST + SEQS_AT_ENDS_MOST : 0n,
      });
      const told = signed?.secondsCum ?? 0n;
      if (point.secondsCum === 0n || (!force && point.secondsCum <= told)) return null;
      await journal.append({ t: "signed", ...point });
      ctx.metrics.attestations.inc();
      const { chainId, packageAddress } = client.deployment;
      const { termsHash } = job;
      return ctx.key.signUsage({ ...point, chainId, packageAddress, job: address, termsHash, logRoot });
    },
    isProven(job, ranSecs) {
      if (!stream) return false;
      const { secondsAttested, sealed } = stream;
      const open = job.endedAt > 0n ? job.endedAt - job.startedAt : ranSecs;
      return sealed || [ranSecs, cap(job), open].some((limit) => secondsAttested >= limit);
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
