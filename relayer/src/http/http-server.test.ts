/** How long the relayer keeps a connection, asked by a client that waits between two requests. */
import { Agent, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, it } from "vitest";
import { type ConnectionBounds, createHttpServer } from "./http-server.ts";

async function serving(bounds: Partial<ConnectionBounds>, use: (port: number) => Promise<void>) {
  const server = createHttpServer((_request, response) => response.end("ok"), bounds);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function get(port: number, agent: Agent): Promise<{ reused: boolean }> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, agent }, (response) => {
      response.resume();
      response.on("end", () => resolve({ reused: asked.reusedSocket }));
    });
    asked.on("error", reject).end();
  });
}

it("keeps an idle connection longer than proxies do", async () => {
  const server = createHttpServer(() => undefined);
  expect(server.keepAliveTimeout).toBeGreaterThan(60_000);
});

it("takes the next request on a connection that was idle for longer than headers may take", async () => {
  await serving({ headersTimeoutMs: 100, requestTimeoutMs: 150, keepAliveMs: 60_000 }, async (port) => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    expect(await get(port, agent)).toEqual({ reused: false });
    await pause(600);
    expect(await get(port, agent)).toEqual({ reused: true });
    agent.destroy();
  });
});

it("lets go of one that is idle for too long, and of one that never finishes its headers", async () => {
  const closed = (port: number, text: string) =>
    new Promise<string>((resolve) => {
      let said = "";
      const socket = connect(port, "127.0.0.1", () => socket.write(text));
      socket.on("data", (chunk) => {
        said += chunk;
      });
      socket.on("error", () => undefined);
      socket.on("close", () => resolve(said.split("\r\n")[0] ?? ""));
    });
  await serving({ headersTimeoutMs: 100, requestTimeoutMs: 150, keepAliveMs: 200 }, async (port) => {
    expect(await closed(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("HTTP/1.1 200 OK");
    expect(await closed(port, "GET / HTTP/1.1\r\nHost: a\r\n")).toBe("HTTP/1.1 408 Request Timeout");
  });
});
