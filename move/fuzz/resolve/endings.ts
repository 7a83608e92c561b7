/**
 * Ends of jobs: by operator, buyer, anyone, in their windows and just outside; then confirming, finalizing, reclaiming.
 * It doesn't know disputes.
 */
import { KEEPERS, STRANGER } from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { isEnded } from "../model/endings.ts";
import { heldBack, isProven } from "../model/stream.ts";
import { type Address, type Job, type Output, STATE } from "../model/types.ts";
import { confirmSigned } from "./agreement.ts";
import { attest, isLive, lastAttestation } from "./attestations.ts";
import {
  around,
  type Intent,
  jobsOf,
  now,
  OUTPUTS,
  pickJob,
  providerOfJob,
  type Scene,
  signer,
} from "./context.ts";
import * as disputes from "./disputes.ts";
import { accept, start } from "./orders.ts";

const anyone = ({ dice }: Scene): Address => dice.pick([KEEPERS[0], KEEPERS[1], STRANGER]);
const operatorOf = (scene: Scene, job: Job): Address => providerOfJob(scene, job)?.operator ?? STRANGER;
const isRunning = (job: Job): boolean => job.state === STATE.running;

function randomOutput(scene: Scene, reason: string): Output {
  const { dice } = scene;
  const known = dice.pick(OUTPUTS);
  const output: Output = {
    exitCode: BigInt(dice.roll(3)),
    reason,
    outputUris: ["ipfs://x"],
    outputSha256: `0x${"ab".repeat(32)}`,
    outputRoot: known.root,
    outputSize: known.size,
  };
  if (!dice.chance(20)) return output;
  return dice.pick<Output>([
    { ...output, outputRoot: "0x", outputSize: 0n, outputUris: [], outputSha256: "0x" },
    { ...output, outputSize: output.outputSize + 16_384n },
    { ...output, outputUris: Array.from({ length: 9 }, () => "u") },
    { ...output, outputUris: ["u".repeat(513)] },
    { ...output, outputSha256: "0xab" },
    { ...output, outputRoot: "0xab" },
    { ...output, outputUris: Array.from({ length: 8 }, () => "u".repeat(512)) },
  ]);
}

/** When a running job ends: soon, or where its time does. */
function endMoment(scene: Scene, job: Job): bigint {
  const { dice, state } = scene;
  const { stream } = job;
  if (!stream || !dice.chance(15)) return state.now + BigInt(dice.pick([0, 3, 1, 40]));
  const at = stream.startedAt + stream.meter.maxDurationSecs + BigInt(dice.pick([0, -1, 1]));
  return at > state.now ? at : state.now;
}

export function complete(scene: Scene): Intent | null {
  const job = pickJob(scene, isRunning);
  if (!job) return null;
  const at = endMoment(scene, job);
  const action: Action = {
    type: "complete",
    who: signer(operatorOf(scene, job), scene),
    job: job.job,
    output: randomOutput(scene, ""),
    attestation: lastAttestation(scene, job, at),
  };
  return { action, at };
}

export function fail(scene: Scene): Intent | null {
  const { dice } = scene;
  const job = pickJob(scene, (j) => j.state === STATE.accepted || isRunning(j));
  if (!job) return null;
  const at = endMoment(scene, job);
  const action: Action = {
    type: "fail",
    who: signer(operatorOf(scene, job), scene),
    job: job.job,
    output: randomOutput(scene, dice.chance(5) ? "r".repeat(1025) : "EXIT_CODE_7"),
    attestation: lastAttestation(scene, job, at),
  };
  return { action, at };
}

export function cancel(scene: Scene): Intent | null {
  const job = pickJob(scene, (j) => j.state === STATE.pending || j.state === STATE.accepted);
  return job && now({ type: "cancel", who: signer(job.terms.buyer, scene), job: job.job }, scene);
}

export function terminate(scene: Scene): Intent | null {
  const job = pickJob(scene, isRunning);
  if (!job) return null;
  const at = endMoment(scene, job);
  const attestation = lastAttestation(scene, job, at);
  return {
    action: { type: "terminate", who: signer(job.terms.buyer, scene), job: job.job, attestation },
    at,
  };
}

export function confirm(scene: Scene, chosen: Job | null = null): Intent | null {
  const job = chosen ?? pickJob(scene, (j) => j.stream !== null && j.state !== STATE.settled);
  if (!job) return null;
  const action: Action = { type: "confirm", who: signer(job.terms.buyer, scene), job: job.job };
  return scene.dice.chance(20) ? around(job.challengeUntil, action, scene) : now(action, scene);
}

const isFlagged = (job: Job): boolean => isRunning(job) && (job.stream?.stalledAt ?? 0n) > 0n;

export function flagStalled(scene: Scene, chosen: Job | null = null): Intent | null {
  const job = chosen ?? pickJob(scene, isRunning);
  if (!job) return null;
  const action: Action = { type: "flag_stalled", who: anyone(scene), job: job.job };
  const { stream, rules } = job;
  return stream ? around(stream.lastProgressAt + rules.stallAfterSecs, action, scene) : now(action, scene);
}

export function expire(scene: Scene, chosen: Job | null = null): Intent | null {
  // Flagged ones first: the next proof takes the flag away.
  const isUrgent = jobsOf(scene).some(isFlagged) && !scene.dice.chance(30);
  const job = chosen ?? pickJob(scene, (j) => isFlagged(j) || (!isUrgent && isLive(j) && !isRunning(j)));
  if (!job) return null;
  const action: Action = { type: "expire", who: anyone(scene), job: job.job };
  const overdue = {
    [String(STATE.pending)]: job.acceptBy,
    [String(STATE.accepted)]: job.startBy,
    [String(STATE.running)]: (job.stream?.stalledAt ?? 0n) + job.rules.stallGraceSecs,
  }[String(job.state)];
  return around(overdue ?? scene.state.now, action, scene);
}

export function finalize(scene: Scene, chosen: Job | null = null): Intent | null {
  const { dice, state } = scene;
  const job = chosen ?? pickJob(scene, isEnded);
  if (!job) return null;
  const asOperator = dice.chance(job.stream && !isProven(job, state.now) ? 45 : 15);
  const who = asOperator ? operatorOf(scene, job) : anyone(scene);
  const action: Action = { type: "finalize", who, job: job.job };
  if (asOperator || dice.chance(20)) return now(action, scene);
  const moment = job.challengeUntil > 0n && !dice.chance(20) ? job.challengeUntil : job.claimUntil;
  return around(moment, action, scene);
}

export function reclaim(scene: Scene): Intent | null {
  const { dice } = scene;
  const job = pickJob(scene, (j) => j.state === STATE.settled);
  if (!job) return null;
  const byBuyer = !dice.chance(35);
  const action: Action = { type: "reclaim", who: byBuyer ? job.terms.buyer : anyone(scene), job: job.job };
  if (job.startedAt === 0n || dice.chance(10)) return now(action, scene);
  return around(job.settledAt + job.rules.reclaimAfterSecs * (byBuyer ? 1n : 2n), action, scene);
}

const deadline = (j: Job): bigint => (j.state === STATE.pending ? j.acceptBy : j.startBy);

/** Whatever job, in whatever state. */
function odd(scene: Scene): Intent | null {
  const job = pickJob(scene, () => true);
  return job && (scene.dice.chance(50) ? start(scene, job) : accept(scene, job));
}

/** A provider with money held back that stops proving, and is expired. */
function fallSilent(scene: Scene, job: Job): Intent | null {
  const { dice } = scene;
  if (isFlagged(job)) return dice.chance(70) ? expire(scene, job) : null;
  return job.stream && heldBack(job) > 0n && dice.chance(10) ? flagStalled(scene, job) : null;
}

/** The next thing that would happen to a job in an ordinary life. */
export function proceed(scene: Scene): Intent | null {
  const { dice } = scene;
  if (jobsOf(scene).some((j) => j.case !== null) && dice.chance(60)) {
    const move = dice.pick([disputes.answer, disputes.rule, disputes.resolveCase, confirmSigned])(scene);
    if (move) return move;
  }
  if (dice.chance(1)) return odd(scene);
  // New jobs first: what waits to be accepted or started is soon too late.
  const isNew = (j: Job): boolean => j.state === STATE.accepted || j.state === STATE.pending;
  const fresh = jobsOf(scene).some(isNew) && !scene.dice.chance(15);
  const job = pickJob(scene, (j) =>
    fresh ? isNew(j) && scene.state.now < deadline(j) : j.state !== STATE.settled,
  );
  if (!job) return null;
  switch (job.state) {
    case STATE.pending:
      return accept(scene, job);
    case STATE.accepted:
      return start(scene, job);
    case STATE.running:
      return fallSilent(scene, job) ?? attest(scene, job);
    case STATE.cancelled:
      return finalize(scene, job);
    case STATE.expired:
      return dice.pick([disputes.arbitrate, confirm, finalize, disputes.challenge])(scene, job);
    case STATE.terminated:
      return isProven(job, scene.state.now)
        ? around(
            heldBack(job) > 0n ? job.challengeUntil : job.claimUntil,
            { type: "finalize", who: anyone(scene), job: job.job },
            scene,
          )
        : attest(scene, job);
    default:
      return null;
  }
}
