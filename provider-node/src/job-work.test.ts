import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobView } from "@computestream/protocol/client";
import { pino } from "pino";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { JobParts } from "./job-parts.ts";
import { createJobWork } from "./job-work.ts";
import { createJournalStore } from "./journal.ts";
import type { ContainerStatus } from "./runtime/container-runtime.ts";

const JOB = `0x${"1".repeat(64)}`;
const KILLED = { state: "exited", exitCode: 137, oomKilled: false } as ContainerStatus;
/** Ended on chain, so that nothing is attested. */
const ENDED = { state: "Terminated" } as JobView;

async function killedJob() {
  const dir = mkdtempSync(join(tmpdir(), "job-work-"));
  const journal = await (await createJournalStore(dir)).open(JOB);
  const parts = {
    ctx: {},
    journal,
    log: pino({ level: "silent" }),
    chain: { capSecs: () => 60n },
    side: { drainLogs: async () => {} },
    ranSecs: () => 3n,
  } as unknown as JobParts;
  return { journal, work: createJobWork(parts) };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

it("says that memory ran out when the engine hears of it only after the kill", async () => {
  const { journal, work } = await killedJob();
  expect(await work.recordExit(ENDED, KILLED)).toBeGreaterThan(0);
  expect(journal.state.exited).toBeNull();
  vi.advanceTimersByTime(200);
  await work.recordExit(ENDED, { ...KILLED, oomKilled: true });
  expect(journal.state.exited).toMatchObject({ exitCode: 137, oomKilled: true, ranSecs: 3n });
});

it("takes a kill for the program's own when the engine names no cause within a second", async () => {
  const { journal, work } = await killedJob();
  await work.recordExit(ENDED, KILLED);
  vi.advanceTimersByTime(1_000);
  expect(await work.recordExit(ENDED, KILLED)).toBe(0);
  expect(journal.state.exited).toMatchObject({ exitCode: 137, oomKilled: false });
});

it("doesn't ask for the cause of a kill that it ordered", async () => {
  const { journal, work } = await killedJob();
  await journal.append({ t: "stopping", cause: "CHAIN_ENDED" });
  await work.recordExit(ENDED, KILLED);
  expect(journal.state.exited).toMatchObject({ exitCode: 137, oomKilled: false });
});

it("records any other exit code at the first look", async () => {
  const { journal, work } = await killedJob();
  await work.recordExit(ENDED, { ...KILLED, exitCode: 1 });
  expect(journal.state.exited).toMatchObject({ exitCode: 1, oomKilled: false });
});
