/**
 * One job's log on disk: capped, numbered without gaps, with the running hash that attestations carry.
 * It doesn't know Docker or the hub; after a restart it says where to resume and drops what it has.
 */
import { createHash } from "node:crypto";
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { LOG_LINE_MAX_BYTES, type LogMessage } from "@computestream/protocol";
import { z } from "zod";

export interface JobLog {
  /** The message for the hub, or null when the line is known already or the log is full. */
  append(stream: LogMessage["stream"], atNs: bigint, text: string): LogMessage | null;
  /** Time from which the container's log must be read again. */
  readonly resumeNs: bigint;
  /** Hash chain over all lines, 32 bytes as hex. */
  readonly root: string;
  /** The newest messages, oldest first. */
  tail(count: number): LogMessage[];
  close(): void;
}

const zLine = z.object({
  offset: z.number(),
  stream: z.enum(["stdout", "stderr", "system"]),
  atNs: z.string().transform(BigInt),
  text: z.string(),
});
type Line = z.output<typeof zLine>;

const TAIL = 500;
/** Two streams are stamped by two writers: a line may stand a little before one that is older. */
const OVERLAP_NS = 2_000_000_000n;
const EMPTY_ROOT = Buffer.alloc(32);

export function openJobLog(path: string, job: string, maxBytes: number): JobLog {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fd = openSync(path, "a+", 0o600);
  const content = readFileSync(fd);
  const known = parse(content);
  ftruncateSync(fd, known.wholeBytes);

  let bytes = known.wholeBytes;
  let root: Buffer = EMPTY_ROOT;
  for (const raw of known.raw) root = chain(root, raw);
  let offset = known.lines.length;
  let full = bytes >= maxBytes;
  const recent = known.lines.slice(-TAIL);
  const newestNs = known.lines.reduce(
    (max, line) => (line.stream !== "system" && line.atNs > max ? line.atNs : max),
    0n,
  );
  const resumeNs = newestNs > OVERLAP_NS ? newestNs - OVERLAP_NS : 0n;
  const repeated = new Map<string, number>();
  for (const line of known.lines) {
    if (line.stream === "system" || line.atNs < resumeNs) continue;
    repeated.set(keyOf(line), (repeated.get(keyOf(line)) ?? 0) + 1);
  }

  function write(line: Line): LogMessage {
    const raw = `${JSON.stringify({ ...line, atNs: line.atNs.toString() })}\n`;
    writeSync(fd, raw);
    bytes += Buffer.byteLength(raw);
    root = chain(root, raw);
    offset += 1;
    recent.push(line);
    if (recent.length > TAIL) recent.shift();
    return messageOf(job, line);
  }

  return {
    append(stream, atNs, text) {
      const line: Line = { offset, stream, atNs, text: text.slice(0, LOG_LINE_MAX_BYTES) };
      const key = keyOf(line);
      const before = stream === "system" ? 0 : (repeated.get(key) ?? 0);
      if (before > 0) {
        repeated.set(key, before - 1);
        return null;
      }
      if (full) return null;
      if (bytes + Buffer.byteLength(text) >= maxBytes) {
        full = true;
        return write({ ...line, stream: "system", text: `log limit of ${maxBytes} bytes reached` });
      }
      return write(line);
    },
    resumeNs,
    get root() {
      return `0x${root.toString("hex")}`;
    },
    tail: (count) => recent.slice(-count).map((line) => messageOf(job, line)),
    close: () => closeSync(fd),
  };
}

/** Whole lines only: a torn tail is read again from the container. */
function parse(content: Buffer): { lines: Line[]; raw: string[]; wholeBytes: number } {
  const lines: Line[] = [];
  const raw: string[] = [];
  let at = 0;
  for (let end = content.indexOf(0x0a, at); end >= 0; end = content.indexOf(0x0a, at)) {
    const text = content.toString("utf8", at, end + 1);
    let line: Line;
    try {
      line = zLine.parse(JSON.parse(text));
    } catch {
      break;
    }
    lines.push(line);
    raw.push(text);
    at = end + 1;
  }
  return { lines, raw, wholeBytes: at };
}

function chain(root: Buffer, raw: string): Buffer {
  return createHash("sha256").update(root).update(createHash("sha256").update(raw).digest()).digest();
}

function keyOf(line: Line): string {
  return `${line.stream} ${line.atNs} ${line.text}`;
}

function messageOf(job: string, line: Line): LogMessage {
  return {
    type: "log",
    job,
    offset: line.offset,
    stream: line.stream,
    at: Number(line.atNs / 1_000_000n),
    text: line.text,
  };
}
