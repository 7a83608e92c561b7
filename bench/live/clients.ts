/**
 * Many WebSocket clients in a process of their own; they note when each message came and what was wrong.
 * It doesn't know what is measured with that.
 */
import { WebSocket } from "ws";

export interface ClientsAsked {
  url: string;
  /** Addresses of this machine, so that ports don't run out. */
  localAddress: string;
  /** One of each for every client. */
  topics: string[][];
}

export interface ClientsTold {
  /** When each client had the network's update with this cursor: milliseconds of this machine's clock. */
  network: Record<string, number[]>;
  /** By its cursor, the same of jobs. */
  jobs: Record<string, number[]>;
  messages: number;
  bytes: number;
  /** Connections that ended by themselves, by what they were told. */
  lost: string[];
}

const AT_ONCE = 50;
const sockets: WebSocket[] = [];
let told: ClientsTold = { network: {}, jobs: {}, messages: 0, bytes: 0, lost: [] };

async function connect({ url, localAddress, topics }: ClientsAsked): Promise<void> {
  for (let from = 0; from < topics.length; from += AT_ONCE) {
    await Promise.all(topics.slice(from, from + AT_ONCE).map((mine) => open(url, localAddress, mine)));
  }
}

function open(url: string, localAddress: string, topics: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/api/v1/ws`, { localAddress });
    let snapshots = 0;
    socket.on("open", () => socket.send(JSON.stringify({ type: "subscribe", topics })));
    socket.on("error", reject);
    socket.on("close", (code, reason) => told.lost.push(`${code} ${reason}`));
    socket.on("message", (data: Buffer) => {
      told.messages += 1;
      told.bytes += data.length;
      // Its head says all that is asked here; reading the rest of each would measure this process.
      const head = data.toString("latin1", 0, 200);
      if (head.startsWith('{"type":"snapshot"')) {
        snapshots += 1;
        if (snapshots === topics.length) resolve();
        return;
      }
      if (!head.startsWith('{"type":"update"')) return;
      const cursor = /"cursor":"([^"]+)"/.exec(head)?.[1] ?? "";
      const noted = head.includes('"topic":"network"') ? told.network : told.jobs;
      const times = noted[cursor] ?? [];
      noted[cursor] = times;
      times.push(performance.timeOrigin + performance.now());
    });
    sockets.push(socket);
  });
}

process.on("message", (message: { connect?: ClientsAsked; stall?: number; tell?: true; close?: true }) => {
  if (message.connect) {
    connect(message.connect).then(
      () => process.send?.({ connected: true }),
      (error: Error) => process.send?.({ failed: error.message }),
    );
  }
  if (message.stall) for (const socket of sockets.slice(0, message.stall)) socket.pause();
  if (message.tell) {
    process.send?.({ told });
    told = { network: {}, jobs: {}, messages: 0, bytes: 0, lost: [] };
  }
  if (message.close) process.exit(0);
});
