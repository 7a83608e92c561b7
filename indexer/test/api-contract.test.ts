/** Everything the API's description promises, asked of a served market; and that it serves nothing else. */
import type { ApiErrorDto } from "@computestream/protocol/api";
import type { Express } from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../src/api/app.ts";
import { createOpenApi, type JsonSchema, type OpenApiDocument, operationOf } from "../src/api/openapi.ts";
import { mountsOf } from "../src/api/table/index.ts";
import { allowedMethods, methodOf } from "../src/api/table/types.ts";
import type { Context } from "../src/context.ts";
import { createMetrics } from "../src/metrics.ts";
import {
  type ApiWorld,
  type Callers,
  createCallers,
  createPosts,
  JOBS,
  ORIGIN,
  pathsOf,
  startApiWorld,
} from "./api-world.ts";
import { deploymentOf } from "./hand-written-chain.ts";
import { address, BUYER } from "./histories.ts";
import { violations } from "./json-schema.ts";
import { run } from "./parts.ts";

let world: ApiWorld;
let document: OpenApiDocument;
let callers: Callers;
let posted: (route: string) => Promise<Response>;

beforeAll(async () => {
  world = await startApiWorld();
  callers = createCallers(world);
  posted = createPosts(world, callers);
  document = (await (await fetch(`${world.url}/api/v1/openapi.json`)).json()) as OpenApiDocument;
}, 60_000);

afterAll(() => world?.close());

const mounts = mountsOf();
const documentedPath = (path: string) => path.replace(/:(\w+)/g, "{$1}");
const wrong = (value: unknown, schema: JsonSchema) => violations(value, schema, document.components.schemas);

async function expectDocumented(path: string, response: Response): Promise<void> {
  const { operation } = operationOf(document.paths[documentedPath(path)]);
  const documented = operation.responses[String(response.status)];
  expect(documented, `${path} ${response.status}`).toBeDefined();
  const schema = documented?.content?.["application/json"]?.schema;
  expect(wrong(await response.json(), schema ?? {}), path).toEqual([]);
}

describe("the document", () => {
  it("is the table's, and has every path that is mounted and no other", () => {
    expect(document).toEqual(JSON.parse(JSON.stringify(createOpenApi())));
    const context = {
      deployment: deploymentOf(),
      assets: { market: deploymentOf().asset },
      corsOrigins: [],
      metrics: createMetrics(),
      now: Date.now,
    } as unknown as Context;
    const mounted = routesOf(createApp(context));
    expect(mounted.sort()).toEqual(mounts.map(({ path }) => path).sort());
    expect(Object.keys(document.paths).sort()).toEqual(mounted.map(documentedPath).sort());
    const operations = Object.values(document.paths).map((item) => operationOf(item).operation.operationId);
    expect(new Set(operations).size).toBe(operations.length);
  });

  it("refers only to schemas it has, and its examples keep to them", () => {
    const named = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((m) => m[1]);
    for (const name of named) expect(Object.keys(document.components.schemas)).toContain(name);
    for (const [path, item] of Object.entries(document.paths)) {
      const { operation } = operationOf(item);
      for (const { content } of [operation.requestBody ?? {}, ...Object.values(operation.responses)]) {
        const json = content?.["application/json"];
        if (json) expect(wrong(json.example, json.schema), path).toEqual([]);
      }
    }
  });

  it("tells which answers have a version and an ETag to ask again with, and they have them", async () => {
    for (const mount of mounts) {
      const responses = Object.values(document.paths[documentedPath(mount.path)] ?? {})[0]?.responses ?? {};
      const isKept = "304" in responses;
      const isOpen = mount.entry.security === undefined;
      expect(isKept, mount.path).toBe(
        isOpen && !/health|ready|metrics|openapi|docs|auth|live/.test(mount.path),
      );
      if (!isKept) continue;
      const [asked = ""] = pathsOf(mount.path, mount.route);
      const { headers } = await fetch(`${world.url}${asked}`);
      for (const name of Object.keys(responses["200"]?.headers ?? {})) {
        if (name.startsWith("RateLimit")) continue;
        expect(headers.get(name), `${mount.path} ${name}`).toBeTruthy();
      }
      expect(headers.get("x-ledger-version")).toMatch(/^\d+$/);
    }
  });

  it("tells the rate limit of each route but those that have none", () => {
    const unlimited = ["/api/v1/health", "/health", "/ready", "/metrics"];
    for (const [path, item] of Object.entries(document.paths)) {
      for (const { responses } of [operationOf(item).operation]) {
        const told = Object.entries(responses).map(([status, { headers = {} }]) => [
          status,
          Object.keys(headers).filter((name) => name !== "WWW-Authenticate"),
        ]);
        const refusal = responses["429"]?.content?.["application/json"]?.example as ApiErrorDto | undefined;
        if (unlimited.includes(path)) {
          expect([path, refusal, told.flatMap(([, names]) => names)]).toEqual([path, undefined, []]);
          continue;
        }
        expect([path, refusal?.error.code]).toEqual([path, "RATE_LIMITED"]);
        for (const [status, names] of told) {
          expect(names, `${path} ${status}`).toEqual(
            expect.arrayContaining([
              "RateLimit-Policy",
              "RateLimit",
              ...(status === "429" ? ["Retry-After"] : []),
            ]),
          );
        }
      }
    }
  });

  it("describes no amount without its asset beside it or above it", () => {
    const { schemas } = document.components;
    const amounts = Object.entries(schemas).filter(([, schema]) =>
      Object.keys(schema.properties ?? {}).some((field) =>
        /^(amount|deposited|stake|balance|earned)$/.test(field),
      ),
    );
    const withAsset = amounts.filter(([, schema]) => schema.properties?.asset).map(([name]) => name);
    // The check stands inside a receipt, whose asset is said to be that of every amount in it.
    expect(amounts.map(([name]) => name).filter((name) => !withAsset.includes(name))).toEqual([
      "ReceiptCheck",
    ]);
  });
});

describe("each documented route", () => {
  it.each(mounts.map((mount) => [mount.path, mount] as const))(
    "%s answers as documented",
    async (path, mount) => {
      const { method, operation } = operationOf(document.paths[documentedPath(path)]);
      expect(method).toBe(methodOf(mount.entry));
      expect(operation.deprecated === true).toBe(mount.alias !== null);
      expect(operation.security !== undefined).toBe(mount.entry.security !== undefined);
      expect(operation.requestBody !== undefined).toBe(method === "POST");
      for (const asked of pathsOf(path, mount.route)) {
        const headers = await callers.headersFor(mount.entry, asked);
        const query = mount.alias ? "" : mount.entry.exampleQuery;
        const response =
          method === "POST" ? await posted(asked) : await fetch(`${world.url}${asked}${query}`, { headers });
        expect(response.status, asked).toBe(200);
        expect(response.headers.get("x-request-id")).toBeTruthy();
        if (mount.entry.security || method === "POST") {
          expect(response.headers.get("cache-control")).toBe("private, no-store");
        }
        const [type] = (response.headers.get("content-type") ?? "").split(";");
        expect(Object.keys(operation.responses["200"]?.content ?? {})).toContain(type);
        if (type === "application/json") await expectDocumented(path, response);
        if (type === "text/event-stream") await response.body?.cancel();
        if (mount.alias) {
          expect(response.headers.get("link")).toContain('rel="canonical"');
          const canonical = /<([^>]+)>; rel="canonical"/.exec(response.headers.get("link") ?? "")?.[1];
          expect((await fetch(`${world.url}${canonical}`)).status).toBe(200);
        }
      }
    },
  );

  it.each(mounts.map((mount) => [mount.path, mount] as const))(
    "%s: HEAD, CORS, and no other method",
    async (path, { route, entry }) => {
      const [asked = ""] = pathsOf(path, route);
      const url = `${world.url}${asked}`;
      const own = methodOf(entry);
      const head = await fetch(url, {
        method: "HEAD",
        headers: { origin: ORIGIN, ...(await callers.headersFor(entry, asked)) },
      });
      expect([head.status, await head.text()]).toEqual([own === "GET" ? 200 : 405, ""]);
      expect(head.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(head.headers.get("access-control-allow-credentials")).toBeNull();
      const preflight = await fetch(url, { method: "OPTIONS", headers: { origin: ORIGIN } });
      expect([
        preflight.status,
        preflight.headers.get("access-control-allow-methods"),
        preflight.headers.get("access-control-allow-headers"),
      ]).toEqual([204, "GET, HEAD, POST, OPTIONS", "authorization, content-type, x-request-id"]);
      const foreign = await fetch(url, { method: "OPTIONS", headers: { origin: "http://evil.example" } });
      expect([foreign.status, foreign.headers.get("access-control-allow-methods")]).toEqual([403, null]);
      for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE"].filter((other) => other !== own)) {
        const refused = await fetch(url, { method });
        expect([refused.status, refused.headers.get("allow")]).toEqual([405, allowedMethods(entry)]);
        await expectDocumented(path, refused);
      }
    },
  );

  it.each(mounts.filter(({ entry }) => entry.security).map((mount) => [mount.path, mount] as const))(
    "%s is closed to those who don't sign in, and an admin's to everybody else",
    async (path, { route, entry }) => {
      for (const asked of pathsOf(path, route)) {
        const ask = (headers: Record<string, string>) =>
          fetch(`${world.url}${asked}`, { method: methodOf(entry), headers });
        const nobody = await ask({});
        expect([nobody.status, nobody.headers.get("www-authenticate")]).toEqual([
          401,
          'Bearer realm="computestream"',
        ]);
        await expectDocumented(path, nobody);
        if (entry.security !== "admin") continue;
        const buyer = await ask(await callers.headersOf(BUYER));
        expect([buyer.status, buyer.headers.get("www-authenticate")]).toEqual([
          403,
          'Bearer realm="computestream", error="insufficient_scope"',
        ]);
        await expectDocumented(path, buyer);
      }
    },
  );

  it.each(mounts.map(({ path, route }) => [path, route]))(
    "%s refuses a bad token, and one in the URL",
    async (path, route) => {
      const [asked = ""] = pathsOf(path, route);
      const { method } = operationOf(document.paths[documentedPath(path)]);
      for (const authorization of ["Bearer x.y.z", "Basic dXNlcjpwYXNz", "Bearer", "x"]) {
        const response = await fetch(`${world.url}${asked}`, { method, headers: { authorization } });
        expect([response.status, response.headers.get("www-authenticate")]).toEqual([
          401,
          'Bearer realm="computestream", error="invalid_token"',
        ]);
        expect(response.headers.get("cache-control")).toBe("private, no-store");
        await expectDocumented(path, response);
      }
      const [, token] = ((await callers.headersOf(BUYER)).authorization ?? "").split(" ");
      const inUrl = await fetch(`${world.url}${asked}?access_token=${token}`, {
        method,
        ...(method === "POST" ? { body: "{}", headers: { "content-type": "application/json" } } : {}),
      });
      expect([400, 401]).toContain(inUrl.status);
    },
  );

  it.each(
    mounts.filter(({ entry }) => methodOf(entry) === "POST").map((mount) => [mount.path, mount] as const),
  )("%s takes JSON of its shape and size, and nothing else", async (path, { entry }) => {
    const send = async (body: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${world.url}${path}`, {
        method: "POST",
        body,
        headers: {
          "content-type": "application/json",
          ...(await callers.headersFor(entry, path)),
          ...headers,
        },
      });
      await expectDocumented(path, response.clone() as Response);
      const { error } = (await response.json()) as ApiErrorDto;
      return [response.status, error.code, error.field];
    };
    const media = [415, "UNSUPPORTED_MEDIA_TYPE", undefined];
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data",
      "",
      "json",
    ]) {
      expect(await send("{}", { "content-type": type }), type).toEqual(media);
    }
    expect(await send("{}", { "content-type": "application/json; charset=utf-7" })).toEqual(media);
    expect(await send("{}", { "content-encoding": "gzip" })).toEqual(media);
    expect(await send(`{"x":"${"a".repeat(8_192)}"}`)).toEqual([413, "BODY_TOO_LARGE", undefined]);
    for (const broken of ["{", '"text"', "1", "nul"]) {
      expect(await send(broken), broken).toEqual([400, "MALFORMED_REQUEST", undefined]);
    }
    expect(await send("[]")).toEqual([400, "INVALID_PARAMETER", "body"]);
    const { requestBody } = operationOf(document.paths[documentedPath(path)]).operation;
    const { example, schema } = requestBody?.content["application/json"] ?? {};
    expect(await send(JSON.stringify({ ...(example as object), stray: 1 }))).toEqual([
      400,
      "UNKNOWN_PARAMETER",
      "stray",
    ]);
    expect((await send('{"__proto__":{"all":true},"constructor":1}'))[0]).toBe(400);
    for (const [field, property] of Object.entries(schema?.properties ?? {})) {
      for (const value of [
        null,
        1,
        {},
        [],
        "\0",
        ...(property.type === "string" ? ["x".repeat(5_000), true] : []),
      ]) {
        const [status, , wrong] = await send(JSON.stringify({ ...(example as object), [field]: value }));
        expect([status, wrong], `${field} ${JSON.stringify(value)}`.slice(0, 80)).toEqual([400, field]);
      }
    }
  });

  it.each(mounts.map((mount) => [mount.path, mount] as const))(
    "%s names what is wrong",
    async (path, mount) => {
      const [asked = ""] = pathsOf(path, mount.route);
      const { method, operation } = operationOf(document.paths[documentedPath(path)]);
      const headers = await callers.headersFor(mount.entry, asked);
      const refusal = async (target: string) => {
        const response = await fetch(`${world.url}${target}`, {
          method,
          headers: method === "POST" ? { ...headers, "content-type": "application/json" } : headers,
          ...(method === "POST" ? { body: "{}" } : {}),
        });
        await expectDocumented(path, response.clone() as Response);
        return { status: response.status, ...((await response.json()) as { error: object }).error };
      };
      expect(await refusal(`${asked}?nonsense=1`)).toMatchObject({
        status: 400,
        code: "UNKNOWN_PARAMETER",
        field: "nonsense",
      });
      for (const parameter of operation.parameters) {
        const { name, schema } = parameter;
        if (parameter.in === "path") {
          for (const value of ["0x", "xyz", "0xg", `0x${"1".repeat(65)}`, "0x1'--", "%00", "0x1%00"]) {
            const target = `${path.replace(`:${name}`, value)}`;
            expect(await refusal(target), target).toMatchObject({ status: 400, field: name });
          }
          continue;
        }
        for (const value of wrongValuesOf(schema)) {
          const target = `${asked}?${name}=${encodeURIComponent(value)}`;
          expect(await refusal(target), target).toMatchObject({ status: 400, field: name });
        }
        const twice = `${asked}?${name}=1&${name}=2`;
        expect(await refusal(twice), twice).toMatchObject({ status: 400, field: name });
      }
    },
  );

  it.each(
    mounts
      .filter(({ path }) => path.includes(":") && !/wallets|credits/.test(path))
      .map((mount) => [mount.path, mount] as const),
  )("%s of nothing is a documented 404", async (path, { entry }) => {
    const response = await fetch(`${world.url}${path.replace(":address", address("dead"))}`, {
      headers: await callers.headersFor(entry, path),
    });
    expect(response.status).toBe(404);
    await expectDocumented(path, response);
  });
});

/** Values that the parameter's own description excludes. */
function wrongValuesOf(schema: JsonSchema): string[] {
  const always = ["\0"];
  if (schema.type === "integer") {
    return [
      ...always,
      "",
      "-1",
      "1.5",
      "1e1",
      "0x10",
      " 1",
      "NaN",
      String((schema.maximum ?? 0) + 1),
      "9".repeat(30),
    ];
  }
  if (schema.enum) return [...always, "", "nonsense", "' OR 1=1 --"];
  if (schema.pattern) return [...always, "", "nonsense", "-1", "0x", "1;DROP TABLE jobs"];
  const tooLong = typeof schema.maxLength === "number" ? ["x".repeat(schema.maxLength + 1)] : [];
  return [...always, ...tooLong];
}

function routesOf(app: Express): string[] {
  type Layer = { route?: { path: string }; handle?: { stack?: Layer[] } };
  const walk = (stack: Layer[]): string[] =>
    stack.flatMap(({ route, handle }) => (route ? [route.path] : walk(handle?.stack ?? [])));
  return walk((app as unknown as { router: { stack: Layer[] } }).router.stack);
}

describe("texts that would be SQL", () => {
  const TEXTS = [
    "'; DROP TABLE jobs; --",
    "' OR '1'='1",
    '"',
    "\\",
    "%",
    "_",
    "$1",
    "\u{1F600}",
    "\uFFFD",
    "a'||'b",
  ];

  it.each(TEXTS)("%j find nothing they shouldn't, and harm nothing", async (text) => {
    const value = encodeURIComponent(text);
    for (const query of [`providers?q=${value}`, `providers?sandbox=${value}`, `providers?gpu=${value}`]) {
      const response = await fetch(`${world.url}/api/v1/${query}`);
      expect([response.status, ((await response.json()) as { items: unknown[] }).items]).toEqual([200, []]);
    }
    expect((await fetch(`${world.url}/api/v1/jobs?q=${value}`)).status).toBe(200);
    expect((await run(world.databaseUrl, "SELECT count(*)::int AS n FROM jobs"))[0]?.n).toBe(JOBS.length);
  });

  it("a path, a cursor and half a character are refused, not failed on", async () => {
    const statusOf = async (path: string) => (await fetch(`${world.url}${path}`)).status;
    const cursor = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    expect(await statusOf("/api/v1/jobs/%E0%A4%A")).toBe(400);
    expect(await statusOf("/api/v1/wallets/0x1%2F..%2F..%2Fetc")).toBe(400);
    expect(await statusOf("/api/v1//jobs")).toBe(404);
    expect(await statusOf("/api/v1/jobs?q=%ED%A0%80")).toBe(200);
    for (const key of [
      null,
      [],
      {},
      { version: "1" },
      { version: 1, index: 0 },
      { version: "1", index: -1 },
    ]) {
      for (const route of ["jobs", "events", "streams", "providers", `wallets/${BUYER}/ledger`]) {
        expect(
          await statusOf(`/api/v1/${route}?cursor=${cursor(key)}`),
          `${route} ${JSON.stringify(key)}`,
        ).toBe(400);
      }
    }
  });

  it("a range that no answer can hold names from", async () => {
    for (const query of [
      "bucket=minute&from=0",
      "from=2&to=1&bucket=day&from=9",
      "bucket=day&from=172800&to=1",
    ]) {
      const response = await fetch(`${world.url}/api/v1/stats/history?${query}`);
      expect([response.status, ((await response.json()) as ApiErrorDto).error.field]).toEqual([400, "from"]);
    }
  });
});
