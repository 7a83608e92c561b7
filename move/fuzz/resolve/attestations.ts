/**
 * Attestations, honest and not: what a provider signs, what a cheat makes of it, and settlements of them.
 * It doesn't know endings.
 */
import { KEEPERS } from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { type Attestation, MAX_AHEAD_SECS, messageOf, PACKAGE, type Unsigned } from "../model/attestation.ts";
import { usageMessage } from "../model/bcs.ts";
import { type BatchEntry, takesProofs } from "../model/settlement.ts";
import { type Address, type Hex, type Job, MAX_U64, max, STATE, type Stream } from "../model/types.ts";
import { around, type Intent, jobsOf, pickJob, type Scene, signer } from "./context.ts";

export const NOTHING_NEW: Attestation = {
  seq: 0n,
  secondsCum: 0n,
  tLast: 0n,
  logRoot: "0x",
  signature: "0x",
};

const logRoot = (fill: number): Hex => `0x${fill.toString(16).padStart(2, "0").repeat(32)}`;

export function signed(scene: Scene, job: Job, stream: Stream, a: Unsigned): Attestation {
  const { signatures } = scene.memory;
  const message = messageOf(job.job, stream, a);
  return { ...a, signature: signatures.sign(stream.attestKey, message) };
}

function remember(scene: Scene, job: Address, a: Attestation): Attestation {
  const known = scene.memory.attestations.get(job) ?? [];
  scene.memory.attestations.set(job, [...known, a]);
  return a;
}

/** What an honest provider says at `at`: all that ran, or a little less; its clock may be ahead, and stays so. */
function honest(scene: Scene, stream: Stream, at: bigint): Unsigned {
  const { dice } = scene;
  const { secondsAttested } = stream.meter;
  const ahead = dice.chance(10) ? dice.pick([MAX_AHEAD_SECS, 1n, 12n]) : 0n;
  const tLast = max(at + ahead, stream.startedAt + secondsAttested);
  const elapsed = tLast - stream.startedAt;
  const late = BigInt(dice.pick([0, 0, 0, 1, 5]));
  const ran = elapsed - late < secondsAttested ? secondsAttested : elapsed - late;
  const step = BigInt(dice.pick([1, 1, 1, 7]));
  return {
    seq: stream.seq > MAX_U64 - step ? MAX_U64 : stream.seq + step,
    secondsCum: ran,
    tLast,
    logRoot: logRoot(1),
  };
}

/** Genuine bytes that the checks must judge: repeated, older, too early, too long, or from the future. */
function doubtful(scene: Scene, stream: Stream, at: bigint): Unsigned {
  const { dice } = scene;
  const a = honest(scene, stream, at);
  const { secondsAttested } = stream.meter;
  const seq = stream.seq;
  const latest = at + MAX_AHEAD_SECS;
  return dice.pick<Unsigned>([
    { ...a, tLast: at + 1000n, secondsCum: a.secondsCum + 500n },
    { ...a, tLast: latest, secondsCum: latest - stream.startedAt },
    { ...a, tLast: latest + 1n },
    { ...a, seq, secondsCum: secondsAttested },
    { ...a, seq, secondsCum: secondsAttested + 1n },
    { ...a, seq: seq > 0n ? seq - 1n : 0n },
    { ...a, secondsCum: secondsAttested > 0n ? secondsAttested - 1n : 0n },
    { ...a, tLast: stream.startedAt - 1n },
    { ...a, tLast: stream.startedAt - 1n, secondsCum: 0n },
    { ...a, tLast: stream.startedAt + a.secondsCum, secondsCum: a.secondsCum + 1n },
    { ...a, tLast: stream.startedAt + a.secondsCum },
    { ...a, logRoot: "0x00" },
    { ...a, seq: MAX_U64, tLast: MAX_U64, secondsCum: a.secondsCum + 3n },
    { ...a, seq: MAX_U64 },
  ]);
}

/** Signed bytes that aren't what is sent: every field in turn, other keys, other places, broken signatures. */
function forged(scene: Scene, job: Job, stream: Stream, at: bigint): Attestation {
  const { dice, memory } = scene;
  const { signatures } = memory;
  const a = honest(scene, stream, at);
  const genuine = signed(scene, job, stream, a);
  const usage = { chainId: 4, module: PACKAGE, job: job.job, termsHash: stream.termsHash, ...a };
  const over = (message: Hex): Attestation => ({
    ...a,
    signature: signatures.sign(stream.attestKey, message),
  });
  const otherKeys = signatures.keys.filter((key) => key !== stream.attestKey);
  return dice.pick([
    () => ({ ...genuine, seq: genuine.seq ^ 1n }),
    () => ({ ...genuine, secondsCum: genuine.secondsCum + 1n }),
    () => ({ ...genuine, tLast: genuine.tLast + 1n }),
    () => ({ ...genuine, logRoot: logRoot(2) }),
    () => ({ ...a, signature: signatures.sign(dice.pick(otherKeys), usageMessage(usage)) }),
    () => over(usageMessage({ ...usage, chainId: 5 })),
    () => over(usageMessage({ ...usage, module: job.job })),
    () => over(usageMessage({ ...usage, job: PACKAGE })),
    () => over(usageMessage({ ...usage, termsHash: logRoot(9) })),
    () => over(usageMessage(usage, "computestream::usage.v2")),
    () => ({ ...genuine, signature: `0x${genuine.signature.slice(4)}` as Hex }),
    () => ({ ...genuine, signature: `0x${"00".repeat(64)}` as Hex }),
  ])();
}

export interface Attested {
  attestation: Attestation;
  countersignature: Hex;
  forged: boolean;
}

export function attested(scene: Scene, job: Job, stream: Stream, at: bigint): Attested {
  const { dice, memory } = scene;
  const isForged = dice.chance(8);
  const known = memory.attestations.get(job.job) ?? [];
  const attestation = isForged
    ? forged(scene, job, stream, at)
    : known.length > 0 && dice.chance(6)
      ? dice.pick(known)
      : remember(scene, job.job, signed(scene, job, stream, genuine(scene, stream, at)));
  return { attestation, countersignature: countersign(scene, job, stream, attestation), forged: isForged };
}

const genuine = (scene: Scene, stream: Stream, at: bigint): Unsigned =>
  scene.dice.chance(16) ? doubtful(scene, stream, at) : honest(scene, stream, at);

function countersign(scene: Scene, job: Job, stream: Stream, a: Attestation): Hex {
  const { dice, memory } = scene;
  const { signatures } = memory;
  if (dice.chance(3)) return dice.pick<Hex>(["0x00", a.signature, `0x${"01".repeat(64)}`]);
  if (stream.buyerKey === "0x" || !dice.chance(35)) return "0x";
  const message = dice.chance(6)
    ? messageOf(job.job, stream, { ...a, seq: a.seq ^ 1n })
    : messageOf(job.job, stream, a);
  return signatures.sign(stream.buyerKey, message);
}

const takesAttestations =
  ({ state }: Scene) =>
  ({ stream }: Job): boolean =>
    stream !== null && takesProofs(stream, state.now);

function keeper(scene: Scene): Address {
  return scene.dice.chance(30) ? KEEPERS[1] : signer(KEEPERS[0], scene);
}

/** When the next settlement of this stream is interesting. */
function moment(scene: Scene, stream: Stream): bigint {
  const { dice, state } = scene;
  const later = state.now + BigInt(dice.pick([5, 1, 60, 0, 13, 30]));
  if (!dice.chance(stream.endedAt > 0n ? 40 : 12)) return later;
  const { proveUntil, startedAt, meter } = stream;
  const ends = proveUntil > 0n ? proveUntil : startedAt + meter.maxDurationSecs;
  const at = ends + BigInt(dice.pick([0, -1, 1]));
  return at > state.now ? at : later;
}

export function attest(scene: Scene, chosen: Job | null = null): Intent | null {
  const job = chosen ?? pickJob(scene, takesAttestations(scene));
  if (!job) return null;
  const { stream } = job;
  if (!stream) {
    const action: Action = {
      ...{ type: "process_payment", who: keeper(scene), job: job.job },
      ...{ attestation: { ...NOTHING_NEW, logRoot: logRoot(1) }, countersignature: "0x", forged: true },
    };
    return { action, at: scene.state.now };
  }
  const at = moment(scene, stream);
  return {
    action: {
      type: "process_payment",
      who: keeper(scene),
      job: job.job,
      ...attested(scene, job, stream, at),
    },
    at,
  };
}

/** Several streams in one settlement, some of them twice, some entries bad. */
export function batch(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const streams = jobsOf(scene).filter((job) => job.stream !== null);
  const live = streams.filter(takesAttestations(scene));
  if (live.length === 0) return null;
  const at = state.now + BigInt(dice.pick([5, 1, 60, 0]));
  const entries: BatchEntry[] = [];
  const count = 1 + dice.roll(5);
  for (let i = 0; i < count; i++) {
    const job = dice.chance(8) ? dice.pick(jobsOf(scene)) : dice.pick(live);
    const { stream } = job;
    if (!stream) {
      entries.push({
        job: job.job,
        attestation: { ...NOTHING_NEW, logRoot: logRoot(1) },
        countersignature: "0x",
      });
      continue;
    }
    // Later entries of the same stream carry a higher number, so that both count.
    const before = entries.filter((entry) => entry.job === job.job).length;
    const ahead = {
      ...stream,
      seq: stream.seq > MAX_U64 - 100n ? stream.seq : stream.seq + BigInt(before * 10),
    };
    const { attestation, countersignature } = attested(scene, job, ahead, at + BigInt(before));
    entries.push({ job: job.job, attestation, countersignature });
  }
  const withoutCountersignatures = dice.chance(20);
  const action: Action = {
    type: "process_payments",
    who: keeper(scene),
    entries: withoutCountersignatures ? entries.map((e) => ({ ...e, countersignature: "0x" })) : entries,
    withoutCountersignatures,
    isUneven: dice.chance(3),
  };
  return { action, at };
}

/** What comes with an ending: mostly nothing, or the last seconds, now and then nonsense. */
export function lastAttestation(scene: Scene, job: Job, at: bigint): Attestation {
  const { dice } = scene;
  const { stream } = job;
  if (!stream || dice.chance(40)) return NOTHING_NEW;
  return attested(scene, job, stream, at).attestation;
}

const hasStarted = (job: Job): boolean => job.stream !== null;

/** Two signed statements that can't both be true; sometimes they can, or one isn't signed. */
export function contradiction(scene: Scene): Intent | null {
  const { dice, memory } = scene;
  const job = pickJob(scene, (j) => hasStarted(j) && !j.faulted);
  if (!job) return null;
  const { stream } = job;
  const who = dice.pick(KEEPERS);
  if (!stream) {
    const nothing = { ...NOTHING_NEW, logRoot: logRoot(1) };
    return {
      action: { type: "report_contradiction", who, job: job.job, a: nothing, b: nothing },
      at: scene.state.now,
    };
  }
  const known = memory.attestations.get(job.job) ?? [];
  const base: Unsigned = { seq: 5n, secondsCum: 10n, tLast: stream.startedAt + 10n, logRoot: logRoot(1) };
  const a = known.length > 0 && dice.chance(70) ? dice.pick(known) : signed(scene, job, stream, base);
  const b: Attestation = dice.pick([
    () => signed(scene, job, stream, { ...a, secondsCum: a.secondsCum + 1n }),
    () => signed(scene, job, stream, { ...a, tLast: a.tLast ^ 1n }),
    () => signed(scene, job, stream, { ...a, logRoot: logRoot(3) }),
    () =>
      signed(scene, job, stream, { ...a, seq: a.seq > 0n ? a.seq - 1n : 0n, secondsCum: a.secondsCum + 1n }),
    () => signed(scene, job, stream, { ...a, seq: a.seq < MAX_U64 ? a.seq + 1n : 0n }),
    () => a,
    () => ({ ...signed(scene, job, stream, a), secondsCum: a.secondsCum + 1n }),
  ])();
  const [first, second] = dice.chance(50) ? [b, a] : [a, b];
  return {
    action: { type: "report_contradiction", who: signer(who, scene), job: job.job, a: first, b: second },
    at: scene.state.now,
  };
}

export function impossibleTime(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const job = pickJob(scene, (j) => hasStarted(j) && !j.faulted);
  if (!job) return null;
  const { stream } = job;
  const base: Unsigned = {
    seq: 1n,
    secondsCum: 10n,
    tLast: (stream?.startedAt ?? state.now) + 9n,
    logRoot: logRoot(1),
  };
  const lie: Unsigned = dice.pick([
    base,
    { ...base, tLast: base.tLast - 10n, secondsCum: 1n },
    { ...base, tLast: base.tLast + 1n },
    { ...base, tLast: base.tLast - 10n, secondsCum: 0n },
    // Evidence may be of the future.
    { ...base, tLast: state.now + 1000n },
    { ...base, tLast: state.now + 1000n, secondsCum: MAX_U64 },
  ]);
  const attestation = stream
    ? signed(scene, job, stream, lie)
    : { ...lie, signature: `0x${"00".repeat(64)}` as Hex };
  const bad = dice.chance(8) ? { ...attestation, seq: attestation.seq + 1n } : attestation;
  return around(
    state.now,
    { type: "report_impossible_time", who: signer(KEEPERS[0], scene), job: job.job, attestation: bad },
    scene,
  );
}

export const isLive = (job: Job): boolean =>
  job.state === STATE.pending || job.state === STATE.accepted || job.state === STATE.running;
