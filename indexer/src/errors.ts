/**
 * The indexer's two error families: what stops indexing until a person acts, and what a client did wrong.
 * It doesn't know Express, PostgreSQL or the SDK.
 */
import { ChainError } from "@computestream/protocol/client";
import { EventDecodeError } from "@computestream/protocol/events";

export type FatalCode =
  | "CHAIN_MISMATCH"
  | "CHAIN_GAP"
  | "MIRROR_CORRUPT"
  | "MIGRATION_CHANGED"
  | "MIGRATION_FAILED"
  | "DATABASE_UNREACHABLE"
  | "REINDEX_BUSY"
  | "CONFIG_INVALID";

/** Trying again can't help; `message` says what to do. */
export class FatalError extends Error {
  readonly code: FatalCode;
  constructor(code: FatalCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "FatalError";
    this.code = code;
  }
}

/** What a client of the API did wrong, or what we can't serve right now. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly field: string | undefined;
  constructor(status: number, code: string, message: string, field?: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = field;
  }
}

/**
 * True when repeating the same step can never succeed. Everything else is retried, with back-off, in sight: a node
 * behind a proxy refuses for a while what it answers a minute later.
 */
export function isFatal(error: unknown): boolean {
  if (error instanceof FatalError || error instanceof EventDecodeError) return true;
  return error instanceof ChainError && error.failure.code === "CHAIN_MISMATCH";
}

export function errorCode(error: unknown): string {
  if (error instanceof FatalError) return error.code;
  if (error instanceof ChainError) return error.failure.code;
  if (error instanceof EventDecodeError) return "EVENT_UNKNOWN";
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "INTERNAL";
}

export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message;
  if (error instanceof ChainError) return error.failure.message;
  return error instanceof Error ? error.message : String(error);
}

/** For answers that anyone may read: a node's URL may carry an access key, so of its failures only the code is told. */
export function publicMessage(error: unknown): string {
  return error instanceof ChainError ? `the node can't be used (${errorCode(error)})` : errorMessage(error);
}
