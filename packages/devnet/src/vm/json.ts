/**
 * The VM's JSON of a value turned into the fullnode's, guided by the value's type.
 * It doesn't know where struct layouts come from.
 *
 * The VM writes `vector<u8>` as bare hex (`[]` when empty), an option as its value or null, an object as its
 * address, and addresses without leading zeros.
 */
import type { StructResolver } from "../codec/move-value.ts";
import { isStruct, type MoveType, substitute } from "../codec/type-tag.ts";

const FULL_LENGTH = 66;
const SPECIAL_LENGTH = 3;
/** What the compiler puts into a struct without fields. */
const DUMMY_FIELD = "dummy_field";

export function toFullnodeJson(value: unknown, type: MoveType, resolve: StructResolver): unknown {
  switch (type.kind) {
    case "address":
    case "signer":
      return spellAddress(value as string);
    case "vector":
      if (type.item.kind === "u8") return typeof value === "string" ? `0x${value}` : "0x";
      return (value as unknown[]).map((item) => toFullnodeJson(item, type.item, resolve));
    case "reference":
      return toFullnodeJson(value, type.to, resolve);
    case "struct": {
      if (isStruct(type, "string", "String")) return value;
      if (isStruct(type, "object", "Object")) return { inner: spellAddress(value as string) };
      if (isStruct(type, "option", "Option")) {
        const item = type.typeArgs[0];
        if (!item) return value;
        return { vec: value === null ? [] : [toFullnodeJson(value, item, resolve)] };
      }
      const fields = resolve(type);
      if (!fields || fields.length === 0) return value;
      const given = value as Record<string, unknown>;
      const converted: Record<string, unknown> = {};
      for (const field of fields) {
        converted[field.name] =
          field.name === DUMMY_FIELD
            ? false
            : toFullnodeJson(given[field.name], substitute(field.type, type.typeArgs), resolve);
      }
      return converted;
    }
    default:
      return value;
  }
}

/** AIP-40: 0x0 to 0xf short, all others with 64 digits. */
function spellAddress(address: string): string {
  if (address.length === FULL_LENGTH || address.length === SPECIAL_LENGTH) return address;
  return `0x${address.slice(2).padStart(64, "0")}`;
}
