/**
 * A short name for the form of this release's answers and for what of the configuration is in them.
 * It doesn't know who compares it.
 */
import { createHash } from "node:crypto";
import type { Deployment } from "@computestream/protocol/deployment";
import { createOpenApi } from "./openapi.ts";

/** Another one where the same question may have another answer. */
export function contractOf(deployment: Deployment): string {
  const { chainId, packageAddress, asset } = deployment;
  const form = JSON.stringify([createOpenApi(), chainId, packageAddress, asset]);
  return createHash("sha256").update(form).digest("base64url").slice(0, 22);
}
