/**
 * One log reader on /logs: permission, then history and live messages in order, each offset once.
 * It doesn't hold logs: it follows a cursor through the store, as fast as its socket drains.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { zLogSignatureMessage, zLogTokenMessage } from "@computestream/protocol";
import type { WebSocket } from "ws";
import { AppError, messageOf, UnavailableError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { LogStore } from "../store/logs.ts";
import { checkLogAccess, type LogAccessContext } from "./log-access.ts";
import { CLOSE, type HubSocket, openSocket, type SocketLimits } from "./socket.ts";

export interface ReaderSessionContext {
  access: LogAccessContext;
  logs: LogStore;
  limits: SocketLimits;
  openTimeoutMs: number;
  logger: Logger;
}

const READ_AT_ONCE = 200;
/** A wake-up can be lost with a connection to Redis; the store is looked at again after this. */
const LOOK_AGAIN_MS = 2000;

export function openReaderSession(
  ws: WebSocket,
  context: ReaderSessionContext,
  onClose: () => void,
): HubSocket {
  const { logs, logger } = context;
  let opened = false;
  /** Ends with the token: only the service that gave it knows whether the session goes on. */
  let endTimer: NodeJS.Timeout | undefined;
  let stopWaking: () => void = () => undefined;
  let wake: () => void = () => undefined;

  const fail = (code: string, message: string): void => {
    socket.send({ type: "error", code, message });
    socket.close(CLOSE.policy, code);
  };

  async function onBatch(texts: string[]): Promise<void> {
    for (const text of texts) {
      if (socket.closed) return;
      if (opened) return fail("BAD_MESSAGE", "Nothing is read after `open`.");
      try {
        const job = await open(text);
        opened = true;
        clearTimeout(openTimer);
        follow(job).catch((error: unknown) => {
          logger.error({ err: error, job }, "log reader failed");
          socket.close(CLOSE.internal, "internal error");
        });
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        fail(error.code, error.message);
      }
    }
  }

  async function open(text: string): Promise<string> {
    let json: unknown;
    try {
      json = JSON.parse(text);
    } catch {
      throw new AppError(400, "BAD_MESSAGE", "not JSON text");
    }
    const hasToken = typeof json === "object" && json !== null && "accessToken" in json;
    const parsed = (hasToken ? zLogTokenMessage : zLogSignatureMessage).safeParse(json);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new AppError(400, "BAD_MESSAGE", `${issue?.path.join(".") || "message"}: ${issue?.message}`);
    }
    const { until } = await checkLogAccess(parsed.data, context.access);
    if (until !== null) {
      const leftMs = until * 1000 - Date.now();
      endTimer = setTimeout(
        () => fail("TOKEN_EXPIRED", "The access token has ended: open again with a new one."),
        Math.max(0, leftMs),
      );
    }
    return parsed.data.job;
  }

  async function follow(job: string): Promise<void> {
    let woken = false;
    // Before the first read, so that nothing falls between history and live.
    stopWaking = logs.onAppend(job, () => {
      woken = true;
      wake();
    });
    socket.send({ type: "opened", job, history: await surely(() => logs.count(job)) });
    let cursor = -1;
    while (!socket.closed) {
      woken = false;
      const messages = await surely(() => logs.read(job, cursor, READ_AT_ONCE));
      for (const message of messages) socket.send(message);
      cursor = messages.at(-1)?.offset ?? cursor;
      await socket.drained();
      if (messages.length === READ_AT_ONCE || woken) continue;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LOOK_AGAIN_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  async function surely<T>(read: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await read();
      } catch (error) {
        if (!(error instanceof UnavailableError) || socket.closed) throw error;
        await sleep(LOOK_AGAIN_MS / 4);
      }
    }
  }

  const socket = openSocket(ws, context.limits, {
    onBatch,
    onClose: () => {
      clearTimeout(openTimer);
      clearTimeout(endTimer);
      stopWaking();
      wake();
      onClose();
    },
    onError: (error) => logger.error({ err: error, reason: messageOf(error) }, "log session failed"),
  });
  const openTimer = setTimeout(
    () => fail("OPEN_TIMEOUT", "`open` was not sent in time."),
    context.openTimeoutMs,
  );
  return socket;
}
