/**
 * Where the VM keeps things in the store: 32 bytes of address, one of kind, then a name, a tag or a key.
 * It doesn't know what is stored there.
 */
import { BcsReader, BcsWriter } from "../codec/bcs.ts";
import { concat } from "../codec/bytes.ts";
import type { MoveVm } from "./types.ts";

const ADDRESS_BYTES = 32;
/** Where a key says what it is. */
export const KIND_AT = ADDRESS_BYTES;
const CODE = 0;
export const CHECKSUM = 1;
const RESOURCE = 2;
const TABLE_ITEM = 3;
const TABLE_INFO = 4;

const kindByte = [CODE, CHECKSUM, RESOURCE, TABLE_ITEM, TABLE_INFO].map((kind) => Uint8Array.of(kind));

function key(address: Uint8Array, kind: number, rest: Uint8Array): Uint8Array {
  return concat(address, kindByte[kind] as Uint8Array, rest);
}

export const keys: MoveVm["keys"] = {
  module: (address, name) => key(address, CODE, new BcsWriter(name.length + 2).str(name).finish()),
  resource: (address, structTagBcs) => key(address, RESOURCE, structTagBcs),
  tableItem: (handle, keyBcs) => key(handle, TABLE_ITEM, keyBcs),
  parse(bytes) {
    if (bytes.length <= ADDRESS_BYTES) return null;
    const address = bytes.subarray(0, ADDRESS_BYTES);
    const rest = bytes.subarray(ADDRESS_BYTES + 1);
    switch (bytes[ADDRESS_BYTES]) {
      case CODE: {
        const reader = new BcsReader(rest);
        return { kind: "module", address, name: reader.str() };
      }
      case RESOURCE:
        return { kind: "resource", address, structTagBcs: rest };
      case TABLE_ITEM:
        return { kind: "table_item", handle: address, keyBcs: rest };
      case CHECKSUM:
      case TABLE_INFO:
        return { kind: "other" };
      default:
        return null;
    }
  },
};
