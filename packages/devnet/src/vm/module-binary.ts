/**
 * Reads what the devnet needs out of a compiled Move module: its id, its dependencies and its metadata.
 * It doesn't know how modules are stored, verified or run.
 */
import { BcsReader } from "../codec/bcs.ts";
import { toHex } from "../codec/bytes.ts";

const MAGIC = 0x0beb1ca1;
const TABLE_MODULE_HANDLES = 0x1;
const TABLE_IDENTIFIERS = 0x7;
const TABLE_ADDRESSES = 0x8;
const TABLE_METADATA = 0x10;
const METADATA_KEY = "initia::metadata_v0";
const EVENT_ATTRIBUTE = 4;

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
  /** Names of the structs marked `#[event]`. */
  events: Set<string>;
}

/** Throws for bytes that are no module. */
export function parseModule(bytes: Uint8Array): ModuleBinary {
  const header = new BcsReader(bytes);
  if (header.u32() !== MAGIC) throw new TypeError("not a Move module");
  header.u32(); // version
  const tables = new Map<number, { offset: number; size: number }>();
  let end = 0;
  for (let left = header.uleb(); left > 0; left--) {
    const kind = header.u8();
    const offset = header.uleb();
    const size = header.uleb();
    tables.set(kind, { offset, size });
    end = Math.max(end, offset + size);
  }
  const base = header.position;
  const table = (kind: number): BcsReader => {
    const at = tables.get(kind) ?? { offset: 0, size: 0 };
    return new BcsReader(bytes.subarray(base + at.offset, base + at.offset + at.size));
  };

  const identifiers = all(table(TABLE_IDENTIFIERS), (r) => r.str());
  const addresses = all(table(TABLE_ADDRESSES), (r) => toHex(r.take(32)));
  const handles = all(table(TABLE_MODULE_HANDLES), (r): ModuleId => {
    const address = addresses[r.uleb()];
    const name = identifiers[r.uleb()];
    if (address === undefined || name === undefined) throw new RangeError("bad module handle");
    return { address, name };
  });
  const selfIndex = new BcsReader(bytes.subarray(base + end)).uleb();
  const self = handles[selfIndex];
  if (!self) throw new RangeError("bad self handle");

  const metadata = all(table(TABLE_METADATA), (r) => ({
    key: r.bytes().toString("latin1"),
    value: r.bytes(),
  })).find((entry) => entry.key === METADATA_KEY);

  return {
    self,
    dependencies: handles.filter((_, index) => index !== selfIndex),
    ...parseMetadata(metadata?.value ?? null),
  };
}

/** What the compiler recorded about the source: abort constants, and attributes of structs. */
function parseMetadata(value: Uint8Array | null): Pick<ModuleBinary, "errors" | "events"> {
  const errors = new Map<bigint, ErrorDescription>();
  const events = new Set<string>();
  if (!value) return { errors, events };
  const reader = new BcsReader(value);
  for (let left = reader.uleb(); left > 0; left--) {
    errors.set(reader.u64(), { name: reader.str(), description: reader.str() });
  }
  for (let left = reader.uleb(); left > 0; left--) {
    const struct = reader.str();
    const attributes = reader.vector((r) => {
      const kind = r.u8();
      r.vector((argument) => argument.str());
      return kind;
    });
    if (attributes.includes(EVENT_ATTRIBUTE)) events.add(struct);
  }
  return { errors, events };
}

function all<T>(reader: BcsReader, read: (reader: BcsReader) => T): T[] {
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
