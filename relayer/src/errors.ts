/**
 * The relayer's error families: what a caller did wrong, what may work later, what stops the process at start.
 * It doesn't know HTTP frames or sockets; ./http/error-mapper.ts and ./hub do.
 */

/** An answer with a stable code. `status` is what HTTP says; `field` names the input at fault; later it may be right. */
export class AppError extends Error {
  readonly code: string;
  readonly status: number;
  readonly field: string | undefined;
  readonly retryAfterSecs: number | undefined;
  constructor(
    status: number,
    code: string,
    message: string,
    options: { field?: string; retryAfterSecs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "AppError";
    this.status = status;
    this.code = code;
    this.field = options.field;
    this.retryAfterSecs = options.retryAfterSecs;
  }
}

/** A part the relayer needs doesn't answer now; the same call may work later. */
export class UnavailableError extends AppError {
  constructor(code: string, message: string, cause?: unknown) {
    super(503, code, message, { cause });
    this.name = "UnavailableError";
  }
}

/** The process can't start; `message` and `remedy` are one sentence each, for a person. */
export class StartupError extends Error {
  readonly code: string;
  readonly remedy: string;
  constructor(code: string, message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.name = "StartupError";
    this.code = code;
    this.remedy = remedy;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
