/** A wallet that signed in at a real indexer reads its job's logs with the token it got there. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { pino } from "pino";
import { afterAll, beforeAll, expect, it } from "vitest";
import WebSocket from "ws";
import { ADMIN, type ApiWorld, createCallers, startApiWorld } from "../../indexer/test/api-world.ts";
import { deploymentOf } from "../../indexer/test/hand-written-chain.ts";
import { BUYER } from "../../indexer/test/histories.ts";
import { createAccessTokenReader } from "../src/hub/access-tokens.ts";
import { openReaderSession } from "../src/hub/reader-session.ts";
import { attachHub, type HubServer } from "../src/hub/server.ts";
import { DEFAULT_LIMITS } from "../src/hub/socket.ts";
import { createLogStore } from "../src/store/logs.ts";
import { connectRedis, createKeys, type RedisConnections } from "../src/store/redis.ts";
import { fakeViews, JOB } from "./fakes.ts";

const logger = pino({ level: "silent" });
const { chainId, packageAddress } = deploymentOf();

let world: ApiWorld;
let redis: RedisPart;
let connections: RedisConnections;
let server: Server;
let hub: HubServer;
let url: string;
let tokenOf: (wallet: string) => Promise<string>;
/** Tokens end so long after they came; null = when they say. */
let endsAfterSecs: number | null = null;

beforeAll(async () => {
  world = await startApiWorld();
  const callers = createCallers(world);
  tokenOf = async (wallet) => ((await callers.headersOf(wallet)).authorization ?? "").replace("Bearer ", "");
  const tokens = createAccessTokenReader({
    jwksUrl: `${world.url}/api/v1/auth/jwks.json`,
    domains: ["localhost:3000"],
    ...{ chainId, packageAddress },
  });
  redis = await startRedis();
  connections = await connectRedis(redis.url, logger);
  const keys = createKeys({ chainId, packageAddress });
  const logs = await createLogStore(connections.commands, connections.subscriber, keys);
  const access = {
    ...{ chainId, packageAddress, views: fakeViews(BUYER), authenticationKey: async () => null },
    tokens: {
      async read(token: string) {
        const holder = await tokens.read(token);
        if (endsAfterSecs === null) return holder;
        return { ...holder, expiresAt: Math.ceil(Date.now() / 1000) + endsAfterSecs };
      },
    },
  };
  server = createServer();
  const session = { access, logs, limits: DEFAULT_LIMITS, openTimeoutMs: 10_000, logger };
  hub = attachHub(server, {
    ...{ corsOrigins: [], maxSessions: 10, maxSessionsPerAddress: 10 },
    addressOf: ({ socket }) => socket.remoteAddress ?? "",
    open: {
      hub: () => {
        throw new Error("no provider node comes");
      },
      logs: (ws, onClose) => openReaderSession(ws, session, onClose),
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/logs`;
}, 60_000);
afterAll(async () => {
  await hub?.close();
  await new Promise((resolve) => server?.close(resolve));
  await connections?.close();
  await redis?.close();
  await world?.close();
});

/** What it is told, one after the other, until it is closed or has been told `count` things. */
function read(accessToken: string, count: number): Promise<string[]> {
  const ws = new WebSocket(url);
  const told: string[] = [];
  return new Promise((resolve, reject) => {
    ws.on("open", () => ws.send(JSON.stringify({ type: "open", job: JOB, accessToken })));
    ws.on("message", (data) => {
      const { type, code } = JSON.parse(String(data)) as { type: string; code?: string };
      told.push(code ?? type);
      if (told.length === count) ws.close();
    });
    ws.on("close", () => resolve(told));
    ws.on("error", reject);
  });
}

it("opens the logs of its wallet's job, and of no other's", async () => {
  expect(await read(await tokenOf(BUYER), 1)).toEqual(["opened"]);
  expect(await read(await tokenOf(ADMIN), 1)).toEqual(["NOT_A_PARTY"]);
  expect(await read(`${await tokenOf(BUYER)}x`, 1)).toEqual(["BAD_TOKEN"]);
});

it("ends the connection when it ends", async () => {
  endsAfterSecs = 1;
  expect(await read(await tokenOf(BUYER), 3)).toEqual(["opened", "TOKEN_EXPIRED"]);
});
