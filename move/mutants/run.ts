/**
 * Applies one mutant to a copy of the Move package and asks the package's own tests, or random histories, whether they
 * notice. It doesn't know which mutants there are.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { testPackage } from "@computestream/devnet/toolchain";
import { buildPackages, createChain } from "../fuzz/chain.ts";
import { Violation } from "../fuzz/compare.ts";
import { createRunner } from "../fuzz/runner.ts";
import { searchChunk } from "../fuzz/search.ts";
import { createWorld } from "../fuzz/world.ts";
import type { Mutant } from "./mutants.ts";

/** Part of the names of the tests that stand nearest to a file: they are asked first, the others only if these don't notice. */
const NEAREST: Record<string, string> = {
  "attestation.move": "attestation_tests",
  "dispute.move": "dispute_",
  "job.move": "job_",
  "job_quotes.move": "job_quotes_tests",
  "job_registry.move": "job_",
  "job_terms.move": "job_orders_tests",
  "liability.move": "provider_liability_tests",
  "merkle.move": "merkle_tests",
  "meter.move": "meter_tests",
  "payment_stream.move": "stream_",
  "payout.move": "payout_tests",
  "stake.move": "stake_tests",
  "stream.move": "stream_",
};

const PACKAGE_DIR = fileURLToPath(new URL("..", import.meta.url));

export interface Verdict {
  name: string;
  killed: boolean;
  /** Tests that failed, or what a history broke; empty for a survivor. */
  by: string[];
}

/** The source with the change. Throws if `find` doesn't stand there exactly once: the mutant is stale. */
export function mutate(source: string, mutant: Mutant): string {
  const parts = source.split(mutant.find);
  if (parts.length !== 2) {
    throw new Error(`${mutant.name}: its text stands ${parts.length - 1} times in ${mutant.file}, not once`);
  }
  return parts.join(mutant.replace);
}

/** Throws where the mutant doesn't compile or is stale: it would prove nothing. */
async function withMutant<T>(mutant: Mutant, use: (packageDir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(tmpdir(), "computestream-mutant-"));
  try {
    for (const part of ["Move.toml", "sources", "tests"]) {
      cpSync(join(PACKAGE_DIR, part), join(dir, part), { recursive: true });
    }
    const file = join(dir, "sources", mutant.file);
    writeFileSync(file, mutate(readFileSync(file, "utf8"), mutant));
    return await use(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function testMutant(mutant: Mutant): Promise<Verdict> {
  return withMutant(mutant, async (packageDir) => {
    const nearest = NEAREST[mutant.file];
    const first = await testPackage({
      packageDir,
      namedAddresses: {},
      ...(nearest ? { filter: nearest } : {}),
    });
    const report = first.ok && nearest ? await testPackage({ packageDir, namedAddresses: {} }) : first;
    const by = [...report.output.matchAll(/\[ FAIL\s*\]\s*(\S+)/g)].map((match) => match[1] as string);
    return { name: mutant.name, killed: !report.ok, by };
  });
}

const headline = (message: string): string => message.split("\n", 1)[0] as string;

/** Stops at the first history that breaks a check. */
export function searchMutant(
  mutant: Mutant,
  { histories, seed }: { histories: number; seed: number },
): Promise<Verdict> {
  return withMutant(mutant, async (packageDir) => {
    const chain = createChain(await buildPackages(packageDir));
    try {
      const world = createWorld(chain);
      const { failure } = searchChunk(createRunner(chain, world), world, { seed, histories, maxShrinks: 0 });
      return { name: mutant.name, killed: failure !== null, by: failure ? [headline(failure.message)] : [] };
    } catch (error) {
      // The markets that histories start from are compared with the model too.
      if (error instanceof Violation)
        return { name: mutant.name, killed: true, by: [headline(error.message)] };
      throw error;
    } finally {
      chain.close();
    }
  });
}
