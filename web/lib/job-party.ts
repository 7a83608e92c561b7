/**
 * What a wallet is to a job, as far as what is private about it goes.
 * It doesn't open anything: the API asks the same at every request.
 */
import type { JobDto } from "@computestream/protocol/api";

export type JobParty = "buyer" | "owner" | "arbiter";

/** `owner`: of the job's machine, or null while nobody has asked. */
export function partyOf(
  job: Pick<JobDto, "buyer" | "case">,
  owner: string | null,
  wallet: string | null,
): JobParty | null {
  if (wallet === null) return null;
  if (wallet === job.buyer) return "buyer";
  if (wallet === owner) return "owner";
  return wallet === job.case?.arbiter ? "arbiter" : null;
}
