/**
 * CPU seconds of this process's descendants, by what they are: for figures of what each part costs.
 * It doesn't know the parts beyond words of their command lines.
 */
import { readdirSync, readFileSync } from "node:fs";

/** In the order they are tried: the first word found in a command line names the part. */
const PARTS: Array<[word: string, part: string]> = [
  ["devnet/src/cli.ts", "devnet"],
  ["indexer/src/index.ts", "indexer"],
  ["relayer/src/index.ts", "relayer"],
  ["relayer/nodes.ts", "nodes"],
  ["redis-server", "redis"],
  ["postgres", "postgres"],
];
/** USER_HZ, which Linux fixes for /proc. */
const TICKS_PER_SEC = 100;

/** Seconds of CPU used so far by each part; a process that has ended is missing. */
export function cpuSecondsByPart(root = process.pid): Map<string, number> {
  const children = new Map<number, number[]>();
  const seconds = new Map<number, number>();
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) continue;
    const stat = readOrNull(`/proc/${pid}/stat`);
    if (stat === null) continue;
    // The command in parentheses may hold spaces; the fields after it don't.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const parent = Number(fields[1]);
    seconds.set(pid, (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC);
    children.set(parent, [...(children.get(parent) ?? []), pid]);
  }
  const used = new Map<string, number>();
  const open: Array<{ pid: number; part: string | null }> = [{ pid: root, part: null }];
  for (let next = open.pop(); next; next = open.pop()) {
    for (const pid of children.get(next.pid) ?? []) {
      const command = readOrNull(`/proc/${pid}/cmdline`) ?? "";
      const part = next.part ?? PARTS.find(([word]) => command.includes(word))?.[1] ?? null;
      if (part !== null) used.set(part, (used.get(part) ?? 0) + (seconds.get(pid) ?? 0));
      open.push({ pid, part });
    }
  }
  used.set("bench", seconds.get(root) ?? 0);
  return used;
}

/** Seconds of CPU that the whole machine has used since it started, by whatever runs on it. */
export function busyCpuSeconds(): number {
  // user nice system idle iowait irq softirq steal
  const line = (readOrNull("/proc/stat") ?? "").split("\n", 1)[0] ?? "";
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).slice(1).map(Number);
  return (user + nice + system + irq + softirq) / TICKS_PER_SEC;
}

/** null when the process has ended since it was listed. */
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
