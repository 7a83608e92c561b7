/**
 * `npm start`: boots the stack, runs one real job to settlement, tells its money, serves the dashboard.
 * It doesn't know how parts or services work. Options: see USAGE.
 */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SetupError } from "./errors.ts";
import { installPrograms } from "./parts/programs.ts";
import { runScenario, SCENARIOS, type Scenario, type ScenarioResult } from "./scenario.ts";
import { bootStack, DEFAULT_PORT_BASE, type Stack } from "./stack.ts";
import { buildWeb } from "./web-build.ts";

const USAGE = `npm start -- [options]
  --once             run one job to settlement, then stop everything and exit
  --json             the last line of output is one JSON object
  --scenario NAME    ${SCENARIOS.join(" | ")} (default complete)
  --port-base N      first of ten ports (default ${DEFAULT_PORT_BASE}; with --once free ports are taken)
  --reset            forget the chain, databases and keys of earlier starts
  --no-web           don't build or serve the dashboard`;

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const DATA_DIR = join(ROOT, ".data", "dev");

interface Options {
  once: boolean;
  json: boolean;
  scenario: Scenario;
  portBase: number | undefined;
  reset: boolean;
  web: boolean;
}

function parseOptions(argv: string[]): Options {
  let values: ReturnType<typeof parse>["values"];
  try {
    values = parse(argv).values;
  } catch (cause) {
    throw new SetupError("BAD_OPTION", (cause as Error).message, `Usage: ${USAGE}`, cause);
  }
  if (values.help) {
    console.log(USAGE);
    process.exit(0);
  }
  const scenario = SCENARIOS.find((name) => name === values.scenario);
  if (!scenario)
    throw new SetupError(
      "BAD_OPTION",
      `--scenario ${values.scenario} is unknown.`,
      `Use ${SCENARIOS.join(", ")}.`,
    );
  const portBase = values["port-base"] === undefined ? undefined : Number(values["port-base"]);
  if (portBase !== undefined && !(Number.isInteger(portBase) && portBase >= 1024 && portBase <= 65_500)) {
    throw new SetupError(
      "BAD_OPTION",
      `--port-base ${values["port-base"]} is not a port.`,
      "Use 1024 to 65500.",
    );
  }
  const once = values.once ?? false;
  return {
    once,
    json: values.json ?? false,
    scenario,
    portBase: portBase ?? (once ? undefined : DEFAULT_PORT_BASE),
    reset: values.reset ?? false,
    web: !once && !(values["no-web"] ?? false),
  };
}

function parse(argv: string[]) {
  return parseArgs({
    args: argv,
    options: {
      once: { type: "boolean" },
      json: { type: "boolean" },
      scenario: { type: "string", default: "complete" },
      "port-base": { type: "string" },
      reset: { type: "boolean" },
      "no-web": { type: "boolean" },
      help: { type: "boolean" },
    },
  });
}

const began = performance.now();
/** Progress goes to stderr: stdout is for the result. */
const report = (line: string) =>
  console.error(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${line}`);

function tellResult(result: ScenarioResult): void {
  report(
    result.ok
      ? `settled: ${result.outcome}, ${result.seconds} s; ${result.deposited} deposited = ${result.paid} paid + ${result.fees} fees (${result.keeperFees} of them to keepers) + ${result.refunded} refunded (base units)`
      : `NOT right: ${result.problems.join("; ")}`,
  );
}

/** Ends with `stop`'s reason when that comes first. */
function unlessStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T> {
  work.catch(() => undefined);
  return Promise.race([
    work,
    new Promise<never>((_resolve, reject) => {
      if (stop.aborted) return reject(stop.reason);
      stop.addEventListener("abort", () => reject(stop.reason), { once: true });
    }),
  ]);
}

/** 128 and the signal's number, as shells say it. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function main(argv: string[]): Promise<number> {
  const options = parseOptions(argv);
  const stopped = new AbortController();
  for (const signal of Object.keys(EXIT_CODES) as Array<keyof typeof EXIT_CODES>) {
    process.on(signal, () => {
      if (stopped.signal.aborted) return;
      report("stopping everything");
      stopped.abort(new Stopped(EXIT_CODES[signal], `Stopped by ${signal}.`));
    });
  }
  // A terminal that was closed takes no more lines; what runs must still be stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

  installPrograms(["redis-server", "dockerd", "busybox"], report);
  if (options.web) buildWeb(ROOT, report);
  const stack = await bootStack({
    ...(options.once ? {} : { dir: DATA_DIR, reset: options.reset }),
    ...(options.portBase === undefined ? {} : { portBase: options.portBase }),
    web: options.web,
    signal: stopped.signal,
    report,
  });
  try {
    report(`everything is up; running one real job (${options.scenario})`);
    const ready = Math.round(performance.now() - began);
    const result = await unlessStopped(runScenario(stack, options.scenario, report), stopped.signal);
    tellResult(result);
    if (!options.once) {
      report(`dashboard  ${stack.web?.url ?? "(off)"}`);
      report(`API        ${stack.indexer.url}/api/v1/stats`);
      report(`node       ${stack.deployment.nodeUrl}`);
      report(`data       ${stack.dir}  (--reset forgets it)   Ctrl-C stops everything`);
      await unlessStopped(new Promise<never>(() => {}), stopped.signal);
    }
    if (!result.ok) keepLogs(stack);
    // Before the last line: who reads it may go on at once.
    await stack.close();
    if (options.json) {
      const timings_ms = { ready, ...result.timings_ms, total: Math.round(performance.now() - began) };
      console.log(JSON.stringify({ ...result, timings_ms }));
    }
    return result.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Stopped)) keepLogs(stack);
    throw error;
  } finally {
    await stack.close();
  }
}

/** Asked to stop, by a signal. */
class Stopped extends SetupError {
  readonly exitCode: number;
  constructor(exitCode: number, message: string) {
    super("STOPPED", message, "Everything it had started is stopped.");
    this.exitCode = exitCode;
  }
}

/** A temporary folder goes with the stack; why a run failed should stay. */
function keepLogs(stack: Stack): void {
  if (stack.dir === DATA_DIR) return;
  const kept = join(ROOT, ".data", "failed-run");
  rmSync(kept, { recursive: true, force: true });
  cpSync(join(stack.dir, "logs"), kept, { recursive: true });
  report(`the services' logs are kept in ${kept}`);
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const known = error instanceof SetupError;
    if (!(error instanceof Stopped)) console.error(known ? `error ${error.code}: ${error.message}` : error);
    if (process.argv.includes("--json")) {
      const message = error instanceof Error ? error.message : String(error);
      console.log(JSON.stringify({ ok: false, error: { code: known ? error.code : "UNEXPECTED", message } }));
    }
    process.exit(error instanceof Stopped ? error.exitCode : 1);
  },
);
