/**
 * A finished job's output on its way out: read from the container, packed, put into the stores, remembered.
 * It doesn't know the chain; what it found is in the journal when it returns.
 */
import type { JobSpec } from "@computestream/protocol";
import type { NodeContext } from "./context.ts";
import { codeOf } from "./errors.ts";
import type { Journal } from "./journal.ts";
import { type PackedOutput, packOutput } from "./publish/pack.ts";
import { publish } from "./publish/publish.ts";
import { conclude } from "./reconcile.ts";

const MB = 1024 * 1024;
const NO_OUTPUT = { uris: [], sha256: "0x", root: "0x", bytes: 0 };

export interface JobOutputOptions {
  workDir: string;
  /** null when there is nothing to read, or nothing that may be published. */
  spec: JobSpec | null;
  onPhase(phase: "packing" | "uploading", detail?: string): void;
}

/**
 * Leaves `published` in the journal, or `failing` with `OUTPUT_TOO_LARGE` or `PUBLISH_FAILED`.
 * Throws `NodeError` (retryable) while a later try may do better.
 */
export async function publishOutput(
  ctx: NodeContext,
  journal: Journal,
  options: JobOutputOptions,
): Promise<void> {
  const { workDir, spec, onPhase } = options;
  const { exited, stopping } = journal.state;
  const nothing = () => journal.append({ t: "published", ...NO_OUTPUT });
  if (!spec || stopping === "OUTPUT_TOO_LARGE") return nothing();

  onPhase("packing");
  let pack: PackedOutput;
  try {
    const limitBytes = spec.output_max_mb * MB;
    pack = await packOutput(await ctx.runtime.readOutput(journal.job), { dir: workDir, limitBytes });
  } catch (error) {
    if (codeOf(error) !== "OUTPUT_TOO_LARGE") throw error;
    return journal.append({ t: "failing", reason: "OUTPUT_TOO_LARGE" });
  }
  const log = ctx.log.child({ job: journal.job });
  if (pack.skipped.length > 0) log.warn({ skipped: pack.skipped }, "entries left out of the output");
  if (pack.files === 0 && conclude(journal.state).result === "fail") return nothing();

  onPhase("uploading", `${pack.bytes} bytes`);
  try {
    const uris = await publish(ctx.stores, journal.job, pack, {
      onFailure: (store, message) => log.warn({ store, err: message }, "upload failed"),
    });
    const { sha256, root, bytes } = pack;
    await journal.append({ t: "published", uris, sha256, root, bytes });
  } catch (error) {
    const waitedMs = Date.now() - (exited?.at ?? 0);
    if (codeOf(error) !== "PUBLISH_FAILED" || waitedMs < ctx.settings.publishGraceSecs * 1_000) throw error;
    await journal.append({ t: "failing", reason: "PUBLISH_FAILED" });
  }
}
