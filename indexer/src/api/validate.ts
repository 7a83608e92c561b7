/**
 * Turns what a client sent into typed values or a 400 that names the field.
 * It doesn't know any route.
 */
import { zAddress } from "@computestream/protocol/api";
import type { z } from "zod";
import { ApiError } from "../errors.ts";

/** Throws `ApiError` 400 naming the first wrong or unknown parameter. */
export function parseQuery<T>(schema: z.ZodType<T>, query: Record<string, unknown>): T {
  // No text in the database holds NUL, and PostgreSQL refuses to be asked for it.
  const withNul = Object.keys(query).find((name) => String(query[name]).includes("\0"));
  if (withNul !== undefined) {
    throw new ApiError(400, "INVALID_PARAMETER", `${withNul}: must not contain NUL`, withNul.slice(0, 80));
  }
  const parsed = schema.safeParse(query);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === "unrecognized_keys") {
    const field = issue.keys[0] ?? "query";
    throw new ApiError(
      400,
      "UNKNOWN_PARAMETER",
      `this route has no parameter ${quote(field)}`,
      field.slice(0, 80),
    );
  }
  const field = issue?.path.map(String).join(".") || "query";
  throw new ApiError(400, "INVALID_PARAMETER", `${field}: ${issue?.message ?? "invalid"}`, field);
}

/** Any spelling -> 0x and 64 hex digits. */
export function parseAddress(text: string | undefined): string {
  const parsed = zAddress.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new ApiError(400, "INVALID_PARAMETER", `address: ${parsed.error.issues[0]?.message}`, "address");
}

const quote = (text: string) => JSON.stringify(text.slice(0, 80));
