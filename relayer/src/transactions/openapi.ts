/**
 * The relay's routes as OpenAPI 3.1; the schemas are zod's own rendering of those that parse.
 * It doesn't know how a route is answered.
 */
import {
  RELAY_STATUSES,
  STATUS_ALIASES,
  WRITABLE_STATUSES,
  WRITE_NAMES,
  WRITE_OF_STATUS,
  writeOf,
  zBuildOptions,
  zBuilt,
  zRelayed,
  zSubmission,
} from "@computestream/protocol/writes";
import { z } from "zod";
import { pathOf } from "./routes.ts";

const JSON_BODY = "application/json";
const ERRORS = {
  "400": "The body isn't what is asked for: `field` names it.",
  "429": "RATE_LIMITED or, for a sponsored one, SPONSOR_LIMIT_REACHED: Retry-After says when.",
  "503": "The chain's node or the store doesn't answer; try again.",
};

export function createRelayOpenApi(): object {
  const paths: Record<string, Record<string, object>> = {};
  const add = (path: string, method: string, operation: object) => {
    const at = path.replace(/:(\w+)/g, "{$1}");
    paths[at] = { ...paths[at], [method.toLowerCase()]: operation };
  };
  for (const name of WRITE_NAMES) {
    const { summary, body, calls, signer, aliases } = writeOf(name);
    const operation = {
      summary,
      tags: ["writes"],
      description: `Builds \`${calls}\`, to be signed by: ${signer}.`,
      requestBody: content(render(body.extend(zBuildOptions.shape), "input")),
      responses: answers("200", "What to sign.", zBuilt),
    };
    add(pathOf(name), "POST", { operationId: operationId("build", name), ...operation });
    for (const alias of aliases ?? []) {
      const parameters = [...alias.path.matchAll(/:(\w+)/g)].map(([, parameter]) => ({
        name: parameter,
        in: "path",
        required: true,
        schema: { type: "string" },
      }));
      add(alias.path, alias.method, {
        operationId: operationId(alias.method, alias.path),
        ...operation,
        summary: `Old name of ${pathOf(name)}`,
        deprecated: true,
        parameters,
        "x-alias-of": pathOf(name),
      });
    }
  }
  for (const { method, path } of STATUS_ALIASES)
    add(path, method, {
      operationId: operationId(method, `${path} status`),
      summary: "Old way to write a job's status: builds the write that leads to it",
      tags: ["writes"],
      deprecated: true,
      description: WRITABLE_STATUSES.map(
        (status) => `\`${status}\`: ${pathOf(WRITE_OF_STATUS[status])}`,
      ).join("; "),
      parameters: path.includes(":job")
        ? [{ name: "job", in: "path", required: true, schema: { type: "string" } }]
        : [],
      requestBody: content({
        type: "object",
        properties: { status: { type: "string", enum: WRITABLE_STATUSES } },
        required: ["status"],
        additionalProperties: true,
      }),
      responses: answers("200", "What to sign.", zBuilt),
    });
  add("/api/v1/transactions", "POST", {
    operationId: "submitTransaction",
    summary: "Relay a signed transaction; the same bytes again tell the same transaction's outcome",
    tags: ["relay"],
    requestBody: content(render(zSubmission, "input")),
    responses: {
      ...answers("200", "It has ended: success or failed.", zRelayed),
      ...answers("202", "It is on its way.", zRelayed),
      "403": { description: "FUNCTION_NOT_RELAYED, FUNCTION_NOT_SPONSORED" },
      "409": { description: "SEQUENCE_NUMBER_TAKEN" },
      "422": { description: "What is wrong with the transaction, or what the chain says of it." },
    },
  });
  add("/api/v1/transactions", "GET", {
    operationId: "listWrites",
    summary: "Every write with its function, who signs it and whether it is sponsored here",
    tags: ["relay"],
    responses: { "200": { description: "The writes." } },
  });
  add("/api/v1/transactions/:hash", "GET", {
    operationId: "getTransaction",
    summary: `What became of a transaction: ${RELAY_STATUSES.join(", ")}`,
    tags: ["relay"],
    parameters: [{ name: "hash", in: "path", required: true, schema: { type: "string" } }],
    responses: {
      ...answers("200", "Its outcome.", zRelayed),
      "404": { description: "TRANSACTION_UNKNOWN" },
    },
  });
  return {
    openapi: "3.1.0",
    info: {
      title: "ComputeStream relay",
      version: "1",
      description:
        "Writes as transactions to sign, and a relay for signed ones. Amounts are decimal strings in base units. docs/relay.md of the repository has an example.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    paths,
  };
}

const operationId = (verb: string, name: string): string =>
  `${verb.toLowerCase()}${name.replace(/[^a-zA-Z0-9]+(.)/g, (_, letter: string) => letter.toUpperCase())}`;

const content = (schema: object) => ({ required: true, content: { [JSON_BODY]: { schema } } });

function answers(status: string, description: string, schema: z.ZodType): Record<string, object> {
  const refusals = Object.entries(ERRORS).map(([code, text]) => [code, { description: text }] as const);
  return {
    [status]: { description, content: { [JSON_BODY]: { schema: render(schema, "output") } } },
    ...Object.fromEntries(refusals),
  };
}

/** A bigint is a decimal string on the wire. */
function render(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rendered } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rendered;
}
