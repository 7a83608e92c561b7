/**
 * Published modules with their ABI, decoded once for each version of the bytecode.
 * It doesn't know values or HTTP.
 */
import { latin1 } from "../codec/bytes.ts";
import { type MoveType, parseType } from "../codec/type-tag.ts";
import type { MoveVm, VmStore } from "../vm/types.ts";

/** The part of the fullnode's module ABI that the node itself reads. */
export interface Abi {
  address: string;
  name: string;
  exposed_functions: Array<{
    name: string;
    visibility: string;
    is_entry: boolean;
    is_view: boolean;
    generic_type_params: unknown[];
    params: string[];
    return: string[];
  }>;
  structs: Array<{
    name: string;
    is_native: boolean;
    generic_type_params: unknown[];
    fields: Array<{ name: string; type: string }>;
  }>;
}

export interface FunctionShape {
  isView: boolean;
  isEntry: boolean;
  typeParameters: number;
  /** Without the leading signers. */
  params: MoveType[];
}

export interface Module {
  bytecode: Uint8Array;
  abi: Abi;
  function(name: string): FunctionShape | null;
  /** Fields in order; null when there is no such struct. */
  struct(name: string): Array<{ name: string; type: MoveType }> | null;
}

export interface Modules {
  get(store: VmStore, address: Uint8Array, name: string): Module | null;
  decode(bytecode: Uint8Array): Module;
}

const MAX_CACHED = 5_000;

export function createModules(vm: MoveVm): Modules {
  const cache = new Map<string, Module>();

  function decode(bytecode: Uint8Array): Module {
    const abi = vm.abi(bytecode) as Abi;
    const functions = new Map<string, FunctionShape>();
    const structs = new Map<string, Array<{ name: string; type: MoveType }>>();
    return {
      bytecode,
      abi,
      function(name) {
        const known = functions.get(name);
        if (known) return known;
        const found = abi.exposed_functions.find((f) => f.name === name);
        if (!found) return null;
        const shape: FunctionShape = {
          isView: found.is_view,
          isEntry: found.is_entry,
          typeParameters: found.generic_type_params.length,
          params: found.params.map(parseType).filter((type) => !isSigner(type)),
        };
        functions.set(name, shape);
        return shape;
      },
      struct(name) {
        const known = structs.get(name);
        if (known) return known;
        const found = abi.structs.find((s) => s.name === name);
        if (!found || found.is_native) return null;
        const fields = found.fields.map((f) => ({ name: f.name, type: parseType(f.type) }));
        structs.set(name, fields);
        return fields;
      },
    };
  }

  return {
    decode,
    get(store, address, name) {
      const key = vm.keys.module(address, name);
      const bytecode = store.get(key);
      if (!bytecode) return null;
      const id = latin1(key);
      const cached = cache.get(id);
      // A republished module is another array.
      if (cached?.bytecode === bytecode) return cached;
      const module = decode(bytecode);
      if (cache.size >= MAX_CACHED) cache.clear();
      cache.set(id, module);
      return module;
    },
  };
}

function isSigner(type: MoveType): boolean {
  return type.kind === "signer" || (type.kind === "reference" && type.to.kind === "signer");
}
