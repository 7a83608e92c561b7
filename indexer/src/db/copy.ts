/**
 * Bulk insertion by COPY: rows of a table description as the server's text format, and the exchange that sends them.
 * It doesn't look for rows that are already there: whoever calls it knows that there are none.
 */
import type { Connection, Submittable } from "pg";
import { type Columns, type ColumnType, jsonText, type Queryable, type Row, type Table } from "./table.ts";

/** Sent piece by piece: the server works on one while the next is made, and no message is larger by more than a row. */
const CHUNK_CHARS = 64 * 1024;

/** Adds rows of which none is there yet; one that is fails the transaction. `onBegun` is called when rows may go. */
export async function copyNew<C extends Columns>(
  db: Queryable,
  table: Table<C>,
  rows: Array<Row<C>>,
  onBegun: () => void = () => undefined,
): Promise<void> {
  if (rows.length === 0) return;
  const sql = `COPY ${table.name} (${Object.keys(table.columns).join(", ")}) FROM STDIN`;
  const chunks = encodeRows(table, rows);
  await new Promise<void>((resolve, reject) => {
    db.query(createCopy(sql, chunks, onBegun, (error) => (error ? reject(error) : resolve())));
  });
}

/** Lines of COPY's text format, in pieces; half surrogate pairs become U+FFFD when they are sent as UTF-8. */
export function* encodeRows<C extends Columns>(table: Table<C>, rows: Array<Row<C>>): Generator<Buffer> {
  const columns = Object.entries(table.columns);
  let text = "";
  for (const row of rows) {
    let separator = "";
    for (const [column, type] of columns) {
      text += separator + cell(type, row[column]);
      separator = "\t";
    }
    text += "\n";
    if (text.length >= CHUNK_CHARS) {
      yield Buffer.from(text, "utf8");
      text = "";
    }
  }
  if (text !== "") yield Buffer.from(text, "utf8");
}

function cell(type: ColumnType, value: unknown): string {
  if (value === null) return "\\N";
  if (type === "strings" || type === "object") return escapeText(jsonText(value));
  if (type === "secs") return timestamp(value as bigint);
  if (typeof value === "string") return escapeText(value);
  if (typeof value === "boolean") return value ? "t" : "f";
  return String(value);
}

const SPECIAL: Record<string, string> = {
  "\\": "\\\\",
  "\t": "\\t",
  "\n": "\\n",
  "\r": "\\r",
  "\0": "\uFFFD",
};

function escapeText(text: string): string {
  return /[\\\t\n\r\0]/.test(text) ? text.replace(/[\\\t\n\r\0]/g, (c) => SPECIAL[c] ?? c) : text;
}

function timestamp(secs: bigint): string {
  return new Date(Number(secs) * 1000).toISOString();
}

/** What pg calls on a query that copies; of its types only the part that is used. */
type CopyConnection = Connection & {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
};

function createCopy(
  sql: string,
  chunks: Iterable<Buffer>,
  onBegun: () => void,
  done: (error: Error | null) => void,
): Submittable {
  let failure: Error | null = null;
  let goOn: () => void = () => undefined;

  /** As fast as the server takes them, so that little of a large batch is held twice. */
  async function send(connection: CopyConnection): Promise<void> {
    try {
      for (const chunk of chunks) {
        // The server has left the copy: what comes now would be taken for something else.
        if (failure) return;
        connection.sendCopyFromChunk(chunk);
        if (connection.stream.writableNeedDrain) await drained(connection.stream);
      }
      if (!failure) connection.endCopyFrom();
    } catch (error) {
      failure ??= error instanceof Error ? error : new Error(String(error));
      connection.sendCopyFail("a row can't be written");
    }
  }

  function drained(stream: CopyConnection["stream"]): Promise<void> {
    return new Promise((resolve) => {
      goOn = () => {
        stream.off("drain", goOn);
        resolve();
      };
      stream.once("drain", goOn);
    });
  }

  const nothing = () => undefined;
  const copy = {
    submit: (connection: Connection) => (connection as CopyConnection).query(sql),
    handleCopyInResponse(connection: CopyConnection) {
      onBegun();
      void send(connection);
    },
    // The server says when it is ready for the next query also after an error, except when the connection is gone.
    handleError(error: Error) {
      failure ??= error;
      goOn();
      done(failure);
    },
    handleReadyForQuery: () => done(failure),
    handleRowDescription: nothing,
    handleDataRow: nothing,
    handlePortalSuspended: nothing,
    handleCommandComplete: nothing,
    handleEmptyQuery: nothing,
    handleCopyData: nothing,
  };
  return copy as unknown as Submittable;
}
