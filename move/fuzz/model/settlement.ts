/**
 * Attestations that settle: alone, in batches, and with an ending; and what such a settlement would pay.
 * It doesn't know the job's states, nor who brings an attestation.
 */
import { type Attestation, checkAttestation } from "./attestation.ts";
import { cloneState } from "./clone.ts";
import * as meter from "./meter.ts";
import { accrue, standingOf, streamOf, wallSecs } from "./stream.ts";
import {
  type Address,
  abort,
  type Context,
  emit,
  type Hex,
  type Job,
  ModelAbort,
  max,
  require,
  type Stream,
} from "./types.ts";

/** An ended stream takes proofs until its time is over, a sealed or closed one none. */
export const takesProofs = (stream: Stream, now: bigint): boolean =>
  !stream.sealed && !stream.closed && (stream.proveUntil === 0n || now < stream.proveUntil);

/** What a settlement that proves `attested` seconds would pay, if the escrow can. */
export function quote(stream: Stream, attested: bigint, now: bigint): meter.Due {
  const m = { ...stream.meter, secondsAttested: max(attested, stream.meter.secondsAttested) };
  meter.advance(m, wallSecs(stream, now));
  return meter.collect(m);
}

/** Takes a checked attestation's news. */
function note(ctx: Context, stream: Stream, a: Attestation, confirms: boolean): void {
  const m = stream.meter;
  if (a.secondsCum > m.secondsAttested) {
    stream.stalledAt = 0n;
    stream.lastProgressAt = ctx.state.now;
  }
  stream.seq = a.seq;
  m.secondsAttested = a.secondsCum;
  if (confirms) meter.confirm(m, a.secondsCum);
}

function settle(ctx: Context, job: Job, keeper: Address, a: Attestation, countersignature: Hex): void {
  const stream = streamOf(job);
  require(takesProofs(stream, ctx.state.now), "E_STREAM_CLOSED");
  const confirms = checkAttestation(ctx, job.job, stream, a, countersignature);
  const before = standingOf(stream);
  note(ctx, stream, a, confirms);
  accrue(ctx, job, keeper, before);
}

export function processPayment(
  ctx: Context,
  keeper: Address,
  jobAddress: Address,
  a: Attestation,
  countersignature: Hex,
): void {
  const job = ctx.state.jobs.get(jobAddress);
  settle(ctx, job ?? abort("E_NO_STREAM"), keeper, a, countersignature);
}

export interface BatchEntry {
  job: Address;
  attestation: Attestation;
  countersignature: Hex;
}

/** `codeOf`: the number that the chain gives an abort. */
export function processPayments(
  ctx: Context,
  keeper: Address,
  entries: BatchEntry[],
  codeOf: (name: string) => bigint,
): void {
  for (const { job, attestation, countersignature } of entries) {
    try {
      const alone = { ...ctx, state: cloneState(ctx.state), events: [...ctx.events] };
      processPayment(alone, keeper, job, attestation, countersignature);
      // A skipped entry leaves nothing behind.
      Object.assign(ctx.state, alone.state);
      ctx.events = alone.events;
    } catch (error) {
      if (!(error instanceof ModelAbort)) throw error;
      const code = codeOf(error.codes[0] as string);
      emit(ctx, "stream::SettlementSkipped", { job, keeper, code });
    }
  }
}

/** The attestation that comes with an ending: nothing without a signature or when a newer one is known. */
export function settleLast(ctx: Context, job: Job, keeper: Address, a: Attestation): void {
  if (a.signature === "0x") return;
  try {
    settle(ctx, job, keeper, a, "0x");
  } catch (error) {
    if (error instanceof ModelAbort && error.codes[0] === "E_SEQ_BELOW_WATERMARK") return;
    throw error;
  }
}
