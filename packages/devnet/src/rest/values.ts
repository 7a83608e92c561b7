/**
 * Move values of this chain as JSON: struct layouts come from the published modules.
 * It doesn't know transactions or routes.
 */
import type { Chain } from "../chain/chain.ts";
import { BcsReader } from "../codec/bcs.ts";
import { latin1 } from "../codec/bytes.ts";
import { readValue, type StructResolver, ValueError, valueBytes } from "../codec/move-value.ts";
import { type MoveType, readStructTag, type StructType, structTagBytes } from "../codec/type-tag.ts";

export interface Values {
  read(reader: BcsReader, type: MoveType): unknown;
  /** BCS of a JSON value. Throws `ValueError` naming `what`. */
  write(value: unknown, type: MoveType, what: string): Buffer;
  /** Data of a resource. Throws when it can't be decoded. */
  resource(type: StructType, bytes: Uint8Array): unknown;
  structType(structTagBcs: Uint8Array): StructType;
}

const MAX_CACHED_TYPES = 10_000;

export function createValues(chain: Chain): Values {
  const types = new Map<string, StructType>();

  const resolve: StructResolver = (type) => {
    const fields = chain.modules.get(chain.state, type.address, type.module)?.struct(type.name) ?? null;
    // A struct without fields is an enum here: its ABI names no variants.
    return fields?.length === 0 ? null : fields;
  };

  return {
    read: (reader, type) => readValue(reader, type, resolve),
    write: (value, type, what) => valueBytes(value, type, resolve, what),
    resource(type, bytes) {
      try {
        const reader = new BcsReader(bytes);
        const value = readValue(reader, type, resolve);
        reader.end();
        return value;
      } catch (error) {
        if (!(error instanceof ValueError)) throw error;
        return chain.vm.decodeResource(chain.state, structTagBytes(type), bytes);
      }
    },
    structType(structTagBcs) {
      const id = latin1(structTagBcs);
      const known = types.get(id);
      if (known) return known;
      const type = readStructTag(new BcsReader(structTagBcs));
      if (types.size >= MAX_CACHED_TYPES) types.clear();
      types.set(id, type);
      return type;
    },
  };
}
