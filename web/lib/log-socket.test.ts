import { expect, it } from "vitest";
import { type LogLine, type LogRefusal, mergeLines, openLogs } from "./log-socket.ts";

const line = (offset: number): LogLine => ({ offset, stream: "stdout", at: 0, text: String(offset) });

it("keeps lines once and in order, whatever comes twice or late", () => {
  const merged = mergeLines([line(0), line(2)], [line(1), line(2), line(3)], 100);
  expect(merged.map((l) => l.offset)).toEqual([0, 1, 2, 3]);
  expect(mergeLines(merged, [line(4)], 100)).toHaveLength(5);
});

it("keeps the newest when there are too many", () => {
  expect(mergeLines([line(0), line(1)], [line(2)], 2).map((l) => l.offset)).toEqual([1, 2]);
});

it("opens with the signature and passes on a refusal's sentence", () => {
  const sent: string[] = [];
  const closed: Array<LogRefusal | null> = [];
  const socket = { send: (text: string) => sent.push(text), close() {} } as unknown as WebSocket;
  let url = "";
  const access = {
    job: "0x1",
    address: "0x2",
    expiresAt: 9,
    publicKey: "0x03",
    fullMessage: "m",
    signature: "0x04",
  };
  openLogs(
    "https://relayer.example",
    access,
    { opened() {}, lines() {}, closed: (reason) => closed.push(reason) },
    (u) => {
      url = u;
      return socket;
    },
  );
  expect(url).toBe("wss://relayer.example/logs");
  socket.onopen?.({} as Event);
  expect(JSON.parse(sent[0] ?? "")).toEqual({ type: "open", ...access });
  const refusal = { type: "error", code: "FORBIDDEN", message: "Only the buyer may read these logs." };
  socket.onmessage?.({ data: JSON.stringify(refusal) } as MessageEvent);
  socket.onclose?.({} as CloseEvent);
  expect(closed).toEqual([{ code: "FORBIDDEN", message: "Only the buyer may read these logs." }]);
});
