/**
 * A hub for tests: greets nodes as the relayer does, records what they send, settles nothing.
 * It doesn't check signatures; tests do.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import {
  type JobStatusMessage,
  type LogMessage,
  type SignedUsage,
  zNodeMessage,
} from "@computestream/protocol";
import { type WebSocket, WebSocketServer } from "ws";

export interface RecordingHub {
  url: string;
  attestations(job: string): SignedUsage[];
  logs(job: string): LogMessage[];
  phases(job: string): string[];
  lastStatus(job: string): JobStatusMessage | undefined;
  close(): Promise<void>;
}

export async function startRecordingHub(): Promise<RecordingHub> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", path: "/hub" });
  await once(server, "listening");
  const usages: SignedUsage[] = [];
  const logs: LogMessage[] = [];
  const statuses: JobStatusMessage[] = [];

  function receive(socket: WebSocket, text: string): void {
    const message = zNodeMessage.parse(JSON.parse(text));
    if (message.type === "hello") {
      socket.send(JSON.stringify({ type: "welcome", provider: message.provider }));
    } else if (message.type === "attestation") {
      usages.push(message.usage);
      socket.send(JSON.stringify({ type: "ack", job: message.usage.job, seq: message.usage.seq.toString() }));
    } else if (message.type === "log") logs.push(message);
    else statuses.push(message as JobStatusMessage);
  }

  server.on("connection", (socket) => {
    socket.on("message", (data) => receive(socket, data.toString()));
    socket.send(
      JSON.stringify({ type: "challenge", nonce: `0x${"0".repeat(64)}`, chainId: 0, packageAddress: "0x0" }),
    );
  });

  const of = <T extends { job: string }>(list: T[], job: string) => list.filter((entry) => entry.job === job);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    attestations: (job) => of(usages, job),
    logs: (job) => of(logs, job),
    phases: (job) =>
      of(statuses, job)
        .map((status) => status.phase)
        .filter((phase, i, all) => phase !== all[i - 1]),
    lastStatus: (job) => of(statuses, job).at(-1),
    async close() {
      for (const client of server.clients) client.terminate();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
