/** `npm start` from a bare machine: installs, then hands over to packages/dev-env. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { ensureInstalled, ROOT } from "./install.mjs";

ensureInstalled();
const child = spawn(
  process.execPath,
  ["--import", "tsx", join(ROOT, "packages/dev-env/src/cli.ts"), ...process.argv.slice(2)],
  { cwd: ROOT, stdio: "inherit", env: { ...process.env, NODE_NO_WARNINGS: "1" } },
);
// The terminal sends Ctrl-C and its own end to both; the child decides when everything is down.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
