/**
 * An append-only file of checksummed records that survives SIGKILL, and the lock that keeps it to one process.
 * It doesn't know what a record holds.
 *
 * Durability: a record is in the kernel when `append` returns, so killing the process loses nothing. The disk is
 * synced within a second and on close, so a power failure can lose the last second, never more.
 */
import {
  closeSync,
  existsSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";

export interface RecordLog {
  /** Appends all of them with one write. Throws when the disk refuses: the caller must stop. */
  append(records: readonly Uint8Array[]): void;
  close(): void;
}

export class LogError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LogError";
  }
}

const MAGIC = Buffer.from("computestream-devnet-log-1\n");
/** Length, CRC-32 of the length, CRC-32 of the payload, each a little-endian u32. */
const HEADER_BYTES = 12;
const SYNC_INTERVAL_MS = 1000;
const READ_CHUNK = 1 << 22;

/**
 * Opens `<dir>/chain.log`, hands every record to `replay` and leaves the file ready to append. A last record that
 * was cut off is dropped; damage anywhere else is an error, because what follows it would be lost.
 */
export function openLog(dir: string, replay: (record: Buffer) => void): RecordLog {
  mkdirSync(dir, { recursive: true });
  const release = lock(dir);
  let fd: number | null = null;
  try {
    fd = openSync(join(dir, "chain.log"), existsSync(join(dir, "chain.log")) ? "r+" : "wx+", 0o600);
    const end = readRecords(fd, dir, replay);
    ftruncateSync(fd, end);
    return writer(fd, end, release);
  } catch (error) {
    if (fd !== null) closeSync(fd);
    release();
    throw error;
  }
}

function readRecords(fd: number, dir: string, replay: (record: Buffer) => void): number {
  const size = fstatSync(fd).size;
  if (size < MAGIC.length) {
    ftruncateSync(fd, 0);
    writeSync(fd, MAGIC, 0, MAGIC.length, 0);
    return MAGIC.length;
  }
  const read = bufferedReader(fd, size);
  if (!read(0, MAGIC.length).equals(MAGIC))
    throw new LogError(`${dir}/chain.log is not a log of this devnet version; choose another data directory`);
  let at = MAGIC.length;
  while (at + HEADER_BYTES <= size) {
    const header = read(at, HEADER_BYTES);
    const length = header.readUInt32LE(0);
    // The length has its own checksum: a damaged one must not pass for a record that was cut off.
    if (crc32(header.subarray(0, 4)) !== header.readUInt32LE(4)) {
      if (isZeroFrom(read, at, size)) break;
      throw damaged(dir, at);
    }
    const next = at + HEADER_BYTES + length;
    if (next > size) break;
    const record = read(at + HEADER_BYTES, length);
    if (crc32(record) !== header.readUInt32LE(8)) {
      if (next === size) break;
      throw damaged(dir, at);
    }
    replay(record);
    at = next;
  }
  return at;
}

function damaged(dir: string, at: number): LogError {
  return new LogError(
    `${dir}/chain.log is damaged at byte ${at}: restore it from a copy, or move the directory away to start a new chain`,
  );
}

/** After a power failure a file system may have grown the file without its contents. */
function isZeroFrom(read: (at: number, length: number) => Buffer, at: number, size: number): boolean {
  for (let from = at; from < size; from += READ_CHUNK)
    if (read(from, Math.min(READ_CHUNK, size - from)).some((byte) => byte !== 0)) return false;
  return true;
}

/** Reads a file front to back in large chunks; the answers are copies. */
function bufferedReader(fd: number, size: number): (at: number, length: number) => Buffer {
  let chunk = Buffer.alloc(0);
  let start = 0;
  return (at, length) => {
    if (at < start || at + length > start + chunk.length) {
      const wanted = Math.min(Math.max(length, READ_CHUNK), size - at);
      chunk = Buffer.allocUnsafe(wanted);
      start = at;
      for (let got = 0; got < wanted; ) {
        const count = readSync(fd, chunk, got, wanted - got, at + got);
        if (count === 0) throw new LogError("chain.log became shorter while it was read");
        got += count;
      }
    }
    return Buffer.from(chunk.subarray(at - start, at - start + length));
  };
}

function writer(fd: number, end: number, release: () => void): RecordLog {
  let at = end;
  let dirty = false;
  let syncing = false;
  let closed = false;
  const timer = setInterval(() => {
    if (!dirty || syncing) return;
    dirty = false;
    syncing = true;
    fdatasync(fd, () => {
      syncing = false;
      if (closed) closeSync(fd);
    });
  }, SYNC_INTERVAL_MS);
  timer.unref();
  return {
    append(records) {
      const parts: Uint8Array[] = [];
      for (const record of records) {
        const header = Buffer.allocUnsafe(HEADER_BYTES);
        header.writeUInt32LE(record.length, 0);
        header.writeUInt32LE(crc32(header.subarray(0, 4)), 4);
        header.writeUInt32LE(crc32(record), 8);
        parts.push(header, record);
      }
      const bytes = Buffer.concat(parts);
      for (let done = 0; done < bytes.length; )
        done += writeSync(fd, bytes, done, bytes.length - done, at + done);
      at += bytes.length;
      dirty = true;
    },
    close() {
      if (closed) return;
      closed = true;
      clearInterval(timer);
      fdatasyncSync(fd);
      if (!syncing) closeSync(fd);
      release();
    },
  };
}

/** Locks held by this process: process ids are reused, always so in containers. */
const openHere = new Set<string>();

/** A file with our process id; one left by a process that is gone is taken over. */
function lock(dir: string): () => void {
  const path = join(dir, "LOCK");
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx", mode: 0o600 });
      openHere.add(path);
      return () => {
        openHere.delete(path);
        rmSync(path, { force: true });
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      const owner = Number(readFileSync(path, "utf8"));
      if (owner === process.pid ? openHere.has(path) : isAlive(owner))
        throw new LogError(
          `${dir} is in use by process ${owner}: stop that devnet or choose another data directory`,
        );
      rmSync(path, { force: true });
    }
  }
  throw new LogError(`${dir}/LOCK can't be taken: another process is starting there`);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
