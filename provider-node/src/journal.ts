/**
 * What the node did about one job, appended and fsynced before it acts: the memory that survives SIGKILL.
 * It doesn't know the chain or Docker, and decides nothing.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crc32 } from "node:zlib";
import { z } from "zod";
import { NodeError } from "./errors.ts";

const zBig = z.string().regex(/^\d+$/).transform(BigInt);
const stopCauses = ["TIME_LIMIT", "OUTPUT_TOO_LARGE", "CHAIN_ENDED"] as const;
export type StopCause = (typeof stopCauses)[number];

const zRecord = z.discriminatedUnion("t", [
  z.object({
    t: z.literal("seen"),
    job: z.string(),
    /** The job had started before this journal began: what was done and signed for it until then is forgotten. */
    late: z.boolean().optional(),
  }),
  z.object({ t: z.literal("refused"), code: z.string(), reason: z.string() }),
  z.object({
    t: z.literal("tx"),
    kind: z.string(),
    hash: z.string(),
    bytes: z.string(),
    expiresAt: zBig,
  }),
  z.object({
    t: z.literal("tx-outcome"),
    hash: z.string(),
    result: z.enum(["committed", "failed", "lost"]),
    code: z.string().optional(),
  }),
  z.object({ t: z.literal("container"), id: z.string(), imageId: z.string() }),
  z.object({ t: z.literal("starting") }),
  z.object({ t: z.literal("started"), startedAtNs: zBig, bootId: z.string() }),
  z.object({ t: z.literal("signed"), seq: zBig, secondsCum: zBig, tLast: zBig }),
  z.object({ t: z.literal("stopping"), cause: z.enum(stopCauses) }),
  z.object({
    t: z.literal("exited"),
    /** null when the container was gone. */
    exitCode: z.number().int().nullable(),
    oomKilled: z.boolean(),
    ranSecs: zBig,
    at: z.number(),
  }),
  z.object({ t: z.literal("failing"), reason: z.string() }),
  z.object({
    t: z.literal("published"),
    uris: z.array(z.string()),
    sha256: z.string(),
    root: z.string(),
    bytes: z.number(),
  }),
  z.object({ t: z.literal("done"), state: z.string() }),
]);
export type JournalRecord = z.output<typeof zRecord>;

export interface TxIntent {
  kind: string;
  hash: string;
  bytes: string;
  expiresAt: bigint;
}

/** The records of one job, folded. */
export interface JournalState {
  late: boolean;
  refused: { code: string; reason: string } | null;
  /** A transaction that was about to be sent and whose outcome isn't known. */
  openTx: TxIntent | null;
  containerId: string | null;
  imageId: string | null;
  starting: boolean;
  started: { startedAtNs: bigint; bootId: string } | null;
  signed: { seq: bigint; secondsCum: bigint; tLast: bigint } | null;
  stopping: StopCause | null;
  exited: { exitCode: number | null; oomKilled: boolean; ranSecs: bigint; at: number } | null;
  /** Decided to fail before or without a run: the reason that goes on chain. */
  failing: string | null;
  published: { uris: string[]; sha256: string; root: string; bytes: number } | null;
  done: boolean;
}

export const EMPTY_STATE: JournalState = {
  late: false,
  refused: null,
  openTx: null,
  containerId: null,
  imageId: null,
  starting: false,
  started: null,
  signed: null,
  stopping: null,
  exited: null,
  failing: null,
  published: null,
  done: false,
};

/** Pure: the state after one more record. */
export function fold(state: JournalState, record: JournalRecord): JournalState {
  switch (record.t) {
    case "seen":
      return { ...state, late: state.late || record.late === true };
    case "refused":
      return { ...state, refused: { code: record.code, reason: record.reason } };
    case "tx": {
      const { t: _, ...intent } = record;
      return { ...state, openTx: intent };
    }
    case "tx-outcome":
      return state.openTx?.hash === record.hash ? { ...state, openTx: null } : state;
    case "container":
      return { ...state, containerId: record.id, imageId: record.imageId };
    case "starting":
      return { ...state, starting: true };
    case "started":
      return { ...state, started: { startedAtNs: record.startedAtNs, bootId: record.bootId } };
    case "signed":
      return {
        ...state,
        signed: { seq: record.seq, secondsCum: record.secondsCum, tLast: record.tLast },
      };
    case "stopping":
      // The first cause stands: a later one is its consequence.
      return { ...state, stopping: state.stopping ?? record.cause };
    case "exited": {
      const { t: _, ...exited } = record;
      return { ...state, exited: state.exited ?? exited };
    }
    case "failing":
      return { ...state, failing: state.failing ?? record.reason };
    case "published": {
      const { t: _, ...published } = record;
      return { ...state, published };
    }
    case "done":
      return { ...state, done: true };
  }
}

export interface Journal {
  readonly job: string;
  readonly state: JournalState;
  /** True when the file didn't exist before it was opened. */
  readonly fresh: boolean;
  /** On disk (fsync) when it resolves; records land in call order. */
  append(record: JournalRecord): Promise<void>;
  close(): Promise<void>;
}

export interface JournalStore {
  /** Jobs with an unfinished journal. */
  list(): Promise<string[]>;
  open(job: string): Promise<Journal>;
  /** True when the job was refused or finished before. */
  isArchived(job: string): Promise<boolean>;
  /** Closes the journal and moves it out of the way; what it says stays readable. */
  archive(journal: Journal): Promise<void>;
  /** Closes and forgets the journal of a job that never became ours. */
  discard(journal: Journal): Promise<void>;
}

export const encodeRecord = (record: JournalRecord): string => encodeLine(record);

/** A record as a line that tells when it is damaged. */
export function encodeLine(record: object): string {
  const json = JSON.stringify(record, (_key, value) =>
    typeof value === "bigint" ? value.toString() : value,
  );
  return `${crc32(json).toString(16).padStart(8, "0")} ${json}\n`;
}

/**
 * Records of a file's text, and how many bytes of it are whole. A torn tail is what a crash leaves and is left out;
 * damage before the tail throws `NodeError` (`JOURNAL_CORRUPT`): signing on from it could sign one seq twice.
 */
export function decodeRecords(file: Buffer): { records: JournalRecord[]; wholeBytes: number } {
  return decodeLines(file, zRecord, "the node won't sign for this job until then");
}

/** The same for records of any kind; `until` is what doesn't happen while the file is damaged. */
export function decodeLines<T>(
  file: Buffer,
  schema: z.ZodType<T>,
  until: string,
): { records: T[]; wholeBytes: number } {
  const records: T[] = [];
  let at = 0;
  while (at < file.length) {
    const end = file.indexOf(0x0a, at);
    const record = end < 0 ? null : decodeLine(file.toString("utf8", at, end), schema);
    if (record === null) {
      if (end >= 0 && hasWholeLine(file, end + 1, schema)) {
        throw new NodeError("JOURNAL_CORRUPT", `the journal is damaged at byte ${at}`, {
          remedy: `Restore the file from a backup; ${until}.`,
        });
      }
      break;
    }
    records.push(record);
    at = end + 1;
  }
  return { records, wholeBytes: at };
}

function hasWholeLine(file: Buffer, from: number, schema: z.ZodType): boolean {
  for (let at = from; at < file.length; ) {
    const end = file.indexOf(0x0a, at);
    if (end < 0) return false;
    if (decodeLine(file.toString("utf8", at, end), schema) !== null) return true;
    at = end + 1;
  }
  return false;
}

function decodeLine<T>(line: string, schema: z.ZodType<T>): T | null {
  const json = line.slice(9);
  if (line[8] !== " " || crc32(json).toString(16).padStart(8, "0") !== line.slice(0, 8)) return null;
  try {
    return schema.parse(JSON.parse(json));
  } catch {
    return null;
  }
}

const FILE = /^(0x[0-9a-f]{64})\.journal$/;

export async function createJournalStore(dir: string): Promise<JournalStore> {
  const live = join(dir, "journal");
  const done = join(dir, "journal-done");
  await mkdir(live, { recursive: true, mode: 0o700 });
  await mkdir(done, { recursive: true, mode: 0o700 });
  const pathOf = (folder: string, job: string) => join(folder, `${job}.journal`);

  return {
    async list() {
      return (await readdir(live)).flatMap((name) => FILE.exec(name)?.[1] ?? []);
    },
    open: (job) => openJournal(pathOf(live, job), job),
    async isArchived(job) {
      try {
        await (await open(pathOf(done, job), "r")).close();
        return true;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
        throw error;
      }
    },
    async archive(journal) {
      await journal.close();
      await rename(pathOf(live, journal.job), pathOf(done, journal.job));
    },
    async discard(journal) {
      await journal.close();
      await rm(pathOf(live, journal.job), { force: true });
    },
  };
}

async function openJournal(path: string, job: string): Promise<Journal> {
  const file = await open(path, "a+", 0o600);
  try {
    const content = await file.readFile();
    const { records, wholeBytes } = decodeRecords(content);
    if (wholeBytes < content.length) {
      await file.truncate(wholeBytes);
      await file.sync();
    }
    const fresh = content.length === 0;
    if (fresh) await syncDir(dirname(path));
    return journalOn(file, job, fresh, wholeBytes, records.reduce(fold, EMPTY_STATE));
  } catch (error) {
    await file.close();
    throw error;
  }
}

function journalOn(
  file: FileHandle,
  job: string,
  fresh: boolean,
  wholeBytes: number,
  initial: JournalState,
): Journal {
  let state = initial;
  let size = wholeBytes;
  let torn = false;
  let tail: Promise<void> = Promise.resolve();
  let closed = false;
  return {
    job,
    fresh,
    get state() {
      return state;
    },
    append(record) {
      const written = tail.then(async () => {
        if (torn) {
          // What a failed write left was never acted on: cut off, so that a disk that has room again goes on whole.
          await file.truncate(size);
          await file.sync();
          torn = false;
        }
        const line = encodeRecord(record);
        torn = true;
        await file.appendFile(line);
        await file.datasync();
        torn = false;
        size += Buffer.byteLength(line);
        state = fold(state, record);
      });
      tail = written.catch(() => {});
      return written;
    },
    async close() {
      if (closed) return;
      closed = true;
      await tail;
      await file.close();
    },
  };
}

export async function syncDir(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
