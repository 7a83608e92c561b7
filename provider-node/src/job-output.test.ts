import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { zJobSpec } from "@computestream/protocol";
import { pino } from "pino";
import tar from "tar-stream";
import { expect, it } from "vitest";
import type { NodeContext } from "./context.ts";
import { NodeError } from "./errors.ts";
import { createJobOutput } from "./job-output.ts";
import { createJournalStore } from "./journal.ts";
import type { OutputStore } from "./publish/store.ts";
import type { ContainerRuntime } from "./runtime/container-runtime.ts";

const JOB = `0x${"1".repeat(64)}`;
const SPEC = zJobSpec.parse({ version: 1 });

function output(): Readable {
  const pack = tar.pack();
  pack.entry({ name: "output/a" }, "one");
  pack.finalize();
  return pack as unknown as Readable;
}

/** A job whose container exited `exitedSecsAgo`, with a grace of 60 s. */
async function exited(parts: {
  store?: OutputStore["put"];
  readOutput?: ContainerRuntime["readOutput"];
  exitedSecsAgo: number;
}) {
  const dir = mkdtempSync(join(tmpdir(), "job-output-"));
  const journal = await (await createJournalStore(dir)).open(JOB);
  const at = Date.now() - parts.exitedSecsAgo * 1_000;
  await journal.append({ t: "exited", exitCode: 0, oomKilled: false, ranSecs: 3n, at });
  const told: string[] = [];
  let changed: () => void = () => {};
  const ctx = {
    runtime: { readOutput: parts.readOutput ?? (async () => output()) },
    stores: [{ name: "s3", put: parts.store ?? (async () => "s3://x") }],
    settings: { publishGraceSecs: 60 },
    log: pino({ level: "silent" }),
  } as unknown as NodeContext;
  const job = createJobOutput(ctx, journal, {
    workDir: join(dir, "work"),
    onPhase: (phase, detail) => told.push(`${phase} ${detail ?? ""}`),
    onChange: () => changed(),
  });
  const change = () =>
    new Promise<void>((resolve) => {
      changed = resolve;
    });
  return { job, journal, told, change };
}

const never = () => new Promise<never>(() => {});
const refused = async () => {
  throw new Error("no space in the bucket");
};

it("publishes once, however often it is asked", async () => {
  let puts = 0;
  const store = async () => `s3://${++puts}`;
  const { job, journal, change } = await exited({ store, exitedSecsAgo: 0 });
  const done = change();
  job.advance(SPEC);
  job.advance(SPEC);
  await done;
  expect(journal.state.published).toMatchObject({ uris: ["s3://1"] });
  expect(puts).toBe(1);
});

it("fails the job with PUBLISH_FAILED past the grace, not before", async () => {
  const late = await exited({ store: refused, exitedSecsAgo: 61 });
  const lateDone = late.change();
  const early = await exited({ store: refused, exitedSecsAgo: 0 });
  const earlyDone = early.change();
  late.job.advance(SPEC);
  early.job.advance(SPEC);
  await Promise.all([lateDone, earlyDone]);
  expect(late.journal.state.failing).toBe("PUBLISH_FAILED");
  expect(early.journal.state).toMatchObject({ failing: null, published: null });
  expect(early.told.at(-1)).toMatch(/s3 doesn't take them yet/);
});

it("concludes nothing from an engine that is away, even past the grace", async () => {
  const readOutput = async () => {
    throw new NodeError("RUNTIME_UNREACHABLE", "Docker doesn't answer", { retryable: true });
  };
  const { job, journal, change } = await exited({ readOutput, exitedSecsAgo: 61 });
  const done = change();
  job.advance(SPEC);
  await done;
  expect(journal.state).toMatchObject({ failing: null, published: null });
});

it("is broken off at once when the job has ended elsewhere, and writes nothing more", async () => {
  const store: OutputStore["put"] = (_job, _pack, signal) =>
    Promise.race([
      never(),
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
    ]);
  const { job, journal } = await exited({ store, exitedSecsAgo: 0 });
  job.advance(SPEC);
  await job.close();
  expect(journal.state).toMatchObject({ failing: null, published: null });
});
