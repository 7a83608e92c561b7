import type { Outcome } from "@computestream/protocol/client";
import { pino } from "pino";
import { expect, it } from "vitest";
import type { Submission } from "../chain/submitter.ts";
import type { Evidence } from "../store/attestations.ts";
import { createReporter } from "./reporter.ts";

const record = (seq: string, secondsCum: string) => ({
  seq,
  secondsCum,
  tLast: "1010",
  logRoot: "0x",
  signature: "0x",
});
const EVIDENCE: Evidence = { kind: "equivocation", first: record("5", "5"), second: record("5", "6") };

/** Jobs with evidence; `answers` is what the chain says to each report. */
function reporter(answers: Record<string, string | null>, faulted: string[] = []) {
  const open = new Set(Object.keys(answers));
  const sent: string[] = [];
  let nowMs = 0;
  const made = createReporter({
    client: { payloads: { reportContradiction: () => ({}) } as never },
    views: { freshJob: async (job) => ({ job, faulted: faulted.includes(job) }) as never },
    store: {
      evidenceJobs: async () => [...open],
      evidence: async () => [EVIDENCE],
      evidenceDone: async (job) => void open.delete(job),
    },
    submitter: {
      send: async ({ kind, jobs }: Submission) => {
        sent.push(`${kind} ${jobs[0]}`);
        const code = answers[jobs[0] ?? ""] ?? null;
        return { success: code === null, failure: code && { code, message: "", module: null } } as Outcome;
      },
    },
    logger: pino({ level: "silent" }),
    clock: () => nowMs,
  });
  return { run: made.run, sent, open, passMs: (ms: number) => (nowMs += ms) };
}

it("reports each contradiction once", async () => {
  const { run, sent, open } = reporter({ a: null, b: null });
  expect(await run()).toBe(2);
  expect(await run()).toBe(0);
  expect(sent).toEqual(["report a", "report b"]);
  expect(open.size).toBe(0);
});

it("doesn't argue with the chain's verdict, and tries again when there was none", async () => {
  const { run, sent, open, passMs } = reporter({ a: "E_NO_CONTRADICTION", b: "OUT_OF_GAS" });
  expect(await run()).toBe(0);
  expect([...open]).toEqual(["b"]);
  await run();
  expect(sent.length).toBe(2);
  passMs(30_000);
  await run();
  expect(sent).toEqual(["report a", "report b", "report b"]);
});

it("pays for nothing where a fault is proven already", async () => {
  const { run, sent, open } = reporter({ a: null }, ["a"]);
  expect(await run()).toBe(0);
  expect(sent).toEqual([]);
  expect(open.size).toBe(0);
});
