import type { SignedUsage } from "@computestream/protocol";
import { expect, it } from "vitest";
import { UnavailableError } from "../errors.ts";
import type { Offer } from "./candidates.ts";
import { createParked } from "./parked.ts";

const offer = (sender: string, job: string, seq: bigint, secondsCum = seq): Offer => ({
  sender,
  usage: { job, seq, secondsCum, tLast: 1000n + seq, logRoot: "0x", signature: `0x${seq}` } as SignedUsage,
  answer: () => undefined,
});

/** A chain that answers about a job when it is told to. */
function lot(retryMs = 1) {
  const asked: string[] = [];
  const open = new Map<string, (answer: string | Error) => void>();
  const out: string[] = [];
  const errors: unknown[] = [];
  const parked = createParked<string>({
    ask: (job) =>
      new Promise<string>((resolve, reject) => {
        asked.push(job);
        open.set(job, (answer) => (typeof answer === "string" ? resolve(answer) : reject(answer)));
      }),
    onFacts: ({ sender, usage }, facts) => out.push(`${sender} ${usage.job} ${usage.seq} ${facts}`),
    onError: (error) => errors.push(error),
    retryMs,
  });
  const tell = async (job: string, answer: string | Error): Promise<void> => {
    open.get(job)?.(answer);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { parked, asked, out, errors, tell };
}

it("hands on the newest of each job once the chain has told of it, and asks once for it", async () => {
  const { parked, asked, out, tell } = lot();
  for (const seq of [1n, 2n, 3n]) expect(parked.add(offer("p", "a", seq))).toBe("parked");
  parked.add(offer("p", "b", 1n));
  expect(asked).toEqual(["a", "b"]);
  expect(parked.size).toBe(2);
  await tell("b", "facts");
  expect(out).toEqual(["p b 1 facts"]);
  await tell("a", "facts");
  expect(out).toEqual(["p b 1 facts", "p a 3 facts"]);
  expect(parked.size).toBe(0);
  expect(parked.has("a", "p")).toBe(false);
});

it("keeps contradictions, and those of one job by different senders apart", async () => {
  const { parked, out, tell } = lot();
  parked.add(offer("p", "a", 2n));
  parked.add(offer("thief", "a", 9n));
  parked.add(offer("p", "a", 2n, 1n));
  parked.add(offer("p", "a", 3n, 0n));
  parked.add(offer("p", "a", 1n));
  expect(parked.add(offer("p", "a", 0n))).toBe("too_many");
  await tell("a", "facts");
  // The thief's question of its own is the one that is answered here.
  expect(out).toEqual(["thief a 9 facts"]);
});

it("tells of each sender's own when both questions have their answer", async () => {
  const out: string[] = [];
  const parked = createParked<string>({
    ask: async () => "facts",
    onFacts: ({ sender, usage }) => out.push(`${sender} ${usage.seq}`),
  });
  parked.add(offer("p", "a", 2n));
  parked.add(offer("thief", "a", 9n));
  parked.add(offer("p", "a", 2n, 1n));
  await expect.poll(() => out.sort()).toEqual(["p 2", "p 2", "thief 9"]);
});

it("asks again while the chain is away, and tells so once", async () => {
  const { parked, asked, out, errors, tell } = lot(20);
  const away = new UnavailableError("CHAIN_UNAVAILABLE", "away", null);
  parked.add(offer("p", "a", 1n));
  parked.add(offer("p", "b", 1n));
  await tell("a", away);
  await tell("b", away);
  expect(errors).toEqual([away]);
  parked.add(offer("p", "a", 2n));
  await expect.poll(() => asked.length).toBe(4);
  await tell("a", "facts");
  expect(out).toEqual(["p a 2 facts"]);
});

it("gives up a job whose question fails for another reason, and all when it is closed", async () => {
  const { parked, asked, out, tell } = lot();
  parked.add(offer("p", "a", 1n));
  await tell("a", new Error("a bug"));
  expect(parked.size).toBe(0);
  parked.add(offer("p", "b", 1n));
  parked.close();
  await tell("b", new UnavailableError("CHAIN_UNAVAILABLE", "away", null));
  await expect.poll(() => parked.size).toBe(0);
  expect(asked).toEqual(["a", "b"]);
  expect(out).toEqual([]);
  expect(parked.add(offer("p", "c", 1n))).toBe("full");
});

it("has room for so many jobs of a sender, and others keep theirs", () => {
  const { parked } = lot();
  for (let n = 0; n < 256; n += 1) expect(parked.add(offer("loud", `l${n}`, 1n))).toBe("parked");
  expect(parked.add(offer("loud", "one more", 1n))).toBe("full");
  expect(parked.add(offer("loud", "l0", 2n))).toBe("parked");
  expect(parked.add(offer("quiet", "q", 1n))).toBe("parked");
});
