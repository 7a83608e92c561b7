/**
 * The one error of this package that a person reads: what is missing or in the way, and the remedy.
 * It doesn't know who prints it.
 */
export class SetupError extends Error {
  /** Stable: MISSING_PROGRAM, PORT_TAKEN, PART_FAILED, ... */
  readonly code: string;
  readonly remedy: string;
  constructor(code: string, message: string, remedy: string, cause?: unknown) {
    super(`${message} ${remedy}`, { cause });
    this.name = "SetupError";
    this.code = code;
    this.remedy = remedy;
  }
}
