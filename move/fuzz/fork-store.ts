/**
 * Key-value stores in layers: a fork costs nothing and leaves what is below it as it is.
 * It knows which keys are fungible stores, so that balances can be summed without reading everything, and no other meaning.
 */
import { fromLatin1, latin1 } from "../../packages/devnet/src/codec/bytes.ts";
import { parseType, type StructType, structTagBytes } from "../../packages/devnet/src/codec/type-tag.ts";
import type { VmStore } from "../../packages/devnet/src/vm/index.ts";

const RESOURCE_KIND = "\x02";
export const resourceSuffix = (type: string): string =>
  RESOURCE_KIND + latin1(structTagBytes(parseType(type) as StructType));

export const ADDRESS_LENGTH = 32;
const FUNGIBLE_STORE = resourceSuffix("0x1::fungible_asset::FungibleStore");
const FUNGIBLE_STORE_KEY_LENGTH = ADDRESS_LENGTH + FUNGIBLE_STORE.length;

export interface ForkStore extends VmStore {
  readonly below: ForkStore | null;
  /** By the key's bytes as latin1. */
  lookup(id: string): Uint8Array | null;
  /** What this layer wrote; null where it deleted. */
  readonly own: ReadonlyMap<string, Uint8Array | null>;
  /** Keys of the fungible stores that this layer wrote or deleted. */
  readonly fungibleStores: ReadonlySet<string>;
}

export function createForkStore(below: ForkStore | null = null): ForkStore {
  const own = new Map<string, Uint8Array | null>();
  const fungibleStores = new Set<string>();
  const lookup = (id: string): Uint8Array | null => {
    const value = own.get(id);
    if (value !== undefined) return value;
    return below ? below.lookup(id) : null;
  };
  function put(id: string, value: Uint8Array | null): void {
    own.set(id, value);
    if (id.length === FUNGIBLE_STORE_KEY_LENGTH && id.endsWith(FUNGIBLE_STORE)) fungibleStores.add(id);
  }
  return {
    below,
    own,
    fungibleStores,
    lookup,
    get: (key) => lookup(latin1(key)),
    // Copied: the caller may reuse its memory.
    set: (key, value) => put(latin1(key), Uint8Array.from(value)),
    delete: (key) => put(latin1(key), null),
    scan: () => {
      throw new Error("the VM doesn't scan");
    },
  };
}

/** The same contents in one layer: faster to read, and nothing below it is kept. */
export function flatten(store: ForkStore): ForkStore {
  const layers: ForkStore[] = [];
  for (let layer: ForkStore | null = store; layer; layer = layer.below) layers.push(layer);
  const flat = createForkStore();
  for (const layer of layers.reverse()) {
    for (const [id, value] of layer.own) {
      if (value === null) flat.delete(fromLatin1(id));
      else flat.set(fromLatin1(id), value);
    }
  }
  return flat;
}

/** Keys of all fungible stores that exist. */
export function fungibleStoresOf(store: ForkStore): Set<string> {
  const found = new Set<string>();
  for (let layer: ForkStore | null = store; layer; layer = layer.below)
    for (const id of layer.fungibleStores) found.add(id);
  for (const id of found) if (store.lookup(id) === null) found.delete(id);
  return found;
}

/** Every key of this address that has a value. */
export function keysOf(store: ForkStore, prefix: string): string[] {
  const found = new Set<string>();
  for (let layer: ForkStore | null = store; layer; layer = layer.below)
    for (const id of layer.own.keys()) if (id.startsWith(prefix)) found.add(id);
  return [...found].filter((id) => store.lookup(id) !== null);
}
