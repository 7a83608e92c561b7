/**
 * `npm run fuzz:protocol`: random histories of the protocol on the compiled modules against the model.
 * Progress goes to stderr; with --json the last line of stdout is the result. Exit code 1 when a check failed.
 */
import { type ChildProcess, fork } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { actionsOf, type Coverage, merge, missing } from "./coverage.ts";
import { ACTION_TYPES } from "./model/actions.ts";
import type { ChunkOptions, Failure } from "./search.ts";
import type { FromWorker } from "./worker.ts";

const USAGE = `Usage: npm run fuzz:protocol -- [--histories 20000] [--seed 1] [--workers 2] [--json]
       npm run fuzz:protocol -- --seed N --path P   runs one failing history again`;
const CHUNK = 250;
/** Chunk seeds of different runs must not meet. */
const SEED_STRIDE = 1_000_003;
const PROGRESS_EVERY_MS = 5000;
const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

interface Options {
  histories: number;
  seed: number;
  workers: number;
  json: boolean;
  path: string | undefined;
}

function readOptions(): Options {
  const { values } = parseArgs({
    options: {
      histories: { type: "string", default: "20000" },
      seed: { type: "string", default: "1" },
      workers: { type: "string", default: String(Math.min(availableParallelism(), 8)) },
      path: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const number = (name: "histories" | "seed" | "workers", least: number): number => {
    const value = Number(values[name]);
    if (!Number.isSafeInteger(value) || value < least)
      throw new TypeError(`--${name} must be an integer of at least ${least}.`);
    return value;
  };
  if (values.help) throw new TypeError("");
  return {
    histories: number("histories", 1),
    seed: number("seed", Number.MIN_SAFE_INTEGER),
    workers: number("workers", 1),
    json: values.json,
    path: values.path,
  };
}

interface Totals {
  histories: number;
  steps: number;
  longest: number;
  coverage: Coverage;
  failure: Failure | null;
  declared: { codes: string[]; events: string[] };
}

function planChunks({ histories, seed, path }: Options): ChunkOptions[] {
  if (path !== undefined) return [{ seed, histories: CHUNK, path }];
  const chunks: ChunkOptions[] = [];
  for (let done = 0; done < histories; done += CHUNK) {
    const chunkSeed = (Math.imul(seed, SEED_STRIDE) + chunks.length) | 0;
    chunks.push({ seed: chunkSeed, histories: Math.min(CHUNK, histories - done) });
  }
  return chunks;
}

/** Hands out chunks until none is left or one fails. */
function runChunks(options: Options, onProgress: (totals: Totals) => void): Promise<Totals> {
  const chunks = planChunks(options);
  const totals: Totals = {
    ...{ histories: 0, steps: 0, longest: 0, coverage: {}, failure: null },
    declared: { codes: [], events: [] },
  };
  const children: ChildProcess[] = [];
  let open = Math.min(options.workers, chunks.length);
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      for (const child of children) child.kill();
    };
    const fail = (message: string): void => {
      stop();
      reject(new Error(message));
    };
    const next = (child: ChildProcess): void => {
      const chunk = totals.failure ? undefined : chunks.shift();
      if (chunk) {
        child.send(chunk);
        return;
      }
      child.disconnect();
      open -= 1;
      if (open === 0 || totals.failure) {
        stop();
        resolve(totals);
      }
    };
    for (let i = 0; i < open; i++) {
      const child = fork(WORKER, { stdio: ["ignore", 2, 2, "ipc"] });
      children.push(child);
      child.on("exit", (code) => {
        if (code !== null && code !== 0) fail(`a worker ended with code ${code}`);
      });
      child.on("message", (message: FromWorker) => {
        if (message.kind === "error") return fail(message.message);
        if (message.kind === "ready") {
          totals.declared = message.declared;
        } else {
          const { result } = message;
          totals.histories += result.histories;
          totals.steps += result.steps;
          totals.longest = Math.max(totals.longest, result.longest);
          merge(totals.coverage, result.coverage);
          totals.failure ??= result.failure;
          onProgress(totals);
        }
        next(child);
      });
    }
  });
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function tellFailure({ check, message, trace, history, seed, path, shrinks }: Failure): void {
  say(`\nFAILED ${check}`);
  say(`  ${message}`);
  say(`\nThe history, after ${shrinks} shrinks, from market ${history.preset} at stage ${history.stage}:`);
  for (const line of trace) say(`  ${line}`);
  say(`\nAgain: npm run fuzz:protocol -- --seed ${seed} --path ${path}`);
}

function tellMissing(totals: Totals): void {
  const { actions, codes, events } = missing(totals.coverage, { actions: ACTION_TYPES, ...totals.declared });
  if (actions.length > 0) say(`actions that never succeeded: ${actions.join(", ")}`);
  if (codes.length > 0) say(`codes that never came: ${codes.join(", ")}`);
  if (events.length > 0) say(`events that never came: ${events.join(", ")}`);
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions();
  } catch (error) {
    const { message } = error as Error;
    say(message ? `${message}\n\n${USAGE}` : USAGE);
    return message ? 2 : 0;
  }
  const startedAt = performance.now();
  let told = startedAt;
  const totals = await runChunks(options, ({ histories, steps }) => {
    const now = performance.now();
    if (now - told < PROGRESS_EVERY_MS) return;
    told = now;
    const secs = (now - startedAt) / 1000;
    say(`${histories} histories, ${steps} steps, ${(histories / secs).toFixed(0)} histories/s`);
  });
  const { histories, steps, longest, coverage, failure } = totals;
  const secs = (performance.now() - startedAt) / 1000;
  say(`${histories} histories, ${steps} steps in ${secs.toFixed(0)} s`);
  tellMissing(totals);
  if (failure) tellFailure(failure);
  const violations = failure ? 1 : 0;
  const actions = actionsOf(coverage);
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ histories, steps, violations, longest, actions, seed: options.seed })}\n`,
    );
  return violations;
}

process.exitCode = await main();
