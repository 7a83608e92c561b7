/**
 * A folder for one run's files, gone afterwards.
 * It doesn't know what is put there.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export function scratchFolder(name: string): { path: string; close(): Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  return {
    path,
    async close() {
      rmSync(path, { recursive: true, force: true });
    },
  };
}
