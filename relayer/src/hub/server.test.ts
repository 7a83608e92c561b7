import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it } from "vitest";
import { WebSocket } from "ws";
import { attachHub, type HubServer } from "./server.ts";
import type { HubSocket } from "./socket.ts";

let server: Server;
let hub: HubServer;
const clients: WebSocket[] = [];

/** Addresses are what the client says, as a trusted proxy's word would be. */
async function listen(limits: { maxSessions: number; maxSessionsPerAddress: number }): Promise<void> {
  server = createServer();
  const open = (ws: WebSocket, onClose: () => void): HubSocket => {
    ws.once("close", onClose);
    return { close: () => ws.close() } as unknown as HubSocket;
  };
  hub = attachHub(server, {
    ...limits,
    corsOrigins: [],
    addressOf: ({ headers }) => `${headers["x-from"]}`,
    open: { hub: open, logs: open },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
}

afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await hub.close();
  await new Promise((resolve) => server.close(resolve));
});

/** 101 when it is let in, else the status of the refusal. */
async function connect(path: string, from: string): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers: { "x-from": from } });
  return new Promise((resolve, reject) => {
    client.once("open", () => {
      clients.push(client);
      resolve(101);
    });
    client.once("unexpected-response", (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    client.once("error", reject);
  });
}

it("lets nodes in however many read logs, and readers however many nodes there are", async () => {
  await listen({ maxSessions: 2, maxSessionsPerAddress: 2 });
  expect([await connect("/logs", "a"), await connect("/logs", "b"), await connect("/logs", "c")]).toEqual([
    101, 101, 503,
  ]);
  expect([await connect("/hub", "a"), await connect("/hub", "b"), await connect("/hub", "c")]).toEqual([
    101, 101, 503,
  ]);
  expect([hub.count("hub"), hub.count("logs")]).toEqual([2, 2]);
});

it("gives each address its share, and takes back what it leaves", async () => {
  await listen({ maxSessions: 10, maxSessionsPerAddress: 1 });
  expect([await connect("/logs", "a"), await connect("/logs", "a"), await connect("/logs", "b")]).toEqual([
    101, 503, 101,
  ]);
  clients[0]?.close();
  await expect.poll(() => hub.count("logs")).toBe(1);
  expect(await connect("/logs", "a")).toBe(101);
});
