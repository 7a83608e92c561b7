import { expect, it } from "vitest";
import { decideConfirmation } from "./confirmer.ts";

const running = {
  closed: false,
  startedAt: 1000n,
  endedAt: 0n,
  holdbackSecs: 60n,
  secondsConfirmed: 10n,
  secondsBilled: 40n,
};
const at = (nowSecs: bigint, lastBroughtAt: bigint | null = null) => ({ nowSecs, lastBroughtAt });

it.each([
  ["of a running job now and then", running, 30n, at(1029n), "wait"],
  ["of a running job when it is time", running, 30n, at(1030n), "bring"],
  ["not again so soon", running, 30n, at(1040n, 1011n), "wait"],
  ["at once when the job has ended", { ...running, endedAt: 1041n }, 30n, at(1041n, 1040n), "bring"],
  [
    "only once it confirms something that is billed",
    { ...running, secondsBilled: 10n },
    30n,
    at(1100n),
    "wait",
  ],
  [
    "never when nothing more can be billed",
    { ...running, secondsBilled: 10n, endedAt: 1041n },
    30n,
    at(1100n),
    "drop",
  ],
  ["never what is confirmed already", running, 10n, at(1100n), "drop"],
  ["never where nothing is held back", { ...running, holdbackSecs: 0n }, 30n, at(1100n), "drop"],
  ["never of a closed stream", { ...running, closed: true }, 30n, at(1100n), "drop"],
  ["never of a job without a stream", null, 30n, at(1100n), "drop"],
] as const)("brings a countersignature %s", (_, stream, secondsCum, when, decision) => {
  expect(decideConfirmation(stream, { secondsCum }, when)).toBe(decision);
});
