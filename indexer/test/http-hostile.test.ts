/**
 * What no client of a library sends: raw sockets, requests inside requests, headers that never end, odd parameters; and
 * the table of origins. Each is answered once, by name, or cut off, and never with a 5xx.
 */
import { Agent, createServer, request } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { zApiError } from "@computestream/protocol/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import WebSocket from "ws";
import { createHttpServer } from "../src/api/http-server.ts";
import { type ApiWorld, JOBS, startApiWorld } from "./api-world.ts";
import { createHandWrittenChain } from "./hand-written-chain.ts";
import { serve } from "./parts.ts";

let world: ApiWorld;
let port: number;

beforeAll(async () => {
  world = await startApiWorld();
  port = Number(new URL(world.url).port);
}, 60_000);

afterAll(() => world?.close());

/** All that comes back until the server closes, or says no more for `quietMs`. */
function exchange(text: string, options: { port?: number; quietMs?: number } = {}) {
  return new Promise<{ answers: string[]; text: string; isClosed: boolean }>((resolve) => {
    const socket = connect(options.port ?? port, "127.0.0.1", () => socket.write(text, "latin1"));
    let said = "";
    const end = (isClosed: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ answers: said.match(/HTTP\/1\.1 \d{3}/g) ?? [], text: said, isClosed });
    };
    let timer = setTimeout(() => end(false), options.quietMs ?? 700);
    socket.on("data", (chunk) => {
      said += chunk.toString("latin1");
      clearTimeout(timer);
      timer = setTimeout(() => end(false), options.quietMs ?? 700);
    });
    socket.on("error", () => end(true));
    socket.on("close", () => end(true));
  });
}

const HOST = "Host: a\r\n";
const INNER = `GET /api/v1/stats?smuggled=1 HTTP/1.1\r\n${HOST}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked\r\n";

describe("a request in a request", () => {
  it.each([
    ["a length and chunks", `Content-Length: 4\r\n${CHUNKED}\r\n0\r\n\r\n${INNER}`],
    ["chunks and a length", `${CHUNKED}Content-Length: 4\r\n\r\n0\r\n\r\n${INNER}`],
    ["two lengths", `Content-Length: 0\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`],
    ["a list of lengths", `Content-Length: 0, ${INNER.length}\r\n\r\n${INNER}`],
    ["a signed length", `Content-Length: +${INNER.length}\r\n\r\n${INNER}`],
    ["a hidden encoding", `Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n${INNER}`],
    ["an encoding named twice", `Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${INNER}`],
    ["a space before the colon", `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${INNER}`],
    ["a folded header", `Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${INNER}`],
    ["a bare line feed in a header", `X: a\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`],
    ["a bare carriage return", `X: a\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`],
    ["a chunk size that isn't one", `${CHUNKED}\r\n0x1\r\na\r\n0\r\n\r\n${INNER}`],
    ["a NUL in a header", `X: a\0b\r\n\r\n`],
  ])("by %s is refused, and nothing behind it is answered", async (_, rest) => {
    const { answers, isClosed } = await exchange(`GET /api/v1/health HTTP/1.1\r\n${HOST}${rest}`);
    // Where the first request ends is certain in some: then it alone is answered, and what follows is no request.
    expect(answers.at(-1)).toBe("HTTP/1.1 400");
    expect(answers.filter((line) => line === "HTTP/1.1 200").length).toBeLessThanOrEqual(1);
    expect(isClosed).toBe(true);
  });

  it("as a body stays a body", async () => {
    const body = `GET /api/v1/jobs HTTP/1.1\r\n${HOST}Content-Length: ${INNER.length}\r\n\r\n${INNER}`;
    expect((await exchange(body)).answers).toEqual(["HTTP/1.1 200"]);
    const chunks = `GET /api/v1/jobs HTTP/1.1\r\n${HOST}${CHUNKED}\r\n${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`;
    expect((await exchange(chunks)).answers).toEqual(["HTTP/1.1 200"]);
  });

  it("behind another is a request of its own: two are answered", async () => {
    const two = `GET /api/v1/health HTTP/1.1\r\n${HOST}\r\nGET /api/v1/nothing HTTP/1.1\r\n${HOST}\r\n`;
    expect((await exchange(two)).answers).toEqual(["HTTP/1.1 200", "HTTP/1.1 404"]);
  });
});

describe("a request line", () => {
  it.each([
    ["no version, which is the first one's", "GET /api/v1/health\r\n\r\n", "200"],
    ["an unknown version", `GET /api/v1/health HTTP/9.9\r\n${HOST}\r\n`, "400"],
    ["no host", "GET /api/v1/health HTTP/1.1\r\n\r\n", "400"],
    ["an unknown method", `FETCH /api/v1/health HTTP/1.1\r\n${HOST}\r\n`, "400"],
    ["TRACE", `TRACE /api/v1/health HTTP/1.1\r\n${HOST}\r\n`, "405"],
    ["a proxy's form", `GET http://169.254.169.254/latest HTTP/1.1\r\n${HOST}\r\n`, "404"],
    ["a way up", `GET /api/v1/../../etc/passwd HTTP/1.1\r\n${HOST}\r\n`, "404"],
    ["an encoded way up", `GET /api/v1/jobs/..%2f..%2fetc%2fpasswd HTTP/1.1\r\n${HOST}\r\n`, "400"],
    ["two slashes", `GET //evil.example/api/v1/health HTTP/1.1\r\n${HOST}\r\n`, "404"],
    ["a bad escape", `GET /api/v1/jobs/%zz HTTP/1.1\r\n${HOST}\r\n`, "400"],
    ["raw bytes", `GET /api/v1/jobs?q=\xff\xfe HTTP/1.1\r\n${HOST}\r\n`, "400"],
    ["a very long path", `GET /api/v1/${"a".repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, "431"],
    ["a very long query", `GET /api/v1/jobs?q=${"a".repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, "431"],
    ["headers without end", `GET / HTTP/1.1\r\n${HOST}${"X-A: bbbbbbbb\r\n".repeat(4_000)}\r\n`, "431"],
    ["a tunnel", `CONNECT 127.0.0.1:22 HTTP/1.1\r\n${HOST}\r\n`, null],
    [
      "another protocol",
      `GET /api/v1/health HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
      "",
    ],
  ])("with %s", async (_, text, status) => {
    const { answers } = await exchange(text);
    if (status === null) expect(answers).toEqual([]);
    else if (status === "") expect(answers.filter((line) => !/ (200|400|404|426)$/.test(line))).toEqual([]);
    else expect(answers).toEqual([`HTTP/1.1 ${status}`]);
    // Whoever sent it, the next one is served.
    expect((await fetch(`${world.url}/api/v1/health`)).status).toBe(200);
  });
});

describe("odd parameters and headers", () => {
  const statusOf = async (path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${world.url}${path}`, { headers });
    const text = await response.text();
    if (response.status >= 400) zApiError.parse(JSON.parse(text));
    return response.status;
  };

  it.each(
    [
      "limit[]=1",
      "limit[0]=1",
      "limit[gt]=1",
      "limit=1&limit[]=2",
      "q[a][b][c]=1",
      "q[]=a&q[]=b",
      "__proto__[limit]=1",
      "__proto__=1",
      "constructor[prototype][limit]=1",
      "toString=1",
      "hasOwnProperty=1",
      "=1",
      "&&&=&",
      "limit=%00",
      "limit=1%00",
      "%6cimit=1&limit=2",
      "limit=１",
      "limit=+1",
      "cursor=%F0%28%8C%28",
      `q=${"%C0%AE".repeat(50)}${"x".repeat(121)}`,
      Array.from({ length: 1_500 }, (_, i) => `p${i}=1`).join("&"),
    ].map((query) => [query.slice(0, 60), query] as const),
  )("?%s is refused by name", async (_, query) => {
    expect(await statusOf(`/api/v1/jobs?${query}`)).toBe(400);
    // Nobody's prototype was touched.
    expect(({} as Record<string, unknown>).limit).toBeUndefined();
    expect(await statusOf("/api/v1/jobs")).toBe(200);
  });

  it.each(
    (
      [
        ["accept", ";;;,,,q=", 200],
        ["accept", "text/csv;q=9e99", 200],
        ["accept", `${"a/b,".repeat(2_000)}*/*`, 200],
        ["accept", "application/xml", 200],
        ["accept-encoding", "gzip;q=0, *;q=0", 200],
        ["accept-language", "\t", 200],
        ["range", "bytes=0-1,5-6,1-1", 200],
        ["range", "bytes=-9999999999999999999", 200],
        ["if-none-match", `"${"x".repeat(8_000)}"`, 200],
        ["if-modified-since", "not a date", 200],
        ["content-type", "multipart/form-data", 200],
        ["expect", "200-ok", 417],
        ["x-forwarded-for", "' OR 1=1, 999.999.999.999", 200],
        ["x-forwarded-host", "evil.example", 200],
        ["x-http-method-override", "DELETE", 200],
        ["cookie", "a=b; ".repeat(500), 200],
        ["host", "evil.example", 200],
      ] as const
    ).map(([name, value, status]) => [`${name}: ${value.slice(0, 60)}`, name, value, status] as const),
  )("%s", async (_, name, value, status) => {
    const text = `GET /api/v1/jobs/${JOBS[0]} HTTP/1.1\r\n${name === "host" ? "" : HOST}${name}: ${value}\r\nConnection: close\r\n\r\n`;
    const answer = await exchange(text);
    expect(answer.answers).toEqual([`HTTP/1.1 ${status}`]);
    expect(answer.text).not.toContain("evil.example");
  });

  it("a page's link leads nowhere else, whatever the host is said to be", async () => {
    const { text } = await exchange(
      "GET /api/v1/jobs?limit=1&format=csv HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nConnection: close\r\n\r\n",
    );
    expect(text).toMatch(/^link: <\/api\/v1\/jobs\?/im);
    expect(text).not.toContain("evil.example");
  });
});

describe("a client that takes its time", () => {
  it("is cut off while it sends headers, and while it sends a body, and isn't waited for by others", async () => {
    const slow = createHttpServer((_request, response) => response.end("ok"), {
      headersTimeoutMs: 300,
      requestTimeoutMs: 600,
    });
    await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
    const at = (slow.address() as AddressInfo).port;
    try {
      const trickle = (first: string, next: string) =>
        new Promise<string>((resolve) => {
          const socket = connect(at, "127.0.0.1", () => socket.write(first));
          let said = "";
          const drip = setInterval(() => socket.write(next), 50);
          socket.on("data", (chunk) => {
            said += chunk;
          });
          socket.on("error", () => undefined);
          socket.on("close", () => {
            clearInterval(drip);
            resolve(said.split("\r\n")[0] ?? "");
          });
        });
      const headers = trickle(`GET / HTTP/1.1\r\n${HOST}`, "X-A: b\r\n");
      const nothing = trickle("", "");
      const body = trickle(`GET / HTTP/1.1\r\n${HOST}Content-Length: 1000000\r\n\r\n`, "a");
      expect(await (await fetch(`http://127.0.0.1:${at}/`)).text()).toBe("ok");
      expect(await headers).toBe("HTTP/1.1 408 Request Timeout");
      expect(await nothing).toBe("HTTP/1.1 408 Request Timeout");
      // It was answered at once; what it goes on to send isn't taken for ever.
      expect(await body).toBe("HTTP/1.1 200 OK");
    } finally {
      slow.closeAllConnections();
      slow.close();
    }
  });

  it("is not one whose connection only waits for its next request", async () => {
    const server = createHttpServer((_request, response) => response.end("ok"), {
      headersTimeoutMs: 100,
      requestTimeoutMs: 150,
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const wasReused = () =>
      new Promise<boolean>((resolve, reject) => {
        const asked = request({ port: (server.address() as AddressInfo).port, agent }, (response) => {
          response.resume();
          response.on("end", () => resolve(asked.reusedSocket));
        });
        asked.on("error", reject).end();
      });
    try {
      expect(await wasReused()).toBe(false);
      await pause(600);
      expect(await wasReused()).toBe(true);
    } finally {
      agent.destroy();
      server.closeAllConnections();
      server.close();
    }
  });

  it("is given seconds, not Node's minutes, by default", () => {
    const server = createHttpServer(() => undefined);
    const plain = createServer();
    expect(server.headersTimeout).toBe(10_000);
    expect(server.requestTimeout).toBe(20_000);
    expect(server.keepAliveTimeout).toBeGreaterThan(60_000);
    expect(plain.headersTimeout).toBe(60_000);
  });
});

describe("an origin", () => {
  const ALLOWED = ["http://localhost:3000", "https://app.example"];

  /** Those that are on the list, and those that only look like it. */
  const ORIGINS: Array<[origin: string, isAllowed: boolean]> = [
    ["http://localhost:3000", true],
    ["https://app.example", true],
    ["https://localhost:3000", false],
    ["http://localhost", false],
    ["http://localhost:30000", false],
    ["http://localhost:3000/", false],
    ["http://LOCALHOST:3000", false],
    ["http://localhost:3000.evil.example", false],
    ["http://localhost:3000@evil.example", false],
    ["http://evil.example/http://localhost:3000", false],
    ["http://app.example", false],
    ["https://app.example:443", false],
    ["https://sub.app.example", false],
    ["https://app.example.evil.example", false],
    ["https://evilapp.example", false],
    ["https://app.example, https://evil.example", false],
    ["null", false],
    ["*", false],
    ["file://", false],
    ["undefined", false],
  ];

  it("is let in when it is on the list, as it stands there: HTTP and WebSocket alike", async () => {
    const chain = createHandWrittenChain();
    const service = await serve(world.databaseUrl, world.chain ?? chain, { corsOrigins: ALLOWED });
    try {
      for (const [origin, isAllowed] of ORIGINS) {
        const { port: at } = new URL(service.url);
        const answer = await exchange(
          `GET /api/v1/health HTTP/1.1\r\n${HOST}Origin: ${origin}\r\nConnection: close\r\n\r\n`,
          { port: Number(at) },
        );
        const header = (name: string) => new RegExp(`^${name}: (.*)\r$`, "im").exec(answer.text)?.[1];
        expect([origin, header("access-control-allow-origin")]).toEqual([
          origin,
          isAllowed ? origin : undefined,
        ]);
        // Caches must keep the answers of different origins apart; no answer is for one who is logged in.
        expect(header("vary")).toMatch(/\bOrigin\b/);
        expect(header("access-control-allow-credentials")).toBeUndefined();
        const preflight = await exchange(
          `OPTIONS /api/v1/jobs HTTP/1.1\r\n${HOST}Origin: ${origin}\r\nAccess-Control-Request-Method: DELETE\r\nConnection: close\r\n\r\n`,
          { port: Number(at) },
        );
        expect([origin, preflight.answers]).toEqual([origin, [isAllowed ? "HTTP/1.1 204" : "HTTP/1.1 403"]]);
        expect(preflight.text).not.toMatch(/DELETE/);
        expect([origin, await opens(`${service.url.replace("http", "ws")}/api/v1/ws`, origin)]).toEqual([
          origin,
          isAllowed,
        ]);
      }
    } finally {
      await service.close();
    }
  });

  it("needn't be told by what isn't a browser", async () => {
    const answer = await fetch(`${world.url}/api/v1/health`);
    expect(answer.headers.get("access-control-allow-origin")).toBeNull();
    expect(await opens(`${world.url.replace("http", "ws")}/api/v1/ws`, undefined)).toBe(true);
  });

  function opens(url: string, origin: string | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = new WebSocket(url, origin === undefined ? {} : { headers: { origin } });
      socket.once("open", () => {
        socket.terminate();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
  }
});
