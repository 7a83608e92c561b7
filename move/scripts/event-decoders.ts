/**
 * The schemas of events -> a decoder for each as plain code, for `npm run codegen`.
 * It doesn't know any event: what a schema makes of its fields is found out by parsing values that differ everywhere.
 */
import { z } from "zod";
import { zAddress, zHex, zU64 } from "../../packages/protocol/src/primitives.ts";
import { zU8 } from "../../packages/protocol/src/structs.ts";

type Schemas = Readonly<Record<string, Readonly<Record<string, z.ZodType>>>>;

interface Leaf {
  /** The code that reads it. */
  code: string;
  sample: unknown;
  /** What the schema makes of the sample. */
  parsed: unknown;
}

interface Shape {
  leaves: Leaf[];
  /** The structs inside, by the variable that holds each, outermost first. */
  structs: Array<{ variable: string; code: string }>;
  sample: Record<string, unknown>;
}

/** A reader of field-readers.ts for each leaf schema, and the n-th value that it takes. */
const READERS: Array<{
  is: (schema: z.ZodType) => boolean;
  reader: string;
  sample: (n: number) => unknown;
  parsed?: (n: number) => unknown;
}> = [
  { is: (s) => s === zU64, reader: "u64", sample: (n) => String(n), parsed: (n) => BigInt(n) },
  { is: (s) => s === zU8, reader: "u8", sample: (n) => n },
  { is: (s) => s === zAddress, reader: "address", sample: (n) => `0x${String(n).padStart(64, "0")}` },
  { is: (s) => s === zHex, reader: "hex", sample: (n) => `0x${String(n).padStart(4, "0")}` },
  { is: (s) => isPlain(s, "string"), reader: "text", sample: (n) => `text ${n}` },
  { is: (s) => isPlain(s, "boolean"), reader: "flag", sample: () => true },
];

function isPlain(schema: z.ZodType, type: string): boolean {
  return schema.def.type === type && ((schema.def as { checks?: unknown[] }).checks ?? []).length === 0;
}

/** Throws for a schema that it has no reader for: it must be taught before such a field can be in an event. */
export function renderEventDecoders(schemas: Schemas): string {
  const used = new Set<string>(["struct"]);
  const modules = Object.entries(schemas).map(([module, events]) => {
    const decoders = Object.entries(events).map(([name, schema]) => renderDecoder(name, schema, used));
    return `  ${module}: {\n${decoders.join("")}  },\n`;
  });
  return `import { ${[...used].sort().join(", ")} } from "../field-readers.ts";

/** Module -> event -> what its schema makes of a node's JSON; throws \`MISFIT\` for what the schema refuses. */
export const EVENT_DECODERS: Record<string, Record<string, (data: unknown) => Record<string, unknown>>> = {
${modules.join("")}};
`;
}

function renderDecoder(name: string, schema: z.ZodType, used: Set<string>): string {
  const input = schema instanceof z.ZodPipe ? (schema.in as z.ZodType) : schema;
  const shape: Shape = { leaves: [], structs: [], sample: {} };
  collect(input, "event", shape, shape.sample, used);
  const made = schema.parse(shape.sample) as Record<string, unknown>;
  const fields = Object.entries(made).map(([field, value]) => {
    const from = shape.leaves.filter(({ parsed }) => isSame(parsed, value));
    if (from.length !== 1) throw new Error(`${name}.${field} can come from ${from.length} fields`);
    return `        ${field}: ${from[0]?.code},\n`;
  });
  if (fields.length !== shape.leaves.length) throw new Error(`${name} loses a field of its schema`);
  const structs = shape.structs.map(({ variable, code }) => `      const ${variable} = struct(${code});\n`);
  return `    ${name}: (data) => {
      const event = struct(data);
${structs.join("")}      return {
${fields.join("")}      };
    },
`;
}

function collect(
  schema: z.ZodType,
  variable: string,
  shape: Shape,
  sample: Record<string, unknown>,
  used: Set<string>,
): void {
  if (!(schema instanceof z.ZodObject)) throw new Error(`${variable} has a schema that isn't an object's`);
  for (const [field, inner] of Object.entries(schema.shape as Record<string, z.ZodType>)) {
    const code = `${variable}.${field}`;
    if (inner instanceof z.ZodObject) {
      shape.structs.push({ variable: field, code });
      const nested: Record<string, unknown> = {};
      sample[field] = nested;
      collect(inner, field, shape, nested, used);
      continue;
    }
    const n = shape.leaves.length + 1;
    const isList = inner instanceof z.ZodArray;
    const item = isList ? (inner.element as z.ZodType) : inner;
    const known = READERS.find(({ is }) => is(item));
    if (!known) throw new Error(`${code} has a schema without a reader: teach event-decoders.ts`);
    used.add(known.reader);
    if (isList) used.add("list");
    const [one, parsed] = [known.sample(n), (known.parsed ?? known.sample)(n)];
    sample[field] = isList ? [one] : one;
    shape.leaves.push({
      code: isList ? `list(${code}, ${known.reader})` : `${known.reader}(${code})`,
      sample: sample[field],
      parsed: isList ? [parsed] : parsed,
    });
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return isSame(a[0], b[0]);
  return a === b;
}
