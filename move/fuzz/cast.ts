/**
 * Who takes part in the histories, and the markets they meet in.
 * It doesn't know what they do there.
 */
import type { Action } from "./model/actions.ts";
import { PACKAGE } from "./model/attestation.ts";
import type { Registration } from "./model/providers.ts";
import type { Address, Hex } from "./model/types.ts";

const person = (number: number): Address => `0x${(0xa0000 + number).toString(16).padStart(64, "0")}`;

export const ADMIN = PACKAGE;
export const OTHER_ADMIN = person(1);
export const TREASURY = person(2);
export const OTHER_TREASURY = person(3);
export const ARBITER = person(4);
export const OTHER_ARBITER = person(5);
export const BUYERS = [person(16), person(17), person(18)];
export const POOR_BUYER = BUYERS[2] as Address;
export const OWNERS = [person(32), person(33)] as const;
export const OPERATORS = [person(48), person(49)] as const;
/** The second has no store for any asset until somebody pays it. */
export const KEEPERS = [person(64), person(65)] as const;
export const STRANGER = person(80);

export const EVERYBODY: Address[] = [
  ...BUYERS,
  ...OWNERS,
  ...OPERATORS,
  ...KEEPERS,
  STRANGER,
  ARBITER,
  OTHER_ARBITER,
  ADMIN,
  OTHER_ADMIN,
  TREASURY,
  OTHER_TREASURY,
];

const RICH = 10n ** 15n;
/** Asset index, who, how much. */
export const FUNDS: Array<[0 | 1, Address, bigint]> = [
  ...[BUYERS[0], BUYERS[1], ...OWNERS].flatMap(
    (who): Array<[0 | 1, Address, bigint]> => [
      [0, who as Address, RICH],
      [1, who as Address, RICH],
    ],
  ),
  [0, POOR_BUYER, 5000n],
  [0, KEEPERS[0], 1n],
  [0, STRANGER, 100n],
];

/** Commitments to GPUs. */
export const device = (number: number): Hex => `0x${number.toString(16).padStart(64, "d")}`;

const STAKE = 150_000_000n;
/** Where keys of providers end and those of buyers begin. */
export const PROVIDER_KEYS = 5;
export const KEY_COUNT = 9;

const machine = {
  name: "machine",
  gpuModel: "H100",
  gpuCount: 2n,
  vramGb: 80n,
  cpuCores: 32n,
  ramGb: 256n,
  diskGb: 1000n,
  region: "eu",
  sandbox: "gvisor",
};

/** Two machines of one owner claim the same two GPUs, and so does a third of another owner; the fourth takes the other asset. */
export function registrations(keys: Hex[], assets: Address[]): Array<[Address, Registration]> {
  const [a, b] = assets as [Address, Address];
  const key = (i: number): Hex => keys[i] as Hex;
  return [
    [
      OWNERS[0],
      {
        ...{ operator: OPERATORS[0], attestKey: key(0), machine, devices: [device(1), device(2)], slots: 2n },
        ...{ pricePerHour: 3_600_000n, gpuPricePerHour: 1234n, asset: a, stake: STAKE },
      },
    ],
    [
      OWNERS[0],
      {
        ...{ operator: OPERATORS[0], attestKey: key(1), machine, devices: [device(2), device(1)], slots: 3n },
        ...{ pricePerHour: 7n, gpuPricePerHour: 3599n, asset: a, stake: STAKE },
      },
    ],
    [
      OWNERS[1],
      {
        ...{ operator: OPERATORS[1], attestKey: key(2), devices: [device(1)], slots: 1n },
        machine: { ...machine, gpuCount: 1n, gpuModel: "", sandbox: "docker" },
        ...{ pricePerHour: 1_000_003n, gpuPricePerHour: 0n, asset: a, stake: STAKE },
      },
    ],
    [
      OWNERS[1],
      {
        ...{ operator: OPERATORS[1], attestKey: key(3), devices: [], slots: 256n },
        machine: { ...machine, gpuCount: 64n, region: "us" },
        ...{ pricePerHour: 50n, gpuPricePerHour: 11n, asset: b, stake: STAKE },
      },
    ],
  ];
}

const dispute = (secs: [bigint, bigint, bigint], bondBps: bigint): Action => ({
  type: "set_dispute_terms",
  who: ADMIN,
  terms: {
    arbiter: ARBITER,
    challengeWindowSecs: secs[0],
    answerWindowSecs: secs[1],
    arbitrationWindowSecs: secs[2],
    bondBps,
  },
});
const fees = (feeBps: bigint, keeperShareBps: bigint): Action => ({
  type: "set_fees",
  who: ADMIN,
  terms: { feeBps, keeperShareBps, treasury: TREASURY },
});
const stakes = (
  minStake: bigint,
  unbondingSecs: bigint,
  slashBps: bigint,
  reporterRewardBps: bigint,
): Action => ({
  type: "set_stake_terms",
  who: ADMIN,
  terms: { minStake, unbondingSecs, slashBps, reporterRewardBps },
});
const windows = (secs: [bigint, bigint, bigint, bigint, bigint]): Action => ({
  type: "set_windows",
  who: ADMIN,
  terms: {
    acceptWindowSecs: secs[0],
    startWindowSecs: secs[1],
    stallAfterSecs: secs[2],
    stallGraceSecs: secs[3],
    claimWindowSecs: secs[4],
  },
});

/** Markets: brisk, everything at its extreme, nothing at all, and the defaults. */
export const PRESETS: Action[][] = [
  [fees(100n, 1000n), dispute([100n, 60n, 120n], 100n), stakes(100_000_000n, 400n, 5000n, 1000n)],
  [
    fees(1000n, 10_000n),
    dispute([1n, 60n, 60n], 10_000n),
    stakes(0n, 61n, 10_000n, 5000n),
    windows([10n, 10n, 1n, 1n, 5n]),
    {
      type: "set_job_bounds",
      who: ADMIN,
      terms: { minDurationSecs: 1n, maxDurationSecs: 31_536_000n, maxHoldbackSecs: 86_400n },
    },
  ],
  [
    fees(0n, 0n),
    dispute([300n, 100n, 60n], 0n),
    stakes(100_000_000n, 400n, 0n, 0n),
    windows([60n, 60n, 10n, 10n, 10n]),
  ],
  [],
];
