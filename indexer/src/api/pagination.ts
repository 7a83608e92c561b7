/**
 * Opaque page cursors: a sort key, encoded, checked when it comes back.
 * It doesn't know which list a key belongs to.
 */
import { z } from "zod";
import { ApiError } from "../errors.ts";

/** A ledger version as a cursor carries it: fits BIGINT. */
export const zVersion = z.string().regex(/^\d{1,18}$/);
export const zIndex = z.number().int().min(0).max(2_147_483_647);
export const zPositionKey = z.object({ version: zVersion, index: zIndex }).strict();

export function encodeCursor(key: object): string {
  return Buffer.from(JSON.stringify(key), "utf8").toString("base64url");
}

/** Throws `ApiError` 400 when the text isn't a cursor of this list. */
export function decodeCursor<T>(schema: z.ZodType<T>, text: string | undefined): T | null {
  if (text === undefined) return null;
  try {
    return schema.parse(JSON.parse(Buffer.from(text, "base64url").toString("utf8")));
  } catch {
    throw new ApiError(
      400,
      "INVALID_CURSOR",
      "cursor is not one that this list with this sort gave as nextCursor: leave it out to start over",
      "cursor",
    );
  }
}

/** Cuts the row that was asked for beyond the page, which tells whether there is a next one. */
export function toPage<R, T>(
  rows: R[],
  limit: number,
  toItem: (row: R) => T,
  toKey: (row: R) => object,
): { items: T[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    items: page.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(toKey(last)) : null,
  };
}

/** The key of lists that go by a row's place in the chain's history. */
export function positionOf(row: { version: bigint; event_index: number }): {
  version: string;
  index: number;
} {
  return { version: row.version.toString(), index: row.event_index };
}
