/**
 * The current state: an ordered in-memory map of bytes, and overlays that collect what one transaction writes.
 * It doesn't know what a key means, except that keys starting with the same 32 bytes belong to one account.
 */
import { fromLatin1, latin1 } from "../codec/bytes.ts";
import type { VmStore } from "../vm/types.ts";

export interface Write {
  key: Uint8Array;
  /** null deletes. */
  value: Uint8Array | null;
}

export interface State extends VmStore {
  readonly size: number;
  scan(
    start: Uint8Array | null,
    end: Uint8Array | null,
    descending: boolean,
  ): Generator<[Uint8Array, Uint8Array]>;
  apply(writes: readonly Write[]): void;
  /** Every entry whose key starts with these 32 bytes, in key order. */
  account(address: Uint8Array): Array<[Uint8Array, Uint8Array]>;
}

export interface Overlay extends VmStore {
  /** What was written on top of the base, in the order of the first write of each key. */
  writes(): Write[];
}

const ADDRESS_LENGTH = 32;

/** Keys are grouped by their first 32 bytes, so that a scan within an account sorts only that account's keys. */
export function createState(): State {
  const values = new Map<string, Uint8Array>();
  const buckets = new Map<string, { keys: Set<string>; sorted: string[] | null }>();
  let sortedBuckets: string[] | null = null;

  function set(id: string, value: Uint8Array): void {
    if (!values.has(id)) {
      const prefix = id.slice(0, ADDRESS_LENGTH);
      const bucket = buckets.get(prefix);
      if (bucket) {
        bucket.keys.add(id);
        bucket.sorted = null;
      } else {
        buckets.set(prefix, { keys: new Set([id]), sorted: null });
        sortedBuckets = null;
      }
    }
    values.set(id, value);
  }

  function remove(id: string): void {
    if (!values.delete(id)) return;
    const prefix = id.slice(0, ADDRESS_LENGTH);
    const bucket = buckets.get(prefix);
    if (!bucket) return;
    bucket.keys.delete(id);
    bucket.sorted = null;
    if (bucket.keys.size === 0) {
      buckets.delete(prefix);
      sortedBuckets = null;
    }
  }

  function bucketKeys(prefix: string): string[] {
    const bucket = buckets.get(prefix);
    if (!bucket) return [];
    bucket.sorted ??= [...bucket.keys].sort(compare);
    return bucket.sorted;
  }

  function* scan(
    start: Uint8Array | null,
    end: Uint8Array | null,
    descending: boolean,
  ): Generator<[Uint8Array, Uint8Array]> {
    const from = start ? latin1(start) : "";
    const to = end ? latin1(end) : null;
    const firstBucket = from.slice(0, ADDRESS_LENGTH);
    const lastBucket = to?.slice(0, ADDRESS_LENGTH) ?? null;
    let prefixes: string[];
    if (firstBucket.length === ADDRESS_LENGTH && firstBucket === lastBucket) {
      prefixes = [firstBucket];
    } else {
      sortedBuckets ??= [...buckets.keys()].sort(compare);
      prefixes = sortedBuckets.filter((p) => p >= firstBucket && (lastBucket === null || p <= lastBucket));
    }
    if (descending) prefixes = [...prefixes].reverse();
    for (const prefix of prefixes) {
      const keys = bucketKeys(prefix);
      for (let i = 0; i < keys.length; i++) {
        const id = keys[descending ? keys.length - 1 - i : i];
        if (id === undefined || id < from || (to !== null && id >= to)) continue;
        const value = values.get(id);
        if (value) yield [fromLatin1(id), value];
      }
    }
  }

  return {
    get size() {
      return values.size;
    },
    get: (key) => values.get(latin1(key)) ?? null,
    set: (key, value) => set(latin1(key), copyOf(value)),
    delete: (key) => remove(latin1(key)),
    scan,
    apply(writes) {
      for (const { key, value } of writes) {
        if (value) set(latin1(key), value);
        else remove(latin1(key));
      }
    },
    account: (address) =>
      bucketKeys(latin1(address)).flatMap((id) => {
        const value = values.get(id);
        return value ? [[fromLatin1(id), value] as [Uint8Array, Uint8Array]] : [];
      }),
  };
}

export function createOverlay(base: VmStore): Overlay {
  const pending = new Map<string, Uint8Array | null>();

  function* scan(
    start: Uint8Array | null,
    end: Uint8Array | null,
    descending: boolean,
  ): Generator<[Uint8Array, Uint8Array]> {
    const from = start ? latin1(start) : "";
    const to = end ? latin1(end) : null;
    const own = [...pending.keys()].filter((id) => id >= from && (to === null || id < to));
    const source = base.scan(start, end, descending);
    if (own.length === 0) {
      for (let next = source.next(); !next.done; next = source.next()) yield next.value;
      return;
    }
    const merged = new Map<string, Uint8Array>();
    for (let next = source.next(); !next.done; next = source.next())
      merged.set(latin1(next.value[0]), next.value[1]);
    for (const id of own) {
      const value = pending.get(id);
      if (value) merged.set(id, value);
      else merged.delete(id);
    }
    const sorted = [...merged.keys()].sort(compare);
    for (const id of descending ? sorted.reverse() : sorted)
      yield [fromLatin1(id), merged.get(id) ?? new Uint8Array()];
  }

  return {
    get(key) {
      const id = latin1(key);
      const own = pending.get(id);
      return own !== undefined ? own : base.get(key);
    },
    // Copied: the caller may reuse its memory.
    set: (key, value) => void pending.set(latin1(key), copyOf(value)),
    delete: (key) => void pending.set(latin1(key), null),
    scan,
    writes: () => [...pending].map(([id, value]) => ({ key: fromLatin1(id), value })),
  };
}

/** Of the shared pool where it is small: memory of its own costs more than most values are long. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return Buffer.from(bytes);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
