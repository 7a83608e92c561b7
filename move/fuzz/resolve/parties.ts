/**
 * What providers do with their machines and stakes, and the admin with the market.
 * It doesn't know jobs.
 */
import {
  ADMIN,
  ARBITER,
  device,
  OPERATORS,
  OTHER_ADMIN,
  OTHER_ARBITER,
  OTHER_TREASURY,
  OWNERS,
  PROVIDER_KEYS,
  registrations,
  TREASURY,
} from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { INVALID_KEYS, type Offer } from "../model/providers.ts";
import { type Hex, MAX_U64, type Provider } from "../model/types.ts";
import { around, type Intent, now, providersOf, type Scene, signer } from "./context.ts";

const MAX_PROVIDERS = 6;

function randomOffer({ dice }: Scene, p: Provider): Offer {
  const { machine, devices, slots } = p;
  const good: Offer[] = [
    { machine, devices, slots },
    { machine: { ...machine, gpuCount: 1n }, devices: [device(2)], slots: 2n },
    { machine: { ...machine, gpuCount: 3n, region: "us" }, devices: [], slots: 256n },
    { machine: { ...machine, gpuCount: 2n, vramGb: 16n }, devices: [device(4), device(2)], slots: 1n },
  ];
  const bad: Offer[] = [
    { machine: { ...machine, name: "" }, devices, slots },
    { machine: { ...machine, sandbox: "s".repeat(129) }, devices, slots },
    { machine: { ...machine, gpuCount: 65n }, devices: [], slots },
    { machine: { ...machine, gpuCount: 2n }, devices: [device(1)], slots },
    { machine: { ...machine, gpuCount: 2n }, devices: [device(1), device(1)], slots },
    { machine: { ...machine, gpuCount: 1n }, devices: ["0x0102"], slots },
    { machine, devices, slots: 0n },
    { machine, devices, slots: 257n },
  ];
  return dice.pick(dice.chance(25) ? bad : good);
}

function randomKey({ dice, memory }: Scene): Hex {
  if (dice.chance(6)) return dice.pick<Hex>([...INVALID_KEYS, "0x0102", "0x"]);
  return dice.pick(memory.signatures.keys.slice(0, PROVIDER_KEYS));
}

export function provider(scene: Scene): Intent | null {
  const { dice, memory, state } = scene;
  const p = dice.pick(providersOf(scene));
  const target = { provider: p.provider };
  const owner = signer(p.owner, scene);
  const operator = signer(p.operator, scene);
  const actions: Array<() => Action> = [
    () => ({
      type: "set_status",
      who: dice.pick([owner, operator]),
      ...target,
      status: BigInt(dice.pick([0, 0, 0, 1, 2, 3, 4])),
    }),
    () => ({ type: "heartbeat", who: operator, ...target }),
    () => ({
      ...{ type: "update_price", who: owner, ...target },
      price: dice.pick([3600n, 1n, 0n, 123_456_789n, 7199n, MAX_U64]),
      gpuPrice: dice.pick([0n, 1n, 3601n, MAX_U64]),
    }),
    () => ({
      type: "update_operator",
      who: owner,
      ...target,
      operator: dice.pick(OPERATORS),
      attestKey: randomKey(scene),
    }),
    () => ({ type: "update_machine", who: owner, ...target, offer: randomOffer(scene, p) }),
    () => {
      const [who, known] = dice.pick(registrations(memory.signatures.keys, memory.assets));
      const { minStake } = state.market.parameters;
      const stake = minStake + BigInt(dice.pick([0, 5, -1]));
      return {
        type: "register",
        who,
        registration: {
          ...known,
          ...randomOffer(scene, p),
          attestKey: randomKey(scene),
          stake: dice.chance(8) ? MAX_U64 : stake < 0n ? 0n : stake,
        },
      };
    },
  ];
  const action = dice.pick(actions)();
  return action.type === "register" && state.providers.size >= MAX_PROVIDERS ? null : now(action, scene);
}

export function stake(scene: Scene): Intent | null {
  const { dice } = scene;
  const unbonding = providersOf(scene).filter((p) => p.unbonding > 0n);
  const p = dice.pick(unbonding.length > 0 && !dice.chance(40) ? unbonding : providersOf(scene));
  const target = { who: signer(p.owner, scene), provider: p.provider };
  const { minStake } = scene.state.market.parameters;
  const spare = p.staked > minStake ? p.staked - minStake : 0n;
  switch (dice.roll(p.unbonding > 0n || dice.chance(5) ? 4 : 2)) {
    case 0: {
      const amount = dice.pick([p.staked / 2n, spare, p.staked, spare + 1n, 1n, p.staked + 1n, 0n]);
      return now({ type: "request_unstake", ...target, amount }, scene);
    }
    case 1: {
      const amount = dice.pick([minStake, 1n, 50_000_000n, 0n, 10n ** 18n]);
      return now({ type: "add_stake", ...target, amount }, scene);
    }
    default: {
      const moment = dice.chance(40) ? p.liableUntil : p.unlocksAt;
      return around(moment, { type: "withdraw_stake", ...target }, scene);
    }
  }
}

export function admin(scene: Scene): Intent | null {
  const { dice, memory, state } = scene;
  const { market } = state;
  const { parameters } = market;
  const who = signer(market.admin, scene);
  // Mostly back to normal, so that a pause doesn't end the history's interest.
  if (parameters.paused && !dice.chance(20)) return now({ type: "set_paused", who, paused: false }, scene);
  const missing = memory.assets.filter((asset) => !market.allowedAssets.includes(asset));
  if (missing.length > 0 && !dice.chance(30))
    return now({ type: "set_asset_allowed", who, asset: dice.pick(missing), allowed: true }, scene);
  if (market.proposedAdmin !== null && dice.chance(50))
    return now({ type: "accept_admin", who: signer(market.proposedAdmin, scene) }, scene);
  const shortest = parameters.challengeWindowSecs + parameters.answerWindowSecs;
  // A shorter time for what follows must not free what unbonds already.
  if (
    parameters.unbondingSecs > shortest &&
    providersOf(scene).some((p) => p.unbonding > 0n) &&
    dice.chance(25)
  ) {
    const { minStake, slashBps, reporterRewardBps } = parameters;
    const terms = { minStake, unbondingSecs: shortest, slashBps, reporterRewardBps };
    return now({ type: "set_stake_terms", who, terms }, scene);
  }
  const oneOf = (good: bigint[], bad: bigint[]): bigint => dice.pick(dice.chance(5) ? bad : good);
  const bps = (most: number): bigint => BigInt(dice.chance(6) ? most + 1 : dice.pick([0, 100, 1, 700, most]));
  const actions: Array<() => Action> = [
    () => ({
      ...{ type: "set_fees", who },
      terms: {
        feeBps: bps(1000),
        keeperShareBps: bps(10_000),
        treasury: dice.pick([TREASURY, OTHER_TREASURY]),
      },
    }),
    () => ({
      ...{ type: "set_stake_terms", who },
      terms: {
        minStake: dice.pick([100_000_000n, 0n, 150_000_000n, 150_000_001n]),
        unbondingSecs: oneOf([400n, 7200n, 250n, 31_536_000n], [100n, 31_536_001n]),
        slashBps: bps(10_000),
        reporterRewardBps: bps(5000),
      },
    }),
    () => ({
      ...{ type: "set_windows", who },
      terms: {
        acceptWindowSecs: oneOf([120n, 1n, 31_536_000n], [0n, 31_536_001n]),
        startWindowSecs: oneOf([600n, 1n], [0n, 31_536_001n]),
        stallAfterSecs: oneOf([60n, 1n], [0n, 31_536_001n]),
        stallGraceSecs: oneOf([60n, 1n], [0n, 31_536_001n]),
        claimWindowSecs: oneOf([15n, 5n, 86_400n], [4n, 86_401n]),
      },
    }),
    () => ({
      ...{ type: "set_job_bounds", who },
      terms: {
        minDurationSecs: oneOf([1n, 30n], [0n]),
        maxDurationSecs: oneOf([604_800n, 20n, 31_536_000n], [31_536_001n]),
        maxHoldbackSecs: oneOf([3600n, 0n, 86_400n], [86_401n]),
      },
    }),
    () => ({
      ...{ type: "set_dispute_terms", who },
      terms: {
        arbiter: dice.pick([ARBITER, OTHER_ARBITER]),
        challengeWindowSecs: oneOf([100n, 1n, 300n], [0n, 604_801n, 604_800n]),
        answerWindowSecs: oneOf([60n, 100n], [59n, 604_801n]),
        arbitrationWindowSecs: oneOf([60n, 2_592_000n], [59n, 2_592_001n]),
        bondBps: bps(10_000),
      },
    }),
    () => ({ type: "set_paused", who, paused: true }),
    () => ({ type: "set_asset_allowed", who, asset: dice.pick(memory.assets), allowed: false }),
    () => ({ type: "propose_admin", who, newAdmin: dice.pick([OTHER_ADMIN, ADMIN]) }),
    () => ({ type: "accept_admin", who: market.proposedAdmin ?? dice.pick([OTHER_ADMIN, OWNERS[0]]) }),
  ];
  return now(dice.pick(actions)(), scene);
}
