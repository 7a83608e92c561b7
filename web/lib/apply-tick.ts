/**
 * A settlement applied to a job's numbers, for lists that get ticks but not whole jobs.
 * It doesn't know sockets; an older tick than the numbers changes nothing.
 */
import type { JobDto, TickDto } from "@computestream/protocol/api";
import { earnedOf, feeOf } from "@computestream/protocol/money";

export function applyTick(job: JobDto, tick: TickDto): JobDto {
  // A settled job's numbers are final: what it earned needn't be what was awarded.
  if (tick.job !== job.job || job.state === "Settled") return job;
  const [paid, acc] = [BigInt(tick.paid), BigInt(tick.acc)];
  // Neither ever falls, so an older tick has less of one of them.
  if (paid < BigInt(job.paidToProvider) + BigInt(job.fees) || acc < BigInt(job.acc)) return job;
  // The cumulative fee is a function of the cumulative gross amount, so a missed tick does no harm.
  const fees = feeOf(paid, BigInt(job.feeBps));
  return {
    ...job,
    secondsAttested: Math.max(job.secondsAttested, tick.secondsAttested),
    secondsConfirmed: Math.max(job.secondsConfirmed, tick.secondsConfirmed),
    secondsBilled: Math.max(job.secondsBilled, tick.secondsBilled),
    paidToProvider: (paid - fees).toString(),
    fees: fees.toString(),
    balance: tick.balance,
    acc: tick.acc,
    held: (earnedOf(acc) - paid).toString(),
  };
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
