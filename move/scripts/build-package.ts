/**
 * Compiling the Move package for a network: the embedded compiler for the devnet, the Movement or Aptos CLI elsewhere.
 * It doesn't publish.
 */
import { execFile } from "node:child_process";
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, delimiter, join } from "node:path";
import { promisify } from "node:util";
import { Deserializer } from "@aptos-labs/ts-sdk";
import { DeployError } from "./deploy-error.ts";
import type { NetworkName } from "./networks.ts";

export interface CompiledPackage {
  /** In dependency order. */
  modules: Array<{ name: string; bytecode: Uint8Array }>;
  /** BCS PackageMetadata. */
  metadata: Uint8Array;
}

const CLI_TIMEOUT_MS = 10 * 60_000;

/** `address` becomes the named address `computestream`. `cli` is a path or a name on PATH; unused on the devnet. */
export async function compilePackage(options: {
  network: NetworkName;
  packageDir: string;
  address: string;
  cli?: string | undefined;
}): Promise<CompiledPackage> {
  const { network, packageDir, address } = options;
  if (network === "devnet") {
    // Loaded here only: the embedded compiler must not be needed, or even installed, to deploy elsewhere.
    const { buildPackage, MoveBuildError } = await import("@computestream/devnet/toolchain");
    return buildPackage({ packageDir, namedAddresses: { computestream: address } }).catch(
      (cause: unknown) => {
        if (!(cause instanceof MoveBuildError)) throw cause;
        throw new DeployError("COMPILE_FAILED", cause.message, "Correct the package and run this again.", {
          cause,
        });
      },
    );
  }
  return compileWithCli({ packageDir, address, cli: findCli(options.cli) });
}

function findCli(named: string | undefined): string {
  const candidates = named
    ? named.includes("/")
      ? [named]
      : onPath(named)
    : [...onPath("movement"), ...onPath("aptos")];
  const found = candidates.find(isExecutable);
  if (found) return found;
  throw new DeployError(
    "CLI_MISSING",
    named
      ? `There is no program ${named}.`
      : "The Movement or Aptos CLI is needed to compile for this network, and neither is on PATH.",
    "Install it (https://docs.movementnetwork.xyz/devs/movementcli) or name it with --cli <path>.",
  );
}

function onPath(name: string): string[] {
  return (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Compiles a copy, so that `build/` of the checkout isn't touched. Language 2.1, bytecode 7: what Movement accepts. */
async function compileWithCli(p: {
  packageDir: string;
  address: string;
  cli: string;
}): Promise<CompiledPackage> {
  const scratch = mkdtempSync(join(tmpdir(), "computestream-move-"));
  try {
    const dir = join(scratch, basename(p.packageDir));
    cpSync(p.packageDir, dir, {
      recursive: true,
      filter: (path) => !/(^|\/)(build|node_modules)$/.test(path),
    });
    const args = [
      ...["move", "compile", "--save-metadata", "--package-dir", dir],
      ...["--named-addresses", `computestream=${p.address}`, "--included-artifacts", "none"],
      ...["--language-version", "2.1", "--bytecode-version", "7"],
    ];
    try {
      await promisify(execFile)(p.cli, args, { timeout: CLI_TIMEOUT_MS, maxBuffer: 16 * 1024 * 1024 });
    } catch (cause) {
      const { stdout = "", stderr = "" } = cause as { stdout?: string; stderr?: string };
      throw new DeployError(
        "COMPILE_FAILED",
        `${p.cli} couldn't compile the package:\n${`${stdout}\n${stderr}`.trim().slice(-4000)}`,
        "Correct the package, or update the CLI when it doesn't know an option.",
        { cause },
      );
    }
    return readBuild(join(dir, "build"));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readBuild(buildDir: string): CompiledPackage {
  const dir = existsSync(buildDir)
    ? readdirSync(buildDir)
        .map((name) => join(buildDir, name))
        .find((path) => existsSync(join(path, "package-metadata.bcs")))
    : undefined;
  if (!dir) {
    throw new DeployError(
      "BUILD_MISSING",
      `The compiler left no package-metadata.bcs under ${buildDir}.`,
      "Use a CLI that knows `move compile --save-metadata`.",
    );
  }
  const metadata = Uint8Array.from(readFileSync(join(dir, "package-metadata.bcs")));
  return {
    metadata,
    modules: metadataModuleNames(metadata).map((name) => ({
      name,
      bytecode: Uint8Array.from(readFileSync(join(dir, "bytecode_modules", `${name}.mv`))),
    })),
  };
}

/** The module names of a BCS `0x1::code::PackageMetadata`, in the order in which the compiler publishes them. */
export function metadataModuleNames(metadata: Uint8Array): string[] {
  const reader = new Deserializer(metadata);
  reader.deserializeStr(); // name
  reader.deserializeU8(); // upgrade policy
  reader.deserializeU64(); // upgrade number
  reader.deserializeStr(); // source digest
  reader.deserializeBytes(); // manifest
  const count = reader.deserializeUleb128AsU32();
  const names: string[] = [];
  for (let i = 0; i < count; i++) {
    names.push(reader.deserializeStr());
    reader.deserializeBytes(); // source
    reader.deserializeBytes(); // source map
    if (reader.deserializeUleb128AsU32() !== 0) {
      throw new DeployError(
        "METADATA_UNKNOWN",
        "The package metadata has an extension that this script doesn't know.",
        "Update the deploy script for this CLI.",
      );
    }
  }
  return names;
}
