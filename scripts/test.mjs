/**
 * `npm test` from a bare machine: every check and every test, each counted once, one closing line.
 * It doesn't know what is tested: stages are commands, and two of them report counts.
 *
 * npm test -- --only NAME[,NAME]   runs some stages: lint, types, move, codegen, web, parts, e2e
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureInstalled, fail, ROOT } from "./install.mjs";

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

const bin = (name) => join(ROOT, "node_modules", ".bin", name);

/** A check is one test: it passes or fails as a whole. */
const check = (name, command, ...args) => ({ name, run: () => one(spawn(command, args)) });

const STAGES = [
  check("lint", bin("biome"), "check", "."),
  {
    name: "types",
    run: () => add(one(spawn(bin("tsc"), ["--noEmit"])), one(spawn(bin("tsc"), ["--noEmit", "-p", "web"]))),
  },
  { name: "move", run: moveTests },
  check("codegen", bin("tsx"), "move/scripts/export-abi.ts", "--check"),
  check("web", "npm", "run", "build", "-w", "web"),
  { name: "parts", run: () => vitest("parts") },
  { name: "e2e", run: () => vitest("e2e") },
];

/** @returns {Counts} */
function moveTests() {
  const done = spawnSync(bin("tsx"), ["move/scripts/test.ts"], {
    cwd: ROOT,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  process.stdout.write(done.stdout ?? "");
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(done.stdout ?? "");
  if (!counts) return { passed: 0, failed: 1, skipped: 0 };
  const failed = Number(counts[2]);
  return { passed: Number(counts[1]), failed: done.status === 0 ? failed : Math.max(1, failed), skipped: 0 };
}

/** @returns {Counts} */
function vitest(project) {
  const file = join(scratch, `${project}.json`);
  const status = spawn(bin("vitest"), [
    "run",
    "--project",
    project,
    "--reporter=verbose",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  try {
    const report = JSON.parse(readFileSync(file, "utf8"));
    // A file that fails to load has no failed test of its own: the exit status still counts.
    const failed = Math.max(report.numFailedTests, status === 0 ? 0 : 1);
    return { passed: report.numPassedTests, failed, skipped: report.numPendingTests + report.numTodoTests };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function spawn(command, args) {
  const done = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_NO_WARNINGS: "1" },
  });
  return done.status ?? 1;
}

const one = (status) => ({ passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 });
const add = (a, b) => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
});

function chosen(argv) {
  if (argv.length === 0) return STAGES;
  const names = argv[0] === "--only" ? (argv[1] ?? "").split(",") : [];
  const stages = STAGES.filter((stage) => names.includes(stage.name));
  if (argv.length !== 2 || stages.length !== names.length) {
    fail(`usage: npm test -- --only ${STAGES.map((stage) => stage.name).join(",")}`);
  }
  return stages;
}

const stages = chosen(process.argv.slice(2));
ensureInstalled();
const scratch = mkdtempSync(join(tmpdir(), "computestream-test-"));
let total = { passed: 0, failed: 0, skipped: 0 };
for (const stage of stages) {
  console.log(`\n== ${stage.name}`);
  const from = Date.now();
  const counts = stage.run();
  console.log(
    `== ${stage.name}: ${counts.failed === 0 ? "ok" : "FAILED"} (${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped; ${Math.round((Date.now() - from) / 1000)} s)`,
  );
  total = add(total, counts);
}
rmSync(scratch, { recursive: true, force: true });
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
