/**
 * Move types: BCS type tags, their text, and the types of an ABI (with references and type parameters).
 * It doesn't know values.
 */
import { type BcsReader, BcsWriter } from "./bcs.ts";
import { formatAddress, parseAddress } from "./bytes.ts";

export type Primitive = "bool" | "u8" | "u16" | "u32" | "u64" | "u128" | "u256" | "address" | "signer";

export interface StructType {
  kind: "struct";
  address: Buffer;
  module: string;
  name: string;
  typeArgs: MoveType[];
}

export type MoveType =
  | { kind: Primitive }
  | { kind: "vector"; item: MoveType }
  | StructType
  | { kind: "parameter"; index: number }
  | { kind: "reference"; to: MoveType };

/** Variant numbers of TypeTag in BCS; 6 is vector, 7 struct. */
const PRIMITIVE_TAGS: Record<Primitive, number> = {
  bool: 0,
  u8: 1,
  u64: 2,
  u128: 3,
  address: 4,
  signer: 5,
  u16: 8,
  u32: 9,
  u256: 10,
};
const PRIMITIVE_OF = new Map(
  Object.entries(PRIMITIVE_TAGS).map(([name, tag]) => [tag, name as Primitive] as const),
);
const MAX_DEPTH = 16;

export class TypeTagError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TypeTagError";
  }
}

export function readTypeTag(reader: BcsReader, depth = 0): MoveType {
  if (depth > MAX_DEPTH) throw new TypeTagError("type nested too deeply");
  const tag = reader.uleb();
  const primitive = PRIMITIVE_OF.get(tag);
  if (primitive) return { kind: primitive };
  if (tag === 6) return { kind: "vector", item: readTypeTag(reader, depth + 1) };
  if (tag === 7) return readStructTag(reader, depth);
  throw new TypeTagError(`unknown type tag ${tag}`);
}

export function readStructTag(reader: BcsReader, depth = 0): StructType {
  return {
    kind: "struct",
    address: reader.take(32),
    module: reader.str(),
    name: reader.str(),
    typeArgs: reader.vector((r) => readTypeTag(r, depth + 1)),
  };
}

export function writeTypeTag(writer: BcsWriter, type: MoveType): void {
  if (type.kind === "vector") {
    writer.uleb(6);
    writeTypeTag(writer, type.item);
  } else if (type.kind === "struct") {
    writer.uleb(7);
    writeStructTag(writer, type);
  } else if (type.kind === "parameter" || type.kind === "reference") {
    throw new TypeTagError(`${formatType(type)} is not a type of a value`);
  } else {
    writer.uleb(PRIMITIVE_TAGS[type.kind]);
  }
}

export function writeStructTag(writer: BcsWriter, type: StructType): void {
  writer.raw(type.address).str(type.module).str(type.name);
  writer.vector(type.typeArgs, writeTypeTag);
}

export function typeTagBytes(type: MoveType): Buffer {
  const writer = new BcsWriter(64);
  writeTypeTag(writer, type);
  return writer.finish();
}

export function structTagBytes(type: StructType): Buffer {
  const writer = new BcsWriter(64);
  writeStructTag(writer, type);
  return writer.finish();
}

export function formatType(type: MoveType): string {
  switch (type.kind) {
    case "vector":
      return `vector<${formatType(type.item)}>`;
    case "struct": {
      const args = type.typeArgs.length > 0 ? `<${type.typeArgs.map(formatType).join(", ")}>` : "";
      return `${formatAddress(type.address)}::${type.module}::${type.name}${args}`;
    }
    case "parameter":
      return `T${type.index}`;
    case "reference":
      return `&${formatType(type.to)}`;
    default:
      return type.kind;
  }
}

/** Parses `vector<0x1::coin::Coin<T0>>`, `&signer`, `&mut u64`. Throws `TypeTagError`. */
export function parseType(text: string): MoveType {
  const tokens = text.match(/::|[<>,&]|[A-Za-z0-9_]+|\S/g) ?? [];
  let at = 0;
  const fail = (): never => {
    throw new TypeTagError(`invalid type ${JSON.stringify(text)}`);
  };
  const next = (): string => tokens[at++] ?? fail();
  const expect = (token: string): void => {
    if (next() !== token) fail();
  };
  const list = (depth: number): MoveType[] => {
    const items: MoveType[] = [];
    if (tokens[at] !== "<") return items;
    do {
      at++;
      items.push(one(depth + 1));
    } while (tokens[at] === ",");
    expect(">");
    return items;
  };
  const one = (depth: number): MoveType => {
    if (depth > MAX_DEPTH) fail();
    const token = next();
    if (token === "&") {
      if (tokens[at] === "mut") at++;
      return { kind: "reference", to: one(depth + 1) };
    }
    if (token === "vector") {
      const items = list(depth);
      const item = items[0];
      if (items.length !== 1 || !item) return fail();
      return { kind: "vector", item };
    }
    if (tokens[at] === "::") {
      const address = parseAddress(token);
      if (!address || !token.startsWith("0x")) return fail();
      at++;
      const module = identifier(next());
      expect("::");
      const name = identifier(next());
      return { kind: "struct", address, module, name, typeArgs: list(depth) };
    }
    if (Object.hasOwn(PRIMITIVE_TAGS, token)) return { kind: token as Primitive };
    if (/^T\d+$/.test(token)) return { kind: "parameter", index: Number(token.slice(1)) };
    return fail();
  };
  const identifier = (token: string): string => (/^[A-Za-z_][A-Za-z0-9_]*$/.test(token) ? token : fail());
  const type = one(0);
  if (at !== tokens.length) fail();
  return type;
}

/** The type with its parameters T0, T1, … replaced. */
export function substitute(type: MoveType, args: readonly MoveType[]): MoveType {
  switch (type.kind) {
    case "vector":
      return { kind: "vector", item: substitute(type.item, args) };
    case "struct":
      return type.typeArgs.length === 0
        ? type
        : { ...type, typeArgs: type.typeArgs.map((arg) => substitute(arg, args)) };
    case "reference":
      return { kind: "reference", to: substitute(type.to, args) };
    case "parameter": {
      const arg = args[type.index];
      if (!arg) throw new TypeTagError(`missing type argument T${type.index}`);
      return arg;
    }
    default:
      return type;
  }
}

export function isStruct(type: MoveType, module: string, name: string): boolean {
  return (
    type.kind === "struct" &&
    type.module === module &&
    type.name === name &&
    formatAddress(type.address) === "0x1"
  );
}
