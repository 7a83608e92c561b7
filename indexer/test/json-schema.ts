/**
 * A small check of values against JSON Schema: the part of it that the API's description uses, and no more.
 * It doesn't know the API; a keyword it has never heard of is an error, so that nothing passes unchecked.
 */
import type { JsonSchema } from "../src/api/openapi.ts";

const CHECKED = new Set([
  "$ref",
  "type",
  "properties",
  "required",
  "additionalProperties",
  "propertyNames",
  "items",
  "anyOf",
  "enum",
  "const",
  "pattern",
  "minimum",
  "maximum",
  "maxLength",
]);
const SAYS_NOTHING = new Set(["description", "default", "title", "format"]);

/** What is wrong with `value`, each with its place; empty when nothing is. */
export function violations(
  value: unknown,
  schema: JsonSchema,
  schemas: Record<string, JsonSchema>,
  place = "$",
): string[] {
  const unheard = Object.keys(schema).find((key) => !CHECKED.has(key) && !SAYS_NOTHING.has(key));
  if (unheard) return [`${place}: schema has the keyword ${unheard}`];
  if (schema.$ref) {
    const target = schemas[schema.$ref.replace("#/components/schemas/", "")];
    return target ? violations(value, target, schemas, place) : [`${place}: nothing at ${schema.$ref}`];
  }
  if (schema.anyOf) {
    const tries = schema.anyOf.map((option) => violations(value, option, schemas, place));
    return tries.some((wrong) => wrong.length === 0) ? [] : tries.flat();
  }
  const is = typeOf(value);
  const types = [schema.type ?? is].flat();
  if (!types.includes(is) && !(is === "integer" && types.includes("number"))) {
    return [`${place}: ${is} is not ${types.join(" or ")}`];
  }
  if (schema.const !== undefined && value !== schema.const) return [`${place}: is not ${schema.const}`];
  if (schema.enum && !schema.enum.includes(value)) return [`${place}: ${value} is none of the values`];
  if (typeof value === "string") return ofText(value, schema, place);
  if (typeof value === "number") return ofNumber(value, schema, place);
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => violations(item, schema.items ?? {}, schemas, `${place}[${i}]`));
  }
  return value !== null && typeof value === "object"
    ? ofObject(value as Record<string, unknown>, schema, schemas, place)
    : [];
}

function ofObject(
  value: Record<string, unknown>,
  schema: JsonSchema,
  schemas: Record<string, JsonSchema>,
  place: string,
): string[] {
  const { properties = {}, required = [], additionalProperties = true } = schema;
  const missing = required.filter((key) => !(key in value)).map((key) => `${place}.${key}: is missing`);
  const wrong = Object.entries(value).flatMap(([key, item]) => {
    const property = Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
    if (property === false) return [`${place}.${key}: isn't documented`];
    return typeof property === "object" ? violations(item, property, schemas, `${place}.${key}`) : [];
  });
  return [...missing, ...wrong];
}

function ofText(value: string, { pattern, maxLength }: JsonSchema, place: string): string[] {
  if (pattern && !new RegExp(pattern).test(value)) return [`${place}: "${value}" is not like ${pattern}`];
  return typeof maxLength === "number" && value.length > maxLength ? [`${place}: is too long`] : [];
}

function ofNumber(value: number, { minimum, maximum }: JsonSchema, place: string): string[] {
  if (minimum !== undefined && value < minimum) return [`${place}: ${value} is less than ${minimum}`];
  return maximum !== undefined && value > maximum ? [`${place}: ${value} is more than ${maximum}`] : [];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}
