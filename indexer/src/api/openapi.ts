/**
 * Writes the table of routes down as OpenAPI 3.1; the schemas are zod's own rendering of those that parse.
 * It doesn't know any route, nor who reads the document.
 */
import { zApiError } from "@computestream/protocol/api";
import { z } from "zod";
import { exampleOf } from "./examples.ts";
import { describeKept } from "./kept-description.ts";
import { type HeaderDescriptions, limitOf, rateLimitHeadersOf } from "./route-limits.ts";
import { BODY_ERRORS, COMMON_ERRORS, ERRORS, type ErrorCode, SECURITY_ERRORS } from "./table/errors.ts";
import { type Mount, mountsOf } from "./table/index.ts";
import { isText, methodOf, type RouteEntry, TAGS } from "./table/types.ts";

export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  pattern?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  $defs?: Record<string, JsonSchema>;
  [key: string]: unknown;
}

export interface Parameter {
  name: string;
  in: "path" | "query";
  required: boolean;
  description?: string;
  schema: JsonSchema;
}

type Content = Record<string, { schema: JsonSchema; example?: unknown }>;

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  deprecated?: true;
  parameters: Parameter[];
  requestBody?: { required: true; content: Content };
  /** Without it anyone may call. */
  security?: Array<Record<string, never[]>>;
  responses: Record<
    string,
    {
      description: string;
      headers?: HeaderDescriptions;
      content?: Content;
    }
  >;
  "x-codeSamples": Array<{ lang: "Shell"; source: string }>;
  /** The path of which this is an old name. */
  "x-alias-of"?: string;
}

/** One of them: a path has one method. */
export interface PathItem {
  get?: Operation;
  post?: Operation;
}

export interface OpenApiDocument {
  openapi: "3.1.0";
  info: {
    title: string;
    version: string;
    description: string;
    license: { name: string; identifier: string };
  };
  servers: Array<{ url: string }>;
  tags: Array<{ name: string; description: string }>;
  paths: Record<string, PathItem>;
  components: {
    schemas: Record<string, JsonSchema>;
    securitySchemes: Record<
      string,
      { type: string; scheme: string; bearerFormat: string; description: string }
    >;
  };
}

const BEARER = {
  type: "http",
  scheme: "bearer",
  bearerFormat: "JWT",
  description: "An access token of /api/v1/auth/sign-in, in the Authorization header and nowhere else.",
};

const ABOUT = `The mirror of the chain, for anyone to read but what is marked as private: that needs a wallet's sign-in. Amounts are integers in base units of the asset beside them, \
as decimal strings; times are unix seconds of chain time; addresses are accepted in any spelling and answered as 0x and \
64 hex digits. Lists come in pages: pass nextCursor as cursor until it is null. Every answer carries x-request-id and an \
ETag. Routes that can answer CSV do so for ?format=csv or the header Accept: text/csv; the next page then stands in the \
Link header. The examples take $API for this service's address, such as http://127.0.0.1:4000, and $TOKEN for an access \
token. A route with a token is answered with cache-control: private, no-store; a token that isn't valid is refused also \
where none is needed.`;

export function createOpenApi(mounts: Mount[] = mountsOf()): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = {};
  const render = (schema: z.ZodType, io: "input" | "output") => renderSchema(schema, io, schemas);
  const paths: OpenApiDocument["paths"] = {};
  for (const mount of mounts) {
    const method = methodOf(mount.entry) === "GET" ? "get" : "post";
    paths[mount.path.replace(/:(\w+)/g, "{$1}")] = { [method]: operationFor(mount, render, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "ComputeStream API",
      version: "1",
      description: ABOUT,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas, securitySchemes: { bearer: BEARER } },
  };
}

/** A path's one operation, with its method. */
export function operationOf(item: PathItem | undefined): { method: "GET" | "POST"; operation: Operation } {
  const operation = item?.get ?? item?.post;
  if (!item || !operation) throw new Error("a path without an operation");
  return { method: item.get ? "GET" : "POST", operation };
}

type Render = (schema: z.ZodType, io: "input" | "output") => JsonSchema;

function operationFor(mount: Mount, render: Render, schemas: Record<string, JsonSchema>): Operation {
  const { entry, alias } = mount;
  const fixed = Object.keys(alias?.fixed ?? {});
  const parameters = [
    ...parametersOf(render(entry.params, "input"), "path"),
    ...parametersOf(render(entry.query, "input"), "query").filter(({ name }) => !fixed.includes(name)),
  ];
  const exampleQuery = alias ? "" : entry.exampleQuery;
  return {
    operationId: operationId(mount.path),
    summary: alias ? `Old name of ${mount.route}${fixedText(alias.fixed)}` : entry.summary,
    ...(entry.description && !alias ? { description: entry.description } : {}),
    tags: [entry.tag],
    ...(alias ? { deprecated: true as const, "x-alias-of": mount.route.replace(/:(\w+)/g, "{$1}") } : {}),
    parameters,
    ...(entry.body ? { requestBody: requestBodyOf(entry.body, render, schemas) } : {}),
    ...(entry.security ? { security: [{ bearer: [] }] } : {}),
    responses: { ...describeKept(mount, answersOf(entry, render, schemas)), ...refusalsOf(entry, render) },
    "x-codeSamples": [
      { lang: "Shell", source: sampleOf(mount, `$API${pathOf(mount)}${exampleQuery}`, render, schemas) },
    ],
  };
}

function requestBodyOf(body: z.ZodType, render: Render, schemas: Record<string, JsonSchema>) {
  const schema = render(body, "input");
  return {
    required: true as const,
    content: { "application/json": { schema, example: exampleOf(schema, schemas) } },
  };
}

function sampleOf(
  { entry }: Mount,
  url: string,
  render: Render,
  schemas: Record<string, JsonSchema>,
): string {
  const parts = [isEndless(entry) ? "curl -N" : "curl -s"];
  if (entry.security) parts.push('-H "Authorization: Bearer $TOKEN"');
  if (entry.body) {
    const example = JSON.stringify(exampleOf(render(entry.body, "input"), schemas));
    parts.push(`-H 'Content-Type: application/json' -d '${example}'`);
  }
  return [...parts, `"${url}"`].join(" ");
}

function answersOf(
  entry: RouteEntry,
  render: Render,
  schemas: Record<string, JsonSchema>,
): Operation["responses"] {
  const content: NonNullable<Operation["responses"][string]["content"]> = {};
  let description = entry.summary;
  if (isText(entry.answer)) {
    description = entry.answer.about;
    content[entry.answer.contentType] = { schema: { type: "string" } };
  } else {
    const schema = render(entry.answer, "output");
    content["application/json"] = { schema, example: exampleOf(schema, schemas) };
  }
  if (entry.csv) {
    const about = `RFC 4180, one line for each of ${entry.csv.rows}: ${entry.csv.columns.join(", ")}`;
    content["text/csv"] = { schema: { type: "string", description: about } };
  }
  return Object.fromEntries(
    (entry.statuses ?? [200]).map((status) => [
      status,
      { description, ...headersOf(entry, status), content },
    ]),
  );
}

function headersOf(entry: RouteEntry, status: number): { headers?: HeaderDescriptions } {
  const headers: HeaderDescriptions = {
    ...rateLimitHeadersOf(entry, status),
    ...(status === 401 || status === 403 ? { "WWW-Authenticate": CHALLENGE } : {}),
  };
  return Object.keys(headers).length > 0 ? { headers } : {};
}

const CHALLENGE = {
  description: "RFC 6750: Bearer, and the error where a token was sent. Not with ORIGIN_NOT_ALLOWED.",
  schema: { type: "string" },
};

function refusalsOf(entry: RouteEntry, render: Render): Operation["responses"] {
  const byStatus = new Map<number, ErrorCode[]>();
  const codes: ErrorCode[] = [
    ...COMMON_ERRORS,
    ...(limitOf(entry) === null ? [] : (["RATE_LIMITED"] as const)),
    ...(entry.security ? SECURITY_ERRORS[entry.security] : []),
    ...(entry.body ? BODY_ERRORS : []),
    ...entry.errors,
  ];
  for (const code of new Set(codes)) {
    const { status } = ERRORS[code];
    if (!entry.statuses?.includes(status)) byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const schema = render(zApiError, "output");
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => {
      const [first] = codes as [ErrorCode, ...ErrorCode[]];
      const example = { error: { code: first, message: ERRORS[first].means, requestId: "7d1f0c9e" } };
      const description = codes.map((code) => `${code}: ${ERRORS[code].means}`).join("\n");
      const content = { "application/json": { schema, example } };
      return [status, { description, ...headersOf(entry, status), content }];
    }),
  );
}

function parametersOf(schema: JsonSchema, where: Parameter["in"]): Parameter[] {
  return Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name,
      in: where,
      required: where === "path",
      ...(description === undefined ? {} : { description }),
      schema: rest,
    };
  });
}

/** Named schemas go to `components`, and everything refers to them there. */
function renderSchema(
  schema: z.ZodType,
  io: "input" | "output",
  into: Record<string, JsonSchema>,
): JsonSchema {
  const rendered = z.toJSONSchema(z.object({ root: schema }), { io, target: "draft-2020-12" }) as JsonSchema;
  const moved = JSON.parse(
    JSON.stringify(rendered).replaceAll('"#/$defs/', '"#/components/schemas/'),
    // A number of a query is documented as one: the pattern of its text says nothing more.
    (_key, value) => {
      if (value?.type === "integer") delete value.pattern;
      return value;
    },
  ) as JsonSchema;
  for (const [name, definition] of Object.entries(moved.$defs ?? {})) {
    delete definition.id;
    into[name] = definition;
  }
  return moved.properties?.root ?? {};
}

function isEndless({ answer }: RouteEntry): boolean {
  return isText(answer) && answer.contentType === "text/event-stream";
}

function pathOf(mount: Mount): string {
  return mount.path.replace(":address", mount.route.includes("/jobs/") ? "0xe1" : "0xf1");
}

function fixedText(fixed: Readonly<Record<string, string>> | undefined): string {
  return fixed ? ` with ${new URLSearchParams(fixed)}` : "";
}

function operationId(path: string): string {
  const words = (path.startsWith("/api/v1") ? path.slice(7) : `/root${path}`).match(/\w+/g) ?? [];
  return words.map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join("");
}
