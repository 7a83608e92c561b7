/**
 * A deployment that can't go on: what is wrong and what the person can do about it.
 * It doesn't print; deploy.ts does.
 */
export class DeployError extends Error {
  readonly code: string;
  readonly remedy: string;
  constructor(code: string, message: string, remedy: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "DeployError";
    this.code = code;
    this.remedy = remedy;
  }
}
