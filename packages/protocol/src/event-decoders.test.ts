/** The generated decoders take exactly what the schemas take, and make the same of it. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { EVENT_SCHEMAS } from "./event-schemas.ts";
import { decodeEvent, EventDecodeError } from "./events.ts";
import { MISFIT } from "./field-readers.ts";
import { EVENT_DECODERS } from "./generated/event-decoders.ts";
import { normalizeAddress, zAddress, zHex, zU64 } from "./primitives.ts";
import { zU8 } from "./structs.ts";

/** `DECODER_RUNS=100000` for a long run. */
const RUNS = Number(process.env.DECODER_RUNS ?? 40);

const EVENTS = Object.entries(EVENT_SCHEMAS).flatMap(([module, schemas]) =>
  Object.entries(schemas as Record<string, z.ZodType>).map(([name, schema]) => ({ module, name, schema })),
);

const digits = (length: number) => fc.stringMatching(new RegExp(`^\\d{1,${length}}$`));
const hexText = (from: number, to: number) => fc.stringMatching(new RegExp(`^0x[0-9a-fA-F]{${from},${to}}$`));
/** Values around what one kind of field or another takes. */
const anything = fc.oneof(
  digits(22),
  hexText(0, 66),
  fc.constantFrom("18446744073709551615", "18446744073709551616", "00000000000000000001", "999999999999999"),
  fc.constantFrom("", "0x", "0X1", "-1", "1.0", "1e3", " 1", "1\n", "0x1\n", "٣", "0xg", "\u0000", "\ud800"),
  fc.constantFrom(-1, -0, 0, 1, 255, 256, 1.5, Number.NaN, 1e300, 2 ** 53, null, undefined, true, false),
  fc.bigInt({ min: -1n, max: 2n ** 65n }),
  fc.string(),
  fc.array(fc.oneof(hexText(0, 4), fc.string(), fc.constant(undefined)), { maxLength: 3 }),
  fc.constantFrom({}, [], [[]], { inner: "0x1" }, Object.create(null)),
);
const u64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  fc.nat().map(String),
  digits(20).filter((text) => BigInt(text) < 2n ** 64n),
);
const bytes = fc.stringMatching(/^0x([0-9a-f]{2}){0,40}$/);

/** Values that the schema takes. */
function fitting(schema: z.ZodType): fc.Arbitrary<unknown> {
  if (schema === zU64) return u64;
  if (schema === zU8) return fc.integer({ min: 0, max: 255 });
  if (schema === zAddress) return hexText(1, 64);
  if (schema === zHex) return bytes;
  if (schema instanceof z.ZodString) return fc.string({ unit: "binary" });
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodArray) return fc.array(fitting(schema.element as z.ZodType), { maxLength: 4 });
  if (schema instanceof z.ZodPipe) return fitting(schema.in as z.ZodType);
  if (!(schema instanceof z.ZodObject)) throw new Error("a kind of field that this test doesn't know");
  const fields = Object.entries(schema.shape as Record<string, z.ZodType>);
  return fc.record(Object.fromEntries(fields.map(([name, field]) => [name, fitting(field)])));
}

/** The same with one field, at any depth, replaced by anything, left out, or joined by one more. */
function spoilt(value: object): fc.Arbitrary<unknown> {
  const names = Object.keys(value);
  const of = value as Record<string, unknown>;
  return fc.constantFrom(...names).chain((name): fc.Arbitrary<unknown> => {
    const inner = of[name];
    const deeper =
      typeof inner === "object" && inner !== null && !Array.isArray(inner)
        ? [spoilt(inner).map((changed) => ({ ...of, [name]: changed }))]
        : [];
    return fc.oneof(
      anything.map((other) => ({ ...of, [name]: other })),
      fc.constant(Object.fromEntries(Object.entries(of).filter(([other]) => other !== name))),
      fc.constant({ ...of, added_later: "1" }),
      ...deeper,
    );
  });
}

function fast(module: string, name: string, data: unknown): unknown {
  try {
    return EVENT_DECODERS[module]?.[name]?.(data);
  } catch (error) {
    if (error === MISFIT) return "refused";
    throw error;
  }
}

describe("the generated decoders", () => {
  it("are there for every event and no other", () => {
    const names = Object.entries(EVENT_DECODERS).flatMap(([module, of]) =>
      Object.keys(of).map((name) => `${module}::${name}`),
    );
    expect(names).toEqual(EVENTS.map(({ module, name }) => `${module}::${name}`));
  });

  it.each(EVENTS)(
    "$module::$name: takes what the schema takes, and refuses the rest",
    ({ module, name, schema }) => {
      let [taken, refused] = [0, 0];
      const compare = (data: unknown) => {
        const parsed = schema.safeParse(data);
        if (parsed.success) taken += 1;
        else refused += 1;
        expect(fast(module, name, data)).toEqual(parsed.success ? parsed.data : "refused");
        const decode = () => decodeEvent("0xcafe", `0xcafe::${module}::${name}`, data);
        if (parsed.success) expect(decode()).toEqual({ module, name, data: parsed.data });
        else expect(decode).toThrow(EventDecodeError);
      };
      const good = fitting(schema) as fc.Arbitrary<object>;
      fc.assert(fc.property(good, compare), { numRuns: RUNS });
      fc.assert(fc.property(good.chain(spoilt), compare), { numRuns: RUNS * 3 });
      for (const other of [null, undefined, "", 7, [], [1], new Map(), true]) compare(other);
      // It would also agree if nothing was ever taken, or refused.
      expect(taken).toBeGreaterThanOrEqual(RUNS);
      expect(refused).toBeGreaterThan(RUNS / 2);
    },
  );

  it("leave it to the schema to say what is wrong", () => {
    const data = { provider: normalizeAddress("0x1"), timestamp: "x" };
    let refusal: unknown;
    try {
      decodeEvent("0xcafe", "0xcafe::provider_registry::ProviderHeartbeat", data);
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({
      eventType: "0xcafe::provider_registry::ProviderHeartbeat",
      cause: { issues: [{ path: ["timestamp"] }] },
    });
  });

  it("know the types of one package from another's, however many are asked for", () => {
    const data = { provider: "0x1", timestamp: "7" };
    const type = (at: string) => `${at}::provider_registry::ProviderHeartbeat`;
    for (let i = 0; i < 5_000; i += 1) expect(decodeEvent("0xcafe", `0x${i}::m::E`, data)).toBeNull();
    expect(decodeEvent("0xcafe", type("0xcafe"), data)?.name).toBe("ProviderHeartbeat");
    expect(decodeEvent("0xbeef", type("0xcafe"), data)).toBeNull();
    for (const odd of ["constructor::name", "__proto__::toString", "market::constructor"]) {
      expect(() => decodeEvent("0xcafe", `0xcafe::${odd}`, data)).toThrow(EventDecodeError);
    }
  });
});
