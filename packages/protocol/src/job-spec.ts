/**
 * What a buyer asks the container to do: the JSON text that stands in the job's `spec` on chain.
 * It doesn't know prices or providers; the image stands beside it in the job.
 */
import { z } from "zod";
import { MAX_GPUS } from "./devices.ts";

export const SPEC_MAX_BYTES = 4096;

export const zJobSpec = z
  .object({
    version: z.literal(1),
    title: z.string().min(1).max(120).default("Untitled job"),
    /** argv, never passed through a shell by the provider; empty = the image's own command. */
    command: z.array(z.string().max(2048)).max(64).default([]),
    env: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.string().max(1024)).default({}),
    cpu_cores: z.number().min(0.1).max(256).default(1),
    memory_mb: z.number().int().min(16).max(1_048_576).default(256),
    gpus: z.number().int().min(0).max(MAX_GPUS).default(0),
    /** Upper bound of the packed output; more fails the job. */
    output_max_mb: z.number().int().min(1).max(10_240).default(64),
    network: z.literal("none").default("none"),
  })
  .strict();

export type JobSpec = z.output<typeof zJobSpec>;
export type JobSpecInput = z.input<typeof zJobSpec>;

/** The canonical text that goes on chain. Throws a ZodError or RangeError. */
export function encodeJobSpec(spec: JobSpecInput): string {
  const text = JSON.stringify(zJobSpec.parse(spec));
  const size = new TextEncoder().encode(text).length;
  if (size > SPEC_MAX_BYTES)
    throw new RangeError(`the job spec is ${size} bytes; the chain takes ${SPEC_MAX_BYTES}`);
  return text;
}

/** The spec of a job on chain, or null with the reason when nobody could run it. */
export function decodeJobSpec(text: string): { ok: true; spec: JobSpec } | { ok: false; reason: string } {
  try {
    const parsed = zJobSpec.safeParse(JSON.parse(text));
    if (parsed.success) return { ok: true, spec: parsed.data };
    const issue = parsed.error.issues[0];
    return { ok: false, reason: `${issue?.path.join(".") || "spec"}: ${issue?.message ?? "invalid"}` };
  } catch {
    return { ok: false, reason: "spec is not JSON" };
  }
}
