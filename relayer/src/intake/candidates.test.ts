import type { SignedUsage } from "@computestream/protocol";
import { expect, it } from "vitest";
import { createCandidates, type Offer } from "./candidates.ts";

const offer = (sender: string, job: string, seq: bigint, secondsCum = seq): Offer => ({
  sender,
  usage: { job, seq, secondsCum, tLast: 1000n + seq, logRoot: "0x", signature: `0x${seq}` } as SignedUsage,
  answer: () => undefined,
});
const told = (offers: Offer[]) => offers.map(({ usage }) => `${usage.job} ${usage.seq}`);

it("hands out the newest of each job", () => {
  const candidates = createCandidates({ jobsPerSec: 10 });
  for (const seq of [1n, 2n, 3n]) candidates.add(offer("p", "a", seq), 0);
  candidates.add(offer("p", "b", 1n), 0);
  expect(told(candidates.take(10, 0))).toEqual(["a 3", "b 1"]);
  expect(candidates.size).toBe(0);
});

it("never lets one hide another that it contradicts", () => {
  const candidates = createCandidates({ jobsPerSec: 10 });
  const twin = offer("p", "a", 2n, 1n);
  for (const one of [offer("p", "a", 2n), twin, offer("p", "a", 3n, 0n)]) candidates.add(one, 0);
  expect(told(candidates.take(10, 0))).toEqual(["a 2", "a 2", "a 3"]);
});

it("takes a repeat for what it is, and only so many that contradict each other", () => {
  const candidates = createCandidates({ jobsPerSec: 10 });
  expect(candidates.add(offer("p", "a", 5n), 0)).toBe(true);
  expect(candidates.add(offer("p", "a", 5n), 0)).toBe(true);
  const older = [4n, 3n, 2n, 1n].map((seq) => candidates.add(offer("p", "a", seq), 0));
  expect(older).toEqual([true, true, true, false]);
});

it("serves senders in turn: one with many jobs delays only itself", () => {
  const candidates = createCandidates({ jobsPerSec: 1_000 });
  for (let n = 0; n < 100; n += 1) candidates.add(offer("loud", `l${n}`, 1n), 0);
  candidates.add(offer("quiet", "q", 1n), 0);
  expect(told(candidates.take(4, 0))).toEqual(["l0 1", "q 1", "l1 1", "l2 1"]);
});

it("gives each job a turn as seldom as there are more jobs than turns", () => {
  const candidates = createCandidates({ jobsPerSec: 2 });
  // Six jobs at two a second: one turn each in three seconds.
  const attest = (seq: bigint, nowMs: number) => {
    for (const job of ["a", "b", "c", "d", "e", "f"]) candidates.add(offer("p", job, seq), nowMs);
  };
  attest(1n, 0);
  expect(told(candidates.take(100, 0)).length).toBe(6);
  attest(2n, 1_000);
  expect(candidates.take(100, 1_000)).toEqual([]);
  attest(3n, 2_999);
  expect(candidates.take(100, 2_999)).toEqual([]);
  expect(told(candidates.take(2, 3_000))).toEqual(["a 3", "b 3"]);
  // Whoever needs one doesn't wait for its turn.
  expect(told(candidates.takeOf(["f", "x"], 3_000))).toEqual(["f 3"]);
  expect(told(candidates.take(100, 3_000))).toEqual(["c 3", "d 3", "e 3"]);
});

it("takes back what couldn't be handled, unless a newer one has come", () => {
  const candidates = createCandidates({ jobsPerSec: 10 });
  candidates.add(offer("p", "a", 1n), 0);
  candidates.add(offer("p", "b", 1n), 0);
  const taken = candidates.take(10, 0);
  candidates.add(offer("p", "a", 2n), 0);
  candidates.putBack(taken, 0);
  expect(told(candidates.take(10, 0)).sort()).toEqual(["a 2", "b 1"]);
});
