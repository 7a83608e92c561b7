/**
 * The node's errors: a stable code, a sentence, and whether trying again later can help.
 * It doesn't know what anyone does about them.
 */

export class NodeError extends Error {
  /** Stable, UPPER_SNAKE. */
  readonly code: string;
  /** The same attempt may succeed later: nothing may be concluded about the job from it. */
  readonly retryable: boolean;
  /** What the operator can do. */
  readonly remedy: string | undefined;

  constructor(
    code: string,
    message: string,
    options: { retryable?: boolean; remedy?: string; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "NodeError";
    this.code = code;
    this.retryable = options.retryable ?? false;
    this.remedy = options.remedy;
  }
}

/** A sentence for logs and statuses; never throws. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function codeOf(error: unknown): string {
  return error instanceof NodeError ? error.code : "INTERNAL";
}
