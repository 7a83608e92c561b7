/**
 * A job's output folder as one deterministic tar: sorted names, fixed owner, mode and time.
 * It doesn't know containers or stores. Nothing is ever unpacked: hostile names and links only exist as text here.
 */
import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import tar from "tar-stream";
import { messageOf, NodeError } from "../errors.ts";
import { tarBytes } from "../runtime/output-size.ts";
import { createOutputHasher } from "./output-hasher.ts";

export interface PackedOutput {
  path: string;
  bytes: number;
  files: number;
  /** 0x-hex, 32 bytes. */
  sha256: string;
  root: string;
  /** Entries left out, with the reason; at most `SKIPPED_TOLD`. */
  skipped: string[];
}

const SKIPPED_TOLD = 20;
const MAX_ENTRIES = 100_000;
const MAX_NAME_BYTES = 1_024;
/** Two zero blocks end a tar. */
const TRAILER_BYTES = 1_024;

type Entry = { name: string; kind: "directory" } | { name: string; kind: "file"; at: number; size: number };

/** Where a pack made in `dir` lies. */
export function packPath(dir: string): string {
  return join(dir, "output.tar");
}

/**
 * Reads `source` (a tar whose first path segment is the output folder), writes `<dir>/output.tar`.
 * Throws `OUTPUT_TOO_LARGE` once more than `limitBytes` would be packed, `OUTPUT_UNREADABLE`
 * (retryable) on a broken stream, a full disk or when `signal` aborts.
 */
export async function packOutput(
  source: Readable,
  options: { dir: string; limitBytes: number; signal?: AbortSignal },
): Promise<PackedOutput> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 });
  const spool = join(options.dir, "output.spool");
  const path = packPath(options.dir);
  const breakOff = () => source.destroy(new Error("out of time"));
  if (options.signal?.aborted) breakOff();
  options.signal?.addEventListener("abort", breakOff, { once: true });
  try {
    const { entries, skipped } = await spoolEntries(source, spool, options.limitBytes);
    const written = await writePack(entries, spool, path);
    return { path, files: entries.filter((entry) => entry.kind === "file").length, skipped, ...written };
  } catch (error) {
    if (error instanceof NodeError) throw error;
    throw new NodeError("OUTPUT_UNREADABLE", `the output can't be packed: ${messageOf(error)}`, {
      retryable: true,
      cause: error,
    });
  } finally {
    options.signal?.removeEventListener("abort", breakOff);
    source.destroy();
    await rm(spool, { force: true });
  }
}

/**
 * The path inside the pack, or null when it must not be in any: absolute, climbing, or with bytes that
 * lead a terminal or a file system astray.
 */
export function safeName(name: string): string | null {
  if (name.startsWith("/") || /[\p{Cc}\\\uFFFD]/u.test(name)) return null;
  const segments = name.split("/").filter((segment) => segment !== "" && segment !== ".");
  if (segments.length === 0 || segments.includes("..")) return null;
  const clean = segments.join("/");
  if (Buffer.byteLength(clean) > MAX_NAME_BYTES) return null;
  return segments.some((segment) => Buffer.byteLength(segment) > 255) ? null : clean;
}

async function spoolEntries(source: Readable, spool: string, limitBytes: number) {
  const entries = new Map<string, Entry>();
  const skipped: string[] = [];
  const skip = (name: string, why: string) => {
    if (skipped.length < SKIPPED_TOLD) skipped.push(`${JSON.stringify(name.slice(0, 200))}: ${why}`);
  };
  let packed = TRAILER_BYTES;
  const count = (bytes: number) => {
    packed += bytes;
    if (packed > limitBytes || entries.size >= MAX_ENTRIES) {
      throw new NodeError("OUTPUT_TOO_LARGE", `the output is larger than ${limitBytes} bytes`);
    }
  };
  const out = createWriteStream(spool, { mode: 0o600 });
  const written = finished(out);
  written.catch(() => {});
  let at = 0;

  const extract = tar.extract();
  let ended = false;
  source.on("end", () => {
    ended = true;
  });
  source.on("error", (error) => extract.destroy(error));
  source.on("close", () => {
    if (!ended) extract.destroy(new Error("the stream ended early"));
  });
  source.pipe(extract);
  try {
    for await (const stream of extract) {
      const { header } = stream;
      const name = insideOutput(header.name);
      if (name === "") {
        stream.resume();
        continue;
      }
      const clean = name === null ? null : safeName(name);
      const kind = header.type ?? "file";
      if (clean === null) skip(header.name, "unsafe name");
      else if (entries.has(clean)) skip(header.name, "a second entry of this name");
      else if (kind === "directory") {
        count(tarBytes(0));
        entries.set(clean, { name: clean, kind: "directory" });
      } else if (kind === "link") {
        // A hard link is the same file under a second name: packed as a copy.
        const target = entries.get(safeName(insideOutput(header.linkname ?? "") ?? "") ?? "");
        if (target?.kind === "file") {
          count(tarBytes(target.size));
          entries.set(clean, { ...target, name: clean });
        } else skip(header.name, "hard link to nothing that is packed");
      } else if (kind === "file" || kind === "contiguous-file") {
        const size = header.size ?? 0;
        count(tarBytes(size));
        for await (const chunk of stream) {
          // A stream that failed, such as on a full disk, never drains: `written` tells that.
          if (!out.write(chunk)) await Promise.race([once(out, "drain"), written]);
        }
        entries.set(clean, { name: clean, kind: "file", at, size });
        at += size;
        continue;
      } else skip(header.name, kind);
      stream.resume();
    }
  } catch (error) {
    out.destroy();
    // A file still being opened would come into being after the caller has removed it.
    await written.catch(() => {});
    throw error;
  }
  out.end();
  await written;
  const sorted = [...entries.values()].sort((a, b) =>
    Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
  return { entries: sorted, skipped };
}

/** The name without the folder itself; "" for the folder, null for anything beside it. */
function insideOutput(name: string): string | null {
  const clean = name.replace(/^(\.\/)+/, "");
  const slash = clean.indexOf("/");
  if (slash < 0) return clean === "output" ? "" : null;
  return clean.slice(0, slash) === "output" ? clean.slice(slash + 1) : null;
}

async function writePack(entries: Entry[], spool: string, path: string) {
  const hasher = createOutputHasher();
  const pack = tar.pack();
  const target = await open(path, "w", 0o600);
  let bytes = 0;
  const drained = (async () => {
    for await (const chunk of pack) {
      hasher.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      await target.writeFile(chunk as Buffer);
    }
  })();
  drained.catch(() => {});
  try {
    // A target that fails takes no more, and then no entry ever ends.
    for (const entry of entries) await Promise.race([addEntry(pack, entry, spool), drained]);
    pack.finalize();
    await drained;
    await target.sync();
  } finally {
    pack.destroy();
    await target.close();
  }
  return { bytes, ...hasher.digest() };
}

async function addEntry(pack: tar.Pack, entry: Entry, spool: string): Promise<void> {
  const fixed = { uid: 0, gid: 0, mtime: new Date(0), uname: "", gname: "" };
  if (entry.kind === "directory") {
    pack.entry({ ...fixed, name: `${entry.name}/`, type: "directory", mode: 0o755 });
    return;
  }
  const header = { ...fixed, name: entry.name, size: entry.size, mode: 0o644 };
  if (entry.size === 0) {
    pack.entry(header, "");
    return;
  }
  const content = createReadStream(spool, { start: entry.at, end: entry.at + entry.size - 1 });
  await new Promise<void>((resolve, reject) => {
    const sink = pack.entry(header, (error) => (error ? reject(error) : resolve()));
    content.on("error", reject);
    content.pipe(sink);
  });
}
