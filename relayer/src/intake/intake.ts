/**
 * Takes attestations in: chain facts, rules, signature, newest-wins. The same for sockets and HTTP.
 * It doesn't settle and doesn't know who is connected.
 */
import { encodeUsage, type SignedUsage } from "@computestream/protocol";
import { verifyEd25519 } from "../chain/ed25519.ts";
import type { ChainViews, JobFacts } from "../chain/views.ts";
import type { AttestationStore, PutResult } from "../store/attestations.ts";
import { checkJob, checkRange, checkUsage, type Rejection, type UsageFacts } from "./rules.ts";

export interface Intake {
  /** null = taken (or known already); else why not. Throws `UnavailableError`. `sender` null = not told. */
  take(usage: SignedUsage, sender: string | null): Promise<Rejection | null>;
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

export function createIntake(options: {
  chainId: number;
  packageAddress: string;
  views: Pick<ChainViews, "jobFacts" | "nowSecs" | "chainSecs">;
  store: Pick<AttestationStore, "put">;
  onRejected?: (rejection: Rejection) => void;
  onAccepted?: () => void;
}): Intake {
  const { chainId, packageAddress, views, store } = options;

  async function judge(usage: SignedUsage, sender: string | null): Promise<Rejection | null> {
    const outOfRange = checkRange(usage);
    if (outOfRange) return outOfRange;
    const found = await views.jobFacts(usage.job);
    const facts = found && factsOf(found, views.chainSecs());
    const wrongJob = checkJob(facts, sender);
    if (wrongJob || !found || !facts) return wrongJob;
    const message = encodeUsage({ ...usage, chainId, packageAddress, termsHash: found.job.termsHash });
    if (!(await verifyEd25519(message, usage.signature, found.stream?.attestKey ?? ""))) {
      return {
        code: "BAD_SIGNATURE",
        message: "The signature is not the provider's for this chain, package and job.",
      };
    }
    return checkUsage(usage, facts, views.nowSecs()) ?? PUT_REJECTIONS[await store.put(usage)];
  }

  return {
    async take(usage, sender) {
      const rejection = await judge(usage, sender);
      if (rejection) options.onRejected?.(rejection);
      else options.onAccepted?.();
      return rejection;
    },
  };
}

function factsOf({ job, stream }: JobFacts, chainSecs: bigint): UsageFacts {
  const { provider, state, startedAt } = job;
  const isOver = stream !== null && stream.proveUntil > 0n && chainSecs >= stream.proveUntil;
  return { provider, state, startedAt, watermark: stream, isFinal: isOver || (stream?.isFinal ?? false) };
}
