import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import {
  createJournalStore,
  decodeRecords,
  EMPTY_STATE,
  encodeRecord,
  fold,
  type JournalRecord,
} from "./journal.ts";

const JOB = `0x${"1".repeat(64)}`;
const signed = (seq: bigint): JournalRecord => ({ t: "signed", seq, secondsCum: seq, tLast: 100n + seq });
const newDir = () => mkdtempSync(join(tmpdir(), "journal-"));
const fileOf = (dir: string) => join(dir, "journal", `${JOB}.journal`);

describe("a journal file", () => {
  it("gives back what was appended, after it was closed without warning", async () => {
    const dir = newDir();
    const journal = await (await createJournalStore(dir)).open(JOB);
    expect(journal.fresh).toBe(true);
    await journal.append({ t: "seen", job: JOB });
    await journal.append({ t: "starting" });
    await journal.append(signed(1n));
    await journal.append(signed(2n));

    const again = await (await createJournalStore(dir)).open(JOB);
    expect(again.fresh).toBe(false);
    expect(again.state).toEqual({
      ...EMPTY_STATE,
      starting: true,
      signed: { seq: 2n, secondsCum: 2n, tLast: 102n },
    });
    await journal.close();
    await again.close();
  });

  it("keeps the order of appends that weren't awaited", async () => {
    const dir = newDir();
    const journal = await (await createJournalStore(dir)).open(JOB);
    await Promise.all([1n, 2n, 3n, 4n, 5n].map((seq) => journal.append(signed(seq))));
    await journal.close();
    expect(decodeRecords(readFileSync(fileOf(dir))).records).toEqual([1n, 2n, 3n, 4n, 5n].map(signed));
  });

  it.each([
    ["half a line", (line: string) => line.slice(0, line.length / 2)],
    ["a line without its end", (line: string) => line.slice(0, -1)],
    ["blocks of zeros", () => "\0".repeat(512)],
    ["a whole line of garbage", () => "00000000 {}\n"],
  ])("drops a torn tail of %s and goes on after it", async (_name, torn) => {
    const dir = newDir();
    const first = await (await createJournalStore(dir)).open(JOB);
    await first.append(signed(7n));
    await first.close();
    appendFileSync(fileOf(dir), torn(encodeRecord(signed(8n))));

    const second = await (await createJournalStore(dir)).open(JOB);
    expect(second.state.signed?.seq).toBe(7n);
    await second.append(signed(9n));
    await second.close();
    expect(decodeRecords(readFileSync(fileOf(dir))).records).toEqual([signed(7n), signed(9n)]);
  });

  it("refuses damage in the middle: going on could sign one seq twice", async () => {
    const dir = newDir();
    const store = await createJournalStore(dir);
    const damaged =
      encodeRecord(signed(1n)) + encodeRecord(signed(2n)).replace('"2"', '"3"') + encodeRecord(signed(3n));
    writeFileSync(fileOf(dir), damaged);
    await expect(store.open(JOB)).rejects.toMatchObject({ code: "JOURNAL_CORRUPT" });
    expect(readFileSync(fileOf(dir), "utf8")).toBe(damaged);
  });

  it.each(["appendFile", "datasync"] as const)("goes on whole after a disk failed %s once", async (call) => {
    const dir = newDir();
    const journal = await (await createJournalStore(dir)).open(JOB);
    await journal.append(signed(1n));
    const probe = await open(fileOf(dir), "r");
    const failing = vi
      .spyOn(Object.getPrototypeOf(probe), call)
      .mockRejectedValueOnce(new Error("ENOSPC: no space left on device"));
    await expect(journal.append(signed(2n))).rejects.toThrow(/ENOSPC/);
    failing.mockRestore();
    await probe.close();
    expect(journal.state.signed?.seq).toBe(1n);
    await journal.append(signed(3n));
    await journal.close();
    expect(decodeRecords(readFileSync(fileOf(dir))).records).toEqual([signed(1n), signed(3n)]);
  });

  it("is listed until it is archived, and known after", async () => {
    const dir = newDir();
    const store = await createJournalStore(dir);
    const journal = await store.open(JOB);
    await journal.append({ t: "done", state: "Settled" });
    expect(await store.list()).toEqual([JOB]);
    expect(await store.isArchived(JOB)).toBe(false);
    await store.archive(journal);
    expect(await store.list()).toEqual([]);
    expect(await store.isArchived(JOB)).toBe(true);
  });
});

describe("the folded state", () => {
  const after = (...records: JournalRecord[]) => records.reduce(fold, EMPTY_STATE);
  const tx: JournalRecord = { t: "tx", kind: "accept", hash: "0x1", bytes: "0x", expiresAt: 9n };

  it("has an open transaction until its own outcome is known", () => {
    expect(after(tx).openTx).toEqual({ kind: "accept", hash: "0x1", bytes: "0x", expiresAt: 9n });
    expect(after(tx, { t: "tx-outcome", hash: "0x2", result: "committed" }).openTx?.hash).toBe("0x1");
    expect(after(tx, { t: "tx-outcome", hash: "0x1", result: "lost" }).openTx).toBeNull();
  });
  it("keeps the first cause of a stop, the first exit and the first failure", () => {
    const state = after(
      { t: "stopping", cause: "TIME_LIMIT" },
      { t: "stopping", cause: "CHAIN_ENDED" },
      { t: "exited", exitCode: 137, oomKilled: false, ranSecs: 5n, at: 1 },
      { t: "exited", exitCode: 0, oomKilled: false, ranSecs: 9n, at: 2 },
      { t: "failing", reason: "A" },
      { t: "failing", reason: "B" },
    );
    expect(state.stopping).toBe("TIME_LIMIT");
    expect(state.exited).toEqual({ exitCode: 137, oomKilled: false, ranSecs: 5n, at: 1 });
    expect(state.failing).toBe("A");
  });
});
