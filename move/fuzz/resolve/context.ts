/**
 * What a step is resolved against: the model's state, the keys, and what was signed and published so far.
 * It doesn't decide anything.
 */
import { EVERYBODY } from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { type Attestation, PACKAGE } from "../model/attestation.ts";
import { joinNodes, treeRoot } from "../model/merkle.ts";
import type { Address, Hex, Job, Provider, State } from "../model/types.ts";
import type { Signatures } from "../signatures.ts";
import type { Dice } from "../steps.ts";

/** What the world remembers beside the model's state. */
export interface Memory {
  signatures: Signatures;
  assets: Address[];
  /** Genuine attestations by job, in the order in which they were made. */
  attestations: Map<Address, Attestation[]>;
  primaryStore(asset: Address, owner: Address): Address;
}

export interface Scene {
  state: State;
  memory: Memory;
  dice: Dice;
}

export interface Intent {
  action: Action;
  /** When it happens; not before the state's time. */
  at: bigint;
}

export const now = (action: Action, scene: Scene): Intent => ({ action, at: scene.state.now });

/** At a moment that matters, one second before it, or one after; never in the past. */
export function around(moment: bigint, action: Action, scene: Scene): Intent {
  const { state, dice } = scene;
  const at = moment + BigInt(dice.pick([0, 0, 0, 1, -1, 7]));
  return { action, at: at > state.now ? at : state.now };
}

/** The right signer nearly always. */
export function signer(right: Address, { dice }: Scene): Address {
  return dice.chance(7) ? dice.pick(EVERYBODY) : right;
}

/** Whoever published the package nearly half of the time: it could have kept something back. */
export const thief = ({ dice }: Scene): Address => (dice.chance(45) ? PACKAGE : dice.pick(EVERYBODY));

export const jobsOf = (scene: Scene): Job[] => [...scene.state.jobs.values()];
export const providersOf = (scene: Scene): Provider[] => [...scene.state.providers.values()];

/** One for which `fits`, sometimes any, null when there is none. */
export function pickJob(scene: Scene, fits: (job: Job) => boolean): Job | null {
  const all = jobsOf(scene);
  const fitting = all.filter(fits);
  const pool = scene.dice.chance(fitting.length === 0 ? 8 : 4) ? all : fitting;
  return pool.length === 0 ? null : scene.dice.pick(pool);
}

export const providerOfJob = (scene: Scene, job: Job): Provider | null =>
  scene.state.providers.get(job.terms.provider) ?? null;

const chunk = (bytes: number, fill: number): Hex => `0x${Buffer.alloc(bytes, fill).toString("hex")}`;

export interface KnownOutput {
  root: Hex;
  size: bigint;
  chunks: Hex[];
}

function output(sizes: number[]): KnownOutput {
  const chunks = sizes.map((size, i) => chunk(size, i + 1));
  return { root: treeRoot(chunks), size: BigInt(sizes.reduce((a, b) => a + b, 0)), chunks };
}

/** What a false proof may lead through. */
export const FALSE_NODE: Hex = `0x${"33".repeat(32)}`;
const small = output([100]);
const whole = output([16_384]);
export const THREE_CHUNKS = output([16_384, 16_384, 5]);
/** Roots of taller trees than the size says, to either side, and of a lower one. */
export const FALSE_ROOTS: KnownOutput[] = [
  { ...small, root: joinNodes(FALSE_NODE, small.root) },
  { ...small, root: joinNodes(small.root, FALSE_NODE) },
  { ...THREE_CHUNKS, root: joinNodes(THREE_CHUNKS.root, FALSE_NODE) },
  { ...THREE_CHUNKS, root: whole.root },
];

/** One small chunk; three, the last of them short; exactly one; nothing; and the false ones. */
export const OUTPUTS: KnownOutput[] = [small, THREE_CHUNKS, whole, output([]), ...FALSE_ROOTS];
