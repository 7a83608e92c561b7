/**
 * A history before it meets a state: kinds of steps and dice, which shrink to the first and plainest choice.
 * It doesn't know what the dice decide.
 */
import fc from "fast-check";

/** How often each kind is tried. */
const WEIGHTS = {
  proceed: 36,
  attest: 18,
  order: 9,
  order_open: 5,
  batch: 6,
  extend: 4,
  change_rate: 6,
  complete: 9,
  fail: 2,
  cancel: 2,
  terminate: 7,
  confirm: 4,
  confirm_signed: 7,
  flag_stalled: 3,
  expire: 4,
  finalize: 6,
  reclaim: 4,
  contradiction: 2,
  impossible_time: 1,
  overlap: 4,
  challenge: 7,
  answer: 8,
  arbitrate: 6,
  rule: 7,
  resolve: 5,
  provider: 6,
  stake: 6,
  admin: 6,
  issuer: 7,
  quote: 16,
  draw: 8,
  ghost: 1,
} as const;

export type StepKind = keyof typeof WEIGHTS;

export interface Step {
  kind: StepKind;
  dice: number[];
}

export interface History {
  preset: number;
  stage: number;
  steps: Step[];
  /** Whether everything is brought to its end afterwards: 0 for yes. */
  drain: number;
}

const DICE = 10;
const MAX_FACE = 9999;
/** Shrinking goes below it. */
const MIN_STEPS = 1;
const MAX_STEPS = 40;
const DRAIN_EVERY = 5;

const kind = fc.oneof(
  ...(Object.entries(WEIGHTS) as Array<[StepKind, number]>).map(([name, weight]) => ({
    weight,
    arbitrary: fc.constant(name),
  })),
);

const step: fc.Arbitrary<Step> = fc.record(
  // Unbiased: the first runs of fast-check would else throw zeros only.
  {
    kind,
    dice: fc.noBias(fc.array(fc.nat(MAX_FACE), { minLength: DICE, maxLength: DICE })),
  },
  { noNullPrototype: true },
);

export function historyArbitrary({
  presets,
  stages,
}: {
  presets: number;
  stages: number;
}): fc.Arbitrary<History> {
  return fc.record(
    {
      preset: fc.noBias(fc.nat(presets - 1)),
      stage: fc.noBias(fc.nat(stages - 1)),
      steps: fc.noBias(fc.array(step, { minLength: MIN_STEPS, maxLength: MAX_STEPS, size: "max" })),
      drain: fc.noBias(fc.nat(DRAIN_EVERY - 1)),
    },
    { noNullPrototype: true },
  );
}

export interface Dice {
  /** One of 0..sides-1. */
  roll(sides: number): number;
  /** Seldom true for a small `percent`; never for dice that were shrunk to zero. */
  chance(percent: number): boolean;
  pick<T>(items: readonly T[]): T;
}

export function createDice(faces: readonly number[]): Dice {
  let at = 0;
  let rest = faces.reduce((sum, face) => (sum * 31 + face) % 1_000_003, 0);
  function next(): number {
    const face = faces[at++];
    if (face !== undefined) return face;
    rest = (rest * 48_271 + (rest > 0 ? 11 : 0)) % 1_000_003;
    return rest % (MAX_FACE + 1);
  }
  const roll = (sides: number): number => next() % sides;
  return {
    roll,
    chance: (percent) => roll(100) >= 100 - percent,
    pick<T>(items: readonly T[]): T {
      if (items.length === 0) throw new Error("nothing to pick from");
      return items[roll(items.length)] as T;
    },
  };
}
