/**
 * The API's description as one page for people: no script, no font, no style but its own, readable on a phone.
 * It doesn't know routes: everything comes from the OpenAPI document.
 */
import { createHash } from "node:crypto";
import { DOCS_STYLE } from "./docs-style.ts";
import { type JsonSchema, type OpenApiDocument, type Operation, operationOf } from "./openapi.ts";

export interface DocsPage {
  html: string;
  /** Allows the page's own style and nothing else. */
  contentSecurityPolicy: string;
}

export function renderDocsPage(document: OpenApiDocument): DocsPage {
  const hash = createHash("sha256").update(DOCS_STYLE).digest("base64");
  const byTag = (tag: string) =>
    Object.entries(document.paths)
      .map(([path, item]) => ({ path, ...operationOf(item) }))
      .filter(({ operation }) => operation.tags.includes(tag));
  const sections = document.tags.map(({ name, description }) =>
    section(
      name,
      description,
      byTag(name).map(({ path, method, operation }) => route(path, method, operation)),
    ),
  );
  const schemas = Object.entries(document.components.schemas).sort(([a], [b]) => a.localeCompare(b));
  const links = [...document.tags.map(({ name }) => name), "schemas"].map(
    (id) => `<a href="#${id}">${id}</a>`,
  );
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(document.info.title)}</title>
<style>${DOCS_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(document.info.title)}</h1>
<p>${escapeHtml(document.info.description)}</p>
<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<nav aria-label="Sections">${links.join(" ")}</nav>
</header>
<main>
${sections.join("\n")}
${section(
  "schemas",
  "What the fields of answers mean.",
  schemas.map(([name, schema]) => schemaTable(name, schema)),
)}
</main>
</body>
</html>
`;
  return {
    html,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

function section(id: string, description: string, parts: string[]): string {
  return `<section id="${escapeHtml(id)}"><h2>${escapeHtml(id)}</h2><p>${escapeHtml(description)}</p>${parts.join("\n")}</section>`;
}

function route(path: string, method: string, operation: Operation): string {
  const id = escapeHtml(`${method.toLowerCase()}-${operation.operationId}`);
  if (operation["x-alias-of"]) {
    return `<p class="alias" id="${id}"><code>${method} ${escapeHtml(path)}</code> ${escapeHtml(operation.summary)}</p>`;
  }
  const [ok] = Object.values(operation.responses);
  const json = ok?.content?.["application/json"];
  const csv = ok?.content?.["text/csv"];
  const refusals = Object.entries(operation.responses)
    .filter(([status]) => Number(status) >= 400)
    .flatMap(([status, { description }]) => description.split("\n").map((line) => [status, line] as const));
  return `<details id="${id}"><summary><code>${method} ${escapeHtml(path)}</code> <span>${escapeHtml(operation.summary)}</span></summary>
${operation.description ? `<p>${escapeHtml(operation.description)}</p>` : ""}
${operation.security ? "<p>Private: needs an access token.</p>" : ""}
${parameterTable(operation)}
${bodyTable(operation)}
<h4>Call</h4><pre tabindex="0">${escapeHtml(operation["x-codeSamples"][0]?.source ?? "")}</pre>
${json ? `<h4>Answer: ${typeLink(json.schema)}</h4><pre tabindex="0">${escapeHtml(JSON.stringify(json.example, null, 2))}</pre>` : `<h4>Answer</h4><p>${escapeHtml(ok?.description ?? "")}</p>`}
${csv ? `<h4>As CSV</h4><p>${escapeHtml(csv.schema.description ?? "")}</p>` : ""}
<h4>Refusals</h4><ul>${refusals.map(([status, line]) => `<li>${status} ${escapeHtml(line)}</li>`).join("")}</ul>
</details>`;
}

function parameterTable({ parameters }: Operation): string {
  if (parameters.length === 0) return "";
  const rows = parameters.map(
    ({ name, in: where, required, description, schema }) =>
      `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td>${where}${required ? ", required" : ""}</td><td>${escapeHtml(constraints(schema))}</td><td>${escapeHtml(description ?? "")}</td></tr>`,
  );
  return `<h4>Parameters</h4><div class="wide" tabindex="0"><table>${rows.join("")}</table></div>`;
}

function bodyTable({ requestBody }: Operation): string {
  const { properties = {}, required = [] } = requestBody?.content["application/json"]?.schema ?? {};
  const rows = Object.entries(properties).map(
    ([field, property]) =>
      `<tr><th scope="row"><code>${escapeHtml(field)}</code></th><td>${required.includes(field) ? "required" : ""}</td><td>${escapeHtml(constraints(property))}</td><td>${escapeHtml(property.description ?? "")}</td></tr>`,
  );
  if (rows.length === 0) return "";
  return `<h4>Body</h4><div class="wide" tabindex="0"><table>${rows.join("")}</table></div>`;
}

function schemaTable(name: string, schema: JsonSchema): string {
  const rows = Object.entries(schema.properties ?? {}).map(
    ([field, property]) =>
      `<tr><th scope="row"><code>${escapeHtml(field)}</code></th><td>${typeLink(property)}</td><td>${escapeHtml(property.description ?? "")}${fieldsOf(property)}</td></tr>`,
  );
  return `<details id="schema-${escapeHtml(name)}"><summary><code>${escapeHtml(name)}</code> <span>${escapeHtml(schema.description ?? "")}</span></summary>
<div class="wide" tabindex="0"><table>${rows.join("")}</table></div></details>`;
}

/** The fields of an object that has no name of its own. */
function fieldsOf(schema: JsonSchema): string {
  const properties = schema.properties ?? schema.items?.properties;
  if (!properties) return "";
  const lines = Object.entries(properties).map(
    ([field, property]) =>
      `<li><code>${escapeHtml(field)}</code> ${typeLink(property)} ${escapeHtml(property.description ?? "")}${fieldsOf(property)}</li>`,
  );
  return `<ul>${lines.join("")}</ul>`;
}

/** Safe HTML. */
function typeLink(schema: JsonSchema): string {
  const name = schema.$ref?.split("/").at(-1);
  if (name) return `<a href="#schema-${escapeHtml(name)}">${escapeHtml(name)}</a>`;
  if (schema.anyOf) return schema.anyOf.map(typeLink).join(" or ");
  if (schema.type === "array" && schema.items) return `list of ${typeLink(schema.items)}`;
  const { items } = schema.properties ?? {};
  if (items && schema.properties?.nextCursor) return `page of ${typeLink(items.items ?? {})}`;
  return escapeHtml(constraints(schema));
}

function constraints(schema: JsonSchema): string {
  const { type, minimum, maximum, pattern, default: preset, maxLength } = schema;
  const bounds = minimum !== undefined && maximum !== undefined && Number(maximum) < Number.MAX_SAFE_INTEGER;
  return [
    schema.const !== undefined
      ? JSON.stringify(schema.const)
      : schema.enum
        ? schema.enum.join(" | ")
        : [type].flat().join(" or "),
    bounds ? `${minimum}..${maximum}` : "",
    maxLength === undefined ? "" : `at most ${maxLength} characters`,
    pattern ? `like ${pattern}` : "",
    preset === undefined ? "" : `default ${preset}`,
  ]
    .filter(Boolean)
    .join(", ");
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
