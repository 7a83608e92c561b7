/**
 * Reads what the devnet needs out of a compiled Move module: its id, its dependencies and its metadata.
 * It doesn't know how modules are stored, verified or run.
 */
import { bytesToHex } from "@noble/hashes/utils.js";

const MAGIC = 0x0beb1ca1;
const TABLE_MODULE_HANDLES = 0x1;
const TABLE_IDENTIFIERS = 0x7;
const TABLE_ADDRESSES = 0x8;
const TABLE_METADATA = 0x10;
const METADATA_KEY = "initia::metadata_v0";

export interface ModuleId {
  /** 0x and 64 hex digits. */
  address: string;
  name: string;
}

/** One abort code of a module: its constant's name and the sentence above it. */
export interface ErrorDescription {
  name: string;
  description: string;
}

export interface ModuleBinary {
  self: ModuleId;
  dependencies: ModuleId[];
  /** Abort code (without category) -> constant. Empty where the compiler wrote none. */
  errors: Map<bigint, ErrorDescription>;
}

/** Sequential reader of BCS-like bytes (ULEB lengths, little-endian integers). */
export class ByteReader {
  offset = 0;
  private readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get remaining(): number {
    return this.bytes.length - this.offset;
  }

  u8(): number {
    const byte = this.bytes[this.offset];
    if (byte === undefined) throw new RangeError("unexpected end of bytes");
    this.offset += 1;
    return byte;
  }

  uint(byteLength: number): bigint {
    let value = 0n;
    for (let i = 0; i < byteLength; i++) value |= BigInt(this.u8()) << BigInt(8 * i);
    return value;
  }

  uleb(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
      if (scale > 2 ** 42) throw new RangeError("length out of range");
    }
  }

  take(length: number): Uint8Array {
    if (length > this.remaining) throw new RangeError("unexpected end of bytes");
    const part = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return part;
  }

  text(): string {
    return new TextDecoder("utf-8", { fatal: true }).decode(this.take(this.uleb()));
  }
}

/** Throws `RangeError` or `TypeError` for bytes that are no module. */
export function parseModule(bytes: Uint8Array): ModuleBinary {
  const header = new ByteReader(bytes);
  if (Number(header.uint(4)) !== MAGIC) throw new TypeError("not a Move module");
  header.uint(4);
  const tables = new Map<number, { offset: number; size: number }>();
  let end = 0;
  for (let left = header.uleb(); left > 0; left--) {
    const kind = header.u8();
    const offset = header.uleb();
    const size = header.uleb();
    tables.set(kind, { offset, size });
    end = Math.max(end, offset + size);
  }
  const base = header.offset;
  const table = (kind: number): ByteReader => {
    const at = tables.get(kind) ?? { offset: 0, size: 0 };
    return new ByteReader(bytes.subarray(base + at.offset, base + at.offset + at.size));
  };

  const identifiers = all(table(TABLE_IDENTIFIERS), (r) => r.text());
  const addresses = all(table(TABLE_ADDRESSES), (r) => `0x${bytesToHex(r.take(32))}`);
  const handles = all(table(TABLE_MODULE_HANDLES), (r): ModuleId => {
    const address = addresses[r.uleb()];
    const name = identifiers[r.uleb()];
    if (address === undefined || name === undefined) throw new RangeError("bad module handle");
    return { address, name };
  });
  const selfIndex = new ByteReader(bytes.subarray(base + end)).uleb();
  const self = handles[selfIndex];
  if (!self) throw new RangeError("bad self handle");

  const metadata = all(table(TABLE_METADATA), (r) => ({
    key: new TextDecoder().decode(r.take(r.uleb())),
    value: r.take(r.uleb()),
  })).find((entry) => entry.key === METADATA_KEY);

  return {
    self,
    dependencies: handles.filter((_, index) => index !== selfIndex),
    errors: metadata ? parseErrors(metadata.value) : new Map(),
  };
}

function parseErrors(value: Uint8Array): Map<bigint, ErrorDescription> {
  const reader = new ByteReader(value);
  const errors = new Map<bigint, ErrorDescription>();
  for (let left = reader.uleb(); left > 0; left--) {
    errors.set(reader.uint(8), { name: reader.text(), description: reader.text() });
  }
  return errors;
}

function all<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const items: T[] = [];
  while (reader.remaining > 0) items.push(read(reader));
  return items;
}

/** Dependencies before dependents; modules outside the list don't count. */
export function sortByDependency<T extends { binary: ModuleBinary }>(modules: T[]): T[] {
  const idOf = (id: ModuleId) => `${id.address}::${id.name}`;
  const byId = new Map(modules.map((module) => [idOf(module.binary.self), module]));
  const sorted: T[] = [];
  const seen = new Set<string>();
  const visit = (module: T) => {
    const id = idOf(module.binary.self);
    if (seen.has(id)) return;
    seen.add(id);
    for (const dependency of module.binary.dependencies) {
      const inside = byId.get(idOf(dependency));
      if (inside) visit(inside);
    }
    sorted.push(module);
  };
  for (const id of [...byId.keys()].sort()) {
    const module = byId.get(id);
    if (module) visit(module);
  }
  return sorted;
}
