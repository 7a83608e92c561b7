/**
 * A failed view as the fullnode reports it: 400 with the VM's words, and 4016 when Move aborted.
 */
import { ABORTED } from "../chain/rejection.ts";
import { ApiError } from "./http.ts";

export function mapViewError(error: unknown): ApiError | null {
  if (!(error instanceof Error) || error.name !== "VmViewError") return null;
  const aborted = /^Move abort/.test(error.message);
  return new ApiError(400, "invalid_input", error.message, aborted ? ABORTED : null);
}
