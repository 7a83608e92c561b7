/**
 * Where in the feed a client stands: which mirror, and up to which ledger version it has been told everything.
 * It doesn't know topics.
 */

export interface Position {
  /** Twelve hex digits that every set of mirror tables has of its own. */
  mirror: string;
  version: bigint;
}

export function formatCursor({ mirror, version }: Position): string {
  return `${mirror}-${version < 0n ? 0n : version}`;
}

/** `text` has the form of `zLiveCursor`. */
export function parseCursor(text: string): Position {
  return { mirror: text.slice(0, 12), version: BigInt(text.slice(13)) };
}
