/**
 * Writes the table of routes down as OpenAPI 3.1; the schemas are zod's own rendering of those that parse.
 * It doesn't know any route, nor who reads the document.
 */
import { zApiError } from "@computestream/protocol/api";
import { z } from "zod";
import { exampleOf } from "./examples.ts";
import { type HeaderDescriptions, limitOf, rateLimitHeadersOf } from "./route-limits.ts";
import { COMMON_ERRORS, ERRORS, type ErrorCode } from "./table/errors.ts";
import { type Mount, mountsOf } from "./table/index.ts";
import { isText, type RouteEntry, TAGS } from "./table/types.ts";

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

export interface Operation {
  operationId: string;
  summary: string;
  description?: string;
  tags: string[];
  deprecated?: true;
  parameters: Parameter[];
  responses: Record<
    string,
    {
      description: string;
      headers?: HeaderDescriptions;
      content?: Record<string, { schema: JsonSchema; example?: unknown }>;
    }
  >;
  "x-codeSamples": Array<{ lang: "Shell"; source: string }>;
  /** The path of which this is an old name. */
  "x-alias-of"?: string;
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
  paths: Record<string, { get: Operation }>;
  components: { schemas: Record<string, JsonSchema> };
}

const ABOUT = `The mirror of the chain, for anyone to read. Amounts are integers in base units of the asset beside them, \
as decimal strings; times are unix seconds of chain time; addresses are accepted in any spelling and answered as 0x and \
64 hex digits. Lists come in pages: pass nextCursor as cursor until it is null. Every answer carries x-request-id and an \
ETag. Routes that can answer CSV do so for ?format=csv or the header Accept: text/csv; the next page then stands in the \
Link header. The examples take $API for this service's address, such as http://127.0.0.1:4000.`;

export function createOpenApi(mounts: Mount[] = mountsOf()): OpenApiDocument {
  const schemas: Record<string, JsonSchema> = {};
  const render = (schema: z.ZodType, io: "input" | "output") => renderSchema(schema, io, schemas);
  const paths: OpenApiDocument["paths"] = {};
  for (const mount of mounts) {
    paths[mount.path.replace(/:(\w+)/g, "{$1}")] = { get: operationOf(mount, render, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "ComputeStream read API",
      version: "1",
      description: ABOUT,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: { schemas },
  };
}

type Render = (schema: z.ZodType, io: "input" | "output") => JsonSchema;

function operationOf(mount: Mount, render: Render, schemas: Record<string, JsonSchema>): Operation {
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
    responses: { ...answersOf(entry, render, schemas), ...refusalsOf(entry, render) },
    "x-codeSamples": [{ lang: "Shell", source: `curl -s "$API${pathOf(mount)}${exampleQuery}"` }],
  };
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
  const headers = rateLimitHeadersOf(entry, status);
  return Object.keys(headers).length > 0 ? { headers } : {};
}

function refusalsOf(entry: RouteEntry, render: Render): Operation["responses"] {
  const byStatus = new Map<number, ErrorCode[]>();
  const limited: ErrorCode[] = limitOf(entry) === null ? [] : ["RATE_LIMITED"];
  for (const code of [...COMMON_ERRORS, ...limited, ...entry.errors]) {
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
