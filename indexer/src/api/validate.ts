/**
 * Turns what a client sent into typed values or a 400 that names the field.
 * It doesn't know any route.
 */
import type { z } from "zod";
import { ApiError } from "../errors.ts";

/** Throws `ApiError` 400 naming the first wrong or unknown parameter of a path, a query or a body. */
export function parseInput<T>(schema: z.ZodType<T>, input: object, what: "query" | "body" = "query"): T {
  if (Array.isArray(input))
    throw new ApiError(400, "INVALID_PARAMETER", "body: must be a JSON object", "body");
  const values = { ...(input as Record<string, unknown>) };
  // No text in the database holds NUL, and PostgreSQL refuses to be asked for it.
  const withNul = Object.keys(values).find((name) => String(values[name]).includes("\0"));
  if (withNul !== undefined) {
    throw new ApiError(400, "INVALID_PARAMETER", `${withNul}: must not contain NUL`, withNul.slice(0, 80));
  }
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const field = issue.keys[0] ?? what;
    throw new ApiError(
      400,
      "UNKNOWN_PARAMETER",
      `this route has no parameter ${quote(field)}: /api/v1/docs lists those it has`,
      field.slice(0, 80),
    );
  }
  const field = issue?.path.map(String).join(".") || what;
  throw new ApiError(400, "INVALID_PARAMETER", `${field}: ${issue?.message ?? "invalid"}`, field);
}

const quote = (text: string) => JSON.stringify(text.slice(0, 80));
