/**
 * Which commands of its owner this node has taken, fsynced before it acts: the memory that refuses a command's return.
 * It doesn't verify commands and doesn't act on them.
 */
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { type Command, type NodeMode, zCommand } from "@computestream/protocol";
import { z } from "zod";
import { decodeLines, encodeLine, syncDir } from "./journal.ts";

const zRecord = z.discriminatedUnion("t", [
  z.object({ t: z.literal("accepted"), id: z.string(), number: z.number().int(), command: zCommand }),
  z.object({
    t: z.literal("ended"),
    id: z.string(),
    state: z.enum(["done", "refused"]),
    code: z.string().nullable(),
    message: z.string().nullable(),
    transaction: z.string().nullable(),
  }),
]);
type Record = z.output<typeof zRecord>;

export type CommandEnd = Omit<Extract<Record, { t: "ended" }>, "t" | "id">;

export interface TakenCommand {
  id: string;
  number: number;
  command: Command;
  end: CommandEnd | null;
}

export interface CommandJournal {
  /** What the newest command about it has said. */
  readonly mode: NodeMode;
  /** Of the newest command; 0 for none. */
  readonly lastNumber: number;
  find(id: string): TakenCommand | null;
  /** Taken and not ended, in their order. */
  open(): TakenCommand[];
  /** On disk when it resolves. */
  accept(command: Omit<TakenCommand, "end">): Promise<void>;
  end(id: string, end: CommandEnd): Promise<void>;
  close(): Promise<void>;
}

const MODES: Partial<{ [K in Command["kind"]]: NodeMode }> = {
  drain: "draining",
  maintenance: "maintenance",
  resume: "open",
};

/** Throws `NodeError` (`JOURNAL_CORRUPT`) for a file that is damaged in its middle. */
export async function openCommandJournal(path: string): Promise<CommandJournal> {
  const file = await open(path, "a+", 0o600);
  try {
    const content = await file.readFile();
    const { records, wholeBytes } = decodeLines(
      content,
      zRecord,
      "the node could take an old command again until then",
    );
    if (wholeBytes < content.length) {
      await file.truncate(wholeBytes);
      await file.sync();
    }
    if (content.length === 0) await syncDir(dirname(path));
    return journalOn(file, records, wholeBytes);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function journalOn(file: FileHandle, records: Record[], wholeBytes: number): CommandJournal {
  const taken = new Map<string, TakenCommand>();
  let mode: NodeMode = "open";
  let lastNumber = 0;
  let size = wholeBytes;
  let tail: Promise<void> = Promise.resolve();

  function fold(record: Record): void {
    if (record.t === "accepted") {
      const { id, number, command } = record;
      taken.set(id, { id, number, command, end: null });
      lastNumber = Math.max(lastNumber, number);
      mode = MODES[command.kind] ?? mode;
    } else {
      const { t: _, id, ...end } = record;
      const found = taken.get(id);
      if (found) found.end = end;
    }
  }
  for (const record of records) fold(record);

  function append(record: Record): Promise<void> {
    const written = tail.then(async () => {
      const line = encodeLine(record);
      try {
        await file.appendFile(line);
        await file.datasync();
      } catch (error) {
        // What was never acted on is cut off, so that the file stays whole for the next one.
        await file.truncate(size).catch(() => undefined);
        throw error;
      }
      size += Buffer.byteLength(line);
      fold(record);
    });
    tail = written.catch(() => undefined);
    return written;
  }

  return {
    get mode() {
      return mode;
    },
    get lastNumber() {
      return lastNumber;
    },
    find: (id) => taken.get(id) ?? null,
    open: () => [...taken.values()].filter(({ end }) => end === null),
    accept: ({ id, number, command }) => append({ t: "accepted", id, number, command }),
    end: (id, end) => append({ t: "ended", id, ...end }),
    async close() {
      await tail;
      await file.close();
    },
  };
}
