/**
 * `npm run fuzz:mutants [-- --json] [name …]`: every mutant must be killed by the Move tests; with `--histories N
 * [--seed S]` it is random histories that are asked instead.
 * It doesn't know the mutants. The last line with `--json` is `{"mutants":N,"killed":N,"survivors":[…]}`.
 */
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { MUTANTS } from "./mutants.ts";
import { searchMutant, testMutant, type Verdict } from "./run.ts";

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      histories: { type: "string" },
      seed: { type: "string", default: "1" },
    },
  });
  const search = { histories: Number(values.histories ?? 1), seed: Number(values.seed) };
  if (!Number.isSafeInteger(search.histories) || search.histories < 1 || !Number.isSafeInteger(search.seed)) {
    console.error("--histories must be an integer of at least 1, --seed an integer.");
    process.exitCode = 2;
    return;
  }
  const unknown = positionals.filter((name) => !MUTANTS.some((mutant) => mutant.name === name));
  if (unknown.length > 0) {
    console.error(
      `No mutant is named ${unknown.join(", ")}. Names: ${MUTANTS.map((m) => m.name).join(", ")}`,
    );
    process.exitCode = 2;
    return;
  }
  const queue = MUTANTS.filter((mutant) => positionals.length === 0 || positionals.includes(mutant.name));
  const total = queue.length;
  const verdicts: Verdict[] = [];

  async function work(): Promise<void> {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const asksHistories = values.histories !== undefined;
      const verdict = asksHistories ? await searchMutant(mutant, search) : await testMutant(mutant);
      verdicts.push(verdict);
      const by = asksHistories ? verdict.by.join(", ") : `${verdict.by.length} tests`;
      const how = verdict.killed ? `killed by ${by}` : `SURVIVED: ${mutant.harm}`;
      console.error(`${String(verdicts.length).padStart(3)}/${total} ${mutant.name}: ${how}`);
    }
  }
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), total) }, work));

  const survivors = verdicts.filter((verdict) => !verdict.killed).map((verdict) => verdict.name);
  const killed = verdicts.length - survivors.length;
  console.log(
    values.json
      ? JSON.stringify({ mutants: verdicts.length, killed, survivors })
      : `${verdicts.length} mutants, ${killed} killed`,
  );
  if (survivors.length > 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
