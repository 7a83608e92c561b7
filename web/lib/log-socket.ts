/**
 * Reads a job's logs from the relayer: opens with what permits it, delivers lines in order, each once.
 * It doesn't know wallets or sessions: the permission is an argument.
 */
import { z } from "zod";

export interface LogLine {
  offset: number;
  stream: "stdout" | "stderr" | "system";
  /** Unix milliseconds. */
  at: number;
  text: string;
}

/** A signature over the access text, or an access token of the read API. */
export type LogAccess = { job: string } & (
  | { address: string; expiresAt: number; publicKey: string; fullMessage: string; signature: string }
  | { accessToken: string }
);

export interface LogRefusal {
  code: string;
  /** A sentence. */
  message: string;
}

/** What the relayer answers (`zLogServerMessage`), declared here to keep the hub's signing code out of the bundle. */
const zAnswer = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("log"),
    offset: z.number(),
    stream: z.enum(["stdout", "stderr", "system"]),
    at: z.number(),
    text: z.string(),
  }),
  z.object({ type: z.literal("opened"), history: z.number() }),
  z.object({ type: z.literal("error"), code: z.string(), message: z.string() }),
]);

export interface LogHandlers {
  opened(): void;
  lines(lines: LogLine[]): void;
  /** `refused`: the relayer said no; null: the connection was lost. */
  closed(refused: LogRefusal | null): void;
}

/** Returns the function that closes it. */
export function openLogs(
  relayerUrl: string,
  access: LogAccess,
  handlers: LogHandlers,
  open: (url: string) => WebSocket = (url) => new WebSocket(url),
): () => void {
  const socket = open(`${relayerUrl.replace(/^http/, "ws")}/logs`);
  let refused: LogRefusal | null = null;
  let stopped = false;
  let batch: LogLine[] = [];
  let flush: ReturnType<typeof setTimeout> | undefined;
  socket.onopen = () => socket.send(JSON.stringify({ type: "open", ...access }));
  socket.onmessage = (event) => {
    const parsed = zAnswer.safeParse(readJson(event.data));
    if (!parsed.success) return;
    const message = parsed.data;
    if (message.type === "opened") return handlers.opened();
    if (message.type === "error") {
      refused = { code: message.code, message: message.message };
      return;
    }
    batch.push(message);
    // A chatty job sends thousands of lines a second: paint them in groups.
    flush ??= setTimeout(() => {
      flush = undefined;
      const lines = batch;
      batch = [];
      if (!stopped) handlers.lines(lines);
    }, 50);
  };
  socket.onclose = () => {
    if (!stopped) handlers.closed(refused);
  };
  return () => {
    stopped = true;
    clearTimeout(flush);
    socket.close();
  };
}

function readJson(data: unknown): unknown {
  try {
    return JSON.parse(String(data));
  } catch {
    return null;
  }
}

/** Lines by offset, each once, the newest `keep`. */
export function mergeLines(known: readonly LogLine[], more: readonly LogLine[], keep: number): LogLine[] {
  const last = known.at(-1)?.offset ?? -1;
  const inOrder = more.every((line, i) => line.offset > (i === 0 ? last : (more[i - 1]?.offset ?? -1)));
  const all = inOrder
    ? [...known, ...more]
    : [...new Map([...known, ...more].map((line) => [line.offset, line])).values()].sort(
        (a, b) => a.offset - b.offset,
      );
  return all.slice(-keep);
}
