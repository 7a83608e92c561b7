/**
 * The size of a job's output as it would be packed, read from a folder that a running job may change at will.
 * It doesn't know Docker; it follows no link, whatever is swapped in while it walks.
 */
import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";

const TAR_BLOCK = 512;
/** A folder this deep or this full is no output: each level costs an open file, each name memory. */
const MAX_DEPTH = 100;
const MAX_ENTRIES = 100_000;

/** What one file takes in a tar: a header and whole blocks. */
export function tarBytes(size: number): number {
  return TAR_BLOCK + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
}

/**
 * Throws the first file system error; stops counting above `limitBytes`, and answers above it for a folder that is
 * deeper than 100 levels or holds more than 100,000 names.
 */
export async function folderBytes(path: string, limitBytes: number): Promise<number> {
  let total = 0;
  let entries = 0;
  const walk = async (dir: string, depth: number): Promise<void> => {
    // An open descriptor can't be exchanged for a link to elsewhere; its children are named through it.
    const handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
    try {
      const self = `/proc/self/fd/${handle.fd}`;
      for (const name of await readdir(self)) {
        if (total > limitBytes) return;
        entries += 1;
        if (entries > MAX_ENTRIES || depth > MAX_DEPTH) {
          total = limitBytes + 1;
          return;
        }
        const child = `${self}/${name}`;
        const stat = await lstat(child).catch(gone);
        if (!stat) continue;
        if (stat.isDirectory()) {
          total += TAR_BLOCK;
          await walk(child, depth + 1).catch(gone);
        } else {
          total += tarBytes(stat.isFile() ? stat.size : 0);
        }
      }
    } finally {
      await handle.close();
    }
  };
  await walk(path, 1);
  return total;
}

/** Jobs remove and exchange their files while they are counted. */
function gone(error: NodeJS.ErrnoException): undefined {
  if (error.code === "ENOENT" || error.code === "ENOTDIR" || error.code === "ELOOP") return undefined;
  throw error;
}
