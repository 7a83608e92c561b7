/**
 * Takes buyers' countersignatures in: chain facts and the signature of the job's buyer key.
 * It doesn't bring them to the chain.
 */
import type { Countersignature } from "@computestream/protocol";
import { isWaiting } from "@computestream/protocol";
import { verifyEd25519 } from "../chain/ed25519.ts";
import type { ChainViews } from "../chain/views.ts";
import type { ConfirmationStore } from "../store/confirmations.ts";
import { checkRange, type Rejection } from "./rules.ts";
import { createUsageEncoder } from "./usage-bytes.ts";

export interface CountersignatureIntake {
  /** null = taken, or one for as many seconds is known. Throws `UnavailableError`. */
  take(confirmation: Countersignature): Promise<Rejection | null>;
}

export function createCountersignatureIntake(options: {
  chainId: number;
  packageAddress: string;
  views: Pick<ChainViews, "job">;
  store: Pick<ConfirmationStore, "put">;
}): CountersignatureIntake {
  const { views, store } = options;
  const encode = createUsageEncoder(options);
  return {
    async take(confirmation) {
      const usage = { ...confirmation, signature: "0x" };
      const outOfRange = checkRange(usage);
      if (outOfRange) return outOfRange;
      const job = await views.job(confirmation.job);
      if (!job) return { code: "JOB_UNKNOWN", message: "The chain has no such job." };
      if (job.buyerKey === "0x") {
        return { code: "NO_BUYER_KEY", message: "The job was ordered without a key that countersigns." };
      }
      if (job.startedAt === 0n || !(job.state === "Running" || isWaiting(job.state))) {
        return {
          code: "JOB_NOT_RUNNING",
          message: `The job is ${job.state}; nothing of it can be confirmed.`,
        };
      }
      if (!(await verifyEd25519(encode(usage, job.termsHash), confirmation.countersignature, job.buyerKey))) {
        return {
          code: "BAD_COUNTERSIGNATURE",
          message: "The signature is not that of the job's buyer key for this chain, package and usage.",
        };
      }
      await store.put(confirmation);
      return null;
    },
  };
}
