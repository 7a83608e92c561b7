/** Everything the API's description promises, asked of a served market; and that it serves nothing else. */
import type { ApiErrorDto } from "@computestream/protocol/api";
import type { Express } from "express";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApp } from "../src/api/app.ts";
import { createOpenApi, type JsonSchema, type OpenApiDocument } from "../src/api/openapi.ts";
import { mountsOf } from "../src/api/table/index.ts";
import type { Context } from "../src/context.ts";
import { createMetrics } from "../src/metrics.ts";
import { type ApiWorld, JOBS, ORIGIN, pathsOf, startApiWorld } from "./api-world.ts";
import { deploymentOf } from "./hand-written-chain.ts";
import { address, BUYER } from "./histories.ts";
import { violations } from "./json-schema.ts";
import { run } from "./parts.ts";

let world: ApiWorld;
let document: OpenApiDocument;

beforeAll(async () => {
  world = await startApiWorld();
  document = (await (await fetch(`${world.url}/api/v1/openapi.json`)).json()) as OpenApiDocument;
}, 60_000);

afterAll(() => world?.close());

const mounts = mountsOf();
const documentedPath = (path: string) => path.replace(/:(\w+)/g, "{$1}");
const wrong = (value: unknown, schema: JsonSchema) => violations(value, schema, document.components.schemas);

async function expectDocumented(path: string, response: Response): Promise<void> {
  const documented = document.paths[documentedPath(path)]?.get.responses[String(response.status)];
  expect(documented, `${path} ${response.status}`).toBeDefined();
  const schema = documented?.content?.["application/json"]?.schema;
  expect(wrong(await response.json(), schema ?? {}), path).toEqual([]);
}

describe("the document", () => {
  it("is the table's, and has every path that is mounted and no other", () => {
    expect(document).toEqual(JSON.parse(JSON.stringify(createOpenApi())));
    const context = {
      deployment: deploymentOf(),
      corsOrigins: [],
      metrics: createMetrics(),
      now: Date.now,
    } as unknown as Context;
    const mounted = routesOf(createApp(context));
    expect(mounted.sort()).toEqual(mounts.map(({ path }) => path).sort());
    expect(Object.keys(document.paths).sort()).toEqual(mounted.map(documentedPath).sort());
    const operations = Object.values(document.paths).map(({ get }) => get.operationId);
    expect(new Set(operations).size).toBe(operations.length);
  });

  it("refers only to schemas it has, and its examples keep to them", () => {
    const named = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map((m) => m[1]);
    for (const name of named) expect(Object.keys(document.components.schemas)).toContain(name);
    for (const [path, { get }] of Object.entries(document.paths)) {
      for (const { content } of Object.values(get.responses)) {
        const json = content?.["application/json"];
        if (json) expect(wrong(json.example, json.schema), path).toEqual([]);
      }
    }
  });

  it("tells the rate limit of each route but those that have none", () => {
    const unlimited = ["/api/v1/health", "/health", "/ready", "/metrics"];
    for (const [path, item] of Object.entries(document.paths)) {
      for (const { responses } of Object.values(item)) {
        const told = Object.entries(responses).map(([status, { headers = {} }]) => [
          status,
          Object.keys(headers),
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
      const { get } = document.paths[documentedPath(path)] ?? {};
      expect(get?.deprecated === true).toBe(mount.alias !== null);
      for (const asked of pathsOf(path, mount.route)) {
        const response = await fetch(`${world.url}${asked}${mount.alias ? "" : mount.entry.exampleQuery}`);
        expect(response.status, asked).toBe(200);
        expect(response.headers.get("x-request-id")).toBeTruthy();
        const [type] = (response.headers.get("content-type") ?? "").split(";");
        expect(Object.keys(get?.responses["200"]?.content ?? {})).toContain(type);
        if (type === "application/json") await expectDocumented(path, response);
        if (mount.alias) {
          expect(response.headers.get("link")).toContain('rel="canonical"');
          const canonical = /<([^>]+)>; rel="canonical"/.exec(response.headers.get("link") ?? "")?.[1];
          expect((await fetch(`${world.url}${canonical}`)).status).toBe(200);
        }
      }
    },
  );

  it.each(mounts.map(({ path, route }) => [path, route]))(
    "%s: HEAD, CORS, and only reading",
    async (path, route) => {
      const [asked] = pathsOf(path, route);
      const url = `${world.url}${asked}`;
      const head = await fetch(url, { method: "HEAD", headers: { origin: ORIGIN } });
      expect([head.status, await head.text()]).toEqual([200, ""]);
      expect(head.headers.get("access-control-allow-origin")).toBe(ORIGIN);
      const preflight = await fetch(url, { method: "OPTIONS", headers: { origin: ORIGIN } });
      expect([preflight.status, preflight.headers.get("access-control-allow-methods")]).toEqual([
        204,
        "GET, HEAD, OPTIONS",
      ]);
      expect(
        (await fetch(url, { method: "OPTIONS", headers: { origin: "http://evil.example" } })).status,
      ).toBe(403);
      for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
        const refused = await fetch(url, { method });
        expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
        await expectDocumented(path, refused);
      }
    },
  );

  it.each(mounts.map(({ path, route }) => [path, route]))("%s names what is wrong", async (path, route) => {
    const [asked = ""] = pathsOf(path, route);
    const refusal = async (target: string) => {
      const response = await fetch(`${world.url}${target}`);
      await expectDocumented(path, response.clone() as Response);
      return { status: response.status, ...((await response.json()) as { error: object }).error };
    };
    expect(await refusal(`${asked}?nonsense=1`)).toMatchObject({
      status: 400,
      code: "UNKNOWN_PARAMETER",
      field: "nonsense",
    });
    for (const parameter of document.paths[documentedPath(path)]?.get.parameters ?? []) {
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
  });

  it.each(
    mounts.filter(({ path }) => path.includes(":") && !/wallets|credits/.test(path)).map(({ path }) => path),
  )("%s of nothing is a documented 404", async (path) => {
    const response = await fetch(`${world.url}${path.replace(":address", address("dead"))}`);
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
