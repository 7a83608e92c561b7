/** What a node remembers of its owner's commands, on a real disk. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openCommandJournal } from "./command-journal.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "commands-"));
  path = join(dir, "commands");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const DONE = { state: "done", code: null, message: null, transaction: null } as const;

async function reopened() {
  const journal = await openCommandJournal(path);
  await journal.close();
  return journal;
}

it("knows mode, number and ends again after a restart", async () => {
  const journal = await openCommandJournal(path);
  expect([journal.mode, journal.lastNumber]).toEqual(["open", 0]);
  await journal.accept({ id: "a", number: 5, command: { kind: "drain" } });
  await journal.end("a", DONE);
  await journal.accept({
    id: "b",
    number: 9,
    command: { kind: "price", pricePerHour: 3n, gpuPricePerHour: 0n },
  });
  await journal.close();
  const again = await reopened();
  expect([again.mode, again.lastNumber]).toEqual(["draining", 9]);
  expect(again.find("a")?.end).toEqual(DONE);
  expect(again.open().map(({ id, command }) => [id, command])).toEqual([
    ["b", { kind: "price", pricePerHour: 3n, gpuPricePerHour: 0n }],
  ]);
  expect(again.find("c")).toBeNull();
});

it("forgets a torn tail, and refuses to start on damage before it", async () => {
  const journal = await openCommandJournal(path);
  await journal.accept({ id: "a", number: 5, command: { kind: "maintenance" } });
  await journal.close();
  const whole = readFileSync(path);
  appendFileSync(path, '12345678 {"t":"acc');
  expect((await reopened()).mode).toBe("maintenance");
  expect(readFileSync(path)).toEqual(whole);
  writeFileSync(path, Buffer.concat([Buffer.from("damage\n"), whole]));
  await expect(openCommandJournal(path)).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
});
