/**
 * Runs the compiler process and tells its findings from its failures.
 * It doesn't know manifests, nor what a built package is for.
 */
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { CompilerCall } from "./compiler-process.ts";

export interface CompilerRun {
  /** The library's one-line failure, null when it succeeded. */
  error: string | null;
  /** What it printed, without colours. */
  output: string;
}

/** The package doesn't compile; `output` is the compiler's own text. */
export class MoveBuildError extends Error {
  readonly output: string;

  constructor(message: string, output: string) {
    super(`${message}\n${output}`.trim());
    this.name = "MoveBuildError";
    this.output = output;
  }
}

const ESCAPE = String.fromCharCode(27);
const COLOURS = new RegExp(`${ESCAPE}\\[[0-9;]*m`, "g");

export async function runCompiler(call: CompilerCall): Promise<CompilerRun> {
  const { command, args, env } = compilerCommand(call);
  const files = outputFiles();
  try {
    const child = spawn(command, args, { env, stdio: ["ignore", files.output, files.output, files.result] });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", resolve);
    });
    return files.read(code);
  } finally {
    files.remove();
  }
}

export function runCompilerSync(call: CompilerCall): CompilerRun {
  const { command, args, env } = compilerCommand(call);
  const files = outputFiles();
  try {
    const child = spawnSync(command, args, {
      env,
      stdio: ["ignore", files.output, files.output, files.result],
    });
    if (child.error) throw child.error;
    return files.read(child.status);
  } finally {
    files.remove();
  }
}

/** Files, not pipes: the library may end its process before a pipe is drained. */
function outputFiles() {
  const dir = mkdtempSync(join(tmpdir(), "computestream-compiler-"));
  const output = openSync(join(dir, "output"), "a+");
  const result = openSync(join(dir, "result"), "a+");
  return {
    output,
    result,
    read(code: number | null): CompilerRun {
      const plain = readFileSync(join(dir, "output"), "utf8").replace(COLOURS, "");
      const answer = readFileSync(join(dir, "result"), "utf8");
      // Some findings make the library end its process instead of returning.
      if (answer === "") return { error: `the compiler ended with exit code ${code}`, output: plain };
      return { error: (JSON.parse(answer) as { error: string | null }).error, output: plain };
    },
    remove(): void {
      closeSync(output);
      closeSync(result);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function compilerCommand(call: CompilerCall) {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  const script = fileURLToPath(new URL("./compiler-process.ts", import.meta.url));
  // The compiler keeps a lock there; its default, ~/.move, may not be writable.
  const moveHome = join(tmpdir(), `computestream-move-home-${process.getuid?.() ?? "user"}`);
  mkdirSync(moveHome, { recursive: true });
  return {
    command: process.execPath,
    args: ["--import", loader, script, JSON.stringify(call)],
    env: { ...process.env, MOVE_HOME: moveHome, NO_COLOR: "1", NODE_OPTIONS: "" },
  };
}
