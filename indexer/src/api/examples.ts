/**
 * Makes up an answer that a schema allows, for people to see what one looks like.
 * It doesn't know routes; the figures stand for nothing.
 */
import type { JsonSchema } from "./openapi.ts";

const address = (digits: string) => `0x${digits.padStart(64, "0")}`;

/** What fields of these names look like, where the schema only says that they are texts or numbers. */
const BY_NAME: Array<[pattern: RegExp, value: unknown]> = [
  [/^job$/, address("e1")],
  [/^provider$/, address("f1")],
  [/^(buyer|payer|to|wallet)$/, address("b0")],
  [/^(owner|payee)$/, address("aa")],
  [/^(operator|keeper|reporter|arbiter|treasury)$/, address("5e")],
  [/^packageAddress$/, address("c0de")],
  [/^address$/, address("a")],
  [/^(publicKey|signature)$/, `0x${"ab".repeat(32)}`],
  [/^refreshToken$/, `csr_${"A".repeat(91)}`],
  [/^accessToken$/, "eyJhbGciOiJFZERTQSJ9..."],
  [/^sid$/, "7d1f0c9e-8a4b-4c1d-9e2f-0a1b2c3d4e5f"],
  [/^domain$/, "market.example"],
  [/^nonce$/, "ab".repeat(32)],
  [/^symbol$/, "MOVE"],
  [/^decimals$/, 8],
  [/^(txHash|createdTx|termsHash|outputSha256|outputRoot)$/, `0x${"ab".repeat(32)}`],
  [/(At|By|Until|timestamp)$/i, 1_800_000_000],
  [/^(version|changedAtVersion)$/, "4711"],
  [/^numerator$/, "36000000"],
  [/PerHour/, "36000000"],
  [/^name$/, "rig"],
  [/^(gpuModel)$/, "NVIDIA H100 80GB"],
  [/^region$/, "eu-west"],
  [/^sandbox$/, "docker"],
  [/^title$/, "Render"],
  [/^image$/, "demo:1"],
  [/^(spec|reason|buyerKey)$/, ""],
  [/^nextCursor$/, null],
  [/^bucketSecs$/, 3600],
  [/^(feeBps)$/, 100],
  [/Bps$/, 1000],
  [/^(index|part)$/, 0],
];

export function exampleOf(schema: JsonSchema, schemas: Record<string, JsonSchema>, name = ""): unknown {
  if (schema.$ref) {
    const target = schemas[schema.$ref.replace("#/components/schemas/", "")];
    return target ? exampleOf(target, schemas, name) : null;
  }
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[0];
  if (schema.anyOf) return exampleOf(schema.anyOf[0] ?? {}, schemas, name);
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  if (type === "object") return exampleObject(schema, schemas, name);
  if (type === "array") return schema.items ? [exampleOf(schema.items, schemas, name)] : [];
  if (type === "boolean") return true;
  const named = BY_NAME.find(([pattern]) => pattern.test(name))?.[1];
  if (type === "string")
    return typeof named === "string" || named === null ? named : schema.pattern ? "10000" : "text";
  if (type === "integer" || type === "number") return typeof named === "number" ? named : 1;
  return {};
}

function exampleObject(schema: JsonSchema, schemas: Record<string, JsonSchema>, name: string): unknown {
  const { properties, additionalProperties } = schema;
  if (properties) {
    return Object.fromEntries(
      Object.entries(properties).map(([key, property]) => [key, exampleOf(property, schemas, key)]),
    );
  }
  if (name === "checks") return { database: { ok: true } };
  if (typeof additionalProperties !== "object" || Object.keys(additionalProperties).length === 0) return {};
  return { key: exampleOf(additionalProperties, schemas, "key") };
}
