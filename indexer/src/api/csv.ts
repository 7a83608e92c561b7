/**
 * Answers as CSV (RFC 4180) for spreadsheets and accounting.
 * It doesn't know routes: the table says which columns there are.
 */
import type { Request } from "express";
import type { CsvSpec } from "./table/types.ts";

/** `?format=` decides, then the Accept header; JSON when the client takes both alike. */
export function wantsCsv(request: Request, query: unknown): boolean {
  const { format } = query as { format?: "json" | "csv" };
  if (format !== undefined) return format === "csv";
  return request.accepts(["application/json", "text/csv"]) === "text/csv";
}

export function toCsv(spec: CsvSpec, body: unknown): string {
  const items = (body as Record<string, unknown[]>)[spec.rows] ?? [];
  const lines = items.map((item) => spec.columns.map((column) => cell(at(item, column))).join(","));
  return [spec.columns.join(","), ...lines, ""].join("\r\n");
}

/** The page after this one as a Link header, which a CSV body has no room for. */
export function nextPageLink(request: Request, body: unknown): string | null {
  const { nextCursor } = body as { nextCursor?: string | null };
  if (nextCursor === undefined || nextCursor === null) return null;
  const url = new URL(request.originalUrl, "http://localhost");
  url.searchParams.set("cursor", nextCursor);
  return `<${url.pathname}${url.search}>; rel="next"`;
}

function at(item: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], item);
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "string") return String(value);
  // Anyone may title a job; a spreadsheet must not take a title for a formula.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
