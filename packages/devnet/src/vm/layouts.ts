/**
 * What modules in a store declare: their ABI in the fullnode's shape, struct layouts and abort constants.
 * It doesn't know values; it decodes a module once as long as the store keeps the same bytes.
 */
import { formatAddress, latin1, parseAddress, view } from "../codec/bytes.ts";
import type { StructResolver } from "../codec/move-value.ts";
import { type MoveType, parseType, type StructType } from "../codec/type-tag.ts";
import { keys } from "./keys.ts";
import { type ModuleBinary, parseModule } from "./module-binary.ts";
import type { VmStore } from "./types.ts";

export interface Abi {
  address: string;
  name: string;
  friends: string[];
  exposed_functions: Array<{
    name: string;
    visibility: "private" | "public" | "friend";
    is_entry: boolean;
    is_view: boolean;
    generic_type_params: Array<{ constraints: string[] }>;
    params: string[];
    return: string[];
  }>;
  structs: Array<{
    name: string;
    is_native: boolean;
    is_event: boolean;
    abilities: string[];
    generic_type_params: Array<{ constraints: string[] }>;
    fields: Array<{ name: string; type: string }>;
  }>;
}

export interface ModuleLayout {
  abi: Abi;
  binary: ModuleBinary;
  structs: Map<string, Array<{ name: string; type: MoveType }>>;
}

export interface Layouts {
  /** Null where the store has no such module. */
  module(store: VmStore, address: Uint8Array, name: string): ModuleLayout | null;
  resolver(store: VmStore): StructResolver;
  decode(bytes: Uint8Array): ModuleLayout;
}

const MAX_CACHED_MODULES = 1000;
const ADDRESS = /0x[0-9a-f]+/g;

/** `decodeAbi`: the VM's own JSON of a module, whose addresses have no leading zeros. */
export function createLayouts(decodeAbi: (bytes: Uint8Array) => unknown): Layouts {
  const cache = new Map<string, { bytes: Uint8Array; layout: ModuleLayout }>();
  const moduleKeys = new Map<string, { key: Uint8Array; id: string }>();

  function keyOf(address: Uint8Array, name: string): { key: Uint8Array; id: string } {
    const id = latin1(address) + name;
    const cached = moduleKeys.get(id);
    if (cached) return cached;
    const entry = { key: keys.module(address, name), id };
    if (moduleKeys.size >= MAX_CACHED_MODULES) moduleKeys.clear();
    moduleKeys.set(id, entry);
    return entry;
  }

  function decode(bytes: Uint8Array): ModuleLayout {
    const binary = parseModule(bytes);
    const abi = fullnodeAbi(decodeAbi(bytes) as Abi, binary);
    const structs = new Map(
      abi.structs.map((struct) => [
        struct.name,
        struct.fields.map((field) => ({ name: field.name, type: parseType(field.type) })),
      ]),
    );
    return { abi, binary, structs };
  }

  function module(store: VmStore, address: Uint8Array, name: string): ModuleLayout | null {
    const { key, id } = keyOf(address, name);
    const bytes = store.get(key);
    if (!bytes) return null;
    const cached = cache.get(id);
    if (cached && (cached.bytes === bytes || view(cached.bytes).equals(bytes))) return cached.layout;
    const layout = decode(bytes);
    if (cache.size >= MAX_CACHED_MODULES) cache.clear();
    // A copy: the store may reuse its buffer.
    cache.set(id, { bytes: bytes.slice(), layout });
    return layout;
  }

  return {
    module,
    decode,
    resolver(store) {
      // Within one conversion the same module is asked for again and again.
      const seen = new Map<string, ModuleLayout | null>();
      return (type: StructType) => {
        const id = latin1(type.address) + type.module;
        let layout = seen.get(id);
        if (layout === undefined) {
          layout = module(store, type.address, type.module);
          seen.set(id, layout);
        }
        return layout?.structs.get(type.name) ?? null;
      };
    },
  };
}

function fullnodeAbi(abi: Abi, binary: ModuleBinary): Abi {
  const spelled = (text: string): string =>
    text.replace(ADDRESS, (address) => formatAddress(parseAddress(address) as Uint8Array));
  return {
    address: spelled(abi.address),
    name: abi.name,
    friends: abi.friends.map(spelled),
    exposed_functions: abi.exposed_functions.map((fn) => ({
      ...fn,
      params: fn.params.map(spelled),
      return: fn.return.map(spelled),
    })),
    structs: abi.structs.map((struct) => ({
      name: struct.name,
      is_native: struct.is_native,
      is_event: binary.events.has(struct.name),
      abilities: struct.abilities,
      generic_type_params: struct.generic_type_params.map(({ constraints }) => ({ constraints })),
      fields: struct.fields.map((field) => ({ name: field.name, type: spelled(field.type) })),
    })),
  };
}
