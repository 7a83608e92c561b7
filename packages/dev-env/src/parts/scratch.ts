/**
 * Folders for what a part keeps while it runs.
 * It doesn't know what is in them.
 */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Scratch {
  readonly path: string;
  /** Removes it when it was made here; a folder that was given stays. */
  close(): void;
}

/** `dir` kept as it is, or a fresh temporary folder that goes with `close`. */
export function scratch(name: string, dir?: string): Scratch {
  if (dir !== undefined) {
    mkdirSync(dir, { recursive: true });
    return { path: dir, close() {} };
  }
  const path = mkdtempSync(join(tmpdir(), `computestream-${name}-`));
  // Passable, not readable: PostgreSQL runs as another user when this is root.
  chmodSync(path, 0o711);
  return { path, close: () => rmSync(path, { recursive: true, force: true, maxRetries: 3 }) };
}
