/**
 * The checksums of modules that one call has read: the VM asks for one at every call into another module.
 * It doesn't know the store. It is right only while no module is published, so it is emptied for each call.
 */
import { CHECKSUM, KIND_AT } from "./keys.ts";

export interface ChecksumCache {
  /** Undefined for what it doesn't hold, whether or not the key is one of a checksum. */
  get(key: Uint8Array): Uint8Array | undefined;
  /** Keeps a copy of `key`, if it is one of a checksum, and `value` itself. */
  keep(key: Uint8Array, value: Uint8Array): void;
  clear(): void;
}

const BUCKETS = 256;

interface Entry {
  key: Uint8Array;
  value: Uint8Array;
}

/** No `Map`: a string of the key would cost more than all else that is done with it. */
export function createChecksumCache(): ChecksumCache {
  const buckets: Entry[][] = Array.from({ length: BUCKETS }, () => []);

  /** Modules of one package differ by their names. */
  function bucketOf(key: Uint8Array): Entry[] {
    const { length } = key;
    const hash =
      length + 3 * (key[KIND_AT + 1] ?? 0) + 31 * (key[length - 1] ?? 0) + 7 * (key[length - 3] ?? 0);
    return buckets[hash % BUCKETS] as Entry[];
  }

  return {
    get(key) {
      if (key[KIND_AT] !== CHECKSUM) return undefined;
      const bucket = bucketOf(key);
      for (let i = 0; i < bucket.length; i++) {
        const entry = bucket[i] as Entry;
        if (equal(entry.key, key)) return entry.value;
      }
      return undefined;
    },
    keep(key, value) {
      if (key[KIND_AT] === CHECKSUM) bucketOf(key).push({ key: Uint8Array.from(key), value });
    },
    clear() {
      for (const bucket of buckets) bucket.length = 0;
    },
  };
}

/** From the end, where names differ. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = a.length - 1; i >= 0; i--) if (a[i] !== b[i]) return false;
  return true;
}
