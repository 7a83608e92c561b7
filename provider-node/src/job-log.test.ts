import { appendFileSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openJobLog } from "./job-log.ts";
import { createLogFrames } from "./runtime/log-frames.ts";

const JOB = `0x${"1".repeat(64)}`;
const S = 1_000_000_000n;
const newPath = () => join(mkdtempSync(join(tmpdir(), "log-")), "job.ndjson");

describe("a job's log", () => {
  it("numbers its lines from 0 and goes on after a crash, without repeats and without loss", () => {
    const path = newPath();
    const first = openJobLog(path, JOB, 1_000_000);
    expect(first.append("stdout", 10n * S, "a")).toEqual({
      type: "log",
      job: JOB,
      offset: 0,
      stream: "stdout",
      at: 10_000,
      text: "a",
    });
    expect(first.append("stderr", 11n * S, "b")?.offset).toBe(1);
    // Two equal lines at one instant are two lines.
    expect(first.append("stdout", 11n * S, "same")?.offset).toBe(2);
    expect(first.append("stdout", 11n * S, "same")?.offset).toBe(3);
    const { root } = first;
    appendFileSync(path, '{"offset":4,"stream":"stdo');

    const second = openJobLog(path, JOB, 1_000_000);
    expect(second.root).toBe(root);
    expect(second.resumeNs).toBe(9n * S);
    // The container's log is read again from `resumeNs` on.
    const again = [
      ["stdout", 10n * S, "a"],
      ["stderr", 11n * S, "b"],
      ["stdout", 11n * S, "same"],
      ["stdout", 11n * S, "same"],
      ["stdout", 11n * S, "same"],
      ["stdout", 12n * S, "c"],
    ] as const;
    expect(again.map(([stream, at, text]) => second.append(stream, at, text)?.offset ?? null)).toEqual([
      null,
      null,
      null,
      null,
      4,
      5,
    ]);
    expect(second.tail(2).map(({ offset, text }) => [offset, text])).toEqual([
      [4, "same"],
      [5, "c"],
    ]);
    first.close();
    second.close();
  });

  it("stops at its limit and says so once", () => {
    const path = newPath();
    const log = openJobLog(path, JOB, 400);
    expect(log.append("stdout", S, "x".repeat(200))?.text).toHaveLength(200);
    expect(log.append("stdout", 2n * S, "y".repeat(200))).toMatchObject({
      stream: "system",
      offset: 1,
      text: "log limit of 400 bytes reached",
    });
    expect(log.append("stdout", 3n * S, "z")).toBeNull();
    log.close();
    const again = openJobLog(path, JOB, 400);
    expect(again.append("stdout", 4n * S, "w".repeat(300))?.stream ?? "dropped").toMatch(/system|dropped/);
    expect(readFileSync(path).length).toBeLessThan(800);
    again.close();
  });

  it("has a root that every line changes", () => {
    const log = openJobLog(newPath(), JOB, 1_000);
    expect(log.root).toBe(`0x${"0".repeat(64)}`);
    const roots = ["a", "b", "b"].map((text, i) => {
      log.append("stdout", BigInt(i) * S, text);
      return log.root;
    });
    expect(new Set(roots).size).toBe(3);
    log.close();
  });
});

describe("Docker's log stream", () => {
  const frame = (stream: number, body: string) => {
    const content = Buffer.from(body);
    const header = Buffer.alloc(8);
    header[0] = stream;
    header.writeUInt32BE(content.length, 4);
    return Buffer.concat([header, content]);
  };
  const bytes = Buffer.concat([
    frame(1, "2026-11-21T10:06:15.000000001Z hello\n"),
    frame(2, "2026-11-21T10:06:16Z \n"),
    frame(1, "2026-11-21T10:06:17Z no newline"),
  ]);
  const lines = [
    { stream: "stdout", atNs: 1_795_255_575_000_000_001n, text: "hello" },
    { stream: "stderr", atNs: 1_795_255_576_000_000_000n, text: "" },
    { stream: "stdout", atNs: 1_795_255_577_000_000_000n, text: "no newline" },
  ];

  it.each([1, 7, 8, 9, 50, 10_000])("is cut into lines when it arrives %d bytes at a time", (size) => {
    const parse = createLogFrames();
    const found = [];
    for (let at = 0; at < bytes.length; at += size) found.push(...parse(bytes.subarray(at, at + size)));
    expect(found).toEqual(lines);
  });
  it("is refused when it is something else", () => {
    expect(() => createLogFrames()(Buffer.from("HTTP/1.1 500 Internal Server Error"))).toThrow(RangeError);
  });
});
