/**
 * Takes attestations in: chain facts, rules, signature, newest-wins. The same for sockets and HTTP.
 * It doesn't settle and doesn't know who is connected.
 */
import type { SignedUsage } from "@computestream/protocol";
import { verifyEd25519 } from "../chain/ed25519.ts";
import type { ChainViews, JobFacts } from "../chain/views.ts";
import { messageOf, UnavailableError } from "../errors.ts";
import type { AttestationStore, PutResult } from "../store/attestations.ts";
import { createCandidates, type Offer } from "./candidates.ts";
import { createParked } from "./parked.ts";
import { checkJob, checkRange, checkUsage, type Rejection, type UsageFacts } from "./rules.ts";
import { createUsageEncoder } from "./usage-bytes.ts";

export interface Intake {
  /** null = taken (or known already); else why not. Throws `UnavailableError`. `sender` null = not told. */
  take(usage: SignedUsage, sender: string | null): Promise<Rejection | null>;
  /**
   * Takes it in its turn; `answer` is called once it is decided, never when a newer one of the job came before its turn.
   * Nothing is returned when it waits or is refused; a promise of that, which may fail with `UnavailableError`, when the
   * sender has told more jobs that aren't known than there is room for.
   */
  offer(usage: SignedUsage, sender: string, answer: Offer["answer"]): Promise<void> | void;
  /**
   * Takes in what waits of these jobs now; tells what the store holds as the newest of a job since, where that is sure.
   * Throws `UnavailableError`.
   */
  freshen(jobs: string[]): Promise<Map<string, SignedUsage>>;
  /** Jobs with an attestation that waits: for its turn, or for the chain to tell whose it is. */
  readonly waiting: number;
  close(): void;
}

const PUT_REJECTIONS: Record<PutResult, Rejection | null> = {
  stored: null,
  repeat: null,
  stale: { code: "SEQ_STALE", message: "A newer attestation of this job is known." },
  equivocation: {
    code: "EQUIVOCATION",
    message: "Another attestation with this seq is known; both are kept as evidence.",
  },
  went_back: {
    code: "SECONDS_WENT_BACK",
    message: "An older seq attested more seconds; both are kept as evidence.",
  },
};
const TOO_MANY: Rejection = {
  code: "TOO_MANY_WAITING",
  message: "Attestations of this job that contradict each other wait to be verified; send the newest again.",
};

/** Jobs verified together: their signatures on the thread pool side by side, one round trip to the store. */
const JOBS_AT_ONCE = 64;
const BATCHES_AT_ONCE = 2;
const LOOK_MS = 50;
const RETRY_MS = 250;

export function createIntake(options: {
  chainId: number;
  packageAddress: string;
  views: Pick<ChainViews, "jobFacts" | "knownFacts" | "nowSecs" | "chainSecs">;
  store: Pick<AttestationStore, "putMany">;
  /** Jobs that have their turn each second when more than that attest. */
  jobsPerSec?: number;
  onRejected?: (rejection: Rejection) => void;
  onAccepted?: (usage: SignedUsage, provider: string) => void;
  /** A contradiction was kept as evidence. */
  onEvidence?: (job: string) => void;
  onError?: (reason: string) => void;
}): Intake {
  const { views, store } = options;
  const encode = createUsageEncoder(options);
  const candidates = createCandidates({ jobsPerSec: options.jobsPerSec ?? 2_000 });
  let batches = 0;
  let closed = false;
  let scheduled = false;
  let pausedUntilMs = 0;

  const parked = createParked<JobFacts | null>({
    ask: (job) => views.jobFacts(job),
    onFacts: (offer, found) => enqueue(offer, judgeFacts(found, offer.sender)),
    onError: (error) => options.onError?.(messageOf(error)),
  });

  type Checked = { rejection: Rejection } | { found: JobFacts; facts: UsageFacts };

  /** What is wrong with it whatever its signature; null when the chain must be asked. */
  function precheckKnown(usage: SignedUsage, sender: string | null): Checked | null {
    const outOfRange = checkRange(usage);
    if (outOfRange) return { rejection: outOfRange };
    const known = views.knownFacts(usage.job);
    return known === undefined ? null : judgeFacts(known, sender);
  }

  const precheckAsking = async (usage: SignedUsage, sender: string | null): Promise<Checked> =>
    judgeFacts(await views.jobFacts(usage.job), sender);

  function judgeFacts(found: JobFacts | null, sender: string | null): Checked {
    const facts = found && factsOf(found, views.chainSecs());
    const rejection = checkJob(facts, sender);
    if (rejection) return { rejection };
    if (!found || !facts) throw new Error("a job without facts has passed");
    return { found, facts };
  }

  function enqueue(offer: Offer, checked: Checked): void {
    let rejection = "rejection" in checked ? checked.rejection : null;
    if (!rejection && !candidates.add(offer, performance.now())) rejection = TOO_MANY;
    if (rejection) refuse(offer, rejection);
    else schedule();
  }

  function refuse(offer: Offer, rejection: Rejection): void {
    options.onRejected?.(rejection);
    offer.answer(rejection);
  }

  async function verify(usage: SignedUsage, sender: string | null): Promise<Rejection | JobFacts> {
    const checked = precheckKnown(usage, sender) ?? (await precheckAsking(usage, sender));
    if ("rejection" in checked) return checked.rejection;
    const { found, facts } = checked;
    const message = encode(usage, found.job.termsHash);
    if (!(await verifyEd25519(message, usage.signature, found.stream?.attestKey ?? ""))) {
      return {
        code: "BAD_SIGNATURE",
        message: "The signature is not the provider's for this chain, package and job.",
      };
    }
    return checkUsage(usage, facts, views.nowSecs()) ?? found;
  }

  /** In order within a job. Throws `UnavailableError`, before anything was answered. */
  async function judge(
    offers: Array<{ usage: SignedUsage; sender: string | null }>,
  ): Promise<Array<Rejection | null>> {
    const verdicts = await Promise.all(offers.map(({ usage, sender }) => verify(usage, sender)));
    const good = offers.flatMap(({ usage }, index) => ("job" in (verdicts[index] as object) ? [usage] : []));
    const results = good.length > 0 ? await store.putMany(good) : [];
    let at = 0;
    return offers.map(({ usage }, index) => {
      const verdict = verdicts[index] as Rejection | JobFacts;
      if (!("job" in verdict)) {
        options.onRejected?.(verdict);
        return verdict;
      }
      const result = results[at++] as PutResult;
      const rejection = PUT_REJECTIONS[result];
      if (rejection) options.onRejected?.(rejection);
      else options.onAccepted?.(usage, verdict.job.provider);
      if (result === "equivocation" || result === "went_back") options.onEvidence?.(usage.job);
      return rejection;
    });
  }

  async function handle(offers: Offer[]): Promise<Map<string, SignedUsage>> {
    if (offers.length === 0) return new Map();
    let rejections: Array<Rejection | null>;
    try {
      rejections = await judge(offers);
    } catch (error) {
      if (error instanceof UnavailableError) candidates.putBack(offers, performance.now());
      throw error;
    }
    for (const [index, { answer }] of offers.entries()) answer(rejections[index] ?? null);
    return surelyNewest(offers, rejections);
  }

  function pump(): void {
    scheduled = false;
    const now = performance.now();
    while (!closed && batches < BATCHES_AT_ONCE && now >= pausedUntilMs) {
      const offers = candidates.take(JOBS_AT_ONCE, now);
      if (offers.length === 0) break;
      batches += 1;
      handle(offers)
        .catch((error: unknown) => {
          pausedUntilMs = performance.now() + RETRY_MS;
          options.onError?.(messageOf(error));
        })
        .finally(() => {
          batches -= 1;
          schedule();
        });
    }
  }

  function schedule(): void {
    if (scheduled || closed) return;
    scheduled = true;
    setImmediate(pump);
  }

  const timer = setInterval(() => {
    if (candidates.size > 0) schedule();
  }, LOOK_MS);
  timer.unref();

  return {
    get waiting() {
      return candidates.size + parked.size;
    },
    async take(usage, sender) {
      const [rejection] = await judge([{ usage, sender }]);
      return rejection ?? null;
    },
    offer(usage, sender, answer) {
      const offer = { usage, sender, answer };
      // Behind one that waits already, so that an older one never comes after it.
      const isBehind = parked.size > 0 && parked.has(usage.job, sender);
      const checked = precheckKnown(usage, sender);
      // Thousands come each second, of jobs that are known: none of them waits a turn of the event loop.
      if (checked && !isBehind) return enqueue(offer, checked);
      if (checked && "rejection" in checked) return refuse(offer, checked.rejection);
      const place = parked.add(offer);
      if (place === "too_many") return refuse(offer, TOO_MANY);
      if (place === "full") return precheckAsking(usage, sender).then((late) => enqueue(offer, late));
    },
    freshen: (jobs) => handle(candidates.takeOf(jobs, performance.now())),
    close() {
      closed = true;
      clearInterval(timer);
      parked.close();
    },
  };
}

/** Of a job with a rejected one the store may hold another. */
function surelyNewest(offers: Offer[], rejections: Array<Rejection | null>): Map<string, SignedUsage> {
  const newest = new Map<string, SignedUsage>();
  for (const { usage } of offers) newest.set(usage.job, usage);
  for (const [index, { usage }] of offers.entries()) if (rejections[index]) newest.delete(usage.job);
  return newest;
}

function factsOf({ job, stream }: JobFacts, chainSecs: bigint): UsageFacts {
  const { provider, state, startedAt } = job;
  const isOver = stream !== null && stream.proveUntil > 0n && chainSecs >= stream.proveUntil;
  return { provider, state, startedAt, watermark: stream, isFinal: isOver || (stream?.isFinal ?? false) };
}
