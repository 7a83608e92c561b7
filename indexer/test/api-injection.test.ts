/**
 * Whatever text stands in any parameter, body or header of any route, it stays a value: no statement of it runs, nothing changes, the
 * answer doesn't follow from what it would mean as SQL. Routes and parameters come from the API's own table.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOpenApi, type JsonSchema, operationOf, type Parameter } from "../src/api/openapi.ts";
import { mountsOf } from "../src/api/table/index.ts";
import { connectClient } from "../src/db/client.ts";
import { MIRROR_TABLES } from "../src/db/tables.ts";
import { type ApiWorld, type Callers, createCallers, pathsOf, startApiWorld } from "./api-world.ts";
import { run } from "./parts.ts";

const AT_ONCE = 16;

/** `trip()` leaves a mark that no rollback takes back. */
const STATEMENTS = [
  "'; SELECT trip(); --",
  "'; DROP TABLE jobs CASCADE; --",
  "1; SELECT trip()",
  "1) UNION SELECT trip()--",
  "' UNION ALL SELECT trip()::text, NULL --",
  "'||trip()||'",
  "\\'; SELECT trip(); --",
  "%27;SELECT trip();--",
  "$$; SELECT trip(); $$",
  "$1; SELECT trip()",
  "(SELECT trip())",
  "{trip()}",
  '"; SELECT trip(); --',
  "'; COPY jobs TO PROGRAM 'id'; --",
  "' OR trip() IS NOT NULL OR '1'='1",
  "1 OR trip() = 1",
  "/**/;SELECT/**/trip()/**/--",
  "';SELECT pg_sleep(30)--",
  "1 AND 1=(SELECT 1 FROM pg_sleep(30))",
  "'||pg_sleep(30)||'",
  // Quotes of other alphabets that a careless conversion would make plain ones.
  "\u02bc; SELECT trip(); --",
  "\uff07; SELECT trip(); --",
  "\u2019 OR trip() IS NOT NULL --",
  // An invalid byte that would swallow the quote behind it in another encoding.
  "\ufffd'; SELECT trip(); --",
  "\u0000'; SELECT trip(); --",
  "'\n;\r\nSELECT trip();\n--",
  `${"'".repeat(101)}; SELECT trip(); --`,
];

/** The same but for what each would mean: a condition that holds, and one that doesn't. */
const BLIND: Array<[holds: string, fails: string]> = [
  ["' OR 1=1 --", "' OR 1=2 --"],
  ["x') OR ('1'='1", "x') OR ('1'='2"],
  ["1 OR 1=1", "1 OR 1=2"],
  ["%' OR '%'='", "%' OR '%'='x"],
];

let world: ApiWorld;
let callers: Callers;
const document = createOpenApi();

interface Place {
  label: string;
  /** Asks with `value` there. */
  ask(value: string): Promise<Response>;
}

const places: Place[] = mountsOf().flatMap((mount) => {
  const { path, route, entry } = mount;
  const { method, operation } = operationOf(document.paths[path.replace(/:(\w+)/g, "{$1}")]);
  const [asked = path] = pathsOf(path, route);
  const send = async (target: string, body?: object) =>
    fetch(`${world.url}${target}`, {
      method,
      headers: {
        ...(await callers.headersFor(entry, asked)),
        ...(body ? { "content-type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const { schema, example } = operation.requestBody?.content["application/json"] ?? {};
  const sent = method === "POST" ? { ...(example as object) } : undefined;
  return [
    ...operation.parameters.map(
      (parameter: Parameter): Place => ({
        label: `${path} ${parameter.in} ${parameter.name}`,
        ask: (value) =>
          parameter.in === "path"
            ? send(path.replace(`:${parameter.name}`, encodeURIComponent(value)), sent)
            : send(`${asked}?${parameter.name}=${encodeURIComponent(value)}`, sent),
      }),
    ),
    ...fieldsOf(schema).map(
      (field): Place => ({
        label: `${path} body ${field}`,
        ask: (value) => send(asked, { ...sent, [field]: value }),
      }),
    ),
    ...["user-agent", "x-request-id", "authorization"].map(
      (header): Place => ({
        label: `${path} header ${header}`,
        // A header carries bytes: whatever isn't one of ASCII is left out.
        ask: (value) =>
          fetch(`${world.url}${asked}`, {
            method,
            headers: { [header]: value.replace(/[^\x20-\x7e]/g, ""), "content-type": "application/json" },
            ...(sent ? { body: JSON.stringify(sent) } : {}),
          }),
      }),
    ),
  ];
});

/** Names at the top of a body, in whichever form it may be. */
function fieldsOf(schema: JsonSchema | undefined): string[] {
  if (!schema) return [];
  if (schema.$ref) return fieldsOf(document.components.schemas[schema.$ref.split("/").at(-1) ?? ""]);
  const forms = [...(schema.anyOf ?? []), ...((schema.oneOf as JsonSchema[] | undefined) ?? [])];
  return [...new Set([...Object.keys(schema.properties ?? {}), ...forms.flatMap(fieldsOf)])];
}

beforeAll(async () => {
  world = await startApiWorld();
  callers = createCallers(world);
  await run(world.databaseUrl, "CREATE SEQUENCE tripped");
  await run(
    world.databaseUrl,
    "CREATE FUNCTION trip() RETURNS BIGINT LANGUAGE sql AS $$ SELECT nextval('tripped') $$",
  );
}, 60_000);

afterAll(() => world?.close());

async function contents(): Promise<unknown> {
  const counted = MIRROR_TABLES.map(
    (
      table,
    ) => `SELECT '${table}' AS name, count(*)::int AS rows, md5(string_agg(t::text, '|' ORDER BY t::text))
                FROM ${table} t`,
  );
  return run(world.databaseUrl, counted.join(" UNION ALL "));
}

/** Calls `work` for each, some at a time. */
async function each<T>(items: T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async () => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** "" of a stream, which has no end. */
async function textOf(response: Response): Promise<string> {
  if (!/event-stream/.test(response.headers.get("content-type") ?? "")) return response.text();
  await response.body?.cancel();
  return "";
}

/** Looks at what the server runs until told to stop; the statements that name what no statement of ours does. */
async function watchStatements() {
  const watcher = await connectClient({ databaseUrl: world.databaseUrl });
  const seen = new Set<string>();
  let isOn = true;
  let looks = 0;
  const done = (async () => {
    while (isOn) {
      const { rows } = await watcher.query(
        `SELECT query FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND query ~* 'tri[p]|pg_slee[p]|PROGRA[M]'`,
      );
      for (const { query } of rows) seen.add(query);
      looks += 1;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  return async () => {
    isOn = false;
    await done;
    await watcher.end();
    expect(looks).toBeGreaterThan(0);
    return [...seen];
  };
}

describe("SQL in a parameter", () => {
  it("would be noticed: the trap works, and statements are seen", async () => {
    const stop = await watchStatements();
    await run(world.databaseUrl, "SELECT trip(), pg_sleep(0.2)");
    expect(await stop()).toEqual(["SELECT trip(), pg_sleep(0.2)"]);
    await run(world.databaseUrl, "ALTER SEQUENCE tripped RESTART");
    expect(await run(world.databaseUrl, "SELECT is_called FROM tripped")).toEqual([{ is_called: false }]);
  });

  it(`never runs, in any of the ${places.length} places of the table`, async () => {
    expect(places.length).toBeGreaterThan(50);
    const before = await contents();
    const stop = await watchStatements();
    const wrong: string[] = [];
    // No header is looked at beyond its form, so a few will do.
    const textsFor = ({ label }: Place) => (label.includes(" header ") ? STATEMENTS.slice(0, 6) : STATEMENTS);
    const asks = places.flatMap((place) => textsFor(place).map((text) => ({ place, text })));
    await each(asks, async ({ place, text }) => {
      const response = await place.ask(text);
      const body = await textOf(response);
      if (![200, 400, 401, 403, 404].includes(response.status)) {
        wrong.push(`${place.label} ${JSON.stringify(text)}: ${response.status} ${body.slice(0, 200)}`);
      }
      // Only the server's own errors would speak of these.
      if (/syntax error|pg_catalog|relation "|SQLSTATE|unterminated/i.test(body)) {
        wrong.push(`${place.label} ${JSON.stringify(text)}: ${body.slice(0, 200)}`);
      }
    });
    expect(wrong).toEqual([]);
    expect(await stop()).toEqual([]);
    expect(await run(world.databaseUrl, "SELECT is_called FROM tripped")).toEqual([{ is_called: false }]);
    expect(await contents()).toEqual(before);
  });

  it("has no truth: a condition that holds answers as one that doesn't", async () => {
    const values = places.filter(({ label }) => !label.includes(" header "));
    const asks = values.flatMap((place) => BLIND.map((pair) => ({ place, pair })));
    const wrong: string[] = [];
    await each(asks, async ({ place, pair }) => {
      const [holds, fails] = await Promise.all(
        pair.map(async (text) => {
          const response = await place.ask(text);
          // The refusal may repeat the value, and has an id of its own.
          const { error, ...body } = JSON.parse((await textOf(response)) || "{}") as {
            error?: { code: string; field?: string };
          };
          return JSON.stringify([response.status, error?.code, error?.field, body]);
        }),
      );
      if (holds !== fails) wrong.push(`${place.label}: ${holds} and ${fails}`);
    });
    expect(wrong).toEqual([]);
  });

  it("in a cursor's fields is refused", async () => {
    const keys = [
      ...STATEMENTS.map((text) => ({ version: text, index: 0 })),
      ...STATEMENTS.map((text) => ({ sort: text, value: "1", provider: "0x1" })),
      ...STATEMENTS.map((text) => ({ sort: "price", value: text, provider: "0x1" })),
      ...STATEMENTS.map((text) => ({ sort: "price", value: "1", provider: text })),
    ];
    const lists = places.filter(({ label }) => label.endsWith(" query cursor"));
    expect(lists.length).toBeGreaterThan(5);
    await each(
      lists.flatMap((place) => keys.map((key) => ({ place, key }))),
      async ({ place, key }) => {
        const cursor = Buffer.from(JSON.stringify(key)).toString("base64url");
        const response = await place.ask(cursor);
        await textOf(response);
        expect([place.label, response.status]).toEqual([place.label, 400]);
      },
    );
    expect(await run(world.databaseUrl, "SELECT is_called FROM tripped")).toEqual([{ is_called: false }]);
  });
});
