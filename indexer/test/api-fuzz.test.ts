/**
 * Requests that nobody would send by hand: whatever comes in, the API never fails (5xx), refuses with a documented
 * code, and answers what it documents. `FUZZ_REQUESTS=50000` asks for more than the usual few hundred.
 */
import { request as httpRequest } from "node:http";
import { zApiError } from "@computestream/protocol/api";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createOpenApi, type JsonSchema, operationOf, type Parameter } from "../src/api/openapi.ts";
import { ERRORS } from "../src/api/table/errors.ts";
import {
  type ApiWorld,
  createCallers,
  JOBS,
  PROVIDER,
  REDEEMED,
  RETURNED,
  startApiWorld,
} from "./api-world.ts";
import { BUYER, T0 } from "./histories.ts";
import { violations } from "./json-schema.ts";
import { bearer, signIn } from "./sign-in.ts";

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 400);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_121);
/** As many at a time, so that 50,000 take minutes and not an hour. */
const AT_ONCE = 20;

let world: ApiWorld;
const document = createOpenApi();

/** Stands for the header of a wallet that signed in. */
const SIGNED_IN = "the buyer's";
let signedIn: string;
/** Some of the requests sign out. */
let signInAgain: () => Promise<void>;

beforeAll(async () => {
  world = await startApiWorld();
  const key = createCallers(world).keyOf(BUYER);
  signInAgain = async () => {
    signedIn = bearer(await signIn(world.url, key, BUYER)).authorization;
  };
}, 60_000);

afterAll(() => world?.close());

const addresses = fc.oneof(
  fc.constantFrom(BUYER, PROVIDER, REDEEMED, RETURNED, ...JOBS),
  fc.constantFrom(
    "0xB0",
    "0x",
    "0x0",
    "available",
    "history",
    "..",
    "%",
    "%2e%2e",
    "0xe1%00",
    `0x${"f".repeat(64)}`,
  ),
  fc.string({ unit: "binary", maxLength: 40 }),
);

const cursors = fc.oneof(
  fc
    .oneof(
      fc.record({
        version: fc.constantFrom("0", "5", "9".repeat(18), "x"),
        index: fc.constantFrom(0, 1, -1, 2 ** 31),
      }),
      fc.record({ version: fc.constant("30"), index: fc.constant(1), part: fc.nat(3) }),
      fc.record({
        sort: fc.constantFrom("price", "newest", "score", "stake", "vram", "served", "constructor"),
        value: fc.constantFrom("0", "9".repeat(20), "1e5"),
        provider: fc.constantFrom(PROVIDER, "0x1"),
      }),
      fc.record({ version: fc.constantFrom("30", "-1"), job: fc.constantFrom(...JOBS) }),
      fc.jsonValue(),
    )
    .map((key) => Buffer.from(JSON.stringify(key)).toString("base64url")),
  fc.string({ maxLength: 60 }),
);

/** Values that the description allows, values at its edges, and anything at all. */
function valuesOf({ name, schema }: Pick<Parameter, "name" | "schema">): fc.Arbitrary<string> {
  const anything = fc.string({ unit: "binary", maxLength: 60 });
  if (name === "cursor") return cursors;
  if (schema.enum)
    return fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...schema.enum.map(String)) }, anything);
  if (schema.type === "integer") {
    const { minimum = 0, maximum = 1e15 } = schema;
    const edges = fc
      .constantFrom(minimum, maximum, minimum - 1, maximum + 1, T0, T0 + 3600, 1, 2)
      .map(String);
    return fc.oneof({ weight: 5, arbitrary: edges }, fc.maxSafeNat().map(String), anything);
  }
  if (schema.pattern?.startsWith("^0x")) return addresses;
  if (name === "topics")
    return fc.constantFrom("network", "providers,network", `job:${JOBS[0]}`, "x,network", "network,");
  if (schema.pattern) return fc.oneof(fc.bigInt({ min: -1n, max: 10n ** 80n }).map(String), anything);
  return fc.oneof(
    fc.constantFrom("", "rig", "h100 west", "demo", "%", "_", "\\", "' OR 1=1 --", "$1"),
    anything,
  );
}

interface Sent {
  target: string;
  method: string;
  headers: Record<string, string>;
  body?: string;
  /** The operation's 200 in JSON, where the request is for one. */
  schema: JsonSchema | undefined;
}

const headers = fc.record(
  {
    accept: fc.constantFrom(
      "text/csv",
      "application/json",
      "*/*",
      "text/csv;q=0.1, application/json",
      ";;;",
      "image/png",
    ),
    origin: fc.constantFrom("http://localhost:3000", "http://evil.example", "null"),
    "x-request-id": fc.constantFrom("abc", "a b", "x".repeat(200)),
    "if-none-match": fc.constantFrom("*", '"abc"', 'W/"'),
    range: fc.constantFrom("bytes=0-10", "bytes=9-1"),
    "content-type": fc.oneof(
      { weight: 6, arbitrary: fc.constant("application/json") },
      fc.constantFrom(
        "text/xml",
        "application/json; charset=utf-8",
        "application/json; charset=utf-7",
        "json",
        "",
      ),
    ),
    "content-encoding": fc.oneof({ weight: 9, arbitrary: fc.constant("identity") }, fc.constant("gzip")),
    authorization: fc.oneof(
      { weight: 6, arbitrary: fc.constant(SIGNED_IN) },
      fc.constantFrom("Bearer", "Bearer x", "Basic YTpi", "Bearer a.b.c", "bearer eyJhbGciOiJub25lIn0.e30."),
    ),
  },
  { requiredKeys: [] },
);

/** Bodies: about as described, with fields astray, anything as JSON, no JSON at all, and too much. */
function bodiesOf(schema: JsonSchema): fc.Arbitrary<string> {
  const fields = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const anything = fc.jsonValue() as fc.Arbitrary<unknown>;
    const hex = fc.uint8Array({ maxLength: 100 }).map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);
    const texts = fc.oneof(
      hex,
      addresses,
      fc.constantFrom("localhost:3000", "evil.example", "\0", `csr_${"A".repeat(91)}`),
      fc.constant(
        `APTOS\naddress: ${BUYER}\napplication: http://localhost:3000\nchainId: 4\nmessage: m\nnonce: ${"a".repeat(64)}`,
      ),
      fc.string({ unit: "binary", maxLength: 60 }),
    );
    const fitting: fc.Arbitrary<unknown> = schema.properties?.[name]?.enum
      ? fc.constantFrom(...(property.enum ?? []))
      : property.type === "boolean"
        ? fc.boolean()
        : texts;
    return [name, fc.oneof({ weight: 6, arbitrary: fitting }, anything)] as const;
  });
  const about = fc.record(Object.fromEntries(fields), { requiredKeys: [] });
  const astray = fc.tuple(about, fc.constantFrom("__proto__", "constructor", "sid", "x"), fc.jsonValue());
  return fc.oneof(
    { weight: 8, arbitrary: about.map((body) => JSON.stringify(body)) },
    astray.map(([body, name, value]) => JSON.stringify({ ...body, [name]: value })),
    fc.json(),
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.constantFrom("", "{", "[]", "null", '"x"', `{"address":"${"1".repeat(9_000)}"}`),
  );
}

const methods = fc.oneof(
  { weight: 12, arbitrary: fc.constant("GET") },
  fc.constantFrom("HEAD", "OPTIONS", "POST", "DELETE"),
);

/** Half a surrogate pair can't be encoded: it goes as the bytes that a broken client would send. */
function encoded(value: string): string {
  try {
    return encodeURIComponent(value);
  } catch {
    return "%ED%A0%80";
  }
}

const toRoutes = fc.constantFrom(...Object.entries(document.paths)).chain(([path, item]) => {
  const { method: own, operation } = operationOf(item);
  const inQuery = operation.parameters.filter((p) => p.in === "query");
  const pairs = fc
    .subarray(inQuery)
    .chain((chosen) =>
      fc.tuple(...chosen.map((p) => valuesOf(p).map((value) => `${p.name}=${encoded(value)}`))),
    );
  const stray = fc.oneof(
    { weight: 8, arbitrary: fc.constant("") },
    fc.constantFrom(
      "__proto__=1",
      "constructor=1",
      "limit[]=1",
      "limit=1&limit=2",
      "a%00=1",
      "%=%",
      "=",
      "&&",
    ),
  );
  const [inPath] = operation.parameters.filter((p) => p.in === "path");
  const filled = inPath
    ? fc.oneof(addresses.map(encoded), addresses).map((address) => ({
        path: path.replace("{address}", () => address),
        // Other texts may make it another route's path.
        keepsRoute: /^0x[0-9a-f]+$/i.test(address),
      }))
    : fc.constant({ path, keepsRoute: true });
  const schema = operation.responses["200"]?.content?.["application/json"]?.schema;
  const sent = operation.requestBody?.content["application/json"]?.schema;
  const method = own === "GET" ? methods : fc.oneof({ weight: 12, arbitrary: fc.constant(own) }, methods);
  const body = sent ? bodiesOf(sent) : fc.option(fc.string({ maxLength: 30 }), { nil: undefined });
  return fc.record({ filled, pairs, stray, method, headers, body }).map(
    (r): Sent => ({
      target: `${r.filled.path}?${[...r.pairs, r.stray].filter(Boolean).join("&")}`,
      method: r.method,
      headers: r.headers,
      ...(r.body === undefined || /GET|HEAD/.test(r.method) ? {} : { body: r.body }),
      schema: r.method === own && r.filled.keepsRoute ? schema : undefined,
    }),
  );
});

const toAnywhere = fc.record({
  target: fc
    .array(fc.oneof(fc.constantFrom("api", "v1", "jobs", "..", "", "%2f", "docs", "ready"), fc.string()), {
      maxLength: 6,
    })
    .map((parts) => `/${parts.join("/")}`),
  method: methods,
  headers,
  schema: fc.constant(undefined),
});

/** Not by fetch, which tidies a request up before it sends it. Null when no HTTP client can send such a target. */
function send({
  target,
  method,
  headers: sent,
  body: sentBody,
}: Sent): Promise<{ status: number; type: string; body: string } | null> {
  const { port } = new URL(world.url);
  return new Promise((resolve, reject) => {
    try {
      const request = httpRequest(
        {
          host: "127.0.0.1",
          port,
          path: target,
          method,
          headers: sent.authorization === SIGNED_IN ? { ...sent, authorization: signedIn } : sent,
        },
        (response) => {
          let body = "";
          response.setEncoding("utf8");
          // It has no end: that it began is all there is to know.
          if (response.headers["content-type"]?.startsWith("text/event-stream")) {
            resolve({ status: response.statusCode ?? 0, type: "text/event-stream", body });
            response.destroy();
            return;
          }
          response.on("data", (chunk: string) => {
            body += chunk;
          });
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", body }),
          );
        },
      );
      request.on("error", reject);
      request.end(sentBody);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ERR_UNESCAPED_CHARACTERS") resolve(null);
      else reject(error as Error);
    }
  });
}

async function check(sent: Sent): Promise<void> {
  const answer = await send(sent);
  if (!answer) return;
  const about = `${sent.method} ${sent.target} ${JSON.stringify(sent.headers)}: ${answer.status} ${answer.body.slice(0, 300)}`;
  if (answer.status >= 500 || answer.status < 200) throw new Error(about);
  if (answer.body === "") return;
  const isJson = answer.type.startsWith("application/json");
  if (answer.status >= 400 && isJson) {
    const { code } = zApiError.parse(JSON.parse(answer.body)).error;
    const known = ERRORS[code as keyof typeof ERRORS];
    if (known?.status !== answer.status) throw new Error(`not a documented refusal: ${about}`);
  }
  if (answer.status === 200 && isJson && sent.schema) {
    const wrong = violations(JSON.parse(answer.body), sent.schema, document.components.schemas);
    if (wrong.length > 0) throw new Error(`${wrong.join("; ")}: ${about}`);
  }
}

describe("whatever is asked", () => {
  it(`${REQUESTS} requests are answered as documented and never with a 5xx`, async () => {
    const batches = fc.array(fc.oneof({ weight: 9, arbitrary: toRoutes }, toAnywhere), {
      minLength: AT_ONCE,
      maxLength: AT_ONCE,
    });
    await fc.assert(
      fc.asyncProperty(batches, async (batch) => {
        await signInAgain();
        await Promise.all(batch.map(check));
      }),
      { seed: SEED, numRuns: Math.ceil(REQUESTS / AT_ONCE) },
    );
    expect((await fetch(`${world.url}/api/v1/health`)).status).toBe(200);
  }, 3_600_000);
});
