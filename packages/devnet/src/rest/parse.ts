/**
 * Path, query and body values of the fullnode API, refused in its words when they don't parse.
 * It doesn't know the chain.
 */
import type { z } from "zod";
import { parseAddress } from "../codec/bytes.ts";
import { type MoveType, parseType, type StructType, TypeTagError } from "../codec/type-tag.ts";
import { ApiError, invalidInput, type Request } from "./http.ts";

const pathError = (name: string, reason: string): ApiError =>
  new ApiError(400, "web_framework_error", `failed to parse path \`${name}\`: ${reason}`);

export function addressParam(request: Request, name: string): Buffer {
  const text = request.params[name] ?? "";
  const address = parseAddress(text);
  if (!address)
    throw pathError(
      name,
      `failed to parse "string(Address)": invalid account address ${JSON.stringify(text)}`,
    );
  return address;
}

export function hashParam(request: Request, name: string): Buffer {
  const text = (request.params[name] ?? "").replace(/^0x/, "");
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw pathError(name, 'failed to parse "string(HashValue)": unable to parse HashValue');
  return Buffer.from(text, "hex");
}

function integer(text: string): number | null {
  if (!/^\d{1,20}$/.test(text)) return null;
  const value = Number(text);
  // Beyond what a version can be: compares as "later than everything".
  return Math.min(value, Number.MAX_SAFE_INTEGER);
}

export function versionParam(request: Request, name: string): number {
  const value = integer(request.params[name] ?? "");
  if (value === null)
    throw pathError(name, 'failed to parse "integer(uint64)": invalid digit found in string');
  return value;
}

export function integerQuery(request: Request, name: string): number | null {
  const text = request.query.get(name);
  if (text === null || text === "") return null;
  const value = integer(text);
  if (value === null)
    throw new ApiError(
      400,
      "web_framework_error",
      `failed to parse query parameter \`${name}\`: invalid digit found in string`,
    );
  return value;
}

export function booleanQuery(request: Request, name: string): boolean {
  const text = request.query.get(name);
  if (text === null || text === "" || text === "false") return false;
  if (text === "true") return true;
  throw new ApiError(
    400,
    "web_framework_error",
    `failed to parse query parameter \`${name}\`: must be true or false`,
  );
}

/** The page size: `fallback` when none is asked for, never above `max`. */
export function limitQuery(request: Request, fallback: number, max: number): number {
  const limit = integerQuery(request, "limit");
  if (limit === 0) throw invalidInput("Given limit value (0) must not be zero");
  return Math.min(limit ?? fallback, max);
}

export function structType(text: string, what: string): StructType {
  const type = moveType(text, what);
  if (type.kind !== "struct") throw invalidInput(`${what}: ${text.slice(0, 200)} is not a struct`);
  return type;
}

export function moveType(text: string, what: string): MoveType {
  try {
    return parseType(text);
  } catch (error) {
    if (error instanceof TypeTagError) throw invalidInput(`${what}: ${error.message}`);
    throw error;
  }
}

export function jsonBody<T>(request: Request, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(request.body.toString("utf8"));
  } catch {
    throw new ApiError(400, "web_framework_error", "failed to parse JSON payload");
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join(".");
  throw invalidInput(`${field ? `${field}: ` : ""}${issue?.message ?? "invalid body"}`);
}
