/**
 * A settlement applied to a job's numbers, for lists that get ticks but not whole jobs.
 * It doesn't know sockets; an older tick than the numbers changes nothing.
 */
import type { JobDto, TickDto } from "@computestream/protocol/api";
import { feeOf, heldSecs, maxCost } from "@computestream/protocol/money";

export function applyTick(job: JobDto, tick: TickDto): JobDto {
  const paid = BigInt(tick.paid);
  if (tick.job !== job.job || paid < BigInt(job.paidToProvider) + BigInt(job.fees)) return job;
  // The cumulative fee is a function of the cumulative gross amount, so a missed tick does no harm.
  const fees = feeOf(paid, BigInt(job.feeBps));
  const secondsBilled = Math.max(job.secondsBilled, tick.secondsBilled);
  const secondsConfirmed = Math.max(job.secondsConfirmed, tick.secondsConfirmed);
  return {
    ...job,
    secondsAttested: Math.max(job.secondsAttested, tick.secondsAttested),
    secondsConfirmed,
    secondsBilled,
    paidToProvider: (paid - fees).toString(),
    fees: fees.toString(),
    balance: tick.balance,
    held: heldAfter({ ...job, secondsBilled, secondsConfirmed }).toString(),
  };
}

/** To the base unit while the rate hasn't changed; whole jobs, which lists ask for again, are exact. */
function heldAfter(job: JobDto): bigint {
  const secs = heldSecs({
    holdbackSecs: BigInt(job.holdbackSecs),
    secondsBilled: BigInt(job.secondsBilled),
    secondsConfirmed: BigInt(job.secondsConfirmed),
  });
  return maxCost(BigInt(job.ratePerHour), secs);
}

/** Ticks by their place on chain, each once, oldest first. */
export function mergeTicks(known: readonly TickDto[], more: readonly TickDto[]): TickDto[] {
  const last = known.at(-1);
  if (more.length === 1 && more[0] && (!last || isAfter(more[0], last))) return [...known, more[0]];
  const byPlace = new Map([...known, ...more].map((tick) => [`${tick.version}:${tick.index}`, tick]));
  return [...byPlace.values()].sort((a, b) => (isAfter(a, b) ? 1 : -1));
}

function isAfter(a: TickDto, b: TickDto): boolean {
  const [va, vb] = [BigInt(a.version), BigInt(b.version)];
  return va === vb ? a.index > b.index : va > vb;
}
