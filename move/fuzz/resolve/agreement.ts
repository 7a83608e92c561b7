/**
 * What the buyer's key signs apart from settlements: old statements brought late, its own ones, and false ones.
 * It doesn't know what was proven.
 */
import { EVERYBODY, KEEPERS, PROVIDER_KEYS, STRANGER } from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { messageOf, type Unsigned } from "../model/attestation.ts";
import { heldBack } from "../model/stream.ts";
import { type Hex, type Job, MAX_U64, STATE, type Stream } from "../model/types.ts";
import { around, type Intent, jobsOf, now, pickJob, type Scene } from "./context.ts";

const LOG_ROOT: Hex = `0x${"01".repeat(32)}`;

const hasKey = ({ stream, state }: Job): boolean =>
  stream !== null && stream.buyerKey !== "0x" && state !== STATE.settled;

/** What the provider once said, or what only the buyer says. */
function statement({ dice, memory, state }: Scene, { job, stream }: Job): Unsigned {
  const known = memory.attestations.get(job) ?? [];
  if (known.length > 0 && !dice.chance(30)) {
    const { seq, secondsCum, tLast, logRoot } = dice.pick(known);
    return { seq, secondsCum, tLast, logRoot };
  }
  const billed = stream?.meter.secondsBilled ?? 0n;
  const own: Unsigned = { seq: 1n, secondsCum: billed, tLast: state.now, logRoot: LOG_ROOT };
  return dice.pick([
    { ...own, secondsCum: billed / 2n },
    own,
    { ...own, secondsCum: billed > 0n ? billed - 1n : 0n },
    { ...own, secondsCum: billed + 1n },
    { ...own, secondsCum: MAX_U64, seq: MAX_U64, tLast: MAX_U64 },
    { ...own, secondsCum: 0n, seq: 0n, tLast: 0n },
    { ...own, logRoot: "0x" },
  ]);
}

/** Another key's, over another statement, or none at all. */
function falselySigned({ dice, memory }: Scene, job: Job, stream: Stream, a: Unsigned): Hex {
  const { keys, sign } = memory.signatures;
  const others = keys.filter((key) => key !== stream.buyerKey);
  const right = keys.includes(stream.buyerKey) ? stream.buyerKey : (keys[PROVIDER_KEYS] as Hex);
  const over = (key: Hex, said: Unsigned): Hex => sign(key, messageOf(job.job, stream, said));
  return dice.pick([
    () => over(stream.attestKey, a),
    () => over(dice.pick(others), a),
    () => over(right, { ...a, seq: a.seq ^ 1n }),
    () => over(right, { ...a, secondsCum: a.secondsCum ^ 1n }),
    () => over(right, { ...a, tLast: a.tLast ^ 1n }),
    () => over(right, { ...a, logRoot: `0x${"05".repeat(32)}` }),
    (): Hex => "0x",
    (): Hex => `0x${over(right, a).slice(4)}`,
    (): Hex => `0x${"00".repeat(64)}`,
  ])();
}

export function confirmSigned(scene: Scene): Intent | null {
  const { dice, memory } = scene;
  const all = jobsOf(scene);
  const contested = all.filter((job) => hasKey(job) && job.case !== null);
  const waiting = all.filter((job) => hasKey(job) && job.endedAt > 0n && heldBack(job) > 0n);
  const urgent = dice.chance(40) ? contested : waiting;
  const job = urgent.length > 0 && dice.chance(60) ? dice.pick(urgent) : pickJob(scene, hasKey);
  if (!job) return null;
  const { stream } = job;
  const said = statement(scene, job);
  const isForged = stream === null || stream.buyerKey === "0x" || dice.chance(12);
  const countersignature: Hex =
    stream === null
      ? `0x${"00".repeat(64)}`
      : isForged
        ? falselySigned(scene, job, stream, said)
        : memory.signatures.sign(stream.buyerKey, messageOf(job.job, stream, said));
  const who = dice.chance(15) ? dice.pick(EVERYBODY) : dice.pick([KEEPERS[0], STRANGER, KEEPERS[1]]);
  const common = { type: "confirm_signed", who, job: job.job } as const;
  const action: Action = { ...common, statement: said, countersignature, forged: isForged };
  const moment = job.case?.deadline ?? job.challengeUntil;
  return dice.chance(15) ? around(moment, action, scene) : now(action, scene);
}
