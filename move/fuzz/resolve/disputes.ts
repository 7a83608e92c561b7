/**
 * Cases of buyers and the answers to them, rulings, defaults, and reports of shared devices.
 * It doesn't know attestations.
 */
import { ARBITER, KEEPERS, STRANGER } from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { isEnded } from "../model/endings.ts";
import { CHUNK_BYTES, chunkCount, treeProof } from "../model/merkle.ts";
import { heldBack, isProven } from "../model/stream.ts";
import { ARBITRATION, type Hex, type Job, OUTPUT_CHALLENGE } from "../model/types.ts";
import {
  around,
  FALSE_NODE,
  type Intent,
  jobsOf,
  now,
  OUTPUTS,
  pickJob,
  type Scene,
  signer,
} from "./context.ts";

const holdsMoney = (job: Job): boolean =>
  isEnded(job) && job.stream !== null && heldBack(job) > 0n && job.case === null;

/** In the window, mostly: from the last provable second to the end of the challenge window. */
function opening(scene: Scene, job: Job, action: Action): Intent {
  const { dice, state } = scene;
  if (isEnded(job) && job.stream && !isProven(job, state.now)) return around(job.claimUntil, action, scene);
  if (dice.chance(20)) return around(job.challengeUntil, action, scene);
  return { action, at: state.now };
}

export function challenge(scene: Scene, chosen: Job | null = null): Intent | null {
  const { dice } = scene;
  const job = chosen ?? pickJob(scene, holdsMoney);
  if (!job) return null;
  const count = Number(chunkCount(job.output.outputSize));
  const chunkIndex = BigInt(dice.chance(5) ? count : dice.roll(Math.max(1, count)));
  const who = signer(job.terms.buyer, scene);
  return opening(scene, job, { type: "challenge_output", who, job: job.job, chunkIndex });
}

export function answer(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const isOpen = (j: Job): boolean => j.case?.kind === OUTPUT_CHALLENGE && state.now < j.case.deadline;
  const job = pickJob(scene, isOpen);
  if (!job) return null;
  const index = Number(job.case?.chunkIndex ?? 0n);
  const { outputRoot, outputSize } = job.output;
  const known = OUTPUTS.find(({ root, size }) => root === outputRoot && size === outputSize);
  const chunks = known?.chunks ?? [];
  const right: Hex = chunks[index] ?? `0x${"00".repeat(100)}`;
  const proof = chunks.length > 0 && index < chunks.length ? treeProof(chunks, index) : [];
  const flipped: Hex = `0x${right.startsWith("0x01") ? "ff" : "01"}${right.slice(4)}`;
  const wrong = dice.pick<[Hex, Hex[]]>([
    [flipped, proof],
    [right, proof.slice(1)],
    [right, [...proof, `0x${"11".repeat(32)}`]],
    [right, proof.map(() => `0x${"22".repeat(32)}`)],
    [`${right}00`, proof],
    ["0x", proof],
    [`0x${"03".repeat(Number(CHUNK_BYTES))}`, proof],
    [right, proof.map((node) => `${node}00`)],
    [right, []],
    [right, [...proof, FALSE_NODE]],
  ]);
  const [chunk, path] = dice.chance(45) ? wrong : [right, proof];
  const who = signer(dice.pick([KEEPERS[0], STRANGER]), scene);
  const action: Action = { type: "answer_challenge", who, job: job.job, chunk, proof: path };
  return job.case && dice.chance(20)
    ? around(job.case.deadline, action, scene)
    : { action, at: state.now + 1n };
}

export function arbitrate(scene: Scene, chosen: Job | null = null): Intent | null {
  const { dice } = scene;
  const job = chosen ?? pickJob(scene, holdsMoney);
  if (!job) return null;
  const reason = dice.chance(6) ? dice.pick(["", "r".repeat(1025)]) : "wrong result";
  const action: Action = {
    type: "open_arbitration",
    who: signer(job.terms.buyer, scene),
    job: job.job,
    reason,
  };
  return opening(scene, job, action);
}

export function rule(scene: Scene): Intent | null {
  const { dice } = scene;
  const job = pickJob(scene, (j) => j.case?.kind === ARBITRATION);
  if (!job) return null;
  const held = job.stream ? heldBack(job) : 0n;
  const award = dice.pick([held, 0n, held / 2n, held > 0n ? held - 1n : 0n, held + 1n]);
  const action: Action = {
    type: "rule",
    who: signer(job.rules?.arbiter ?? ARBITER, scene),
    job: job.job,
    award,
  };
  return job.case && dice.chance(20) ? around(job.case.deadline, action, scene) : now(action, scene);
}

export function resolveCase(scene: Scene): Intent | null {
  const job = pickJob(scene, (j) => j.case !== null);
  if (!job) return null;
  const who = scene.dice.pick([STRANGER, KEEPERS[1], job.terms.buyer]);
  const action: Action = { type: "resolve", who, job: job.job };
  return around(job.case?.deadline ?? scene.state.now, action, scene);
}

export function overlap(scene: Scene): Intent | null {
  const { dice } = scene;
  const started = jobsOf(scene).filter((job) => job.startedAt > 0n);
  const ran = (a: Job, b: Job): boolean => b.endedAt === 0n || a.startedAt < b.endedAt;
  const share = (a: Job, b: Job): boolean =>
    a.terms.provider !== b.terms.provider &&
    a.devices.some((device) => b.devices.includes(device)) &&
    ran(a, b) &&
    ran(b, a);
  const pairs = started.flatMap((a) => started.filter((b) => share(a, b)).map((b): [Job, Job] => [a, b]));
  const any = jobsOf(scene);
  if (any.length === 0) return null;
  const [job, other] =
    pairs.length > 0 && !dice.chance(10)
      ? dice.pick(pairs)
      : ([dice.pick(any), dice.pick(any)] as [Job, Job]);
  const [first, second] = job.startedAt >= other.startedAt || dice.chance(15) ? [job, other] : [other, job];
  const action: Action = { type: "report_device_overlap", who: STRANGER, job: first.job, other: second.job };
  return { action, at: scene.state.now + BigInt(dice.roll(3)) };
}
