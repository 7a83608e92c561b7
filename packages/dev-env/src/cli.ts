/**
 * `npm start`: boots the stack, runs one real job to settlement, tells its money, serves the dashboard.
 * It doesn't know how parts or services work. Options: see USAGE.
 */
import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { SetupError } from "./errors.ts";
import { installPrograms } from "./parts/programs.ts";
import { runScenario, SCENARIOS, type Scenario, type ScenarioResult } from "./scenario.ts";
import { bootStack, DEFAULT_PORT_BASE, type Stack } from "./stack.ts";

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

function buildWeb(): void {
  if (existsSync(join(ROOT, "web/.next/BUILD_ID"))) return;
  report("building the dashboard (once, about half a minute)");
  const built = spawnSync("npm", ["run", "build", "-w", "web"], {
    cwd: ROOT,
    encoding: "utf8",
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1" },
  });
  if (built.status !== 0) {
    const last = `${built.stdout}\n${built.stderr}`.trim().split("\n").slice(-15).join("\n");
    throw new SetupError(
      "WEB_BUILD_FAILED",
      `next build failed:\n${last}\n`,
      "Start with --no-web to go on without it.",
    );
  }
}

function tellResult(result: ScenarioResult): void {
  report(
    result.ok
      ? `settled: ${result.outcome}, ${result.seconds} s; ${result.deposited} deposited = ${result.paid} paid + ${result.fees} fees + ${result.refunded} refunded (base units)`
      : `NOT right: ${result.problems.join("; ")}`,
  );
}

async function main(argv: string[]): Promise<void> {
  const options = parseOptions(argv);
  let stack: Stack | null = null;
  let stopping = false;
  const stop = async (code: number) => {
    if (stopping) return;
    stopping = true;
    await stack?.close();
    process.exit(code);
  };
  process.on("SIGINT", () => void stop(130));
  process.on("SIGTERM", () => void stop(143));

  installPrograms(["redis-server", "dockerd", "busybox"], report);
  if (options.reset) rmSync(DATA_DIR, { recursive: true, force: true });
  if (options.web) buildWeb();
  stack = await bootStack({
    ...(options.once ? {} : { dir: DATA_DIR }),
    ...(options.portBase === undefined ? {} : { portBase: options.portBase }),
    web: options.web,
    report,
  });
  report(`everything is up; running one real job (${options.scenario})`);
  const ready = Math.round(performance.now() - began);
  const result = await runScenario(stack, options.scenario, report);
  tellResult(result);
  if (options.once) {
    await stack.close();
    if (options.json) {
      const timings_ms = { ready, ...result.timings_ms, total: Math.round(performance.now() - began) };
      console.log(JSON.stringify({ ...result, timings_ms }));
    }
    process.exit(result.ok ? 0 : 1);
  }
  report(`dashboard  ${stack.web?.url ?? "(off)"}`);
  report(`API        ${stack.indexer.url}/api/v1/stats`);
  report(`node       ${stack.deployment.nodeUrl}`);
  report(`data       ${stack.dir}  (--reset forgets it)   Ctrl-C stops everything`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const known = error instanceof SetupError;
  console.error(known ? `error ${error.code}: ${error.message}` : error);
  if (process.argv.includes("--json")) {
    const message = error instanceof Error ? error.message : String(error);
    console.log(JSON.stringify({ ok: false, error: { code: known ? error.code : "UNEXPECTED", message } }));
  }
  process.exit(1);
});
