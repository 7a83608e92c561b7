/**
 * Move values between BCS and the fullnode's JSON: u64 and larger as strings, vector<u8> as hex, Option as {vec}.
 * It learns struct layouts from a resolver and doesn't know where they come from.
 */
import { type BcsReader, BcsWriter } from "./bcs.ts";
import { formatAddress, parseAddress, parseHex, toHex } from "./bytes.ts";
import { formatType, isStruct, type MoveType, type StructType, substitute } from "./type-tag.ts";

/** Fields of a struct in order, null when it is unknown. */
export type StructResolver = (type: StructType) => Array<{ name: string; type: MoveType }> | null;

export class ValueError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ValueError";
  }
}

const INTEGER_BYTES = { u8: 1, u16: 2, u32: 4, u64: 8, u128: 16, u256: 32 } as const;
const MAX_DEPTH = 64;

export function readValue(reader: BcsReader, type: MoveType, resolve: StructResolver, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new ValueError("value nested too deeply");
  switch (type.kind) {
    case "bool":
      return reader.bool();
    case "u8":
      return reader.u8();
    case "u16":
      return reader.u16();
    case "u32":
      return reader.u32();
    case "u64":
      return reader.u64().toString();
    case "u128":
      return reader.uint(16).toString();
    case "u256":
      return reader.uint(32).toString();
    case "address":
    case "signer":
      return formatAddress(reader.take(32));
    case "vector":
      if (type.item.kind === "u8") return toHex(reader.bytes());
      return reader.vector((r) => readValue(r, type.item, resolve, depth + 1));
    case "reference":
      return readValue(reader, type.to, resolve, depth);
    case "parameter":
      throw new ValueError(`unbound type parameter T${type.index}`);
    case "struct": {
      if (isStruct(type, "string", "String")) return reader.str();
      const fields = resolve(type);
      if (!fields) throw new ValueError(`unknown struct ${formatType(type)}`);
      const value: Record<string, unknown> = {};
      for (const field of fields)
        value[field.name] = readValue(reader, substitute(field.type, type.typeArgs), resolve, depth + 1);
      return value;
    }
  }
}

/** Writes a JSON value as BCS. Throws `ValueError` naming `what` when it doesn't fit the type. */
export function writeValue(
  writer: BcsWriter,
  value: unknown,
  type: MoveType,
  resolve: StructResolver,
  what: string,
  depth = 0,
): void {
  const fail: () => never = () => {
    const shown = JSON.stringify(value) ?? String(value);
    throw new ValueError(`${what}: expected ${formatType(type)}, got ${shown.slice(0, 120)}`);
  };
  if (depth > MAX_DEPTH) fail();
  switch (type.kind) {
    case "bool":
      if (typeof value !== "boolean") fail();
      writer.bool(value);
      return;
    case "u8":
    case "u16":
    case "u32":
    case "u64":
    case "u128":
    case "u256": {
      const size = INTEGER_BYTES[type.kind];
      const integer =
        typeof value === "number" && Number.isSafeInteger(value)
          ? BigInt(value)
          : typeof value === "string" && /^\d{1,78}$/.test(value)
            ? BigInt(value)
            : null;
      if (integer === null || integer < 0n || integer >> BigInt(size * 8) !== 0n) fail();
      writer.uint(integer, size);
      return;
    }
    case "address": {
      const address = typeof value === "string" ? parseAddress(value) : null;
      writer.raw(address ?? fail());
      return;
    }
    case "vector": {
      if (type.item.kind === "u8" && typeof value === "string") {
        writer.bytes(parseHex(value) ?? fail());
        return;
      }
      if (!Array.isArray(value)) fail();
      writer.uleb(value.length);
      value.forEach((item, i) => {
        writeValue(writer, item, type.item, resolve, `${what}[${i}]`, depth + 1);
      });
      return;
    }
    case "struct":
      writeStruct(writer, value, type, resolve, what, depth, fail);
      return;
    default:
      fail();
  }
}

function writeStruct(
  writer: BcsWriter,
  value: unknown,
  type: StructType,
  resolve: StructResolver,
  what: string,
  depth: number,
  fail: () => never,
): void {
  if (isStruct(type, "string", "String")) {
    if (typeof value !== "string") fail();
    writer.str(value);
    return;
  }
  if (isStruct(type, "object", "Object") && typeof value === "string") {
    writer.raw(parseAddress(value) ?? fail());
    return;
  }
  if (isStruct(type, "option", "Option")) {
    const item = type.typeArgs[0] ?? fail();
    const given = isRecord(value) && Array.isArray(value.vec) ? value.vec : value == null ? [] : [value];
    if (given.length > 1) fail();
    writer.uleb(given.length);
    for (const inner of given) writeValue(writer, inner, item, resolve, what, depth + 1);
    return;
  }
  const fields = resolve(type);
  if (!fields || !isRecord(value)) fail();
  for (const field of fields)
    writeValue(
      writer,
      value[field.name],
      substitute(field.type, type.typeArgs),
      resolve,
      `${what}.${field.name}`,
      depth + 1,
    );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function valueBytes(value: unknown, type: MoveType, resolve: StructResolver, what: string): Buffer {
  const writer = new BcsWriter(64);
  writeValue(writer, value, type, resolve, what);
  return writer.finish();
}
