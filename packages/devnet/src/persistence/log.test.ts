import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLog } from "./log.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "devnet-log-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const file = () => join(dir, "chain.log");
const record = (text: string) => Buffer.from(text);
function contents(): string[] {
  const found: string[] = [];
  openLog(dir, (bytes) => found.push(bytes.toString())).close();
  return found;
}
function write(...records: string[]): void {
  const log = openLog(dir, () => {});
  log.append(records.map(record));
  log.close();
}

describe("the log", () => {
  it("gives back what was appended, in order, across openings", () => {
    write("one", "two");
    write("three");
    expect(contents()).toEqual(["one", "two", "three"]);
  });
  it("drops a last record that was cut off anywhere, and goes on from there", () => {
    write("one", "two");
    const whole = statSync(file()).size;
    for (let cut = 1; cut < 12 + "two".length; cut++) {
      truncateSync(file(), whole - cut);
      expect(contents()).toEqual(["one"]);
      write("two");
      expect(statSync(file()).size).toBe(whole);
    }
    expect(contents()).toEqual(["one", "two"]);
  });
  it("drops zeros that a power failure left at the end", () => {
    write("one");
    appendFileSync(file(), Buffer.alloc(5000));
    expect(contents()).toEqual(["one"]);
  });
  it("refuses damage in the middle and leaves the file alone", () => {
    write("one", "two", "three");
    const bytes = readFileSync(file());
    for (const at of [bytes.indexOf("one"), bytes.indexOf("one") - 12]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = 0xff;
      writeFileSync(file(), damaged);
      expect(contents).toThrow("is damaged at byte");
      expect(readFileSync(file())).toEqual(damaged);
    }
  });
  it("refuses a file that is no log", () => {
    writeFileSync(file(), "something else that is long enough");
    expect(contents).toThrow("is not a log of this devnet version");
  });
  it("is open once at a time", () => {
    const log = openLog(dir, () => {});
    expect(() => openLog(dir, () => {})).toThrow(`in use by process ${process.pid}`);
    log.close();
    contents();
  });
  it("takes over the lock of a process that is gone, and not of one that lives", () => {
    const gone = spawnSync("true").pid;
    writeFileSync(join(dir, "LOCK"), String(gone));
    expect(contents()).toEqual([]);
    writeFileSync(join(dir, "LOCK"), String(process.ppid));
    expect(contents).toThrow(`in use by process ${process.ppid}`);
  });
});
