/**
 * Runs the compiler process and tells its findings from its failures.
 * It doesn't know manifests, nor what a built package is for.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
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
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe", "pipe"] });
  let output = "";
  let result = "";
  const [, stdout, stderr, resultPipe] = child.stdio;
  for (const stream of [stdout, stderr]) {
    stream?.setEncoding("utf8");
    stream?.on("data", (chunk: string) => {
      output += chunk;
    });
  }
  resultPipe?.on("data", (chunk: Buffer) => {
    result += chunk.toString("utf8");
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return finish(code, output, result);
}

export function runCompilerSync(call: CompilerCall): CompilerRun {
  const { command, args, env } = compilerCommand(call);
  const child = spawnSync(command, args, {
    env,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "pipe", "pipe"],
  });
  if (child.error) throw child.error;
  return finish(child.status, child.stdout + child.stderr, child.output[3] ?? "");
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

function finish(code: number | null, output: string, result: string): CompilerRun {
  const plain = output.replace(COLOURS, "");
  // Some findings make the library end its process instead of returning.
  if (result === "") return { error: `the compiler ended with exit code ${code}`, output: plain };
  const { error } = JSON.parse(result) as { error: string | null };
  return { error, output: plain };
}
