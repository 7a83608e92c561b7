/**
 * Which functions of other modules a compiled Move module calls.
 * It doesn't know whether they exist.
 */
import { BcsReader } from "../codec/bcs.ts";
import { toHex } from "../codec/bytes.ts";

const TABLE_MODULE_HANDLES = 0x1;
const TABLE_FUNCTION_HANDLES = 0x3;
const TABLE_IDENTIFIERS = 0x7;
const TABLE_ADDRESSES = 0x8;
/** From this version on a handle ends with an optional list of access specifiers. */
const ACCESS_SPECIFIERS_SINCE = 7;
/** The binary format's mark for an absent optional part. */
const NONE = 1;

export interface ImportedFunction {
  /** 0x and 64 hex digits. */
  address: string;
  module: string;
  name: string;
}

/** The functions a module declares or calls, its own included. Throws for bytes that are no module. */
export function functionHandles(bytes: Uint8Array): ImportedFunction[] {
  const header = new BcsReader(bytes);
  header.u32(); // magic
  const version = header.u32() & 0xffff;
  const tables = new Map<number, { offset: number; size: number }>();
  for (let left = header.uleb(); left > 0; left--) {
    tables.set(header.u8(), { offset: header.uleb(), size: header.uleb() });
  }
  const base = header.position;
  const rows = <T>(kind: number, read: (reader: BcsReader) => T): T[] => {
    const at = tables.get(kind) ?? { offset: 0, size: 0 };
    const reader = new BcsReader(bytes.subarray(base + at.offset, base + at.offset + at.size));
    const found: T[] = [];
    while (reader.remaining > 0) found.push(read(reader));
    return found;
  };
  const identifiers = rows(TABLE_IDENTIFIERS, (r) => r.str());
  const addresses = rows(TABLE_ADDRESSES, (r) => toHex(r.take(32)));
  const modules = rows(TABLE_MODULE_HANDLES, (r) => ({
    address: addresses[r.uleb()] as string,
    module: identifiers[r.uleb()] as string,
  }));
  return rows(TABLE_FUNCTION_HANDLES, (r) => {
    const module = modules[r.uleb()];
    const name = identifiers[r.uleb()];
    if (!module || name === undefined) throw new RangeError("bad function handle");
    r.uleb(); // parameters
    r.uleb(); // returns
    r.vector((ability) => ability.u8()); // type parameters
    if (version >= ACCESS_SPECIFIERS_SINCE && r.u8() !== NONE) {
      throw new RangeError(`${module.module}::${name} has access specifiers, which nothing here writes`);
    }
    return { ...module, name };
  });
}
